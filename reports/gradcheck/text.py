"""Gradient checks in a terminal, and as plain lines for a pipe; 80 columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from handgrad.compare.results.gradcheck import GradientChecks
from handgrad.reports.compare.text import dim, plain_table, styled, wrapped
from handgrad.reports.gradcheck import words
from handgrad.reports.gradcheck.tables import tables

if TYPE_CHECKING:
    from rich.console import Group


def terminal(checks: GradientChecks) -> Group:
    """A renderable for `rich.console.Console.print`."""
    from rich.console import Group
    from rich.text import Text

    parts = [Text(words.heading(checks), style="bold")]
    for table in tables(checks.problem, checks.points):
        parts += [Text(), Text(table.title, style="bold"), *styled(table), *dim(table.note)]
    parts += [Text(), *(Text(line) for line in wrapped(_sentences(checks), ""))]
    style = "bold green" if checks.passed else "bold red"
    return Group(*parts, Text(), *(Text(line, style=style) for line in wrapped([words.verdict(checks)], "")))


def plain(checks: GradientChecks) -> str:
    """The same as plain lines."""
    lines = [words.heading(checks)]
    for table in tables(checks.problem, checks.points):
        lines += ["", table.title, *plain_table(table), *wrapped([table.note])]
    word = "PASSED" if checks.passed else "FAILED"
    lines += ["", *wrapped(_sentences(checks), ""), "", *wrapped([f"{word}: {words.verdict(checks)}"], "")]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _sentences(checks: GradientChecks) -> list[str]:
    return [*words.lessons(checks.problem, checks.points), *words.left_out(checks)]
