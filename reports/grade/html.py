"""A class as one HTML file for its teacher: no network, no script. What students wrote is cut and escaped."""

from __future__ import annotations

from pathlib import Path

from handgrad.compare.results.files import write_whole
from handgrad.compare.results.grades.graded import ClassGrades
from handgrad.reports.grade import words
from handgrad.reports.grade.spreadsheet import CSV, spreadsheet
from handgrad.reports.grade.tables import of_mistakes, of_students
from handgrad.reports.look import folder as run_folder
from handgrad.reports.look.names import command_line, shown
from handgrad.reports.look.pages import page
from handgrad.reports.look.parts import page_tables


def write(found: ClassGrades, folder: Path) -> list[Path]:
    """Writes `result.json`, `report.html` and `grades.csv`, each whole or not at all; returns the paths.

    Raises:
        OSError: When the folder cannot be written; nothing is left half done.
    """
    paths = run_folder.write(folder, found, list, lambda drawn: html(found))
    write_whole(folder / CSV, spreadsheet(found))
    return [*paths, folder / CSV]


def html(found: ClassGrades) -> str:
    """The page of the class."""
    groups = words.groups(found)
    return page(
        "grade.html",
        heading=shown(found.source, 80),
        passed=found.passed,
        verdict=words.verdict(found),
        shape=words.mean_points(found),
        left_out=words.left_out(found),
        groups=groups,
        who=words.who,
        policy=words.policy(found),
        tables=page_tables([of_students(found), *([of_mistakes(groups)] if groups else [])], []),
        figures={},
        command=command_line(found.command) if found.command else "",
    )
