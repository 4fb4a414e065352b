"""Parquet files as a stream: row group after row group, some of them read ahead, each by a thread of its own.

Files come in the order of their names. A row group that is too large to be read ahead is read in batches.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet

from handgrad.data.arrays import FloatArray
from handgrad.data.errors import DataError, cut, printable, shown
from handgrad.data.formats.parquet_table import ParquetTable, damaged
from handgrad.data.stream.pieces import ReadAhead, RowPiece, in_order

ENDINGS = (".parquet", ".pq", ".parq")

#: Rows of a batch, where a row group is read in batches.
BATCH_ROWS = 2**17

#: Bytes of a file that are read at once there.
BUFFER_BYTES = 2**20


def parquet_files(folder: Path) -> list[Path]:
    """The Parquet files in a folder and in those below it, in the order of their paths; hidden ones are none of them.

    Nor are folders that are called as files are, which hold files of their own.

    Raises:
        DataError: If there is none, or the folder cannot be read.
    """
    try:
        named = [file for file in folder.rglob("*") if file.suffix.lower() in ENDINGS]
        found = sorted(file for file in named if not is_hidden(file, folder) and not file.is_dir())
    except OSError as error:
        raise DataError(f"{printable(folder)}: cannot be read ({error.strerror})") from None
    if not found:
        raise DataError(f"{printable(folder)}: expected Parquet files (*.parquet) in the folder, found none")
    return found


def is_hidden(file: Path, folder: Path) -> bool:
    """Whether a part of the path below the folder begins as those do that engines write for themselves."""
    return any(part.startswith((".", "_")) for part in file.relative_to(folder).parts)


@dataclass(frozen=True)
class PartFile:
    """One file of a table, as it was when the table was opened."""

    path: Path
    source: str
    stamp: tuple[int, int]
    metadata: Any

    @classmethod
    def of(cls, path: Path) -> PartFile:
        """That file, whose schema is read.

        Raises:
            DataError: If it is no whole Parquet file.
        """
        source = printable(path)
        with told(source):
            stamp = stamp_of(path)
            if not stamp[0]:
                raise DataError(f"{source}: expected a Parquet file, got one of 0 bytes; remove it, or get it again")
            return cls(path, source, stamp, pyarrow.parquet.read_metadata(path))

    def opened(self) -> ParquetTable:
        """The file, to be read.

        Raises:
            DataError: If it is gone, or another than it was.
        """
        with told(self.source):
            if stamp_of(self.path) != self.stamp:
                raise DataError(f"{self.source}: changed while it was read; run again when nobody writes to it")
            file = pyarrow.parquet.ParquetFile(
                self.path, metadata=self.metadata, pre_buffer=False, buffer_size=BUFFER_BYTES
            )
        return ParquetTable.of(self.source, file)


class ParquetFolder:
    """The files of a table, each with the same columns; their schemas have been read.

    Args:
        source: The file or folder, for messages.
        paths: At least one.

    Raises:
        DataError: If a file is damaged, or has other columns than the first.
    """

    def __init__(self, source: str, paths: Sequence[Path]) -> None:
        self.source = source
        self.parts = [PartFile.of(path) for path in paths]
        first = self.parts[0].opened()
        self.names, self.notes, self.column_names = first.names, first.notes, first.column_names
        self.labels, self.hint = first.labels, first.hint
        for part in self.parts:
            check_columns(first, self.parts[0], part)
        self.seekable = True
        self.rows: int | None = sum(part.metadata.num_rows for part in self.parts)

    def stamps(self) -> list[tuple[str, tuple[int, int]]]:
        """Of its files: names, sizes, times of their last change."""
        return [(part.source, part.stamp) for part in self.parts]

    def check_numbers(self, places: Sequence[int]) -> None:
        """Refuses columns that are no numbers in one of the files.

        Raises:
            DataError: With file and column.
        """
        for part in self.parts:
            table = part.opened()
            for place in places:
                table.check_type(self.column_names[place])

    def pieces(self, places: Sequence[int], reading: ReadAhead, rows: range | None = None) -> Iterator[RowPiece]:
        """The columns at these places, of all rows or of some, a row group a piece, or less.

        Raises:
            DataError: If a file is damaged, gone or changed, or a whole number has more digits than float64 holds.
        """
        names = [self.column_names[place] for place in places]
        if rows is None:
            yield from self._read(list(self._groups()), names, reading)
            return
        groups, first = self._groups_with(rows)
        yield from cut_to(self._read(groups, names, reading), rows.start - first, len(rows))

    def _read(
        self, groups: Sequence[tuple[PartFile, int, int, int]], names: Sequence[str], reading: ReadAhead
    ) -> Iterator[RowPiece]:
        """The rows of these row groups."""
        largest = 8 * len(names) * max((rows for *_, rows in groups), default=1)
        most = reading.ahead_bytes // largest
        if most < 2:
            for part, group, first, _ in groups:
                yield from in_batches(part, group, first, names)
        else:
            work = partial(whole_group, names)
            yield from in_order(work, groups, min(reading.threads, most - 1), min(most, reading.threads + 2))

    def _groups_with(self, rows: range) -> tuple[list[tuple[PartFile, int, int, int]], int]:
        """The row groups that have some of these rows, and the number of the first row in the first of them."""
        groups = list(self._groups())
        before = list(accumulate((count for *_, count in groups), initial=0))
        held = [k for k in range(len(groups)) if before[k] < rows.stop and before[k + 1] > rows.start]
        return [groups[k] for k in held], before[held[0]]

    def _groups(self) -> Iterator[tuple[PartFile, int, int, int]]:
        """Each row group that has rows: its file, its number there, its first row there, and how many it has."""
        for part in self.parts:
            first = 0
            for group in range(part.metadata.num_row_groups):
                rows = part.metadata.row_group(group).num_rows
                if rows:
                    yield part, group, first, rows
                first += rows


def cut_to(pieces: Iterator[RowPiece], skipped: int, rows: int) -> Iterator[RowPiece]:
    """So many rows of pieces, without the first ones."""
    for piece in pieces:
        some = slice(skipped, skipped + rows)
        kept = RowPiece([column[some] for column in piece.columns], partial(_moved, piece.place, skipped))
        skipped, rows = max(0, skipped - piece.rows), rows - kept.rows
        if kept.rows:
            yield kept


def _moved(place: Callable[[int], str], by: int, row: int) -> str:
    return place(row + by)


def whole_group(names: Sequence[str], group: tuple[PartFile, int, int, int]) -> RowPiece:
    """The columns of a row group, which is read at once."""
    part, number, first, _ = group
    with told(part.source):
        table = part.opened()
        read = table.file.read_row_group(number, columns=list(names), use_threads=False)
        return piece_of(part, table, names, [one_array(read.column(name)) for name in names], first)


def in_batches(part: PartFile, number: int, first: int, names: Sequence[str]) -> Iterator[RowPiece]:
    """The columns of a row group, some rows at a time."""
    with told(part.source):
        table = part.opened()
        for batch in table.file.iter_batches(BATCH_ROWS, row_groups=[number], columns=list(names)):
            yield piece_of(part, table, names, [batch.column(name) for name in names], first)
            first += batch.num_rows


def piece_of(part: PartFile, table: ParquetTable, names: Sequence[str], columns: Sequence[Any], first: int) -> RowPiece:
    """Columns as floats; `first` is the number of their first row in the file."""
    floats: list[FloatArray] = [table.column(name, one, first) for name, one in zip(names, columns, strict=True)]
    return RowPiece(floats, lambda row: f"{part.source}: row {first + row}")


def one_array(column: Any) -> Any:
    """A column of a table as one array."""
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def check_columns(first: ParquetTable, first_part: PartFile, part: PartFile) -> None:
    """Refuses a file that has other columns than the first one.

    Raises:
        DataError: With both files, and what is other.
    """
    schema = part.metadata.schema.to_arrow_schema()
    lacks = [name for name in first.column_names if name not in schema.names]
    more = [name for name in schema.names if name not in first.column_names]
    if lacks or more:
        what = f"lacks {shown(lacks[0])}" if lacks else f"has {shown(more[0])}, too"
        raise DataError(
            f"{part.source}: expected the columns of {cut(first_part.path.name)}, but it {what}; all files of a table "
            "have the same columns"
        )


def stamp_of(path: Path) -> tuple[int, int]:
    """By which it is known that a file is the one that it was: its size and the time of its last change."""
    known = path.stat()
    return known.st_size, known.st_mtime_ns


@contextmanager
def told(source: str) -> Iterator[None]:
    """Tells why a file cannot be read."""
    try:
        yield
    except FileNotFoundError:
        raise DataError(f"{source}: no such file any more; it was there when the table was opened") from None
    except PermissionError:
        raise DataError(f"{source}: no permission to read it") from None
    except (pyarrow.ArrowException, OSError) as error:
        raise DataError(damaged(source, error)) from None
