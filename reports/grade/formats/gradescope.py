"""Gradescope's `results.json`, one for each student.

After *Autograder Specifications*, gradescope-autograders.readthedocs.io/en/latest/specs.
"""

from __future__ import annotations

from typing import Any

from handgrad.compare.results.grades.graded import ClassGrades, Grade
from handgrad.reports.grade.formats.tests import one_each, said, tests, to_json


def files(found: ClassGrades) -> dict[str, bytes]:
    """`results.json` of each student, named by the student."""
    return one_each(found, lambda grade: to_json(results(grade)))


def results(grade: Grade) -> dict[str, Any]:
    """The tests have the points; the whole has what is said, shown to the student."""
    return {
        "output": said(grade),
        "visibility": "visible",
        "tests": [
            {
                "name": test.name,
                "score": test.points,
                "max_score": test.most,
                "status": "passed" if test.right else "failed",
                "visibility": "visible",
            }
            for test in tests(grade)
        ],
    }
