"""A run as a folder: `result.json`, `report.html`, `figures/*.png` and `figures/*.svg`, each whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from handgrad.compare.results.files import NAME, to_json, write_whole
from handgrad.reports.look.rendering import Picture, pictures
from handgrad.reports.look.style import Drawing

if TYPE_CHECKING:
    from handgrad.compare.results.files import ResultType


def write(
    folder: Path,
    result: ResultType,
    draw: Callable[[], Sequence[Drawing]],
    page: Callable[[Sequence[Picture]], str],
) -> list[Path]:
    """Writes the folder and returns the paths, the result first: it is what cannot be made again.

    Args:
        folder: Where to.
        result: What the command found.
        draw: Makes the figures, once for the page and for their own files; it runs when the result is safe.
        page: The report around them.

    Raises:
        OSError: When the folder cannot be written; nothing is left half done.
    """
    path = folder / NAME
    write_whole(path, to_json(result))
    return [path, *_rendered(folder, pictures(draw()), page)]


def _rendered(folder: Path, drawn: Sequence[Picture], page: Callable[[Sequence[Picture]], str]) -> list[Path]:
    files = {folder / "report.html": page(drawn).encode()}
    for picture in drawn:
        files[folder / "figures" / f"{picture.name}.png"] = picture.png
        files[folder / "figures" / f"{picture.name}.svg"] = picture.svg_file.encode()
    for path, content in files.items():
        write_whole(path, content)
    return list(files)
