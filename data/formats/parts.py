"""Columns on their way from a file into the arrays in which they stay, of as many rows as come.

A table is read into its parts: the features are one array, the target is another, so that none is ever copied. How many
rows there will be is known for a CSV file only when its end is reached: the arrays have room for as many as it seems to
have, which costs nothing before it is written to, and give back what is left of it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from handgrad.data.arrays import FloatArray
from handgrad.data.memory import refuse_beyond

#: What a table needs while it is read, over what it needs afterwards: to look for cells that are not finite takes a
#: byte for each, and the blocks that are read ahead take some more, but no more than the table.
WORKING_SHARE = 1.2
WORKING_BYTES = 2**26

#: Arrays have room for so many more rows than are expected, and grow by at least as much.
SPARE, GROWTH = 1.02, 1.25

REMEDY = "choose fewer columns (features), take fewer rows, or free memory"


class Parts:
    """The arrays of a table that is being read.

    Args:
        source: The file, for messages.
        widths: How many columns each part has.
        rows: As many as are expected.

    Raises:
        DataError: If they do not fit into the memory.
    """

    def __init__(self, source: str, widths: Sequence[int], rows: int) -> None:
        self.source, self.widths, self.rows, self.room = source, widths, 0, rows
        refuse_table(source, rows, sum(widths))
        self.arrays = [np.empty((rows, width), dtype=np.float64) for width in widths]

    def append(self, columns: Sequence[FloatArray]) -> None:
        """Adds rows: `columns` are arrays (m,), those of the first part first.

        Raises:
            DataError: If there are more rows than expected, and they do not fit into the memory.
        """
        rows = self.rows + len(columns[0])
        if rows > self.room:
            self._grow(max(rows, int(GROWTH * self.room)))
        one_after_another = iter(columns)
        for array, width in zip(self.arrays, self.widths, strict=True):
            for place in range(width):
                array[self.rows : rows, place] = next(one_after_another)
        self.rows = rows

    def finished(self) -> tuple[FloatArray, ...]:
        """The parts (n, k), with as many rows as came."""
        self._resize(self.rows)
        return tuple(self.arrays)

    def _grow(self, rows: int) -> None:
        refuse_table(self.source, rows, sum(self.widths), have=self.room)
        self._resize(rows)

    def _resize(self, rows: int) -> None:
        """In place: the system moves pages, and no number is copied."""
        for array, width in zip(self.arrays, self.widths, strict=True):
            array.resize((rows, width), refcheck=False)
        self.room = rows


def refuse_table(source: str, rows: int, columns: int, have: int = 0) -> None:
    """Refuses a table that does not fit into the memory, of which `have` rows are there already.

    Raises:
        DataError: With figures.
    """
    table = 8 * (rows - have) * columns
    needed = WORKING_SHARE * table + min(WORKING_BYTES, table)
    what = f"{source}: a table of about {_rounded(rows):,} rows and {columns:,} columns"
    refuse_beyond(needed, what, REMEDY)


def _rounded(count: int) -> int:
    """To two digits."""
    return int(float(f"{count:.2g}"))


def beyond_exact(values: NDArray[np.float64], limit: float) -> bool:
    """Whether a number (not an infinity) of the array reaches the limit; NaN is none."""
    if not len(values):
        return False
    low, high = np.fmin.reduce(values), np.fmax.reduce(values)
    if max(-low, high) < limit:
        return False
    finite = values[np.isfinite(values)]
    return bool((np.abs(finite) >= limit).any())
