"""Tables from files: CSV (also gzipped), TSV and Parquet, read strictly.

A number that reaches a fit is the number that stands in the file, or there is an error that names line,
column, value and remedy. Nothing is guessed into a number, and no row is dropped without being asked for and
counted.
"""

from __future__ import annotations

import gzip
import os
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from handgrad.data.arrays import FloatArray, finite_rows
from handgrad.data.columns import choose_columns
from handgrad.data.csv_table import CsvTable
from handgrad.data.dataset import DataError, Dataset
from handgrad.data.files import read_bytes

GZIP, PARQUET, ZIP = b"\x1f\x8b", b"PAR1", b"PK\x03\x04"


class TableReader(Protocol):
    """What `load_table` needs to know of a file's format."""

    names: list[str]
    notes: list[str]

    def numbers(self, columns: Sequence[int]) -> FloatArray:
        """The k columns at these places as (n, k); NaN where a cell is empty.

        Raises:
            DataError: On what is no number.
        """

    def place(self, row: int) -> str:
        """Where row k (from 0) stands in the file, for people."""


def load_table(
    path: str | os.PathLike[str],
    target: str | None = None,
    features: Sequence[str] | None = None,
    *,
    separator: str | None = None,
    encoding: str | None = None,
    drop_missing: bool = False,
    to_fit: bool = True,
) -> Dataset:
    """Reads a table of numbers with a header.

    Args:
        path: A CSV, TSV or Parquet file; gzipped text, too. The content decides, not the file's name.
        target: The column to predict; default: the last one, and a note says which that is.
        features: The columns to predict from; default: all others. Columns not asked for may hold anything.
        separator: Between cells; default: whichever of comma, semicolon, tab and bar the first lines agree
            on.
        encoding: Default: UTF-8, or UTF-16 where a byte order mark says so.
        drop_missing: Leave out rows with an empty or infinite cell in a column in use; a note counts them.
        to_fit: Whether a line is to be fitted to it, for which it may be too short or a feature constant; a model
            that is fitted already can be tested on any rows.

    Raises:
        DataError: If the file cannot be read, or is no table of finite numbers, or (`to_fit`) none that a line can
            be fitted to. The message is one line.
    """
    source = str(path)
    table = _open(source, read_bytes(path), separator, encoding)
    chosen = choose_columns(table.names, target, features, source)
    values = table.numbers(chosen.indices)
    if len(values) == 0:
        raise DataError(f"{source}: expected rows of numbers, got a header and no rows")
    names = [table.names[i] for i in chosen.indices]
    kept, dropped = finite_rows(values, names, source, drop_missing, table.place)
    dataset = Dataset.from_table(values[kept], table.names, chosen, source, (*table.notes, *dropped))
    return dataset.examined() if to_fit else dataset


def _open(source: str, content: bytes, separator: str | None, encoding: str | None) -> TableReader:
    if content.startswith(GZIP):
        content = _decompressed(source, content)
    if content.startswith(PARQUET) or Path(source).suffix.lower() in (".parquet", ".pq"):
        from handgrad.data.parquet_table import ParquetTable

        return ParquetTable(source, content)
    if content.startswith(ZIP):
        raise DataError(
            f"{source}: expected CSV, TSV or Parquet, got a ZIP archive or an Excel workbook; save it as CSV"
        )
    return CsvTable(source, content, separator, encoding)


def _decompressed(source: str, content: bytes) -> bytes:
    try:
        return gzip.decompress(content)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(
            f"{source}: the gzip file is cut off or damaged ({error}); get it again, no row was used"
        ) from None
