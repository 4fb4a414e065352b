"""A CSV file as columns of float64.

Two readers share the work. The slow one, a loop over the standard library's `csv.reader`, defines what a file means
and knows the line of everything; the fast one is pyarrow, which rounds correctly and takes about a tenth of the time.
A file on which the fast one stumbles goes to the slow one, which either reads it or says what is wrong, and where.
Neither ever holds the whole text: both read it a block at a time, into the arrays in which the numbers stay.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import chain, islice

import numpy as np

from handgrad.data.arrays import EXACT_INTEGERS, FloatArray, inexact_integer
from handgrad.data.columns import NO_NAME, NUMBER, clean_header, counts_rows, saved_index
from handgrad.data.errors import DataError, shown
from handgrad.data.formats.csv_blocks import RowBlock, Unsure, below, parsed_blocks
from handgrad.data.formats.csv_layout import (
    SEPARATORS,
    cause_in_line,
    cause_of_cells,
    cause_of_header,
    cause_of_length,
    cause_of_no_name,
    comment_mark,
    find_separator,
    first_rows,
    is_second_header,
)
from handgrad.data.formats.parts import SPARE, Parts, beyond_exact
from handgrad.data.formats.stored_file import StoredFile
from handgrad.data.formats.text import Text

#: Cells that stand for a value that is missing.
MISSING = ("", "NA", "N/A", "#N/A", "NULL", "Null", "null", "None", "none")
NOT_A_NUMBER = re.compile(r"[+-]?nan(\([a-z0-9_]*\))?", re.IGNORECASE)  # -nan(ind), as Windows writes it
INFINITE = re.compile(r"[+-]?inf(inity)?", re.IGNORECASE)

#: Rows that the slow reader puts into the table at once.
ROWS_AT_A_TIME = 4096

#: Of a cell at the beginning of its line.
COMMENT_REMEDY = "remove lines of comment"

DATES = "turn dates into numbers, such as days since the first one"

#: What a cell that is no number looks like, and what to do about it; the first that fits.
REMEDIES = {
    r"[+-]?[0-9]{1,3}(,[0-9]{3}){2,}(\.[0-9]*)?": "remove the commas between thousands",
    r"[+-]?[0-9]{1,2}(,[0-9]{2})+,[0-9]{3}(\.[0-9]*)?": "remove the commas between thousands",
    r"[+-]?[0-9]{1,3}(,[0-9]{3})+\.[0-9]*": "remove the commas between thousands",
    r"[+-]?[0-9]{1,3},[0-9]{3}": "write it without the comma: a decimal point, or no thousands separator",
    r"[+-]?[0-9]*,[0-9]+(e[+-]?[0-9]+)?": "write a decimal point in place of the decimal comma",
    r"[+-]?[0-9]{1,3}([ '’_\u00a0\u202f.][0-9]{3})+([.,][0-9]*)?": "remove the marks between thousands",
    r"[+-]?[$€£¥₹].*|.*[$€£¥₹]": "remove the currency sign",
    r".*[0-9] *%": "remove the percent sign",
    r"[0-9]{4}[-/][0-9]{1,2}[-/][0-9]{1,2}.*": DATES,
    r"[0-9]{1,2}[./][0-9]{1,2}[./][0-9]{2,4}.*": DATES,
    r"[0-9]{8}T[0-9]{4,}.*": DATES,
    r"[0-9]{1,2}[ .-]+(jan|feb|m[aä]r|apr|ma[iy]|jun|jul|aug|sep|o[ck]t|nov|de[cz])[^\W\d_]*[ .-]+[0-9]{2,4}.*": DATES,
    r"true|false|yes|no": "write 1 and 0",
    r"#(DIV/0!|N/A|[^\W\d_]+[!?])|Err:[0-9]{3}": "it is a spreadsheet's error: correct it, or leave the cell empty",
    r"=.*": "save values in place of formulas",
    r"(#|//|%|!).*": COMMENT_REMEDY,
    r"[?.*-]+|missing|n\.a\.|unknown": "leave the cell empty if the value is missing",
    r"[−‐-―][0-9].*": "write an ordinary minus sign",
    r"\".*\"": "remove the quotes, or the blanks around them",
    r"(['‘’“”„«»`´]).*|.*['‘’“”„«»`´\"]": "remove the quotes",
    r".*[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff].*": "remove the characters that cannot be seen",
    r"[+-]?0[xob][0-9a-f]*(\.[0-9a-f]*)?(p[+-]?[0-9]+)?": "write it as a decimal number",
    r"[+-]?[0-9]+ *[/⁄] *[0-9]+": "write it as a decimal number",
    r"[+-]?[0-9.]+[dq][+-]?[0-9]+": "write e in front of the exponent",
    r"[+-]?[0-9.]+ *[x×·*⋅] *10 *(\^|\*\*)? *[({]?[+-]?[0-9]+[)}]?": "write e in place of the 10, as in 1.5e3",
    r"[0-9]{1,2}:[0-9]{2}(:[0-9]{2}([.,][0-9]+)?)?( *[ap]m)?": "turn times into numbers, such as seconds",
    r"[+-]?[0-9.]+(e[+-]?[0-9]+)?[+-][0-9.]*(e[+-]?[0-9]+)?[ij]": "give the real part or the absolute value",
    r"\([0-9.]+\)": "write a minus sign in place of parentheses",
    r"[\[{(]+ *[+-]?[0-9.]+ *[\])}]*|[+-]?[0-9.]+ *[\])}]+": "remove the brackets",
    r"[+-]?[0-9.]+(e[+-]?[0-9]*)?([ ]+[+-]?[0-9.]+)+|[+-]?[0-9.]+ *([-–—±]|to|\+/-) *[0-9.]+": "write one number",
    r"[+-]?[0-9.]+e[+-]?|[+-]?[0-9.]+[.][0-9.]*": "write a number, or choose other columns (features)",
    r"[+-]?[0-9.]+(e[+-]?[0-9]+)? *([^\W\d_]|°).*": "put the unit into the header, and only numbers below it",
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

    def __init__(
        self, source: str, content: StoredFile | bytes, separator: str | None = None, encoding: str | None = None
    ) -> None:
        if separator is not None and (len(separator) != 1 or separator in '"\n\r'):
            raise DataError(f"separator: expected one character, such as ',' or ';', got {shown(separator)}")
        self.source = source
        self.text = Text(StoredFile.of(source, content) if isinstance(content, bytes) else content, encoding)
        self.separator = separator or self.text.separator or find_separator(self.text)
        self.names, self.notes = self._header()
        if separator is None and self.separator != ",":
            told = ", as the first line says" if self.text.separator else ""
            self.notes.append(f"separator: {SEPARATORS.get(self.separator, shown(self.separator))}{told}")

    def numbers(self, *parts: Sequence[int]) -> tuple[FloatArray, ...]:
        """The k columns of each part as (n, k); NaN where a cell is empty, infinity where one is beyond float64.

        Raises:
            DataError: On a cell that is no number, a line with more or fewer cells than the header, an open quote, or a
                whole number with more digits than float64 holds; with the line. If the table does not fit into memory.
        """
        try:
            return self._fast(*parts)
        except Unsure:
            return self._slow(*parts)

    def blocks(self, places: Sequence[int]) -> Iterator[RowBlock]:
        """The columns at these places, block after block, and never more of them than a few blocks.

        Raises:
            DataError: As `numbers` does.
        """
        rows, large = 0, set[int]()
        try:
            for block in self._fast_blocks(places):
                yield block
                rows, large = rows + block.rows, large | block.large
        except Unsure:  # from here on it is the careful reader's
            for block in _blocks_of(islice(self._numbers(places), rows, None)):
                yield block
                large |= block.large
        if large:
            self._check_exact([places[k] for k in sorted(large)])

    def labels(self) -> dict[int, str]:
        """The first column, with a note, if it has no name and only counts the rows, as a saved index does."""
        if self.names[0] not in NO_NAME:
            return {}
        try:
            counts = self._counts_rows()
        except DataError:  # text; whoever asks for it is told
            return {}
        return {0: saved_index(self.names[0])} if counts else {}

    def _counts_rows(self) -> bool:
        """Whether the first column is 0, 1, 2, … or 1, 2, 3, …; no more of it is read than tells."""
        following: float | None = None
        for block in self.blocks([0]):
            (column,) = block.columns
            if not counts_rows(column, following):
                return False
            following = column[-1] + 1
        return following is not None

    def hint(self, column: int) -> str | None:
        """What a column without a name seems to be."""
        return cause_of_no_name(column, self._first_rows())

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
        reader = csv.reader(self.text.lines(), delimiter=self.separator, strict=True)
        line = 1
        while True:
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                raise DataError(
                    f"{self.source}: line {line}: {_reader_error(str(error), reader.line_num - line)}"
                ) from None
            if cells:
                yield line, cells
            line = reader.line_num + 1

    def _header(self) -> tuple[list[str], list[str]]:
        header = next(self._all_records(), None)
        if header is None:
            raise DataError(f"{self.source}: expected a header and rows of numbers, got no data: the file is empty")
        self.first_line, cells = header
        where = f"{self.source}: line {self.first_line}"
        if cause := cause_of_header(cells, self._first_rows()):
            raise DataError(f"{where} ({shown(self.separator.join(cells))}): {cause}")
        names, notes = clean_header(cells, where)
        if mark := comment_mark(names[0]):
            notes.append(f"header: {shown(names[0])} begins with {shown(mark)}, as comments do; it was taken as a name")
        return names, notes

    def _first_rows(self) -> list[list[str]]:
        return first_rows(self.text, self.separator)[1:]

    def _fast(self, *parts: Sequence[int]) -> tuple[FloatArray, ...]:
        """The parts as pyarrow reads them.

        Raises:
            Unsure: If it cannot, or might read them otherwise than `_slow`.
        """
        return self._gathered(self._fast_blocks(list(chain(*parts))), parts)

    def _fast_blocks(self, places: Sequence[int]) -> Iterator[RowBlock]:
        if not self.separator.isascii():  # what pyarrow cannot take
            raise Unsure
        body = below(self.text.blocks(), self._header_lines())
        yield from parsed_blocks(body, self.separator, len(self.names), places, MISSING)

    def _slow(self, *parts: Sequence[int]) -> tuple[FloatArray, ...]:
        """The parts, cell by cell; says what is wrong, and where."""
        return self._gathered(_blocks_of(self._numbers(list(chain(*parts)))), parts)

    def _numbers(self, places: Sequence[int]) -> Iterator[list[float]]:
        """The numbers at these places, row after row."""
        return ([self._number(line, cells, i) for i in places] for line, cells in self.records())

    def _gathered(self, blocks: Iterable[RowBlock], parts: Sequence[Sequence[int]]) -> tuple[FloatArray, ...]:
        """The parts from blocks of their columns, whose digits are looked at where there are many."""
        widths, columns = [len(part) for part in parts], list(chain(*parts))
        made, large = None, set[int]()
        for block in blocks:
            made = made or Parts(self.source, widths, self._expected_rows(block.rows))
            made.append(block.columns)
            large |= block.large
        if large:
            self._check_exact([columns[k] for k in sorted(large)])
        return (made or Parts(self.source, widths, 0)).finished()

    def _expected_rows(self, first: int) -> int:
        """How many rows there seem to be, of which the first block has so many."""
        lines = self.text.content.about_lines()
        if lines is None:
            return first
        in_first = next(self.text.blocks()).count(b"\n")
        return max(first, int(SPARE * lines * min(1.0, first / in_first)))

    def _header_lines(self) -> int:
        """The lines down to the last one of the header."""
        reader = csv.reader(self.text.lines(), delimiter=self.separator, strict=True)
        while not next(reader):
            continue
        return reader.line_num

    def _number(self, line: int, cells: Sequence[str], column: int) -> float:
        cell = cells[column].strip()
        if NUMBER.fullmatch(cell) or INFINITE.fullmatch(cell):
            return float(cell)
        if cell in MISSING or NOT_A_NUMBER.fullmatch(cell):
            return math.nan
        why = self._why_no_number(cells, column)
        raise DataError(f"{self._cell(line, column)}: expected a number, got {shown(cells[column])}; {why}")

    def _why_no_number(self, cells: Sequence[str], column: int) -> str:
        """What shows the line to be no row, or a remedy for the cell."""
        if [one.strip() for one in cells] == self.names:
            return "the header stands here again: remove this line"
        if is_second_header(cells, column, self._first_rows()):
            return "no cell of this line is a number, as in one of units or dashes below the header: remove it"
        return _remedy(cells[column].strip(), column == 0)

    def _check_exact(self, columns: Sequence[int]) -> None:
        """Refuses digits that float64 would round away, where they are written out: 9007199254740993."""
        for line, cells in self.records():
            for column in columns:
                cell = cells[column].strip()
                if NUMBER.fullmatch(cell) and "e" not in cell.lower():
                    value = Decimal(cell)
                    if abs(value) > EXACT_INTEGERS and value != Decimal(float(cell)):
                        raise DataError(inexact_integer(self._cell(line, column), cell))

    def _cell(self, line: int, column: int) -> str:
        return f"{self.source}: line {line}, column {shown(self.names[column])}"

    def _ragged(self, line: int, cells: Sequence[str]) -> str:
        expected, got = len(self.names), len(cells)
        return (
            f"{self.source}: line {line}: expected {expected:,} cells, as in the header, got {got:,} "
            f"({shown(self.separator.join(cells))}); {self._why_ragged(line, cells)}"
        )

    def _why_ragged(self, line: int, cells: Sequence[str]) -> str:
        """The cause, where the line or all of the first ones show it; otherwise a remedy."""
        if cause := cause_in_line(cells) or cause_of_length(self.names, self._first_rows()):
            return cause
        if line == self.first_line + 1 and len(self.names) == 1:
            return "the header may use another separator than the rows"
        if cause := cause_of_cells(cells, len(self.names)):
            return cause
        if len(cells) > len(self.names):
            return "quote cells that hold the separator, and write decimals with a point"
        return "fill in the missing cells"


def _blocks_of(rows: Iterator[list[float]]) -> Iterator[RowBlock]:
    """The numbers of so many rows at a time, column by column."""
    while some := list(islice(rows, ROWS_AT_A_TIME)):
        columns = np.array(some, dtype=np.float64).T
        large = {k for k, column in enumerate(columns) if beyond_exact(column, EXACT_INTEGERS)}
        yield RowBlock(list(columns), frozenset(large))


def _reader_error(error: str, lines_below: int) -> str:
    """What is wrong with a row, of which so many lines below its first were read before the error."""
    if "unexpected end of data" in error:
        return "a quoted cell begins in this row and does not end; close the quote"
    if "field limit" in error:
        limit = csv.field_size_limit()
        remedy = "close its quote, which is open, or shorten it" if lines_below else "shorten it"
        return f"a cell of this row has more than {limit:,} characters; {remedy}"
    return f"the quotes do not fit ({error}); double a quote inside a quoted cell"


def _remedy(cell: str, first: bool) -> str:
    """What to do about a cell that is no number, and may be the first of its line."""
    remedies = (remedy for pattern, remedy in REMEDIES.items() if re.fullmatch(pattern, cell, re.IGNORECASE))
    return next((remedy for remedy in remedies if first or remedy != COMMENT_REMEDY), OTHER_REMEDY)
