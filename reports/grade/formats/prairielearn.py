"""PrairieLearn's `results.json` of an external grader, one for each student.

After *External Grading*, docs/externalGrading.md of PrairieLearn: `score` is a share from 0 to 1, and what cannot be
graded, such as no Python, is not `gradable` and costs the student no attempt.
"""

from __future__ import annotations

from typing import Any

from handgrad.compare.results.grades.graded import ClassGrades, Grade
from handgrad.reports.grade.formats.tests import one_each, said, tests, to_json

#: The failure that makes a file no answer at all.
_NO_PYTHON = "syntax-error"


def files(found: ClassGrades) -> dict[str, bytes]:
    """`results.json` of each student, named by the student."""
    return one_each(found, lambda grade: to_json(results(grade)))


def results(grade: Grade) -> dict[str, Any]:
    """The score, what is said, and a test for each block."""
    if _NO_PYTHON in grade.keys:
        return {"gradable": False, "format_errors": [said(grade)]}
    return {
        "gradable": True,
        "score": min(1.0, grade.points / grade.most),
        "output": said(grade),
        "tests": [
            {"name": test.name, "points": test.points, "max_points": test.most, "message": _message(test.right)}
            for test in tests(grade)
        ],
    }


def _message(right: bool) -> str:
    return "Right." if right else "Wrong; see the output of the whole."
