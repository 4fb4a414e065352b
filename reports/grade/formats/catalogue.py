"""The formats by name. Each makes files, by name, of a class; most make one for each student."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path

from handgrad.compare.results.files import write_whole
from handgrad.compare.results.grades.graded import ClassGrades

#: What an exporter is: the files of a class.
Export = Callable[[ClassGrades], dict[str, bytes]]

FORMATS = ("gradescope", "prairielearn", "nbgrader", "otter", "classroom50", "junit")


def export(found: ClassGrades, name: str, folder: Path) -> list[Path]:
    """Writes the files of a format into a folder, each whole or not at all; returns the paths."""
    files: Export = importlib.import_module(f"handgrad.reports.grade.formats.{name}").files
    paths = []
    for file, content in files(found).items():
        write_whole(folder / file, content)
        paths.append(folder / file)
    return paths
