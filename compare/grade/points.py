"""Points: a right block has all of its own, a wrong one the share that the policy leaves for its mistakes."""

from __future__ import annotations

import math
from collections.abc import Sequence

from handgrad.compare.results.diagnosis import CHANGES_INPUT, UNKNOWN, Assessment
from handgrad.compare.results.grades.graded import BlockPoints, Policy


def points(assessments: Sequence[Assessment], policy: Policy) -> tuple[BlockPoints, ...]:
    """The points of a file, for each block of each of its functions.

    Blocks of a function have equal points. Where the policy names functions, others count for nothing.
    """
    if not policy.functions:
        most = policy.points / len(assessments)
        return tuple(block for one in assessments for block in _of_function(one, most, policy))
    found = {name: one for one in assessments for name in one.subjects}
    return tuple(
        block
        for name, most in policy.functions.items()
        for block in (
            _of_function(found[name], most, policy) if name in found else [BlockPoints(name, "", 0.0, float(most))]
        )
    )


def _of_function(assessment: Assessment, most: float, policy: Policy) -> list[BlockPoints]:
    name = " and ".join(assessment.subjects)
    if assessment.failure is not None or not assessment.parts:
        return [BlockPoints(name, "", 0.0, float(most))]
    share = most / len(assessment.parts)
    return [
        BlockPoints(name, part, share * kept(assessment, right, policy), share)
        for part, right in assessment.parts.items()
    ]


def kept(assessment: Assessment, right: bool, policy: Policy) -> float:
    """The share of a block's points that its mistakes leave; that arguments are changed counts in right blocks, too."""
    counted = [key for key in assessment.keys if not right or key == CHANGES_INPUT]
    return math.prod(_share(key, policy) for key in counted) if counted or right else policy.unknown


def _share(key: str, policy: Policy) -> float:
    return policy.mistakes.get(key, policy.unknown if key == UNKNOWN else policy.named)
