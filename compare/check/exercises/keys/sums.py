"""The key on summation: a sum that keeps what each addition loses."""

from __future__ import annotations

import math
from typing import Any

from handgrad.compare.check.exercises.keys.key import Answering, AnswerKey, Blocks, Slip


def _exact(numbers: list[float]) -> Blocks:
    return (math.fsum(numbers),)


def _plain(numbers: list[float]) -> float:
    """One after the other: the built-in `sum` keeps what it loses, from Python 3.12 on."""
    total = 0.0
    for number in numbers:
        total += number
    return total


def _lost_with_the_wrong_sign(right: Answering, **a: Any) -> Blocks:
    """Kahan's loop with the lost part on the wrong side."""
    total = lost = 0.0
    for number in a["numbers"]:
        wanted = number + lost
        reached = total + wanted
        lost, total = (reached - total) - wanted, reached
    return (total,)


CAREFUL_SUM = AnswerKey(
    right=_exact,
    slips=(
        Slip("plain-sum", lambda right, **a: (_plain(a["numbers"]),)),
        Slip("sorted-first", lambda right, **a: (_plain(sorted(a["numbers"])),)),
        Slip("sorted-first", lambda right, **a: (_plain(sorted(a["numbers"], key=abs)),)),
        Slip("lost-part-turned", _lost_with_the_wrong_sign),
    ),
)
