"""The `results.json` of `otter run`, one for each student.

After otter/test_files/__init__.py (`GradingResults.to_gradescope_dict`) of Otter-Grader: Gradescope's format, in which
the first test is a summary without points.
"""

from __future__ import annotations

from typing import Any

from handgrad.compare.results.grades.graded import ClassGrades, Grade
from handgrad.reports.grade.formats.tests import one_each, said, tests, to_json


def files(found: ClassGrades) -> dict[str, bytes]:
    """`results.json` of each student, named by the student."""
    return one_each(found, lambda grade: to_json(results(grade)))


def results(grade: Grade) -> dict[str, Any]:
    """The summary, then a test for each block."""
    summary = {"name": "Public Tests", "visibility": "visible", "output": said(grade)}
    return {
        "tests": [
            summary,
            *(
                {
                    "name": test.name,
                    "score": test.points,
                    "max_score": test.most,
                    "visibility": "visible",
                    "output": "passed" if test.right else "failed",
                }
                for test in tests(grade)
            ),
        ]
    }
