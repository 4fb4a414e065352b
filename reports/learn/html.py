"""The course as one HTML file: formulas, code, pictures, text and questions; no network.

Without script all is there but the slider for the learning rate and the count of right answers; the page's policy
admits that one script by its hash, and nothing else.
"""

from __future__ import annotations

from markupsafe import Markup
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from handgrad.compare.results.learn.lessons import Excerpt, Lessons
from handgrad.reports.learn.chapters import (
    by_hand,
    checking,
    costs,
    mini_batches,
    moments,
    rates,
    scaling,
    summation,
    surface,
    tape,
)
from handgrad.reports.learn.chapters.content import Content
from handgrad.reports.learn.exercises import assignments
from handgrad.reports.learn.parts import Chapter, Code
from handgrad.reports.learn.questions import QUESTIONS
from handgrad.reports.learn.sentences import introduction, where
from handgrad.reports.learn.slider import slider
from handgrad.reports.look import style
from handgrad.reports.look.names import safe_lines, shown
from handgrad.reports.look.pages import TEMPLATES, page, policy_hash
from handgrad.reports.look.parts import PageFigure
from handgrad.reports.look.rendering import svg


def html(lessons: Lessons) -> str:
    """The page."""
    script = (TEMPLATES / "learn.js").read_text(encoding="utf-8")
    return page(
        "learn.html",
        slider=slider(lessons.rates),
        script=Markup(script),
        script_hash=policy_hash(script),
        introduction=introduction(lessons),
        chapters=chapters(lessons),
        environment=[(term, shown(value, 300)) for term, value in where(lessons.environment)],
    )


#: In the course's order.
CHAPTERS = (surface, by_hand, tape, checking, rates, scaling, mini_batches, summation, costs, moments)


def chapters(lessons: Lessons) -> list[Chapter]:
    """All of them, in order."""
    with style.applied():
        contents = [module.chapter(lessons) for module in CHAPTERS]
    return [_chapter(lessons, number, content) for number, content in enumerate(contents, 1)]


def _chapter(lessons: Lessons, number: int, content: Content) -> Chapter:
    figures = [PageFigure(d.title, d.caption, Markup(svg(d))) for d in content.drawings]
    return Chapter(
        number=number,
        anchor=content.anchor,
        title=content.title,
        paragraphs=content.paragraphs,
        figures=[*figures, *content.figures],
        tables=content.tables,
        code=[coloured(excerpt) for excerpt in lessons.excerpts[content.anchor]],
        question=QUESTIONS[content.anchor](lessons),
        exercises=assignments(lessons.exercises, content.anchor),
    )


def coloured(excerpt: Excerpt) -> Code:
    """Python as `<span>`s with classes; what the file holds is escaped by Pygments."""
    formatter = HtmlFormatter(nowrap=True)
    return Code(excerpt.file, Markup(highlight(safe_lines(excerpt.code), PythonLexer(), formatter)))
