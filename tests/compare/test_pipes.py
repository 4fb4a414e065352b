"""What another process writes is taken in parts, and no more of it than is asked for."""

from __future__ import annotations

import os
import sys
import threading

import pytest

from handgrad.compare import pipes
from handgrad.compare.pipes import PART_BYTES, PARTS, Incoming, PrintedText


def test_a_process_that_writes_more_than_is_asked_for_has_to_wait_until_it_is_ended() -> None:
    reading, writing = os.pipe()
    written = list[int]()

    def flood() -> None:
        for _ in range(10 * PARTS):
            written.append(os.write(writing, b"0" * PART_BYTES))
        os.close(writing)

    incoming = Incoming(os.fdopen(reading, "rb"))
    writer = threading.Thread(target=flood, daemon=True)
    writer.start()
    writer.join(0.3)
    assert writer.is_alive()
    assert len(written) < 2 * PARTS
    assert incoming.within(1.0) == b"0" * PART_BYTES
    incoming.close(5.0)
    writer.join(1.0)
    assert not writer.is_alive()
    assert incoming.stream.closed


def test_a_long_line_comes_in_parts_and_the_end_is_an_empty_one() -> None:
    reading, writing = os.pipe()
    incoming = Incoming(os.fdopen(reading, "rb"))
    assert incoming.within(0.01) is None
    os.write(writing, b"x" * PART_BYTES)
    os.write(writing, b"y\nz\n")
    os.close(writing)
    assert [incoming.within(1.0) for _ in range(4)] == [b"x" * PART_BYTES, b"y\n", b"z\n", b""]
    incoming.close(1.0)
    assert incoming.stream.closed


@pytest.mark.skipif(sys.platform == "win32", reason="a file that another has open cannot be cut there")
def test_what_is_printed_without_end_fills_no_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipes, "PRINTED_BYTES", 1000)
    printed = PrintedText()
    assert printed.last_line() == ""
    os.write(printed.file.fileno(), b"first\n" * 200)
    printed.keep_short()
    os.write(printed.file.fileno(), b"next\nlast \x1b[2J\n\n")
    printed.keep_short()
    assert os.fstat(printed.file.fileno()).st_size == len(b"next\nlast \x1b[2J\n\n")
    assert printed.last_line() == r"last \x1b[2J"
    printed.close()
    assert printed.closed
