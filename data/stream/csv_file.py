"""A CSV file as a stream: block after block of its lines, parsed by threads as `load_table` has them parsed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from handgrad.data.errors import DataError
from handgrad.data.formats.csv_table import CsvTable
from handgrad.data.stream.pieces import ReadAhead, RowPiece


class CsvFile:
    """A CSV file whose header has been read; how many rows it has is known when it has been read once."""

    def __init__(self, path: Path, table: CsvTable) -> None:
        self.path, self.table = path, table
        self.names, self.notes, self.hint, self.labels = table.names, table.notes, table.hint, table.labels
        self.stamp = self._stamp()
        self.rows: int | None = None
        self.seekable = False

    def stamps(self) -> list[tuple[str, tuple[int, int]]]:
        """Of the file: its name, size, time of its last change."""
        return [(self.table.source, self.stamp)]

    def check_numbers(self, places: Sequence[int]) -> None:
        """Whether cells are numbers is seen when they are read."""

    def pieces(self, places: Sequence[int], reading: ReadAhead, rows: range | None = None) -> Iterator[RowPiece]:
        """The columns at these places, a block of lines a piece; always of all rows.

        Raises:
            DataError: On a cell that is no number, and on what makes it no table, with the line; if it has changed.
        """
        if self._stamp() != self.stamp:
            raise DataError(f"{self.table.source}: changed while it was read; run again when nobody writes to it")
        first = 0
        for block in self.table.blocks(places):
            yield RowPiece(block.columns, partial(self._place, first))
            first += block.rows
        self.rows = first

    def _place(self, first: int, row: int) -> str:
        return f"{self.table.source}: {self.table.place(first + row)}"

    def _stamp(self) -> tuple[int, int]:
        try:
            known = self.path.stat()
        except FileNotFoundError:
            raise DataError(f"{self.table.source}: no such file any more; it was there when it was opened") from None
        return known.st_size, known.st_mtime_ns
