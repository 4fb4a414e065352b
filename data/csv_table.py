"""A CSV file as columns of float64.

Two readers share the work. The slow one, a loop over the standard library's `csv.reader`, defines what a file means
and knows the line of everything; the fast one is pyarrow, which rounds correctly and takes about a tenth of the time.
A file on which the fast one stumbles goes to the slow one, which either reads it or says what is wrong, and where.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterator, Sequence
from decimal import Decimal

import numpy as np

from handgrad.data.arrays import EXACT_INTEGERS, FloatArray, inexact_integer
from handgrad.data.columns import NUMBER, clean_header
from handgrad.data.errors import DataError, shown

SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}

#: Lines that must agree on a separator.
SNIFFED_LINES = 10

#: Cells that stand for a value that is missing.
MISSING = ("", "NA", "N/A", "#N/A", "NULL", "Null", "null", "None", "none")
NOT_A_NUMBER = re.compile(r"[+-]?nan", re.IGNORECASE)
INFINITE = re.compile(r"[+-]?inf(inity)?", re.IGNORECASE)

BYTE_ORDER_MARKS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}

#: What a cell that is no number looks like, and what to do about it; the first that fits.
REMEDIES = {
    r"[+-]?[0-9]{1,3}(,[0-9]{3}){2,}(\.[0-9]*)?": "remove the commas between thousands",
    r"[+-]?[0-9]{1,3}(,[0-9]{3})+\.[0-9]*": "remove the commas between thousands",
    r"[+-]?[0-9]{1,3},[0-9]{3}": "write it without the comma: a decimal point, or no thousands separator",
    r"[+-]?[0-9]*,[0-9]+(e[+-]?[0-9]+)?": "write a decimal point in place of the decimal comma",
    r"[+-]?[0-9]{1,3}([ '’_\u00a0\u202f.][0-9]{3})+([.,][0-9]*)?": "remove the marks between thousands",
    r"[+-]?[$€£¥₹].*|.*[$€£¥₹]": "remove the currency sign",
    r".*[0-9] *%": "remove the percent sign",
    r"[0-9]{4}[-/][0-9]{1,2}[-/][0-9]{1,2}.*": "turn dates into numbers, such as days since the first one",
    r"[0-9]{1,2}[./][0-9]{1,2}[./][0-9]{2,4}.*": "turn dates into numbers, such as days since the first one",
    r"true|false|yes|no": "write 1 and 0",
    r"[?.*-]+|missing|n\.a\.|unknown": "leave the cell empty if the value is missing",
    r"[−‐-―][0-9].*": "write an ordinary minus sign",
    r"[+-]?[0-9.]+(e[+-]?[0-9]+)? *[^0-9].*": "put the unit into the header, and only numbers below it",
}
OTHER_REMEDY = "write a number, or choose other columns (features)"


class CsvTable:
    """A CSV file whose header has been read.

    Args:
        source: The file, for messages.
        content: Its bytes, not compressed.
        separator: One character; None finds it.
        encoding: None reads UTF-8, or UTF-16 with a byte order mark.

    Raises:
        DataError: If there is no header, the text cannot be decoded, or the separator is impossible.
    """

    def __init__(self, source: str, content: bytes, separator: str | None = None, encoding: str | None = None) -> None:
        if separator is not None and (len(separator) != 1 or separator in '"\n\r'):
            raise DataError(f"separator: expected one character, such as ',' or ';', got {shown(separator)}")
        self.source = source
        self.content = _utf8(source, content, encoding)
        self.separator = separator or _separator(self.content)
        self.names, self.notes = self._header()
        if separator is None and self.separator != ",":
            self.notes.append(f"separator: {SEPARATORS[self.separator]}")

    def numbers(self, columns: Sequence[int]) -> FloatArray:
        """The columns as (n, k); NaN where a cell is empty, infinity where one is beyond float64.

        Raises:
            DataError: On a cell that is no number, a line with more or fewer cells than the header, an open quote, or a
                whole number with more digits than float64 holds; with the line.
        """
        values = self._fast(columns)
        if values is None:
            values = self._slow(columns)
        finite = np.where(np.isfinite(values), values, 0.0)
        large = np.flatnonzero((np.abs(finite) >= EXACT_INTEGERS).any(axis=0))
        if len(large):
            self._check_exact([columns[j] for j in large.tolist()])
        return values

    def place(self, row: int) -> str:
        """'line 7' for the k-th row of data, from 0."""
        return next(f"line {line}" for k, (line, _) in enumerate(self.records()) if k == row)

    def records(self) -> Iterator[tuple[int, list[str]]]:
        """The rows below the header: the line on which each begins, from 1, and its cells; no empty lines.

        Raises:
            DataError: On an open quote, and on a row that is longer or shorter than the header.
        """
        records = self._all_records()
        next(records)
        for line, cells in records:
            if len(cells) != len(self.names):
                raise DataError(self._ragged(line, cells))
            yield line, cells

    def _all_records(self) -> Iterator[tuple[int, list[str]]]:
        reader = csv.reader(_lines(self.content), delimiter=self.separator, strict=True)
        line = 1
        while True:
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                raise DataError(f"{self.source}: line {line}: {_reader_error(str(error))}") from None
            if cells:
                yield line, cells
            line = reader.line_num + 1

    def _header(self) -> tuple[list[str], list[str]]:
        header = next(self._all_records(), None)
        if header is None:
            raise DataError(f"{self.source}: expected a header and rows of numbers, got no data: the file is empty")
        self.first_line = header[0]
        return clean_header(header[1], f"{self.source}: line {header[0]}")

    def _fast(self, columns: Sequence[int]) -> FloatArray | None:
        """What pyarrow reads; None if it cannot, or could misread an open quote."""
        import pyarrow
        import pyarrow.csv

        if self.content.count(b'"') % 2:
            return None
        names = [str(i) for i in range(len(self.names))]
        wanted = [names[i] for i in columns]
        try:
            table = pyarrow.csv.read_csv(
                pyarrow.BufferReader(memoryview(self.content)[self._body() :]),
                read_options=pyarrow.csv.ReadOptions(column_names=names),
                parse_options=pyarrow.csv.ParseOptions(
                    delimiter=self.separator, newlines_in_values=b'"' in self.content
                ),
                convert_options=pyarrow.csv.ConvertOptions(
                    include_columns=wanted,
                    column_types=dict.fromkeys(wanted, pyarrow.float64()),
                    null_values=list(MISSING),
                ),
            )
        except pyarrow.ArrowInvalid:  # the slow reader knows why, or reads what pyarrow does not know
            return None
        values = np.empty((table.num_rows, len(wanted)), dtype=np.float64)
        for j, name in enumerate(wanted):
            values[:, j] = table.column(name).to_numpy()
        return values

    def _body(self) -> int:
        """The byte at which the rows begin: behind the last line of the header."""
        reader = csv.reader(_lines(self.content), delimiter=self.separator, strict=True)
        while not next(reader):
            continue
        lines = io.BytesIO(self.content)
        for _ in range(reader.line_num):
            lines.readline()
        return lines.tell()

    def _slow(self, columns: Sequence[int]) -> FloatArray:
        rows = [[self._number(line, cells, i) for i in columns] for line, cells in self.records()]
        return np.array(rows, dtype=np.float64).reshape(len(rows), len(columns))

    def _number(self, line: int, cells: Sequence[str], column: int) -> float:
        cell = cells[column].strip()
        if NUMBER.fullmatch(cell) or INFINITE.fullmatch(cell):
            return float(cell)
        if cell in MISSING or NOT_A_NUMBER.fullmatch(cell):
            return math.nan
        raise DataError(f"{self._cell(line, column)}: expected a number, got {shown(cells[column])}; {_remedy(cell)}")

    def _check_exact(self, columns: Sequence[int]) -> None:
        """Refuses digits that float64 would round away, where they are written out: 9007199254740993."""
        for line, cells in self.records():
            for column in columns:
                cell = cells[column].strip()
                if len(cell) > 15 and NUMBER.fullmatch(cell) and "e" not in cell.lower():
                    value = Decimal(cell)
                    if abs(value) > EXACT_INTEGERS and value != Decimal(float(cell)):
                        raise DataError(inexact_integer(self._cell(line, column), cell))

    def _cell(self, line: int, column: int) -> str:
        return f"{self.source}: line {line}, column {shown(self.names[column])}"

    def _ragged(self, line: int, cells: Sequence[str]) -> str:
        expected, got = len(self.names), len(cells)
        remedy = "fill in the missing cells"
        if got > expected:
            remedy = "quote cells that hold the separator, and write decimals with a point"
        if line == self.first_line + 1 and expected == 1:
            remedy = "the header may use another separator than the rows"
        return (
            f"{self.source}: line {line}: expected {expected:,} cells, as in the header, got {got:,} "
            f"({shown(self.separator.join(cells))}); {remedy}"
        )


def _lines(content: bytes) -> io.TextIOWrapper:
    """The text line by line, without a second copy of all of it."""
    return io.TextIOWrapper(io.BytesIO(content), encoding="utf-8", newline="\n")


def _utf8(source: str, content: bytes, encoding: str | None) -> bytes:
    """The text in UTF-8 with a line feed at the end of every line, whatever it was before."""
    mark = next((mark for mark in BYTE_ORDER_MARKS if content.startswith(mark)), None)
    used = encoding or (BYTE_ORDER_MARKS[mark] if mark else "utf-8")
    try:
        text = content.decode(used)
    except LookupError:
        raise DataError(f"encoding: {shown(used)} is not known; use one such as utf-8, latin-1 or utf-16") from None
    except UnicodeDecodeError as error:
        raise DataError(_undecodable(source, content, used, error)) from None
    if "\0" in text:
        raise DataError(
            f"{source}: expected text, got null bytes: a binary file, or UTF-16 without a byte order mark "
            "(then name the encoding: utf-16-le)"
        )
    text = text.removeprefix("\ufeff")
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.encode("utf-8")


def _undecodable(source: str, content: bytes, encoding: str, error: UnicodeDecodeError) -> str:
    line = content.count(b"\n", 0, error.start) + 1
    remedy = "name its encoding: latin-1 (or cp1252) if it comes from an older spreadsheet"
    if encoding not in ("utf-8", "utf-8-sig"):
        remedy = "name another encoding, such as utf-8, latin-1 or utf-16"
    byte = content[error.start : error.start + 1].hex()
    return f"{source}: line {line}: expected {encoding} text, got the byte 0x{byte}; {remedy}"


def _separator(content: bytes) -> str:
    """The separator by which the first lines have one number of cells, and more than one; else the best."""
    counts = {separator: _cells_per_line(content, separator) for separator in SEPARATORS}
    for separator, cells in counts.items():
        if cells and cells[0] > 1 and len(set(cells)) == 1:
            return separator
    return max(SEPARATORS, key=lambda separator: counts[separator][0] if counts[separator] else 0)


def _cells_per_line(content: bytes, separator: str) -> list[int]:
    counts: list[int] = []
    try:
        for cells in csv.reader(_lines(content), delimiter=separator):
            counts += [len(cells)] if cells else []
            if len(counts) == SNIFFED_LINES:
                break
    except csv.Error:
        return counts  # the reader that knows the line will say it
    return counts


def _reader_error(error: str) -> str:
    if "unexpected end of data" in error or "field limit" in error:
        return "a quoted cell begins in this row and does not end; close the quote"
    return f"the quotes do not fit ({error}); double a quote inside a quoted cell"


def _remedy(cell: str) -> str:
    fitting = (remedy for pattern, remedy in REMEDIES.items() if re.fullmatch(pattern, cell, re.IGNORECASE))
    return next(fitting, OTHER_REMEDY)
