"""Gradient checks as one HTML file: no network, no script; and the folder that it stands in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from handgrad.compare.results.comparison import GradientChecks, Problem
from handgrad.reports.gradcheck import words
from handgrad.reports.gradcheck.figures import drawings
from handgrad.reports.gradcheck.tables import tables
from handgrad.reports.look import folder as run_folder
from handgrad.reports.look.names import command_line, file_name, shown
from handgrad.reports.look.pages import page
from handgrad.reports.look.parts import figures, page_tables
from handgrad.reports.look.rendering import Picture, pictures


def write(checks: GradientChecks, folder: Path) -> list[Path]:
    """Writes `result.json`, `report.html`, `figures/*.png` and `*.svg`, each whole or not at all; returns the paths.

    Raises:
        OSError: When the folder cannot be written; nothing is left half done.
    """
    return run_folder.write(
        folder, checks, lambda: drawings(checks.problem, checks.points), lambda drawn: html(checks, drawn)
    )


def html(checks: GradientChecks, drawn: Sequence[Picture] | None = None) -> str:
    """The report. `drawn` are its figures where they exist already."""
    rendered = pictures(drawings(checks.problem, checks.points)) if drawn is None else drawn
    backends = [name for point in checks.points for name in point.checks]
    return page(
        "gradcheck.html",
        heading=words.heading(checks),
        name=words.title(checks),
        shape=words.shape(checks),
        passed=checks.passed,
        verdict=words.verdict(checks),
        problem=list(_problem(checks.problem)),
        lessons=words.lessons(checks.problem, checks.points),
        left_out=words.left_out(checks),
        tables=page_tables(tables(checks.problem, checks.points), backends),
        figures=figures(rendered),
        points=[(point.where, words.place(point.where)) for point in checks.points],
        command=command_line(checks.environment.command),
    )


def _problem(problem: Problem) -> Iterator[tuple[str, str]]:
    yield "Data", shown(file_name(problem.source), 200)
    yield "Target", shown(problem.target, 60)
    yield "Scaling", "features standardised" if problem.standardized else "features as they are"
    yield "Computed in", problem.dtype
