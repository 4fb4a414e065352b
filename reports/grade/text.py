"""A class in a terminal of 80 columns, and as plain lines for a pipe."""

from __future__ import annotations

from handgrad.compare.results.grades.graded import ClassGrades
from handgrad.reports.grade import words
from handgrad.reports.grade.tables import of_mistakes, of_students
from handgrad.reports.look.names import shown
from handgrad.reports.look.tables import TextTable
from handgrad.reports.look.text import TextReport


def text(found: ClassGrades) -> TextReport:
    """Every file with its points, then the mistakes that are common."""
    groups = words.groups(found)
    parts: list[TextTable] = [of_students(found), *([of_mistakes(groups)] if groups else [])]
    return TextReport(
        heading=f"{shown(found.source, 60)}: {words.mean_points(found)}",
        preface=words.policy(found),
        parts=parts,
        passed=found.passed,
        verdict=[words.verdict(found)],
        after=words.left_out(found),
    )
