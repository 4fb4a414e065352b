"""Classroom 50's `result.json` (`classroom50/result/v1`), one for each student.

After *Advanced Autograding*, wiki of foundation50/classroom50: scores are whole numbers, so points stand in hundredths.
What its runner knows comes from the environment variables that it sets; run outside of it, they are placeholders.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import Any

from handgrad.compare.results.grades.graded import ClassGrades, Grade
from handgrad.reports.grade.formats.tests import one_each, tests, to_json

SCHEMA = "classroom50/result/v1"
#: Of one point, since a score is a whole number there.
PARTS = 100


def files(found: ClassGrades) -> dict[str, bytes]:
    """`result.json` of each student, named by the student."""
    when = datetime.fromisoformat(found.time).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return one_each(found, lambda grade: to_json(result(grade, when)))


def result(grade: Grade, when: str) -> dict[str, Any]:
    """The contract's fields; the score is the sum of those of the tests."""
    every = list(tests(grade))
    rows = [
        {
            "test-name": test.name,
            "passed": test.right,
            "score": round(PARTS * test.points),
            "max-score": round(PARTS * test.most),
        }
        for test in every
    ]
    commit = os.environ.get("COMMIT_URL", "unknown")
    return {
        "schema": SCHEMA,
        "classroom": os.environ.get("CLASSROOM", "unknown"),
        "assignment": os.environ.get("ASSIGNMENT", "unknown"),
        "submission": os.environ.get("SUBMISSION_TAG", "unknown"),
        "commit": commit,
        "release": os.environ.get("RELEASE_URL", "unknown"),
        "review": os.environ.get("REVIEW_URL") or commit,
        "datetime": when,
        "score": sum(round(PARTS * test.points) for test in every),
        "max-score": sum(round(PARTS * test.most) for test in every),
        "tests": rows,
    }
