"""What all formats say of a student's file: its blocks as tests, and what is said of it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from handgrad.compare.results.grades.graded import ClassGrades, Grade
from handgrad.reports.check.diagnosis import diagnosis
from handgrad.reports.look.names import safe_lines, shown


@dataclass(frozen=True)
class BlockTest:
    """One block of a function as the test of a grader.

    Attributes:
        name: Such as "gradient: dW".
        points: Those given.
        most: Those of a right one.
        right: Whether all points were given.
    """

    name: str
    points: float
    most: float
    right: bool


def tests(grade: Grade) -> Iterator[BlockTest]:
    """The blocks of a file."""
    for block in grade.blocks:
        name = f"{shown(block.function)}: {block.block}" if block.block else shown(block.function)
        yield BlockTest(name, round(block.given, 6), round(block.most, 6), block.given == block.most)


def said(grade: Grade) -> str:
    """What is said of a file, as in a terminal; cut to what a grader shows."""
    return safe_lines("\n\n".join(str(diagnosis(one)) for one in grade.assessments), 200, 160)


def one_each(found: ClassGrades, content: Callable[[Grade], bytes], suffix: str = ".json") -> dict[str, bytes]:
    """A file for each student, of a name that is safe in a path and that no other has."""
    files: dict[str, bytes] = {}
    for grade in found.grades:
        stem = re.sub(r"[^\w.-]+", "_", grade.student)[:80].strip("._") or "student"
        number = 1
        while (name := f"{stem}{'' if number == 1 else f'-{number}'}{suffix}") in files:
            number += 1
        files[name] = content(grade)
    return files


def to_json(values: dict[str, Any]) -> bytes:
    """As UTF-8, indented."""
    return json.dumps(values, indent=1, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
