"""A sweep as a folder; see `handgrad.reports.look.folder`."""

from __future__ import annotations

from pathlib import Path

from handgrad.compare.results.bench import Bench
from handgrad.compare.results.files import to_json
from handgrad.reports.bench.figures import drawings
from handgrad.reports.bench.html import html
from handgrad.reports.look import folder as run_folder


def write(bench: Bench, folder: Path) -> list[Path]:
    """Writes the folder and returns the paths.

    Raises:
        OSError: When the folder cannot be written.
    """
    return run_folder.write(folder, to_json(bench), lambda: drawings(bench), lambda drawn: html(bench, drawn))
