"""A table before any layout: cells of text, which a terminal, a pipe and a page then show alike."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from handgrad.reports.look import numbers

#: The width of a backend's name in a table.
BACKEND_WIDTH = 17


@dataclass(frozen=True)
class Column:
    """A heading, whether its cells are words (left) or figures (right), and whether a terminal has no room for it."""

    title: str
    words: bool = False
    page_only: bool = False


@dataclass(frozen=True)
class TextTable:
    """Cells ready to print. `note` says in one line what the columns mean; `subjects` names each row's backend."""

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""
    subjects: tuple[str, ...] = ()


def aligned(
    name: str,
    title: str,
    columns: Sequence[Column],
    rows: Iterable[Sequence[str]],
    note: str = "",
    subjects: Iterable[str] = (),
) -> TextTable:
    """A table whose columns of figures have their decimal points in line."""
    cells = [list(row) for row in rows]
    for position, column in enumerate(columns):
        if not column.words:
            for row, cell in zip(cells, numbers.aligned([row[position] for row in cells]), strict=True):
                row[position] = cell
    return TextTable(name, title, tuple(columns), tuple(map(tuple, cells)), note, tuple(subjects))


def narrow(table: TextTable) -> TextTable:
    """The table without the columns that only a page has room for, and without what the note says of them."""
    kept = [place for place, column in enumerate(table.columns) if not column.page_only]
    note = table.note
    for column in table.columns:
        if column.page_only:
            note = re.sub(rf"(?i)\b{re.escape(column.title)}: [^.]*\. ?", "", note).strip()
    rows = tuple(tuple(row[place] for place in kept) for row in table.rows)
    return replace(table, columns=tuple(table.columns[place] for place in kept), rows=rows, note=note)


def near_zero_note(rows: Iterable[Sequence[str]]) -> str:
    """What ``near 0`` means, with a space before it, where a row says it."""
    if not any(numbers.NEAR_ZERO in row for row in rows):
        return ""
    return " Near 0: the exact value nearly is, so its ULPs say nothing; the bound does."
