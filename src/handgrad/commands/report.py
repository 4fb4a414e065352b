"""`handgrad report`: renders a run again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from handgrad.commands.shared.lock import locked
from handgrad.commands.shared.output import show_lines


def report(
    run: Annotated[Path, typer.Argument(help="A run's folder, or its result.json.", show_default=False)],
    out: Annotated[
        Path | None, typer.Option(help="Folder for the report. [default: the run's]", show_default=False)
    ] = None,
) -> None:
    """Render a run's report again, from its result.json alone."""
    show_lines(map(str, render(run, out)))


def render(run: Path, out: Path | None) -> list[Path]:
    """Writes the report of a run that has one into its own folder or another's; the paths.

    Raises:
        ResultError: If there is no result, or its parts do not go together.
        FolderInUse: If another process writes to the folder.
    """
    from handgrad.compare.results.bench import Bench
    from handgrad.compare.results.comparison import Comparison
    from handgrad.compare.results.files import content_of, from_json, head_of
    from handgrad.compare.results.grades.graded import ClassGrades
    from handgrad.compare.results.reproduction import Reproduction
    from handgrad.reports.bench.html import write as write_bench
    from handgrad.reports.compare.html import write as write_comparison
    from handgrad.reports.grade.html import write as write_grades
    from handgrad.reports.reproduce.html import write as write_reproduction

    path, content = content_of(run)
    kind, folder = head_of(content, str(path)).kind, out or path.parent
    with locked(folder):
        if kind == Bench.kind:
            return write_bench(from_json(content, Bench, str(path)), folder)
        if kind == Reproduction.kind:
            return write_reproduction(from_json(content, Reproduction, str(path)), folder)
        if kind == ClassGrades.kind:
            return write_grades(from_json(content, ClassGrades, str(path)), folder)
        return write_comparison(from_json(content, Comparison, str(path)), folder)
