"""The course as one HTML file: formulas, code, pictures and text of nine chapters; no network, no script."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from markupsafe import Markup
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from handgrad.compare.results.lessons import Excerpt, Lessons
from handgrad.reports.learn import by_hand, checking, costs, moments, rates, scaling, summation, surface, tape
from handgrad.reports.learn.exercises import EXERCISES
from handgrad.reports.learn.parts import Chapter, Code, NumberTable
from handgrad.reports.learn.sentences import introduction, where
from handgrad.reports.look import style
from handgrad.reports.look.names import safe_lines, shown
from handgrad.reports.look.pages import page
from handgrad.reports.look.parts import PageFigure
from handgrad.reports.look.rendering import svg
from handgrad.reports.look.style import Drawing


def html(lessons: Lessons) -> str:
    """The page."""
    return page(
        "learn.html",
        introduction=introduction(lessons),
        chapters=chapters(lessons),
        environment=[(term, shown(value, 300)) for term, value in where(lessons.environment)],
    )


def chapters(lessons: Lessons) -> list[Chapter]:
    """All nine, in order."""
    subject = lessons.subject
    return [
        _chapter(
            lessons, 1, "surface", "The loss is a surface",
            surface.paragraphs(lessons.surface, subject),
            [lambda: surface.surface(lessons.surface, subject), lambda: surface.lines(lessons.surface, subject)],
        ),
        _chapter(
            lessons, 2, "by-hand", "The chain rule, by hand",
            by_hand.paragraphs(lessons.by_hand, subject),
            [lambda: by_hand.pulls(lessons.by_hand, subject)],
            [by_hand.chain_table(lessons)],
        ),
        _chapter(
            lessons, 3, "tape", "The same, on a tape",
            tape.paragraphs(lessons.by_hand),
            graph=tape.graph(lessons),
        ),
        _chapter(
            lessons, 4, "checking", "Checking a gradient",
            checking.paragraphs(lessons.checking),
            [lambda: checking.v_curve(lessons.checking)],
            [checking.method_table(lessons)],
        ),
        _chapter(
            lessons, 5, "rate", "The learning rate",
            rates.paragraphs(lessons.rates),
            [lambda: rates.rates(lessons.rates), lambda: rates.ways(lessons.rates, subject)],
        ),
        _chapter(
            lessons, 6, "scaling", "Scaling and the condition number",
            scaling.paragraphs(lessons.scaling),
            [lambda: scaling.scales(lessons.scaling), lambda: scaling.valleys(lessons.scaling)],
            [scaling.condition_table(lessons)],
        ),
        _chapter(
            lessons, 7, "float32", "float32, and the order of summation",
            summation.paragraphs(lessons.summation),
            [lambda: summation.summation(lessons.summation)],
        ),
        _chapter(
            lessons, 8, "costs", "What a loop, NumPy, Numba and PyTorch cost",
            costs.paragraphs(lessons.costs),
            [lambda: costs.epochs(lessons.costs), lambda: costs.starts(lessons.costs)],
        ),
        _chapter(
            lessons, 9, "moments", "Mathematics beats the compiler",
            moments.paragraphs(lessons.costs, lessons.by_hand),
            [lambda: moments.moments(lessons.costs)],
        ),
    ]  # fmt: skip


def _chapter(
    lessons: Lessons,
    number: int,
    anchor: str,
    title: str,
    paragraphs: Sequence[str],
    draw: Sequence[Callable[[], Drawing]] = (),
    tables: Sequence[NumberTable] = (),
    graph: Sequence[PageFigure] = (),
) -> Chapter:
    with style.applied():
        drawings = [figure() for figure in draw]
    figures = [PageFigure(d.title, d.caption, Markup(svg(d))) for d in drawings]
    code = [coloured(excerpt) for excerpt in lessons.excerpts[number]]
    exercise = EXERCISES[number]
    return Chapter(
        number=number,
        anchor=anchor,
        title=title,
        paragraphs=paragraphs,
        figures=[*figures, *graph],
        tables=tables,
        code=code,
        exercise=exercise,
        commands=exercise.commands(lessons.exercises),
    )


def coloured(excerpt: Excerpt) -> Code:
    """Python as `<span>`s with classes; what the file holds is escaped by Pygments."""
    formatter = HtmlFormatter(nowrap=True)
    return Code(excerpt.file, Markup(highlight(safe_lines(excerpt.code), PythonLexer(), formatter)))
