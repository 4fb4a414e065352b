"""What `handgrad gradcheck` found: every backend's gradient at the points, by every method. Nothing here computes."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from handgrad.compare.results.checks import PointChecks
from handgrad.compare.results.comparison import SCHEMA, Environment, Problem


@dataclass(frozen=True)
class GradientChecks:
    """All of it; gradients and points are those of the problem as it was checked, standardised where it says so.

    Attributes:
        environment: Where it ran.
        problem: The table. Its learning rate and epochs play no part here.
        points: In the order asked for.
        left_out: Why a backend could not be asked, by name.
        passed: Whether every check passed.
    """

    environment: Environment
    problem: Problem
    points: tuple[PointChecks, ...]
    left_out: dict[str, str]
    passed: bool
    schema: int = SCHEMA


def to_json(checks: GradientChecks) -> bytes:
    """All numbers with the digits that give the same double back: UTF-8, indented."""
    return msgspec.json.format(msgspec.json.encode(checks), indent=1)


def from_json(content: bytes) -> GradientChecks:
    """What `to_json` wrote."""
    return msgspec.json.decode(content, type=GradientChecks)
