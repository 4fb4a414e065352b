"""JUnit XML: a suite for each student, a case for each block.

There is no standard; this is the part that the schema of Jenkins' xUnit plug-in (junit-10.xsd) and its kin share.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

from handgrad.compare.results.grades.graded import ClassGrades, Grade
from handgrad.reports.grade.formats.tests import said, tests
from handgrad.reports.grade.words import mistake
from handgrad.reports.look.names import shown

#: What XML 1.0 cannot hold.
_FORBIDDEN = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def files(found: ClassGrades) -> dict[str, bytes]:
    """`junit.xml` of the class."""
    root = ET.Element("testsuites", name="handgrad grade")
    suites = [_suite(root, grade) for grade in found.grades]
    for count in ("tests", "failures"):
        root.set(count, str(sum(int(suite.get(count, "0")) for suite in suites)))
    return {"junit.xml": ET.tostring(root, encoding="utf-8", xml_declaration=True)}


def _suite(root: ET.Element, grade: Grade) -> ET.Element:
    every = list(tests(grade))
    failures = sum(not test.right for test in every)
    name = _text(shown(grade.student, 80))
    counts = {"tests": str(len(every)), "failures": str(failures), "errors": "0", "skipped": "0"}
    suite = ET.SubElement(root, "testsuite", {"name": name, **counts})
    for test in every:
        case = ET.SubElement(suite, "testcase", classname=name, name=_text(test.name))
        if not test.right:
            failure = ET.SubElement(case, "failure", type="wrong", message=_text(mistake(grade)))
            failure.text = _text(said(grade))
    return suite


def _text(text: str) -> str:
    return _FORBIDDEN.sub("�", text)
