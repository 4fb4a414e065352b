"""A sweep as one HTML file without network and script, and the folder of a run around it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from handgrad.compare.results.bench import Bench
from handgrad.reports.bench import words
from handgrad.reports.bench.figures import drawings
from handgrad.reports.bench.tables import tables
from handgrad.reports.bench.winners import grids
from handgrad.reports.look import folder as run_folder
from handgrad.reports.look.names import command_line
from handgrad.reports.look.pages import page
from handgrad.reports.look.parts import figures, machine, page_tables
from handgrad.reports.look.rendering import Picture, pictures


def write(bench: Bench, folder: Path) -> list[Path]:
    """Writes `result.json`, `report.html`, `figures/*.png` and `*.svg`, each whole or not at all; returns the paths.

    Raises:
        OSError: When the folder cannot be written; nothing is left half done.
    """
    return run_folder.write(folder, bench, lambda: drawings(bench), lambda drawn: html(bench, drawn))


def html(bench: Bench, drawn: Sequence[Picture] | None = None) -> str:
    """The report. `drawn` are its figures where they exist already."""
    rendered = pictures(drawings(bench)) if drawn is None else drawn
    made = page_tables(tables(bench), bench.settings.backends)
    return page(
        "bench.html",
        brand=words.brand(bench),
        heading=words.heading(bench),
        of_table=words.of_table(bench),
        method=words.method(bench),
        epochs=bench.settings.epochs,
        epoch_answers=words.answers(bench, "epoch"),
        through_rows=words.THROUGH_ROWS,
        row_answers=words.answers(bench, "rows"),
        run_answers=words.answers(bench, "run"),
        on_device=words.ON_DEVICE,
        device_answers=words.device(bench),
        noise=words.noise(bench),
        left_out=words.left_out(bench),
        winner_grids=grids(bench),
        tables=made,
        epoch_tables=[name for name in made if name.startswith("epochs-")],
        run_tables=[name for name in made if name.startswith("runs-")],
        figures=figures(rendered),
        growth=[f.name for f in rendered if f.name.startswith("growth-")],
        limits=[f.name for f in rendered if not f.name.startswith("growth-")],
        environment=list(machine(bench.environment)),
        command=command_line(bench.environment.command),
    )
