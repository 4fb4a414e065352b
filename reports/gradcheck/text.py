"""Gradient checks in a terminal, and as plain lines for a pipe."""

from __future__ import annotations

from handgrad.compare.results.comparison import GradientChecks
from handgrad.reports.gradcheck import words
from handgrad.reports.gradcheck.tables import tables
from handgrad.reports.look.text import TextReport, sections


def text(checks: GradientChecks) -> TextReport:
    """The tables, what they teach, and the verdict last."""
    said = sections(("", [*words.lessons(checks.problem, checks.points), *words.left_out(checks)]))
    return TextReport(
        words.heading(checks),
        [],
        [*tables(checks.problem, checks.points), *said],
        checks.passed,
        [words.verdict(checks)],
    )
