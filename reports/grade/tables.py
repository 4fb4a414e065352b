"""The tables of a class: its mistakes, and its students with their points."""

from __future__ import annotations

from collections.abc import Sequence

from handgrad.compare.results.grades.graded import ClassGrades
from handgrad.reports.grade import words
from handgrad.reports.look.names import shown
from handgrad.reports.look.tables import Column, TextTable


def of_mistakes(groups: Sequence[words.MistakeGroup]) -> TextTable:
    """How often each mistake was made."""
    rows = tuple((group.key, str(len(group.students)), shown(group.title, 46)) for group in groups)
    columns = (Column("mistake", words=True), Column("files"), Column("what is wrong", words=True))
    return TextTable("mistakes", "Common mistakes", columns, rows)


def of_students(found: ClassGrades) -> TextTable:
    """What is wrong with each file, and its points."""
    blocks = [name for name in ("dW", "db", "loss") if any(b.block == name for g in found.grades for b in g.blocks)]
    rows = tuple(
        (
            shown(grade.student, 26),
            shown(words.mistake(grade), 28),
            *(words.block(grade, name) for name in blocks),
            f"{words.number(grade.points)}/{words.number(grade.most)}",
        )
        for grade in found.grades
    )
    columns = (
        Column("number" if found.anonymous else "student", words=True),
        Column("found", words=True),
        *map(Column, blocks),
        Column("points"),
    )
    return TextTable("students", "Every file", columns, rows)
