"""A sweep as a folder; see `handgrad.reports.folder`."""

from __future__ import annotations

from pathlib import Path

from handgrad.compare.bench_results import Bench, to_json
from handgrad.reports import folder as run_folder
from handgrad.reports.bench_figures import drawings
from handgrad.reports.bench_html import html


def write(bench: Bench, folder: Path) -> list[Path]:
    """Writes the folder and returns the paths.

    Raises:
        OSError: When the folder cannot be written.
    """
    return run_folder.write(folder, to_json(bench), lambda: drawings(bench), lambda drawn: html(bench, drawn))
