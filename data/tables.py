"""Tables from files: CSV (also gzipped), TSV and Parquet, read strictly.

A number that reaches a fit is the number that stands in the file, or there is an error that names line,
column, value and remedy. Nothing is guessed into a number, and no row is dropped without being asked for and
counted.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Protocol

from handgrad.data.arrays import FloatArray, finite_rows
from handgrad.data.columns import choose_columns
from handgrad.data.dataset import DataError, Dataset
from handgrad.data.errors import printable
from handgrad.data.files import open_bytes, read_bytes, regular_bytes
from handgrad.data.formats.csv_table import CsvTable
from handgrad.data.formats.stored_file import GZIP, StoredFile
from handgrad.data.formats.text import BINARY, BYTE_ORDER_MARK
from handgrad.data.memory import available_bytes

#: What Parquet begins with, encrypted or not.
PARQUET = (b"PAR1", b"PARE")

#: The first bytes of a file, by which its format is told.
HEAD = 2**12

#: Files of no more bytes are read at once.
SMALL_BYTES = 2**20

#: Of the memory that is free, what a compressed file may expand to. Its text is never there whole, but a few kilobytes
#: that expand without end would keep a reader busy for days.
EXPANDED_SHARE = 1.0

#: Files that are no tables of text, by how they begin (the mark of UTF-8 aside), and what each is.
OTHER_FORMATS = {
    rb"PK(\x03\x04|\x05\x06|\x07\x08)": "a ZIP archive or an Excel workbook",
    rb"\xd0\xcf\x11\xe0": "an old Excel workbook",
    rb"ARROW1\0": "an Arrow or Feather file",
    rb"(\xff\xff\xff\xff)?[\x01-\xff].\0\0\x10\0\0\0": "an Arrow stream",
    rb"ORC(?=[\s\S]*[\0-\x08\x0e-\x19])": "an ORC file",
    rb"Obj\x01": "an Avro file",
    rb"(RD[AX][23]\n)?[XAB]\n\0\0\0[\x02\x03]": "a file of R's own format",
    rb"<stata_dta>|[\x71-\x77][\x01\x02]\x01\0": "a Stata file",
    rb"\$FL[23]@": "an SPSS file",
    rb"\0{12}\xc2\xea\x81\x60": "a SAS file",
    rb"MATLAB [57]\.[0-9] MAT-file": "a MATLAB file",
    rb"\x80[\x02-\x05][^,;\t]": "a Python pickle",
    rb"\x89HDF": "an HDF5 file",
    rb"\x93NUMPY": "a NumPy array",
    rb"SQLite format 3\0": "an SQLite database",
    rb"\x28\xb5\x2f\xfd": "a file compressed by Zstandard",
    rb"\xfd7zXZ": "a file compressed by xz",
    rb"BZh[0-9]1AY&SY": "a file compressed by bzip2",
    rb"\x1f\x8b": "a file compressed twice by gzip",
    rb"\x04\x22\x4d\x18": "a file compressed by LZ4",
    rb"\x78[\x01\x5e\x9c\xda](?=[\s\S]*[\0-\x08\x0e-\x19])": "a file compressed by zlib",
    rb"Rar!\x1a\x07": "a RAR archive",
    rb"[^\0]{1,100}\0[\s\S]{156,255}ustar": "a tar archive",
    rb"7z\xbc\xaf": "a 7-Zip archive",
    rb"\x89PNG": "a picture (PNG)",
    rb"\xff\xd8\xff": "a picture (JPEG)",
    rb"GIF8[79]a(?=[\s\S]*[\0-\x08\x0e-\x19])": "a picture (GIF)",
    rb"%PDF-[0-9]": "a PDF",
    rb"\s*\[+[^\[\]\n]*\]+[ \t]*\r?\n\s*[\w.\"' -]+[ \t]*=": "TOML or INI",
    rb'\s*\{\s*(\}\s*$|"[^"]*"\s*:)|\s*\[\s*[\[{]|\s*\[[^\[\]a-zA-Z]*\]\s*$': "JSON",
    rb"\s*<((?i:!doctype html|html)|\?xml)\b|\s*<(?P<tag>\w+)[^<>]*>[\s\S]*</(?P=tag)>\s*$": "HTML or XML",
    rb"\s*<(!--|\w+[^<>]*>\s*\n\s*<\w|(?i:table|div)\b[^<>]*>\s*<)": "HTML or XML",
    rb"\s*\|.*\|[ \t]*\r?\n\s*\|[-:|+ \t]*-[-:|+ \t]*\|[ \t]*\r?\n": "a table of Markdown",
    rb"\s*\\(begin|documentclass)\b.*\{": "LaTeX",
    rb"([^&\n]+&)+[^&\n]*\\\\[ \t]*\r?\n": "LaTeX",
    rb"(\s*%.*\n)*\s*@(?i:relation)\b[\s\S]*\n\s*@(?i:attribute|data)\b": "ARFF",
    rb"%%MatrixMarket ": "a file of Matrix Market",
    rb"[+-]?[0-9.]+( +[0-9]+:[0-9.eE+-]+)+ *\r?\n": "a file of LIBSVM",
    rb"\{\\rtf": "a document (RTF)",
    rb"version https://git-lfs\.": "a pointer of Git LFS, for which `git lfs pull` gets the file",
    rb"---[ \t]*\r?\n\s*(-[ \t]+)?[\w.\"' -]+:([ \t]|\r?\n)": "YAML",
}


class TableReader(Protocol):
    """What `load_table` needs to know of a file's format."""

    names: list[str]
    notes: list[str]

    def numbers(self, *parts: Sequence[int]) -> tuple[FloatArray, ...]:
        """For each part its k columns, by their places, as (n, k) in C order; NaN where a cell is empty.

        Raises:
            DataError: On what is no number; if the table does not fit into memory.
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
    table = opened_table(source, stored_content(path, source), separator, encoding)
    chosen = choose_columns(table.names, target, features, source, table.labels(), table.hint)
    parts = table.numbers(*chosen.parts)
    if len(parts[0]) == 0:
        raise DataError(f"{source}: expected rows of numbers, got a header and no rows")
    names = [table.names[i] for i in chosen.indices]
    kept, dropped = finite_rows(parts, names, source, drop_missing, table.place)
    parts = parts if not dropped else tuple(part[kept] for part in parts)
    dataset = Dataset.from_parts(parts, table.names, chosen, source, (*table.notes, *dropped))
    return dataset.examined() if to_fit else dataset


def stored_content(path: str | os.PathLike[str], source: str) -> StoredFile:
    """The bytes of a file: what is small is read at once, and so is what cannot be read twice, such as a pipe.

    Raises:
        DataError: If it cannot be read.
    """
    size = regular_bytes(path)
    if size is None or size <= SMALL_BYTES:
        stored = read_bytes(path)
        content = StoredFile.of(source, stored)
    else:
        content = StoredFile(source, partial(open_bytes, path), size)
    if content.begins(len(GZIP)) != GZIP:
        return content
    return replace(content, compressed=True, most_bytes=int(EXPANDED_SHARE * available_bytes()))


def is_parquet(content: StoredFile) -> bool:
    """Whether it begins as Parquet does or is called so, and is no text: a column may be called PAR1."""
    head = content.begins(HEAD)
    called, begins = Path(content.source).suffix.lower() in (".parquet", ".pq"), head.startswith(PARQUET)
    if called and begins:
        return True
    return (called or begins) and (not head or BINARY.search(head) is not None)


def opened_table(source: str, content: StoredFile, separator: str | None, encoding: str | None) -> TableReader:
    """The table of a file, whose header or schema has been read.

    Raises:
        DataError: If it is no table.
    """
    head = content.begins(HEAD)
    if is_parquet(content):
        from handgrad.data.formats.parquet_table import ParquetTable

        return ParquetTable(source, content)
    start = head.removeprefix(BYTE_ORDER_MARK)
    other = next((name for mark, name in OTHER_FORMATS.items() if re.match(mark, start)), None)
    if other is not None:
        raise DataError(f"{source}: expected CSV, TSV or Parquet, got {other}; save it as CSV")
    return CsvTable(source, content, separator, encoding)
