"""What a task of an exercise is: calls of the student's function, the right answer to each, and what mistakes answer.

The calls are at numbers at which mistakes differ. The answer to each comes from `right`, in float64; each `Slip` says
what a known mistake would answer to the same call.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from handgrad.backends.interface import FloatArray

#: The arguments of one call by name, in order; and the parts of an answer, in the order of `Task.parts`.
Arguments = dict[str, Any]
Blocks = tuple[Any, ...]


@dataclass(frozen=True)
class Slip:
    """A known mistake by its key, and what a function with it answers; its words stand in `reports.check`."""

    mistake: str
    answer: Callable[..., Blocks]


def _by_position(function: Any, arguments: Mapping[str, Any]) -> Any:
    return function(*arguments.values())


@dataclass(frozen=True)
class Task:
    """One function to write.

    Attributes:
        function: Its name in the student's file.
        parts: What it returns, by name.
        calls: The arguments of each call, new ones each time.
        right: The right answer to a call.
        slips: Known mistakes, the likelier first.
        ask: How the function is called.
    """

    function: str
    parts: tuple[str, ...]
    calls: Callable[[], list[Arguments]]
    right: Callable[..., Blocks]
    slips: tuple[Slip, ...]
    ask: Callable[[Any, Mapping[str, Any]], Any] = _by_position


def tables(*shapes: tuple[int, int]) -> list[tuple[FloatArray, FloatArray, FloatArray, float]]:
    """X (n, d), y (n,), weights (d,) and bias for each shape: off centre, residuals of both signs, b ≠ 0."""
    made: list[tuple[FloatArray, FloatArray, FloatArray, float]] = []
    for n, d in shapes:
        random = np.random.default_rng([5, n, d])
        X = random.normal(size=(n, d)) + np.arange(1, d + 1)
        made.append((X, 3 * random.normal(size=n) - 1, random.normal(size=d) + 0.5, 0.75 + random.random()))
    return made


def gradient(
    X: FloatArray, y: FloatArray, weights: FloatArray, bias: float, factor: float = 2.0
) -> tuple[FloatArray, float]:
    """`factor`/n · Xᵀ r, (d,), and `factor`/n · Σ r, with r = X W + b − y."""
    residual = X @ weights + bias - y
    return factor / len(y) * (X.T @ residual), factor / len(y) * float(residual.sum())
