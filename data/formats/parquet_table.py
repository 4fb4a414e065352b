"""A Parquet file as columns of float64."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow
import pyarrow.parquet

from handgrad.data.arrays import EXACT_INTEGERS, FloatArray, inexact_integer
from handgrad.data.columns import clean_header
from handgrad.data.errors import DataError, shown
from handgrad.data.formats.parts import Parts
from handgrad.data.formats.stored_file import StoredFile


class ParquetTable:
    """A Parquet file whose schema has been read.

    Args:
        source: The file, for messages.
        content: Its bytes.

    Raises:
        DataError: If it is no whole Parquet file.
    """

    def __init__(self, source: str, content: StoredFile) -> None:
        stream = content.seekable()
        weakref.finalize(self, stream.close)
        try:
            self._take(source, pyarrow.parquet.ParquetFile(pyarrow.PythonFile(stream, mode="r")))
        except (pyarrow.ArrowException, OSError) as error:
            raise DataError(damaged(source, error)) from None

    @classmethod
    def of(cls, source: str, file: Any) -> ParquetTable:
        """The table of a file that pyarrow has opened.

        Raises:
            DataError: If it has no columns, or two of one name.
        """
        table = cls.__new__(cls)
        table._take(source, file)
        return table

    def _take(self, source: str, file: Any) -> None:
        self.source, self.file = source, file
        self.column_names = list(self.file.schema_arrow.names)
        self.names, self.notes = clean_header(self.column_names, source)
        if not self.names:
            raise DataError(f"{source}: expected columns of numbers, got none")

    def numbers(self, *parts: Sequence[int]) -> tuple[FloatArray, ...]:
        """The k columns of each part as (n, k); NaN where a value is missing.

        Raises:
            DataError: On a column that does not hold numbers, or a whole number with more digits than float64
                holds. If the table does not fit into memory.
        """
        wanted = [self.column_names[place] for part in parts for place in part]
        for name in wanted:
            self.check_type(name)
        made = Parts(self.source, [len(part) for part in parts], self.file.metadata.num_rows)
        try:
            for batch in self.file.iter_batches(columns=wanted):
                made.append([self.column(name, batch.column(name), made.rows) for name in wanted])
        except (pyarrow.ArrowException, OSError) as error:
            raise DataError(damaged(self.source, error)) from None
        return made.finished()

    def labels(self) -> dict[int, str]:
        """The columns that were the index of the pandas DataFrame which was saved, each with a note."""
        saved = [name for name in _index_columns(self.file.schema_arrow) if name in self.column_names]
        note = "column {} is the index of the DataFrame that was saved: left out"
        return {self.column_names.index(name): note.format(shown(name)) for name in saved}

    def hint(self, column: int) -> None:
        """Nothing shows what a column without a name is."""

    def place(self, row: int) -> str:
        """'row 6', counted from 0 as every reader of Parquet does."""
        return f"row {row}"

    def check_type(self, name: str) -> None:
        """Refuses a column that does not hold numbers.

        Raises:
            DataError: With what it holds.
        """
        kind = self.file.schema_arrow.field(name).type
        tests = (
            pyarrow.types.is_integer,
            pyarrow.types.is_floating,
            pyarrow.types.is_decimal,
            pyarrow.types.is_boolean,
        )
        if not any(test(kind) for test in tests):
            raise DataError(
                f"{self.source}: column {shown(name)}: expected numbers, got {shown(str(kind))}; turn it "
                "into numbers, or choose other columns (features)"
            )

    def column(self, name: str, column: Any, first_row: int) -> FloatArray:
        """Numbers (m,) of an array of pyarrow, NaN where one is missing; `first_row` is that of its first.

        Raises:
            DataError: On a whole number with more digits than float64 holds.
        """
        kind = column.type
        if pyarrow.types.is_boolean(kind):
            column = column.cast(pyarrow.uint8())
        if pyarrow.types.is_decimal(kind):
            return self._one_by_one(name, column, first_row)
        try:
            values: FloatArray = column.cast(pyarrow.float64()).to_numpy(zero_copy_only=False)
        except pyarrow.ArrowInvalid:  # integers beyond 2^53, which float64 may or may not hold
            return self._one_by_one(name, column, first_row)
        return values

    def _one_by_one(self, name: str, column: Any, first_row: int) -> FloatArray:
        """Correctly rounded; refuses digits that float64 would round away."""
        values = np.full(len(column), np.nan)
        for row, value in enumerate(column.to_pylist()):
            if value is not None:
                values[row] = float(value)
                if abs(value) > EXACT_INTEGERS and Decimal(value) != Decimal(values[row]):
                    raise DataError(
                        inexact_integer(
                            f"{self.source}: {self.place(first_row + row)}, column {shown(name)}", str(value)
                        )
                    )
        return values


def _index_columns(schema: pyarrow.Schema) -> list[str]:
    """The columns that pandas wrote an index into: its metadata name them, beside ranges that are no columns."""
    try:
        noted = schema.pandas_metadata["index_columns"]
    except (KeyError, TypeError, ValueError, RecursionError):  # not from pandas, or not as pandas writes it
        return []
    return [name for name in noted if isinstance(name, str)] if isinstance(noted, list) else []


def damaged(source: str, error: Exception) -> str:
    """The message for a file that pyarrow cannot read."""
    reason = repr((str(error).splitlines() or [type(error).__name__])[0].rstrip("."))[1:-1]
    if "encrypted" in reason:
        return f"{source}: the Parquet file is encrypted; save it without encryption"
    return f"{source}: the Parquet file is cut off or damaged ({reason}); get it again, no row was used"
