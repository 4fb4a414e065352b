"""A stored file gives its bytes again and again, in pieces, as they are or expanded, and says what is wrong."""

from __future__ import annotations

import gzip
import io
from typing import Any

import pytest

from handgrad.data.errors import DataError
from handgrad.data.formats.stored_file import FIRST_PIECE, PIECE, StoredFile

CONTENT = b"".join(b"%d,%d\n" % (k, k * k) for k in range(120_000))


def packed(content: bytes, **how: Any) -> StoredFile:
    stored = gzip.compress(content, 1)
    return StoredFile("t.csv.gz", lambda: io.BytesIO(stored), len(stored), compressed=True, **how)


@pytest.mark.parametrize("file", [StoredFile.of("t.csv", CONTENT), packed(CONTENT)], ids=["plain", "packed"])
def test_the_bytes_come_in_pieces_as_often_as_is_wished(file: StoredFile) -> None:
    for _ in range(2):
        pieces = list(file.pieces())
        assert b"".join(pieces) == CONTENT
        assert len(pieces[0]) == FIRST_PIECE
        assert max(map(len, pieces)) <= PIECE
    assert file.begins(7) == CONTENT[:7]
    stream = file.seekable()
    stream.seek(1000)
    assert stream.read(50) == CONTENT[1000:1050]


def test_what_is_empty_begins_with_nothing() -> None:
    assert StoredFile.of("t.csv", b"").begins(4) == b""
    assert list(StoredFile.of("t.csv", b"").pieces()) == []
    assert StoredFile.of("t.csv", b"").about_lines() == 0


def test_lines_are_counted_by_samples_where_they_can_be() -> None:
    assert StoredFile.of("t.csv", b"a\nb\nc\n").about_lines() in (3, 4)
    assert StoredFile.of("t.csv", b"no line").about_lines() == 0
    assert StoredFile.of("t.csv", b"\n" * 1000).about_lines() == 1000
    assert StoredFile.of("t.csv", CONTENT).about_lines() == pytest.approx(120_000, rel=0.02)
    longer = b"1234567890\n" * 50_000 + b"1\n" * 300_000
    assert StoredFile.of("t.csv", longer).about_lines() == pytest.approx(350_000, rel=0.05)
    assert packed(CONTENT).about_lines() is None


@pytest.mark.parametrize(("most", "refused"), [(len(CONTENT), False), (len(CONTENT) - 1, True), (None, False)])
def test_what_expands_to_more_than_is_taken_is_refused(most: int | None, refused: bool) -> None:
    file = packed(CONTENT, most_bytes=most)
    if refused:
        with pytest.raises(DataError, match=r"^t\.csv\.gz: expands to more than .+, beyond what fits"):
            list(file.pieces())
    else:
        assert sum(map(len, file.pieces())) == len(CONTENT)


@pytest.mark.parametrize("kept", [0.3, 0.9])
def test_a_packed_file_that_is_cut_off_is_told(kept: float) -> None:
    stored = gzip.compress(CONTENT)[: int(kept * len(gzip.compress(CONTENT)))]
    with pytest.raises(DataError, match=r"the gzip file is cut off or damaged .* no row was used"):
        list(StoredFile("t", lambda: io.BytesIO(stored), len(stored), compressed=True).pieces())


def test_a_file_that_cannot_be_read_is_told() -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise OSError(5, "Input/output error")

    with pytest.raises(DataError, match=r"^t\.csv: cannot be read \(\[Errno 5\] Input/output error\)$"):
        list(StoredFile("t.csv", Broken, 10).pieces())
