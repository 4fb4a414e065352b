"""The course as one HTML file: formulas, code, pictures and text of nine chapters; no network, no script."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from handgrad.compare.results.lessons import Excerpt, Lessons
from handgrad.reports.explain import tape_graph
from handgrad.reports.learn import figures as learn_figures
from handgrad.reports.learn import words as learn_words
from handgrad.reports.learn.exercises import EXERCISES, Exercise
from handgrad.reports.look import numbers, style
from handgrad.reports.look.names import safe_lines, shown
from handgrad.reports.look.pages import page
from handgrad.reports.look.style import Drawing, svg


@dataclass(frozen=True)
class Figure:
    """A picture in the page: SVG that takes its colours from it."""

    title: str
    caption: str
    svg: Markup


@dataclass(frozen=True)
class Table:
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
class Chapter:
    """One chapter of the page; `anchor` is its name in links."""

    number: int
    anchor: str
    title: str
    paragraphs: Sequence[str]
    figures: Sequence[Figure]
    tables: Sequence[Table]
    code: Sequence[Code]
    exercise: Exercise
    commands: Sequence[str]


def html(lessons: Lessons) -> str:
    """The page."""
    return page(
        "learn.html",
        introduction=learn_words.introduction(lessons),
        chapters=chapters(lessons),
        environment=[(term, shown(value, 300)) for term, value in lessons.environment],
    )


def chapters(lessons: Lessons) -> list[Chapter]:
    """All nine, in order."""
    subject = lessons.subject
    figures, words = learn_figures, learn_words
    return [
        _chapter(
            lessons, 1, "surface", "The loss is a surface",
            words.surface(lessons.surface, subject),
            [lambda: figures.surface(lessons.surface, subject), lambda: figures.lines(lessons.surface, subject)],
        ),
        _chapter(
            lessons, 2, "by-hand", "The chain rule, by hand",
            words.by_hand(lessons.by_hand, subject),
            [lambda: figures.pulls(lessons.by_hand, subject)],
            [chain_table(lessons)],
        ),
        _chapter(lessons, 3, "tape", "The same, on a tape", words.tape(lessons.by_hand), graph=tape(lessons)),
        _chapter(
            lessons, 4, "checking", "Checking a gradient",
            words.checking(lessons.checking),
            [lambda: figures.v_curve(lessons.checking)],
            [method_table(lessons)],
        ),
        _chapter(
            lessons, 5, "rate", "The learning rate",
            words.rates(lessons.rates),
            [lambda: figures.rates(lessons.rates), lambda: figures.ways(lessons.rates, subject)],
        ),
        _chapter(
            lessons, 6, "scaling", "Scaling and the condition number",
            words.scaling(lessons.scaling),
            [lambda: figures.scales(lessons.scaling), lambda: figures.valleys(lessons.scaling)],
            [condition_table(lessons)],
        ),
        _chapter(
            lessons, 7, "float32", "float32, and the order of summation",
            words.summation(lessons.summation),
            [lambda: figures.summation(lessons.summation)],
        ),
        _chapter(
            lessons, 8, "costs", "What a loop, NumPy, Numba and PyTorch cost",
            words.costs(lessons.costs),
            [lambda: figures.epochs(lessons.costs), lambda: figures.starts(lessons.costs)],
        ),
        _chapter(
            lessons, 9, "moments", "Mathematics beats the compiler",
            words.moments(lessons.costs, lessons.by_hand),
            [lambda: figures.moments(lessons.costs)],
        ),
    ]  # fmt: skip


def _chapter(
    lessons: Lessons,
    number: int,
    anchor: str,
    title: str,
    paragraphs: Sequence[str],
    draw: Sequence[Callable[[], Drawing]] = (),
    tables: Sequence[Table] = (),
    graph: Sequence[Figure] = (),
) -> Chapter:
    with style.applied():
        drawings = [figure() for figure in draw]
    figures = [Figure(d.title, d.caption, Markup(svg(d))) for d in drawings]
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


def tape(lessons: Lessons) -> list[Figure]:
    """The tape of the first rows as a graph."""
    return [
        Figure(
            "The tape of the first rows: values flow down, adjoints up",
            "In a box: the node, its value, its adjoint. On an edge: the local derivative. Dashed edges lead to data.",
            tape_graph.svg(lessons.by_hand.few, {}),
        )
    ]


# -- tables ----------------------------------------------------------------------------------------------------------


def chain_table(lessons: Lessons) -> Table:
    """Chapter 2's first rows, link by link."""
    few = lessons.by_hand.few
    rows = [
        (
            f"row {row.number}",
            *(
                numbers.number(v, 6)
                for v in (row.x[0], row.target, row.predicted, row.residual, row.slope, row.shares[0])
            ),
        )
        for row in few.rows
    ]
    sums = ("sum", "", "", "", "", numbers.number(few.steps[-1].gradient, 6), numbers.number(few.steps[0].gradient, 6))
    return Table(
        f"The chain for the first {len(few.rows)} rows, n = {len(few.rows)}",
        ("", "x", "y", "ŷ = W x + b", "r = ŷ − y", "2 r / n", "2 r / n · x"),
        (*rows, sums),
        "The last two columns add up to db and dW of these rows.",
        summed=True,
    )


def method_table(lessons: Lessons) -> Table:
    """Chapter 4's methods."""
    names = {
        "forward": "forward",
        "central": "central",
        "richardson": "Richardson",
        "quadratic": "central, large h",
        "complex": "complex step",
    }
    return Table(
        f"dW = {numbers.number(lessons.checking.exact, 12)}, found by differences",
        ("method", "h", "dW", "error"),
        tuple(
            (names.get(m.name, m.name), numbers.ratio(m.step), numbers.number(m.result, 12), numbers.ratio(m.error))
            for m in lessons.checking.methods
        ),
        "The error is the distance from the exact derivative.",
    )


def whole(value: int) -> str:
    """A count, as a power of ten where it has more than nine digits."""
    return numbers.count(value) if value < 1e9 else numbers.ratio(value)


def condition_table(lessons: Lessons) -> Table:
    """Chapter 6's built-in tables."""
    return Table(
        "Condition numbers of the built-in tables",
        ("table", "features", "κ as it is", "epochs", "κ standardised", "epochs "),
        tuple(
            (
                t.name,
                str(t.features),
                numbers.ratio(t.raw),
                whole(t.raw_epochs),
                numbers.ratio(t.standardized),
                whole(t.standardized_epochs),
            )
            for t in lessons.scaling.tables
        ),
        "Epochs for six digits at the best rate, from κ.",
    )
