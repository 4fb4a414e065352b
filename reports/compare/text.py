"""A comparison in a terminal, and as plain lines for a pipe."""

from __future__ import annotations

from handgrad.compare.results.comparison import Comparison
from handgrad.reports.compare import words
from handgrad.reports.compare.answers import answers
from handgrad.reports.compare.destination import destination
from handgrad.reports.compare.tables import tables
from handgrad.reports.look.tables import TextTable
from handgrad.reports.look.text import TextReport, TextSection, sections


def text(comparison: Comparison) -> TextReport:
    """The tables, what they mean, and the three answers last."""
    troubles = [f"{name}: {happened}: {why}" for name, happened, why in words.troubles(comparison)]
    said = sections(
        ("Did not run to the end", troubles),
        ("Judged", words.grounds(comparison)),
        ("Where it is heading", destination(comparison)),
        ("Why backends differ", words.explanations(comparison)),
        ("Where digits are lost", words.precision(comparison)),
        ("Notes", words.notes(comparison)),
    )
    parts: list[TextTable | TextSection] = [*tables(comparison), *said]
    problem = comparison.problem
    return TextReport(words.heading(problem), words.training(problem), parts, answers=answers(comparison))
