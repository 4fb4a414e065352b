"""What `handgrad gradcheck` found: every backend's gradient at the points, by every method. Nothing here computes."""

from __future__ import annotations

from dataclasses import dataclass

from handgrad.compare.results.checks import PointChecks
from handgrad.compare.results.comparison import SCHEMA, Problem
from handgrad.compare.results.environment import Environment


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
