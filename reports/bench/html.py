"""A sweep as one HTML file: no network, no script, light and dark, phone and paper."""

from __future__ import annotations

from collections.abc import Sequence

from handgrad.compare.results.bench import Bench
from handgrad.reports.bench import words as bench_words
from handgrad.reports.bench.figures import drawings
from handgrad.reports.bench.tables import tables
from handgrad.reports.compare.html import laid_out, machine
from handgrad.reports.look.names import shown
from handgrad.reports.look.pages import figures, page
from handgrad.reports.look.rendering import Picture, pictures


def html(bench: Bench, drawn: Sequence[Picture] | None = None) -> str:
    """The report. `drawn` are its figures where they exist already."""
    rendered = pictures(drawings(bench)) if drawn is None else drawn
    made = {table.name: laid_out(table, bench.settings.backends) for table in tables(bench)}
    noise = bench_words.noise(bench)
    return page(
        "bench.html",
        heading=bench_words.heading(bench),
        method=bench_words.method(bench),
        epochs=bench.settings.epochs,
        epoch_answers=bench_words.answers(bench, "epoch"),
        through_rows=bench_words.THROUGH_ROWS,
        row_answers=bench_words.answers(bench, "rows"),
        run_answers=bench_words.answers(bench, "run"),
        noise=[*([noise] if noise else []), *(shown(line, 400) for line in bench.warnings)],
        left_out=bench_words.left_out(bench),
        tables=made,
        epoch_tables=[name for name in made if name.startswith("epochs-")],
        run_tables=[name for name in made if name.startswith("runs-")],
        figures=figures(rendered),
        growth=[f.name for f in rendered if f.name.startswith("growth-")],
        limits=[f.name for f in rendered if not f.name.startswith("growth-")],
        environment=list(machine(bench.environment)),
        command=shown(bench.environment.command, 1000),
    )
