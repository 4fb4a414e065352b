"""A report in a terminal, and as plain lines for a pipe: the same words in the same order, in 80 columns."""

from __future__ import annotations

import io
import sys
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from handgrad.reports.look.answers import Mark, MarkedAnswer
from handgrad.reports.look.names import columns
from handgrad.reports.look.tables import Column, TextTable, narrow

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, Group, RenderableType
    from rich.table import Table as RichTable
    from rich.text import Text

WIDTH = 80
#: Between two columns of a table.
GAP = 2
#: A width in which no table is cut.
UNBOUNDED = 10_000
#: Holds the second column of a wide character while lines are counted; `shown` lets no such character through.
_SECOND = "\ue000"
_STYLES = {
    "unavailable": "dim",
    "skipped": "dim",
    "failed": "red",
    "diverged": "red",
    "timeout": "red",
    "no": "bold red",
}


#: The colours of answers, by their marks.
ANSWERED: dict[Mark, str] = {"good": "bold green", "open": "bold yellow", "bad": "bold red"}


@dataclass(frozen=True)
class TextSection:
    """Sentences under a title; without a title they stand at the margin."""

    title: str
    lines: Sequence[str]


@dataclass(frozen=True)
class TextReport:
    """What a report says, before any layout.

    `passed` is None where there is no verdict. `verdict` are the sentences that it colours, `after` those below.
    `answers` stand last, where a terminal leaves them in sight.
    """

    heading: str
    preface: Sequence[str]
    parts: Sequence[TextTable | TextSection]
    passed: bool | None = None
    verdict: Sequence[str] = ()
    after: Sequence[str] = ()
    answers: Sequence[MarkedAnswer] = ()


def show(report: TextReport) -> None:
    """Prints the report: with colours where the output is a terminal, as plain lines and an empty one in a pipe."""
    if sys.stdout.isatty():
        from rich.console import Console

        Console().print(terminal(report))
    else:
        sys.stdout.write(f"{plain(report)}\n")
        sys.stdout.flush()  # a pipe that nobody reads any more tells it here


def terminal(report: TextReport) -> Group:
    """A renderable for `rich.console.Console.print`, for 80 columns and more."""
    from rich.console import Group
    from rich.text import Text

    lines: list[RenderableType] = [Text(line, style="bold") for line in wrapped([report.heading], "")]
    lines += _styled(report.preface, "dim")
    for part in report.parts:
        lines += [Text(), *(_styled_table(narrow(part)) if isinstance(part, TextTable) else _styled_section(part))]
    if report.passed is not None:
        style = "bold green" if report.passed else "bold red"
        lines += [Text(), *_styled(report.verdict, style, ""), *_styled(report.after, "", "")]
    lines += [Text()] if report.answers else []
    lines += [line for answer in report.answers for line in _styled_answer(answer)]
    return Group(*lines)


def plain(report: TextReport) -> str:
    """Lines without colours and boxes; columns are two spaces apart, and names stand first."""
    lines = [*wrapped([report.heading], ""), *wrapped(report.preface)]
    for part in report.parts:
        lines += ["", *(_plain_table(narrow(part)) if isinstance(part, TextTable) else _plain_section(part))]
    if report.passed is not None:
        word = "PASSED" if report.passed else "FAILED"
        lines += ["", *wrapped([*(f"{word}: {line}" for line in report.verdict), *report.after], "")]
    lines += [""] if report.answers else []
    lines += [line for answer in report.answers for line in spoken(answer)]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def sections(*every: tuple[str, Sequence[str]]) -> Iterator[TextSection]:
    """Titles with their sentences, without those that have nothing to say."""
    return (TextSection(title, lines) for title, lines in every if lines)


def wrapped(lines: Iterable[str], indent: str = "  ") -> list[str]:
    """Sentences in lines of at most `WIDTH` columns, the first of each at `indent`, the others two further."""
    wrapper = textwrap.TextWrapper(WIDTH, initial_indent=indent, subsequent_indent=indent + "  ")
    return [part.replace(_SECOND, "") for line in lines for part in wrapper.wrap(_counted(line))]


def spoken(answer: MarkedAnswer) -> list[str]:
    """An answer in lines of at most `WIDTH` columns: question and word first, further reasons below them."""
    first, *others = answer.spoken
    return [*wrapped([first], ""), *wrapped(others)]


def _counted(text: str) -> str:
    """The text with as many characters as it takes columns, or more: `textwrap` counts characters."""
    return "".join(character + _SECOND * (columns(character) - 1) for character in text)


def _plain_section(section: TextSection) -> list[str]:
    if not section.title:
        return wrapped(section.lines, "")
    return [*wrapped([section.title], ""), *wrapped(section.lines)]


def _plain_table(table: TextTable) -> list[str]:
    return [table.title, *table_lines(table), *wrapped([table.note])]


def table_lines(table: TextTable) -> list[str]:
    """The head and the rows as lines, the columns two spaces apart, in whatever width they take."""
    from rich.console import Console

    target = io.StringIO()
    Console(file=target, width=UNBOUNDED, color_system=None, legacy_windows=False).print(_laid_out(table))
    return target.getvalue().splitlines()


@dataclass(frozen=True)
class _Fitted:
    """A table in a terminal: where there is little room, its headings are broken; what has none is cut at the right."""

    table: TextTable

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RichTable]:
        whole = _laid_out(self.table)
        fits = whole.__rich_measure__(console, options.update(max_width=UNBOUNDED)).maximum <= options.max_width
        yield whole if fits else _laid_out(self.table, broken=True)


def _laid_out(table: TextTable, broken: bool = False) -> RichTable:
    """Its head faint, its backends bold, and what went wrong in red."""
    from rich.table import Table as RichTable

    laid_out = RichTable(box=None, pad_edge=False, padding=(0, GAP, 0, 0), header_style="dim")
    for place, column in enumerate(table.columns):
        cells = [*(row[place] for row in table.rows), *(column.title.split() if broken else [column.title])]
        width = max(map(columns, cells), default=0)
        laid_out.add_column(_cell(column.title, column), style="" if place else "bold", width=width)
    for row in table.rows:
        laid_out.add_row(*map(_cell, row, table.columns))
    return laid_out


def _cell(text: str, column: Column) -> RenderableType:
    """The text to the left or, with the spaces that put its decimal point in line, to the right."""
    from rich.align import Align
    from rich.text import Text

    shown = Text(text, _STYLES.get(text.partition(" ")[0], ""), justify="default", overflow="ellipsis")
    return shown if column.words else Align.right(shown)


def _styled(lines: Sequence[str], style: str, indent: str = "  ") -> list[Text]:
    from rich.text import Text

    return [Text(line, style=style) for line in wrapped(lines, indent)]


def _styled_answer(answer: MarkedAnswer) -> list[Text]:
    """Its mark before it, and the line with its word in the mark's colour."""
    from rich.text import Text

    first, *others = spoken(replace(answer, question=f"{answer.sign} {answer.question}"))
    return [Text(first, style=ANSWERED[answer.mark]), *(Text(line) for line in others)]


def _styled_section(section: TextSection) -> list[Text]:
    if not section.title:
        return _styled(section.lines, "", "")
    return [*_styled([section.title], "bold", ""), *_styled(section.lines, "")]


def _styled_table(table: TextTable) -> list[RenderableType]:
    from rich.text import Text

    return [Text(table.title, style="bold"), _Fitted(table), *_styled([table.note], "dim")]
