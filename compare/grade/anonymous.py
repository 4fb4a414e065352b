"""A class without names: numbers in their place, also in the names of files, in lines of code and in messages.

The numbers follow the digests of the files, so that their order says nothing of the names.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import PurePosixPath

from handgrad.compare.results.diagnosis import Assessment, SourceLine
from handgrad.compare.results.grades.graded import ClassGrades, Grade

#: Words in the names of files that name nobody, and that code needs.
_NOBODY = {"gradient", "step", "loss", "submission", "def", "return", "numpy", "len"}


def anonymous(found: ClassGrades) -> ClassGrades:
    """The class with numbers in place of names; a file that was left out has none."""
    ordered = sorted(found.grades, key=lambda grade: (grade.digest, grade.student))
    grades = tuple(_without_name(grade, str(number)) for number, grade in enumerate(ordered, 1))
    left_out = tuple(replace(one, file="–") for one in found.left_out)
    return replace(found, grades=grades, left_out=left_out, source="a class", command="", anonymous=True)


def _without_name(grade: Grade, number: str) -> Grade:
    path = PurePosixPath(grade.file)
    hidden = _Hidden(number, path.suffix, [grade.file, path.name, path.stem, grade.student])
    return replace(
        grade,
        student=number,
        file=hidden.file,
        assessments=tuple(map(hidden.assessment, grade.assessments)),
        blocks=tuple(replace(block, function=hidden.subject(block.function)) for block in grade.blocks),
        lines=tuple(map(hidden.line, grade.lines)),
    )


class _Hidden:
    """What stands in place of a student's names, and of every word of at least three letters in them."""

    def __init__(self, number: str, suffix: str, names: list[str]) -> None:
        self.file = f"{number}{suffix}"
        words = {word for name in names for word in re.findall(r"[^\W\d_]{3,}", name)} - _NOBODY
        every = sorted({*names, *words}, key=len, reverse=True)
        self.names = re.compile("|".join(map(re.escape, every)), re.IGNORECASE)
        self.number = number

    def text(self, text: str) -> str:
        """The text with the number in place of each name."""
        return self.names.sub(self.number, text)

    def subject(self, name: str) -> str:
        """A function keeps its name; the file, where it stands in place of one, does not."""
        return name if name.isidentifier() else self.text(name)

    def line(self, line: SourceLine) -> SourceLine:
        """Without its comment, in which a name may stand in any form."""
        return replace(line, file=self.file, text=self.text(line.text.partition("#")[0].rstrip()))

    def assessment(self, assessment: Assessment) -> Assessment:
        """What was found, with the number in what the student's code gave or raised."""
        failure = assessment.failure
        if failure is not None:
            line = failure.line and self.line(failure.line)
            failure = replace(failure, given=self.text(failure.given), expected=self.text(failure.expected), line=line)
        return replace(assessment, subjects=tuple(map(self.subject, assessment.subjects)), failure=failure)
