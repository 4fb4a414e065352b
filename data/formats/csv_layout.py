"""How a CSV file is laid out: its separator, its quotes, and what its first lines show to be in the way of a table.

What is found is told with its cause. A remedy that rests on a guess (that the first cell of each row is a name, that a
line is a comment) is left to the user.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from handgrad.data.columns import NUMBER
from handgrad.data.errors import shown
from handgrad.data.formats.text import Text

SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}

#: What else may stand between cells; never taken without being named.
OTHER_SEPARATORS = (":", "~", "^", "/", "\x1f", "\x01")

#: Lines that must agree on a separator, and that show a layout.
FIRST_LINES = 10

#: A number, or the cells of two.
DECIMAL_COMMA = re.compile(r"[+-]?[0-9]+,[0-9]+")

#: What comments begin with in files of numbers: most programs, LaTeX and Matlab, C, ARFF and INI, SQL.
COMMENT = re.compile(r"\s*(#|%|//|!|;;|--|REM\b)")


def find_separator(text: Text) -> str:
    """The separator by which the first lines have one number of cells, and more than one; else the best."""
    rows = {separator: first_rows(text, separator) for separator in SEPARATORS}
    agreed = (separator for separator in SEPARATORS if _same_number(rows[separator]))
    return next(agreed, max(SEPARATORS, key=lambda separator: sum(map(len, rows[separator][:1]))))


def first_rows(text: Text, separator: str) -> list[list[str]]:
    """The cells of the first lines that are not empty; fewer where the quotes do not fit."""
    rows: list[list[str]] = []
    try:
        for cells in csv.reader(text.lines(), delimiter=separator):
            rows += [cells] if cells else []
            if len(rows) == FIRST_LINES:
                break
    except csv.Error:
        return rows  # the reader that knows the line will say it
    return rows


def well_formed_quotes(content: bytes, separator: str) -> bool:
    """Whether every quote opens a cell, closes one, or is doubled within one; readers differ on what others mean.

    The separator is a character of ASCII.
    """
    if b'"' not in content:
        return True
    text = np.frombuffer(content, dtype=np.uint8)
    quotes = np.flatnonzero(text == ord('"'))
    if len(quotes) % 2:
        return False
    opening, closing = quotes[::2], quotes[1::2]
    doubled = opening[1:] == closing[:-1] + 1
    begun = (opening == 0) | _ends_cell(text[opening - 1], separator)
    ended = (closing == len(text) - 1) | _ends_cell(text[np.minimum(closing + 1, len(text) - 1)], separator)
    begun[1:] |= doubled
    ended[:-1] |= doubled
    return bool(begun.all() and ended.all())


def _ends_cell(characters: NDArray[np.uint8], separator: str) -> NDArray[np.bool_]:
    """Which of the characters (k,) end a cell; the separator is one of ASCII."""
    ends: NDArray[np.bool_] = (characters == ord(separator)) | (characters == ord("\n"))
    return ends


# -- what is in the way ------------------------------------------------------------------------------------------------


def cause_of_header(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str | None:
    """What makes the first line no header of the rows below it; None where nothing shows.

    Args:
        header: The cells of the first line.
        rows: Those of the next lines, as many as `FIRST_LINES` leaves.
    """
    if (mark := comment_mark(header[0])) and not (len(header) > 1 and _is_header_of(header, rows)):
        return (
            f"begins with {shown(mark)}, as comments do; a table begins with its header: remove the "
            "lines of comment above it, or the mark in front of it"
        )
    if rows and all(len(row) == 1 for row in (header, *rows)):
        return _cause_of_one_cell([cell for row in (header, *rows) for cell in row])
    if len(header) == 1 and len(rows) > 1 and _same_number(rows) and not any(map(_is_number, rows[0])):
        return "has one cell, the lines below it several, as below a title; remove the lines above the header"
    return None


def _is_number(cell: str) -> bool:
    return NUMBER.fullmatch(cell.strip()) is not None


def _is_header_of(header: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Whether the rows have as many cells as the header, and the first of them is none itself."""
    alike = bool(rows) and all(len(row) == len(header) for row in rows)
    return alike and any(NUMBER.fullmatch(cell.strip()) for cell in rows[0])


