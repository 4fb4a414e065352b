"""What a chapter of the page is made of; the template asks for these by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from handgrad.reports.learn.exercises import Assignment
from handgrad.reports.look.parts import PageFigure
from handgrad.reports.look.style import Drawing


@dataclass(frozen=True)
class NumberTable:
    """Words in the first column, numbers in the others; the last row may be a sum."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""
    summed: bool = False


@dataclass(frozen=True)
class Code:
    """A piece of this project's source, coloured by classes."""

    file: str
    lines: Markup


@dataclass(frozen=True)
class Content:
    """What a chapter says and shows; `anchor` is its name in links. Drawings come before figures that are markup."""

    anchor: str
    title: str
    paragraphs: Sequence[str]
    drawings: Sequence[Drawing] = ()
    tables: Sequence[NumberTable] = ()
    figures: Sequence[PageFigure] = ()


@dataclass(frozen=True)
class Chapter:
    """One chapter of the page; `anchor` is its name in links."""

    number: int
    anchor: str
    title: str
    paragraphs: Sequence[str]
    figures: Sequence[PageFigure]
    tables: Sequence[NumberTable]
    code: Sequence[Code]
    exercise: Assignment
    commands: Sequence[str]
