"""A sweep as a folder: `result.json`, `report.html` and `figures/*.png`, each whole or not at all."""

from __future__ import annotations

from pathlib import Path

from handgrad.compare.bench_results import Bench, to_json
from handgrad.compare.results import write_whole
from handgrad.reports import style
from handgrad.reports.bench_figures import drawings
from handgrad.reports.bench_html import html


def write(bench: Bench, folder: Path) -> list[Path]:
    """Writes the folder and returns the paths, the results first: they are what cannot be made again.

    Raises:
        OSError: When the folder cannot be written; nothing is left half done.
    """
    result = folder / "result.json"
    write_whole(result, to_json(bench))
    return [result, *render(bench, folder)]


def render(bench: Bench, folder: Path) -> list[Path]:
    """Writes the report and its figures, without the results; each figure is drawn once, for both."""
    drawn = drawings(bench)
    report = folder / "report.html"
    write_whole(report, html(bench, drawn).encode())
    pictures = [(folder / "figures" / f"{drawing.name}.png", drawing) for drawing in drawn]
    for path, drawing in pictures:
        write_whole(path, style.png(drawing.figure))
    return [report, *(path for path, _ in pictures)]
