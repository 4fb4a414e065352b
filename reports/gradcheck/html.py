"""Gradient checks as one HTML file: no network, no script; and the folder that it stands in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from handgrad.compare.results.checks import PointChecks
from handgrad.compare.results.comparison import Problem
from handgrad.compare.results.files import to_json
from handgrad.compare.results.gradcheck import GradientChecks
from handgrad.reports.compare.html import laid_out
from handgrad.reports.gradcheck import words
from handgrad.reports.gradcheck.figures import drawings
from handgrad.reports.gradcheck.tables import tables
from handgrad.reports.look import folder as run_folder
from handgrad.reports.look.names import shown
from handgrad.reports.look.pages import figures, page
from handgrad.reports.look.rendering import Picture, pictures


def write(checks: GradientChecks, folder: Path) -> list[Path]:
    """Writes the folder and returns the paths.

    Raises:
        OSError: When the folder cannot be written.
    """
    return run_folder.write(
        folder,
        to_json(checks),
        lambda: drawings(checks.problem, checks.points),
        lambda drawn: html(checks, drawn),
    )


def html(checks: GradientChecks, drawn: Sequence[Picture] | None = None) -> str:
    """The report. `drawn` are its figures where they exist already."""
    rendered = pictures(drawings(checks.problem, checks.points)) if drawn is None else drawn
    title, _, shape = words.heading(checks).rpartition(": ")
    return page(
        "gradcheck.html",
        heading=words.heading(checks),
        name=title,
        shape=shape,
        passed=checks.passed,
        verdict=words.verdict(checks),
        problem=list(_problem(checks.problem)),
        lessons=words.lessons(checks.problem, checks.points),
        left_out=words.left_out(checks),
        tables=laid_out_tables(checks.problem, checks.points),
        figures=figures(rendered),
        points=[(point.where, words.place(point.where)) for point in checks.points],
        command=shown(checks.environment.command, 1000),
    )


def laid_out_tables(problem: Problem, points: Sequence[PointChecks]) -> dict[str, dict[str, Any]]:
    """The tables for a template, by name."""
    backends = [name for point in points for name in point.checks]
    return {table.name: laid_out(table, backends) for table in tables(problem, points)}


def _problem(problem: Problem) -> Iterator[tuple[str, str]]:
    yield "Data", shown(problem.source, 200)
    yield "Target", shown(problem.target, 60)
    yield "Scaling", "features standardised" if problem.standardized else "features as they are"
    yield "Computed in", problem.dtype
