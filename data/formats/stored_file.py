"""The bytes of a file, from the beginning as often as is wished, in pieces: a large file is never there whole."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from handgrad.data.errors import DataError
from handgrad.data.memory import amount

#: Bytes of the first piece, in which a header and its first rows have room, and of all others.
FIRST_PIECE, PIECE = 2**16, 2**22

#: So many samples of so many bytes tell how long lines are.
SAMPLES, SAMPLE = 64, 2**13

GZIP = b"\x1f\x8b"


@dataclass(frozen=True)
class StoredFile:
    """The bytes of a file, not compressed.

    Attributes:
        source: The file, for messages.
        opened: Opens what is stored.
        stored_bytes: So many bytes that has.
        compressed: Whether it is compressed by gzip.
        most_bytes: A compressed file that expands to more is refused; None takes any.
    """

    source: str
    opened: Callable[[], BinaryIO]
    stored_bytes: int
    compressed: bool = False
    most_bytes: int | None = None

    @classmethod
    def of(cls, source: str, stored: bytes) -> StoredFile:
        """That of bytes in memory, which are not compressed."""
        return cls(source, lambda: io.BytesIO(stored), len(stored))

    def about_lines(self) -> int | None:
        """How many line feeds there seem to be, by samples from all over the file; None where it is compressed."""
        if self.compressed:
            return None
        sample = b""
        with self.opened() as stored:
            for k in range(SAMPLES):
                stored.seek(self.stored_bytes * k // SAMPLES)
                sample += stored.read(SAMPLE)
        return -(-sample.count(b"\n") * self.stored_bytes // max(len(sample), 1))

    def begins(self, count: int) -> bytes:
        """The first bytes."""
        piece = next(self.pieces(), b"")
        return piece[:count]

    def seekable(self) -> BinaryIO:
        """The file opened, to be read at any place; what is compressed is expanded into memory."""
        return io.BytesIO(b"".join(self.pieces())) if self.compressed else self.opened()

    def pieces(self) -> Iterator[bytes]:
        """The bytes from the beginning, piece by piece.

        Raises:
            DataError: If the file cannot be read, is damaged, or expands to more than is taken.
        """
        try:
            yield from self._pieces()
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise DataError(
                f"{self.source}: the gzip file is cut off or damaged ({error}); get it again, no row was used"
            ) from None
        except OSError as error:
            raise DataError(f"{self.source}: cannot be read ({error})") from None

    def _pieces(self) -> Iterator[bytes]:
        taken, size = 0, FIRST_PIECE
        with self.opened() as stored, gzip.open(stored) if self.compressed else stored as stream:
            while piece := stream.read(size):
                taken, size = taken + len(piece), PIECE
                if self.most_bytes is not None and taken > self.most_bytes:
                    raise DataError(
                        f"{self.source}: expands to more than {amount(self.most_bytes)}, beyond what fits into "
                        "memory as a table; take fewer rows or columns"
                    )
                yield piece
