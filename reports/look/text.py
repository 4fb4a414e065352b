"""A report in a terminal, and as plain lines for a pipe: the same words in the same order, in 80 columns."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from handgrad.reports.look.names import columns
from handgrad.reports.look.tables import TextTable, narrow

if TYPE_CHECKING:
    from rich.console import Group
    from rich.text import Text

WIDTH = 80
_STYLES = {"unavailable": "dim", "failed": "red", "diverged": "red", "timeout": "red", "no": "bold red"}


@dataclass(frozen=True)
class Section:
    """Sentences under a title; without a title they stand at the margin."""

    title: str
    lines: Sequence[str]


@dataclass(frozen=True)
class TextReport:
    """What a report says, before any layout.

    `passed` is None where there is no verdict. `verdict` are the sentences that it colours, `after` those below.
    """

    heading: str
    preface: Sequence[str]
    parts: Sequence[TextTable | Section]
    passed: bool | None = None
    verdict: Sequence[str] = ()
    after: Sequence[str] = ()


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

    lines = [Text(line, style="bold") for line in wrapped([report.heading], "")]
    lines += _styled(report.preface, "dim")
    for part in report.parts:
        lines += [Text(), *(_styled_table(narrow(part)) if isinstance(part, TextTable) else _styled_section(part))]
    if report.passed is not None:
        style = "bold green" if report.passed else "bold red"
        lines += [Text(), *_styled(report.verdict, style, ""), *_styled(report.after, "", "")]
    return Group(*lines)


def plain(report: TextReport) -> str:
    """Lines without colours and boxes; columns are two spaces apart, and names stand first."""
    lines = [*wrapped([report.heading], ""), *wrapped(report.preface)]
    for part in report.parts:
        lines += ["", *(_plain_table(narrow(part)) if isinstance(part, TextTable) else _plain_section(part))]
    if report.passed is not None:
        word = "PASSED" if report.passed else "FAILED"
        lines += ["", *wrapped([*(f"{word}: {line}" for line in report.verdict), *report.after], "")]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def sections(*every: tuple[str, Sequence[str]]) -> Iterator[Section]:
    """Titles with their sentences, without those that have nothing to say."""
    return (Section(title, lines) for title, lines in every if lines)


def wrapped(lines: Iterable[str], indent: str = "  ") -> list[str]:
    """Sentences in lines of at most `WIDTH` columns, the first of each at `indent`, the others two further."""
    return [
        part
        for line in lines
        for part in textwrap.wrap(line, WIDTH, initial_indent=indent, subsequent_indent=indent + "  ")
    ]


def _plain_section(section: Section) -> list[str]:
    if not section.title:
        return wrapped(section.lines, "")
    return [*wrapped([section.title], ""), *wrapped(section.lines)]


def _plain_table(table: TextTable) -> list[str]:
    return [table.title, *table_lines(table), *wrapped([table.note])]


def table_lines(table: TextTable) -> list[str]:
    """The head and the rows as lines, the columns two spaces apart."""
    titles = tuple(column.title for column in table.columns)
    widths = [max(columns(row[i]) for row in (titles, *table.rows)) for i in range(len(titles))]
    return [
        "  ".join(
            _padded(cell, width, column.words) for cell, width, column in zip(row, widths, table.columns, strict=True)
        )
        for row in (titles, *table.rows)
    ]


def _padded(cell: str, width: int, left: bool) -> str:
    space = " " * (width - columns(cell))
    return cell + space if left else space + cell


def _styled(lines: Sequence[str], style: str, indent: str = "  ") -> list[Text]:
    from rich.text import Text

    return [Text(line, style=style) for line in wrapped(lines, indent)]


def _styled_section(section: Section) -> list[Text]:
    if not section.title:
        return _styled(section.lines, "", "")
    return [*_styled([section.title], "bold", ""), *_styled(section.lines, "")]


def _styled_table(table: TextTable) -> list[Text]:
    """The lines of the plain table, its head faint, its backends bold, and what went wrong in red."""
    from rich.text import Text

    head, *rows = table_lines(table)
    lines = [Text(table.title, style="bold"), Text(head, style="dim", no_wrap=True, overflow="ellipsis")]
    for line, row in zip(rows, table.rows, strict=True):
        text = Text(line, no_wrap=True, overflow="ellipsis")
        text.stylize("bold", 0, len(row[0]))
        for cell in row[1:]:
            if (style := _STYLES.get(cell.partition(" ")[0])) is not None:
                text.stylize(style, line.index(cell), line.index(cell) + len(cell))
        lines.append(text)
    return [*lines, *_styled([table.note], "dim")]
