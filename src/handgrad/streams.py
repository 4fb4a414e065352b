"""Standard output and standard error, whose loss costs nothing but what nobody reads any more.

`handgrad compare … | head -1` closes the pipe after a line, and a log file may stand on a full disk: the run goes on,
and its exit code stays that of its result.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
from typing import Any


class Output(io.FileIO):
    """Standard output: what comes after its reader has gone leads nowhere; whatever else goes wrong names it."""

    def write(self, content: Any, /) -> int:
        """Writes, and says how many bytes.

        Raises:
            OSError: If it has a reader, and cannot be written, as on a full disk.
        """
        try:
            return super().write(content)
        except OSError as error:
            self.lead_nowhere()
            if not isinstance(error, BrokenPipeError):
                raise OSError(error.errno, error.strerror, "standard output") from None
        return memoryview(content).nbytes

    def lead_nowhere(self) -> None:
        """From now on nothing written is read, or wrong: what is buffered is written again at Python's end."""
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self.fileno())
        os.close(nowhere)


class Errors(Output):
    """Standard error: there is nowhere else to say that it cannot be written."""

    def write(self, content: Any, /) -> int:
        """Writes, if it can be written."""
        try:
            return super().write(content)
        except OSError:
            return memoryview(content).nbytes


def guard() -> None:
    """Makes the streams of this process as described; one that the caller has closed (`>&-`) leads nowhere."""
    open_what_is_closed()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout = like(sys.stdout, Output(1, "w", closefd=False))
    if isinstance(sys.stderr, io.TextIOWrapper):
        sys.stderr = like(sys.stderr, Errors(2, "w", closefd=False))


def like(stream: io.TextIOWrapper, raw: io.FileIO) -> io.TextIOWrapper:
    """A text stream as the one that was there, on another foundation."""
    return io.TextIOWrapper(
        io.BufferedWriter(raw),
        encoding=stream.encoding,
        errors=stream.errors,
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )


def open_what_is_closed() -> None:
    """Opens a stream that the caller has closed: else the next file would take its number."""
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        with contextlib.suppress(OSError):
            os.fstat(number)
            continue
        nowhere = os.open(os.devnull, os.O_RDWR)  # the lowest number that is free
        setattr(sys, name, os.fdopen(nowhere, mode, closefd=False))
