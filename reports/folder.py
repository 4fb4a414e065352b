"""A run as a folder: `result.json`, `report.html` and `figures/*.png`, each whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from handgrad.compare.results import write_whole
from handgrad.reports import style
from handgrad.reports.style import Drawing


def write(
    folder: Path, results: bytes, draw: Callable[[], Sequence[Drawing]], page: Callable[[Sequence[Drawing]], str]
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
    result, report = folder / "result.json", folder / "report.html"
    write_whole(result, results)
    drawn = draw()
    write_whole(report, page(drawn).encode())
    pictures = [(folder / "figures" / f"{drawing.name}.png", drawing) for drawing in drawn]
    for path, drawing in pictures:
        write_whole(path, style.png(drawing.figure))
    return [result, report, *(path for path, _ in pictures)]
