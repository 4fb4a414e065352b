"""Tables from files: CSV (also gzipped), TSV and Parquet, read strictly.

A number that reaches a fit is the number that stands in the file, or there is an error that names line,
column, value and remedy. Nothing is guessed into a number, and no row is dropped without being asked for and
counted.
"""

from __future__ import annotations

import gzip
import io
import os
import re
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import psutil

from handgrad.data.arrays import FloatArray, finite_rows
from handgrad.data.columns import choose_columns
from handgrad.data.dataset import DataError, Dataset
from handgrad.data.errors import printable
from handgrad.data.files import read_bytes
from handgrad.data.formats.csv_table import CsvTable

GZIP, PARQUET = b"\x1f\x8b", b"PAR1"

#: Of the memory that is free, what a compressed file may expand to: its text and the table stand there together.
EXPANDED_SHARE = 0.25

#: Files that are no tables of text, by how they begin, and what each is.
OTHER_FORMATS = {
    rb"PK\x03\x04": "a ZIP archive or an Excel workbook",
    rb"\xd0\xcf\x11\xe0": "an old Excel workbook",
    rb"ARROW1\0": "an Arrow or Feather file",
    rb"\x89HDF": "an HDF5 file",
    rb"\x93NUMPY": "a NumPy array",
    rb"SQLite format 3\0": "an SQLite database",
    rb"\x28\xb5\x2f\xfd": "a file compressed by Zstandard",
    rb"\xfd7zXZ": "a file compressed by xz",
    rb"BZh[0-9]1AY&SY": "a file compressed by bzip2",
    rb"7z\xbc\xaf": "a 7-Zip archive",
    rb"\x89PNG": "a picture (PNG)",
    rb"\xff\xd8\xff": "a picture (JPEG)",
    rb"GIF8[79]a": "a picture (GIF)",
    rb"%PDF-": "a PDF",
    rb'\s*\{\s*"[^"]*"\s*:|\s*\[\s*[\[{]': "JSON",
    rb"\s*<((?i:!doctype html|html)|\?xml)\b": "HTML or XML",
}


class TableReader(Protocol):
    """What `load_table` needs to know of a file's format."""

    names: list[str]
    notes: list[str]

    def numbers(self, columns: Sequence[int]) -> FloatArray:
        """The k columns at these places as (n, k); NaN where a cell is empty.

        Raises:
            DataError: On what is no number.
        """

    def labels(self) -> dict[int, str]:
        """The places of columns that label the rows and are no data, each with a note that it is left out."""

    def hint(self, column: int) -> str | None:
        """What a column without a name seems to be; None where nothing shows."""

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
        features: The columns to predict from; default: all others but a saved index, and a note says so. Columns not
            asked for may hold anything.
        separator: Between cells; default: what a first line such as `sep=;` says, or whichever of comma, semicolon, tab
            and bar the first lines agree on.
        encoding: Default: UTF-8, or UTF-16 or UTF-32 where a byte order mark says so.
        drop_missing: Leave out rows with an empty or infinite cell in a column in use; a note counts them.
        to_fit: Whether a line is to be fitted to it, for which it may be too short or a feature constant; a model
            that is fitted already can be tested on any rows.

    Raises:
        DataError: If the file cannot be read, or is no table of finite numbers, or (`to_fit`) none that a line can
            be fitted to. The message is one line.
    """
    source = printable(path)
    table = _open(source, read_bytes(path), separator, encoding)
    chosen = choose_columns(table.names, target, features, source, table.labels(), table.hint)
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
        from handgrad.data.formats.parquet_table import ParquetTable

        return ParquetTable(source, content)
    other = next((name for mark, name in OTHER_FORMATS.items() if re.match(mark, content)), None)
    if other is not None:
        raise DataError(f"{source}: expected CSV, TSV or Parquet, got {other}; save it as CSV")
    return CsvTable(source, content, separator, encoding)


def _decompressed(source: str, content: bytes) -> bytes:
    most = int(psutil.virtual_memory().available * EXPANDED_SHARE)
    try:
        with gzip.open(io.BytesIO(content)) as stream:
            found: bytes = stream.read(most + 1)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(
            f"{source}: the gzip file is cut off or damaged ({error}); get it again, no row was used"
        ) from None
    if len(found) > most:
        raise DataError(
            f"{source}: expands to more than {most / 2**30:.2g} GiB, beyond what fits into memory as a table; "
            "take fewer rows or columns"
        )
    return found
