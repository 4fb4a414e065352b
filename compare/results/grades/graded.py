"""The grades of a class: what was found in each student's file, and the points for it. Nothing here computes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from handgrad.compare.results.diagnosis import Assessment, SourceLine

#: Of a `result.json` that holds a class.
KIND, SCHEMA = "grade", 1


@dataclass(frozen=True)
class Policy:
    """How points are given.

    Attributes:
        points: For a file that is right, where `functions` is empty: its functions share them alike.
        named: The share of a block's points that is kept where the block is wrong by a mistake that has a name.
        unknown: The same where no known mistake explains it.
        mistakes: The same for single mistakes, by key; of several mistakes at once, the shares are multiplied.
        functions: The functions that a file must define, each with its points; one that is missing has none.
    """

    points: float = 10.0
    named: float = 0.5
    unknown: float = 0.0
    mistakes: dict[str, float] = field(default_factory=dict)
    functions: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class BlockPoints:
    """The points for one block of a function's answer.

    Attributes:
        function: Its name.
        block: "dW", "db" or "loss"; empty for all of it, where there was no answer.
        given: The points.
        most: Those for a right one.
    """

    function: str
    block: str
    given: float
    most: float


@dataclass(frozen=True)
class Grade:
    """One student's file.

    Attributes:
        student: As the name of the file or of the folder tells it; a number where the class is anonymous.
        file: Its path within what was graded.
        digest: SHA-256 of its content and of the files beside it that it may import.
        assessments: Of each of its functions.
        blocks: The points.
        lines: Those that compute what is wrong, as far as the file's syntax tells it.
    """

    student: str
    file: str
    digest: str
    assessments: tuple[Assessment, ...]
    blocks: tuple[BlockPoints, ...]
    lines: tuple[SourceLine, ...] = ()

    @property
    def correct(self) -> bool:
        """Every function that was found is right, and none is missing."""
        return all(one.correct for one in self.assessments) and all(block.block for block in self.blocks)

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of all its mistakes, each once."""
        return tuple(dict.fromkeys(key for one in self.assessments for key in one.keys))

    @property
    def points(self) -> float:
        """The sum over its blocks."""
        return sum(block.given for block in self.blocks)

    @property
    def most(self) -> float:
        """The points of a file that is right."""
        return sum(block.most for block in self.blocks)


#: Why a file that was found was not checked.
Skipped = Literal["link", "archive", "several-files", "no-python", "too-large"]


@dataclass(frozen=True)
class NotGraded:
    """A file that was not graded, and why."""

    file: str
    reason: Skipped


@dataclass(frozen=True)
class ClassGrades:
    """A class.

    Attributes:
        source: What was graded, as it was named.
        grades: Of each student, in the order of their names.
        policy: By which points were given.
        command: What was typed.
        time: When, ISO 8601 with the zone.
        time_limit_seconds: For each file.
        left_out: What was found and not graded.
        anonymous: Names are numbers, in an order that says nothing of the names.
        reused: How many files an earlier run of the same folder had checked already.
    """

    source: str
    grades: tuple[Grade, ...]
    policy: Policy
    command: str
    time: str
    time_limit_seconds: float
    left_out: tuple[NotGraded, ...] = ()
    anonymous: bool = False
    reused: int = 0
    kind: str = KIND
    schema: int = SCHEMA

    @property
    def passed(self) -> bool:
        """Every file is right."""
        return all(grade.correct for grade in self.grades)
