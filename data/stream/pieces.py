"""A table as a stream: its columns in pieces of whole rows, in the order of the rows, as often as is asked for."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple, Protocol, TypeVar

import numpy as np

from handgrad.data.arrays import FloatArray
from handgrad.data.errors import DataError, shown

Given = TypeVar("Given")
Made = TypeVar("Made")


class RowPiece(NamedTuple):
    """Some rows: a column (m,) each, and where row k of them stands, as in "a/part-2.parquet: row 17"."""

    columns: Sequence[FloatArray]
    place: Callable[[int], str]

    @property
    def rows(self) -> int:
        """m."""
        return len(self.columns[0])


@dataclass(frozen=True)
class ReadAhead:
    """How a table may be read: with so many threads, and so many bytes of it ahead of whoever asks."""

    threads: int
    ahead_bytes: int


class PieceReader(Protocol):
    """What reads a format."""

    rows: int | None
    #: Whether it can begin at any row, without those before it.
    seekable: bool

    def stamps(self) -> Sequence[tuple[str, tuple[int, int]]]:
        """Of its files: names, sizes, times of their last change."""

    def pieces(self, places: Sequence[int], reading: ReadAhead, rows: range | None = None) -> Iterator[RowPiece]:
        """The columns at these places of the header, piece by piece; of some rows, where it is seekable.

        Raises:
            DataError: On what is no number, a file that is damaged, gone, or another than it was.
        """


@dataclass(frozen=True, eq=False)
class TableStream:
    """A table whose columns are chosen, and whose numbers are read when they are asked for.

    Attributes:
        source: The file or folder, for messages.
        feature_names: d unique names.
        target_name: The name of y.
        notes: What must be said to the user, a sentence each.
        reader: What reads it.
        places: Of the features and, last, of the target, in the header.
        drop_missing: Whether rows with an empty or infinite cell are left out.
        path: Where it stands.
        separator: Between cells, as it was asked for.
        encoding: As it was asked for.
    """

    source: str
    feature_names: tuple[str, ...]
    target_name: str
    notes: tuple[str, ...]
    reader: PieceReader
    places: tuple[int, ...]
    drop_missing: bool
    path: str = ""
    separator: str | None = None
    encoding: str | None = None

    @property
    def features(self) -> int:
        """d."""
        return len(self.feature_names)

    @property
    def rows(self) -> int | None:
        """How many rows there are; None where only reading them can tell."""
        return None if self.drop_missing else self.reader.rows

    def stamp(self) -> str:
        """By which it is known whether it is the table that it was."""
        return repr((self.places, self.drop_missing, self.reader.stamps()))

    def state(self) -> str:
        """Sizes and times of the last change of its files, in their order, from wherever they are named."""
        return repr([stamp for _, stamp in self.reader.stamps()])

    @property
    def seekable(self) -> bool:
        """Whether it is known where a row stands before those above it are read."""
        return self.reader.seekable and not self.drop_missing

    def pieces(self, reading: ReadAhead, rows: range | None = None) -> Generator[RowPiece, None, None]:
        """Its rows, or some where it is seekable, features first, the target last.

        What is missing is NaN, unless it is left out.

        Raises:
            DataError: See `PieceReader.pieces`.
        """
        for piece in self.reader.pieces(self.places, reading, rows):
            kept = finite_part(piece) if self.drop_missing else piece
            if kept.rows:
                yield kept

    def check_finite(self, piece: RowPiece) -> None:
        """Refuses a cell that is no finite number.

        Raises:
            DataError: With its file, row and column.
        """
        for name, column in zip((*self.feature_names, self.target_name), piece.columns, strict=True):
            bad = np.flatnonzero(~np.isfinite(column))
            if len(bad):
                found = "none" if np.isnan(column[bad[0]]) else f"{column[bad[0]]:g}"
                raise DataError(
                    f"{piece.place(int(bad[0]))}, column {shown(name)}: expected a finite number, got {found}; correct "
                    "it, or ask to drop such rows (drop_missing)"
                )


def finite_part(piece: RowPiece) -> RowPiece:
    """The rows without an empty or infinite cell; places are those of the rows that are left."""
    finite = np.isfinite(piece.columns).all(axis=0)
    kept = np.flatnonzero(finite)
    if len(kept) == piece.rows:
        return piece
    return RowPiece([column[kept] for column in piece.columns], lambda row: piece.place(int(kept[row])))


def in_order(
    work: Callable[[Given], Made], given: Iterable[Given], threads: int, waiting_at_most: int | None = None
) -> Generator[Made, None, None]:
    """What is made of each by several threads, in the order given; so many are begun before the first is taken.

    None of them is begun any more once whoever takes them stops.
    """
    most, waiting = waiting_at_most or threads + 1, deque[Future[Made]]()
    pool = ThreadPoolExecutor(threads)
    try:
        for one in given:
            waiting.append(pool.submit(work, one))
            if len(waiting) >= most:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
