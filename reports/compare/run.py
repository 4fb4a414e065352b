"""A comparison as a folder: `result.json`, `report.html` and `figures/*.png`, each whole or not at all."""

from __future__ import annotations

from pathlib import Path

from handgrad.compare.results.comparison import Comparison
from handgrad.compare.results.files import to_json
from handgrad.reports.compare.figures import drawings
from handgrad.reports.compare.html import html
from handgrad.reports.look import folder as run_folder


def write(comparison: Comparison, folder: Path) -> list[Path]:
    """Writes the folder and returns the paths, the results first: they are what cannot be made again.

    Raises:
        OSError: When the folder cannot be written; nothing is left half done.
    """
    return run_folder.write(
        folder, to_json(comparison), lambda: drawings(comparison), lambda drawn: html(comparison, drawn)
    )


def render(comparison: Comparison, folder: Path) -> list[Path]:
    """Writes the report and its figures, without the results."""
    return run_folder.render(folder, lambda: drawings(comparison), lambda drawn: html(comparison, drawn))
