"""A sweep in a terminal, and as plain lines for a pipe."""

from __future__ import annotations

from handgrad.compare.results.bench import Bench
from handgrad.reports.bench import words
from handgrad.reports.bench.tables import tables
from handgrad.reports.look.text import TextReport, sections


def text(bench: Bench) -> TextReport:
    """The tables first; the answer last."""
    said = sections(
        ("The table", words.of_table(bench)),
        ("Left out", words.left_out(bench)),
        ("Noise", words.noise(bench)),
        (f"Fastest for a run of {bench.settings.epochs} epochs, start included", words.answers(bench, "run")),
        (words.THROUGH_ROWS, words.answers(bench, "rows")),
        (words.ON_DEVICE, words.device(bench)),
        ("Fastest for your table, epoch by epoch", words.answers(bench, "epoch")),
    )
    return TextReport(words.heading(bench), [words.method(bench)], [*tables(bench), *said])
