"""What a chapter says and shows, before it is numbered and put on the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from handgrad.compare.results.learn.chapters import CHAPTERS
from handgrad.reports.look.names import shown
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
class Content:
    """What a chapter says and shows; `anchor` is its name in links. Drawings come before figures that are markup."""

    anchor: str
    title: str
    paragraphs: Sequence[str]
    drawings: Sequence[Drawing] = ()
    tables: Sequence[NumberTable] = ()
    figures: Sequence[PageFigure] = ()


def reference(anchor: str) -> str:
    """A chapter by its number, as other chapters refer to it."""
    return f"chapter {CHAPTERS.index(anchor) + 1}"


def absent(missing: Mapping[str, str]) -> str:
    """Who did not take part, and what to do about it."""
    return "".join(f" {shown(name)} did not take part: {shown(reason, 200)}." for name, reason in missing.items())
