"""Published runs in a terminal, and as plain lines for a pipe."""

from __future__ import annotations

from collections.abc import Iterator

from handgrad.compare.results.reproduction import Reproduction
from handgrad.reports.look.tables import TextTable
from handgrad.reports.look.text import TextReport, TextSection
from handgrad.reports.reproduce import words
from handgrad.reports.reproduce.tables import of_run, overview


def text(found: Reproduction) -> TextReport:
    """Each run with its numbers and what there is to say about them; all runs and the verdict last."""
    return TextReport(
        heading=words.heading(found),
        preface=words.conventions(),
        parts=list(_parts(found)),
        passed=found.passed,
        verdict=[words.verdict(found)],
        after=words.missing(found),
    )


def _parts(found: Reproduction) -> Iterator[TextTable | TextSection]:
    for run in found.runs:
        yield TextSection(words.result(run), words.recipe(run))
        yield of_run(run)
        yield TextSection("What we find", words.findings(run))
    if len(found.runs) > 1:
        yield overview(found)
