"""A run as a folder: `result.json`, `report.html` and `figures/*.png`, each whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from handgrad.compare.results.files import write_whole
from handgrad.reports.look.rendering import Picture, pictures
from handgrad.reports.look.style import Drawing


def write(
    folder: Path, results: bytes, draw: Callable[[], Sequence[Drawing]], page: Callable[[Sequence[Picture]], str]
) -> list[Path]:
    """Writes the folder and returns the paths, the results first: they are what cannot be made again.

    Args:
        folder: Where to.
        results: What `result.json` holds.
        draw: Makes the figures, once for page and pictures.
        page: The report around them.

    Raises:
        OSError: When the folder cannot be written; nothing is left half done.
    """
    result = folder / "result.json"
    write_whole(result, results)
    return [result, *render(folder, draw, page)]


def render(folder: Path, draw: Callable[[], Sequence[Drawing]], page: Callable[[Sequence[Picture]], str]) -> list[Path]:
    """Writes the report and its figures, without the results; returns the paths."""
    drawn = pictures(draw())
    files = {folder / "report.html": page(drawn).encode()}
    files |= {folder / "figures" / f"{picture.name}.png": picture.png for picture in drawn}
    for path, content in files.items():
        write_whole(path, content)
    return list(files)
