"""Classes that tests of reports are made of."""

from __future__ import annotations

from handgrad.compare.results.diagnosis import Assessment, Mistake, NoAnswer, SourceLine, failed
from handgrad.compare.results.grades.graded import BlockPoints, ClassGrades, Grade, Policy

BAD = "<script>alert(1)</script>"


def half(student: str, line: str = "dW = X.T @ r / n") -> Grade:
    assessment = Assessment(("gradient",), (Mistake("two-missing"),), parts={"dW": False, "db": True})
    blocks = (BlockPoints("gradient", "dW", 2.5, 5.0), BlockPoints("gradient", "db", 5.0, 5.0))
    return Grade(student, f"{student}.py", "0" * 64, (assessment,), blocks, (SourceLine("a.py", 3, line),))


def right(student: str) -> Grade:
    blocks = (BlockPoints("gradient", "dW", 5.0, 5.0), BlockPoints("gradient", "db", 5.0, 5.0))
    assessment = Assessment(("gradient",), parts={"dW": True, "db": True}, smallest_detectable=1e-12, calls=26)
    return Grade(student, f"{student}.py", "1" * 64, (assessment,), blocks)


def stopped(student: str, message: str) -> Grade:
    failure = NoAnswer("raises", given=message, line=SourceLine("b.py", 2, message))
    return Grade(student, "b.py", "2" * 64, (failed("gradient", failure),), (BlockPoints("gradient", "", 0.0, 10.0),))


def of(*grades: Grade) -> ClassGrades:
    return ClassGrades("class", grades, Policy(), "handgrad grade class", "2026-01-01T00:00:00+00:00", 10.0)
