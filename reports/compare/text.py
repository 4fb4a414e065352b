"""A comparison in a terminal, and as plain lines for a pipe."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING

from handgrad.compare.results.comparison import Comparison
from handgrad.reports.compare import words
from handgrad.reports.compare.tables import Table, narrow, tables
from handgrad.reports.look.names import columns

if TYPE_CHECKING:
    from rich.console import Group
    from rich.text import Text

WIDTH = 80
_STYLES = {"unavailable": "dim", "failed": "red", "diverged": "red", "timeout": "red", "no": "bold red"}


def terminal(comparison: Comparison) -> Group:
    """A renderable for `rich.console.Console.print`: tables, then the verdict, for 80 columns and more."""
    from rich.console import Group
    from rich.text import Text

    parts: list[Text] = [Text(line, style="bold") for line in wrapped([words.heading(comparison)], "")]
    parts += [Text(f"  {line}", style="dim") for line in words.training(comparison)]
    for table in map(narrow, tables(comparison)):
        parts += [Text(), Text(table.title, style="bold"), *styled(table), *dim(table.note)]
    for title, lines in _sections(comparison):
        parts += [Text(), Text(title, style="bold")]
        parts += [Text(line) for line in wrapped(lines)]
    style = "bold green" if comparison.verdict.passed else "bold red"
    parts += [Text(), *(Text(line, style=style) for line in wrapped([words.agreement(comparison)], ""))]
    parts += [Text(line) for line in wrapped(_after(comparison), "")]
    return Group(*parts)


def plain(comparison: Comparison) -> str:
    """The same as plain lines: no colours, no boxes; columns are two spaces apart, and names stand first."""
    lines = [*wrapped([words.heading(comparison)], ""), *(f"  {line}" for line in words.training(comparison))]
    for table in map(narrow, tables(comparison)):
        lines += ["", table.title, *plain_table(table), *wrapped([table.note])]
    for title, section in _sections(comparison):
        lines += ["", title, *wrapped(section)]
    word = "PASSED" if comparison.verdict.passed else "FAILED"
    lines += ["", *wrapped([f"{word}: {words.agreement(comparison)}", *_after(comparison)], "")]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _sections(comparison: Comparison) -> Iterator[tuple[str, list[str]]]:
    """Titles with their sentences, without those that have nothing to say."""
    troubles = [f"{name}: {happened}: {why}" for name, happened, why in words.troubles(comparison)]
    every = (
        ("Did not run to the end", troubles),
        ("Judged", words.judged(comparison)),
        ("Where it is heading", words.destination(comparison)),
        ("Why backends differ", words.explanations(comparison)),
        ("Where digits are lost", words.precision(comparison)),
        ("Notes", words.notes(comparison)),
    )
    return ((title, lines) for title, lines in every if lines)


def _after(comparison: Comparison) -> list[str]:
    fastest = words.fastest(comparison)
    return [*words.reasons(comparison), *([fastest] if fastest else [])]


def styled(table: Table) -> list[Text]:
    """The lines of the plain table, its head faint, its backends bold, and what went wrong in red."""
    from rich.text import Text

    head, *rows = plain_table(table)
    lines = [Text(head, style="dim", no_wrap=True, overflow="ellipsis")]
    for line, row in zip(rows, table.rows, strict=True):
        text = Text(line, no_wrap=True, overflow="ellipsis")
        text.stylize("bold", 0, len(row[0]))
        for cell in row[1:]:
            if (style := _STYLES.get(cell.partition(" ")[0])) is not None:
                text.stylize(style, line.index(cell), line.index(cell) + len(cell))
        lines.append(text)
    return lines


def dim(note: str) -> list[Text]:
    """A note in faint lines; none for an empty one."""
    from rich.text import Text

    return [Text(line, style="dim") for line in wrapped([note])] if note else []


def plain_table(table: Table) -> list[str]:
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


def wrapped(lines: list[str], indent: str = "  ") -> list[str]:
    """Sentences in lines of at most `WIDTH` columns, the first of each at `indent`, the others two further."""
    return [
        part
        for line in lines
        for part in textwrap.wrap(line, WIDTH, initial_indent=indent, subsequent_indent=indent + "  ")
    ]
