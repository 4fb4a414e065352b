"""JUnit XML, whatever its cases are.

There is no standard; this is the part that the schema of Jenkins' xUnit plug-in (junit-10.xsd) and its kin share.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass

#: What XML 1.0 cannot hold.
_FORBIDDEN = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class JUnitFailure:
    """What failed: its type in a word, a line, and all that is said."""

    type: str
    message: str
    text: str


@dataclass(frozen=True)
class JUnitCase:
    """A test: it passed unless there is a failure, or a reason for which it was skipped."""

    name: str
    failure: JUnitFailure | None = None
    skipped: str | None = None


@dataclass(frozen=True)
class JUnitSuite:
    """Tests that belong together."""

    name: str
    cases: Sequence[JUnitCase]


def junit_xml(title: str, suites: Sequence[JUnitSuite]) -> bytes:
    """The file: the title's counts are the sums of the suites'."""
    root = ET.Element("testsuites", name=title)
    made = [_suite(root, suite) for suite in suites]
    for count in ("tests", "failures"):
        root.set(count, str(sum(int(suite.get(count, "0")) for suite in made)))
    written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _suite(root: ET.Element, suite: JUnitSuite) -> ET.Element:
    name = _text(suite.name)
    counts = {
        "tests": len(suite.cases),
        "failures": sum(case.failure is not None for case in suite.cases),
        "errors": 0,
        "skipped": sum(case.skipped is not None for case in suite.cases),
    }
    element = ET.SubElement(root, "testsuite", {"name": name, **{key: str(count) for key, count in counts.items()}})
    for case in suite.cases:
        _case(element, name, case)
    return element


def _case(suite: ET.Element, classname: str, case: JUnitCase) -> None:
    element = ET.SubElement(suite, "testcase", classname=classname, name=_text(case.name))
    if case.skipped is not None:
        ET.SubElement(element, "skipped", message=_text(case.skipped))
    if case.failure is not None:
        failed = ET.SubElement(element, "failure", type=case.failure.type, message=_text(case.failure.message))
        failed.text = _text(case.failure.text)


def _text(text: str) -> str:
    return _FORBIDDEN.sub("�", text)
