"""What a chapter of the page is made of; the template asks for these by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from handgrad.reports.learn.chapters.content import NumberTable
from handgrad.reports.learn.exercises import Assignment
from handgrad.reports.learn.questions import ChapterQuestion
from handgrad.reports.look.parts import PageFigure


@dataclass(frozen=True)
class Code:
    """A piece of this project's source, coloured by classes."""

    file: str
    lines: Markup


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
    question: ChapterQuestion
    exercises: Sequence[Assignment]
