"""What the macros of `templates/parts.html` are given: figures, tables with the backends' marks, and the machine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from handgrad.compare.results.environment import Environment
from handgrad.reports.look import numbers
from handgrad.reports.look.colours import looks
from handgrad.reports.look.names import shown
from handgrad.reports.look.rendering import Picture
from handgrad.reports.look.tables import Column, TextTable
from handgrad.reports.look.words import plural

#: In the report's mono space, as in a sum done by hand: a space as wide as a digit, and one as wide as a point.
_FIGURE_SPACE, _POINT_SPACE = "\u2007", "\u2008"


@dataclass(frozen=True)
class PageFigure:
    """A figure on a page; `svg` is markup, all else text."""

    title: str
    caption: str
    svg: Markup


@dataclass(frozen=True)
class PageCell:
    """`text`, and after it the digits that are `apart` from the reference's."""

    text: str
    number: bool = True
    apart: str = ""


@dataclass(frozen=True)
class PageRow:
    """`mark` is the CSS variable of the backend's colour, or empty."""

    head: str
    mark: str
    cells: tuple[PageCell, ...]


@dataclass(frozen=True)
class PageTable:
    """A table on a page."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[PageRow, ...]
    note: str = ""


def figures(pictures: Sequence[Picture]) -> dict[str, PageFigure]:
    """Figures for a template, by name."""
    return {picture.name: PageFigure(picture.title, picture.caption, Markup(picture.svg)) for picture in pictures}


def page_tables(tables: Iterable[TextTable], backends: Iterable[str]) -> dict[str, PageTable]:
    """Tables for a template, by name; `backends` are all of the page, on which each one's colour depends."""
    backends = list(backends)
    return {table.name: page_table(table, backends) for table in tables}


def page_table(table: TextTable, backends: Iterable[str]) -> PageTable:
    """The table for a template: first cells are headings, padding is made of spaces that HTML keeps."""
    found = marks(backends, table.subjects) or [""] * len(table.rows)
    rows = tuple(_row(row, mark, table.columns) for row, mark in zip(table.rows, found, strict=True))
    return PageTable(table.title, table.columns, rows, table.note)


def marks(backends: Iterable[str], names: Sequence[str]) -> list[str]:
    """The CSS variable of each name's colour among `backends`; empty for an empty name."""
    every = looks(backends)
    return [every[name].variable if name else "" for name in names]


def _row(cells: Sequence[str], mark: str, columns: Sequence[Column]) -> PageRow:
    head, *rest = cells
    return PageRow(
        head, mark, tuple(PageCell(_kept(text), not c.words) for text, c in zip(rest, columns[1:], strict=True))
    )


def _kept(cell: str) -> str:
    text = cell.rstrip(" ")
    padding = len(cell) - len(text)
    if padding and "." not in text:
        return text + _POINT_SPACE + _FIGURE_SPACE * (padding - 1)
    return text + _FIGURE_SPACE * padding


def machine(where: Environment) -> Iterator[tuple[str, str]]:
    """Where it ran, as pairs of a term and its value."""
    cores, threads = plural(where.cores, "core"), plural(where.threads, "thread")
    yield "Processor", f"{shown(where.cpu, 80)}, {cores}, {threads}"
    yield "System", shown(where.platform, 120)
    yield "Python", shown(where.python, 40)
    yield from _memory(where)
    if where.blas is not None:
        yield "BLAS", shown(where.blas, 80)
    if where.governor is not None:
        yield "Governor", shown(where.governor, 40)
    if where.load is not None:
        yield "Load before", numbers.brief(where.load)
    yield "Packages", ", ".join(f"{shown(k, 24)} {shown(v, 24)}" for k, v in list(where.packages.items())[:30]) or "–"
    yield "Time", shown(where.time, 40)


def _memory(where: Environment) -> Iterator[tuple[str, str]]:
    if where.memory_bytes is not None:
        yield "Memory", numbers.size(where.memory_bytes)
    if where.cache_bytes:
        yield "Caches", ", ".join(f"{shown(k, 12)} {numbers.size(v)}" for k, v in list(where.cache_bytes.items())[:8])
