"""JUnit XML: a suite for each student, a case for each block."""

from __future__ import annotations

from handgrad.compare.results.grades.graded import ClassGrades, Grade
from handgrad.reports.exports.junit_xml import JUnitCase, JUnitFailure, JUnitSuite, junit_xml
from handgrad.reports.grade.formats.tests import said, tests
from handgrad.reports.grade.words import mistake
from handgrad.reports.look.names import shown


def files(found: ClassGrades) -> dict[str, bytes]:
    """`junit.xml` of the class."""
    return {"junit.xml": junit_xml("handgrad grade", [_suite(grade) for grade in found.grades])}


def _suite(grade: Grade) -> JUnitSuite:
    cases = [
        JUnitCase(test.name, None if test.right else JUnitFailure("wrong", mistake(grade), said(grade)))
        for test in tests(grade)
    ]
    return JUnitSuite(shown(grade.student, 80), cases)