def _cause_of_one_cell(lines: Sequence[str]) -> str | None:
    """What separates the cells of lines that have one each, by the separator taken."""
    if not any(map(str.strip, lines)):
        return "expected a header and rows of numbers, got blanks"
    for mark, name in SEPARATORS.items():
        if _same_number(line.split(mark) for line in lines):
            return (
                f"seems to have {shown(mark)} ({name}) between its cells; name the separator, unless the whole line "
                "stands in quotes: then remove those"
            )
    if _same_number(line.split() for line in lines):
        if any(re.search(r"^\s|\s{2,}|\s$", line) for line in lines):
            return "has blanks between its cells; write one comma in place of each run of blanks"
        return "has blanks between its cells; name the separator: ' '"
    for mark in OTHER_SEPARATORS:
        if _same_number(line.split(mark) for line in lines):
            return f"seems to have {shown(mark)} between its cells; name the separator"
    return None


def _same_number(rows: Iterable[Sequence[str]]) -> bool:
    counts = {len(row) for row in rows}
    return len(counts) == 1 and counts.pop() > 1


def cause_of_length(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str | None:
    """Why all rows have other numbers of cells than the header; None where nothing shows why."""
    over = {len(row) - len(header) for row in rows}
    if over == {1} and not any(row[-1].strip() for row in rows):
        return "each row ends with a separator, the header does not; remove them, or add one to the header"
    doubled = any(not cell.strip() for row in rows for cell in row[1:-1])
    if any(over) and doubled and all(sum(map(bool, map(str.strip, row))) == len(header) for row in rows):
        return "separators stand side by side; write one between two cells"
    if over == {-1} and not header[-1].strip():
        return "the header ends with a separator, the rows do not; remove it"
    return _cause_of_one_more(rows) if over == {1} else None


def _cause_of_one_more(rows: Sequence[Sequence[str]]) -> str | None:
    """What the first cell of each row is, where the header has none for it."""
    first = [row[0].strip() for row in rows]
    remedy = "write the table without row names (row.names = FALSE), or give them a name in the header"
    if not any(map(NUMBER.fullmatch, first)):
        return f"each row begins with a name of its own, as R writes them; {remedy}"
    if first in (_counted(0, len(rows)), _counted(1, len(rows))):
        return f"each row begins with its number, as R writes them; {remedy}; if it is a decimal comma, write a point"
    return None


def _counted(first: int, rows: int) -> list[str]:
    return list(map(str, range(first, first + rows)))


def cause_of_no_name(place: int, rows: Sequence[Sequence[str]]) -> str | None:
    """What a column without a name is, told by its cells in the first rows; None where nothing shows."""
    cells = [row[place].strip() for row in rows if place < len(row)]
    if not cells:
        return "the header ends with a separator, the rows do not" if rows else None
    if any(cells):
        text = place == 0 and not any(map(NUMBER.fullmatch, cells))
        return "row names, as R and pandas write them" if text else None
    if all(place == len(row) - 1 for row in rows):
        return "a separator at the end of each line"
    if place == 0:
        return "a separator at the beginning of each line"
    return "two separators side by side" if any(place < len(row) - 1 for row in rows) else None


def cause_in_line(cells: Sequence[str]) -> str | None:
    """What shows a single line to be no row; None where nothing does."""
    mark = comment_mark(cells[0])
    return f"it begins with {shown(mark)}, as comments do; remove it" if mark else None


def cause_of_cells(cells: Sequence[str], expected: int) -> str | None:
    """Why a line has another number of cells than the header; None where it does not show it."""
    if cells == ["\x1a"]:
        return "it is the mark of DOS for the end of a file; remove it"
    if len(cells) == expected + 1 and not (cells[0].strip() and cells[-1].strip()):
        return f"it {'begins' if cells[-1].strip() else 'ends'} with a separator; remove that"
    if len(cells) > 1 or _is_number(cells[0]) or DECIMAL_COMMA.fullmatch(cells[0].strip()):
        return None
    for mark, name in SEPARATORS.items():
        if len(cells[0].split(mark)) == expected:
            return f"it seems to have {shown(mark)} ({name}) between its cells, the header another separator"
    return "remove it if it is no row, such as a note; otherwise fill in the missing cells"


def is_second_header(cells: Sequence[str], column: int, rows: Sequence[Sequence[str]]) -> bool:
    """Whether it is the first row, without a number, above rows that have one in this column."""
    first = rows[:1] == [list(cells)] and not any(map(_is_number, cells))
    return first and len(rows) > 1 and all(column < len(row) and _is_number(row[column]) for row in rows[1:])


def comment_mark(cell: str) -> str | None:
    """What the cell begins with, where comments begin so."""
    found = COMMENT.match(cell)
    return found[1] if found else None
