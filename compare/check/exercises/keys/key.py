"""What the key of an exercise is: the right answer to each call, and what known mistakes answer to the same call.

A mistake is made of the right answer: it changes what goes in, or what comes out. So two of them can be made at once,
one inside the other, and a pair is known without being written down.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from handgrad.backends.interface import FloatArray

#: The parts of an answer, in the order of `ExerciseQuestion.parts`.
Blocks = tuple[Any, ...]

#: Answers a call, whose arguments it is given by name.
Answering = Callable[..., Blocks]


@dataclass(frozen=True)
class Slip:
    """A known mistake by its key, made of the right answer; its words stand in `reports.check`.

    Attributes:
        mistake: Its key.
        made: Given how it is answered without the mistake, and a call's arguments: what is answered with it.
    """

    mistake: str
    made: Callable[..., Blocks]


@dataclass(frozen=True)
class ExerciseFault:
    """One mistake or two at once, and how a function answers that has them."""

    mistakes: tuple[str, ...]
    answer: Answering


@dataclass(frozen=True)
class AnswerKey:
    """The right answer to each call, and the slips that are known, the likelier first."""

    right: Answering
    slips: tuple[Slip, ...]

    def faults(self) -> Iterator[ExerciseFault]:
        """Each slip alone, then each pair of two different ones."""
        for slip in self.slips:
            yield ExerciseFault((slip.mistake,), with_slip(slip, self.right))
        for first, second in combinations(self.slips, 2):
            if first.mistake != second.mistake:
                yield ExerciseFault((first.mistake, second.mistake), with_slip(second, with_slip(first, self.right)))


def with_slip(slip: Slip, answer: Answering) -> Answering:
    """How the slip answers where it would otherwise be answered so."""
    return lambda **arguments: slip.made(answer, **arguments)


def gradient(
    X: FloatArray, y: FloatArray, weights: FloatArray, bias: float, factor: float = 2.0
) -> tuple[FloatArray, float]:
    """`factor`/n · Xᵀ r, (d,), and `factor`/n · Σ r, with r = X W + b − y."""
    residual = X @ weights + bias - y
    return factor / len(y) * (X.T @ residual), factor / len(y) * float(residual.sum())


def scaled(by: float) -> Callable[..., Blocks]:
    """All parts of the answer times a number."""
    return lambda right, **a: tuple(by * np.asarray(part) for part in right(**a))


def exchanged(first: int = 0, second: int = 1) -> Callable[..., Blocks]:
    """Two parts of the answer, each in the other's place."""

    def made(right: Answering, **a: Any) -> Blocks:
        parts = list(right(**a))
        parts[first], parts[second] = parts[second], parts[first]
        return tuple(parts)

    return made
