"""What a question of an exercise is: calls of the student's function, at numbers at which mistakes differ."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from handgrad.backends.interface import FloatArray

#: The arguments of one call by name, in order.
Arguments = dict[str, Any]


def by_position(function: Any, arguments: Mapping[str, Any]) -> Any:
    """Calls the function with all arguments, in their order."""
    return function(*arguments.values())


@dataclass(frozen=True)
class ExerciseQuestion:
    """One function to write.

    Attributes:
        function: Its name in the student's file.
        parts: What it returns, by name.
        calls: The arguments of each call, new ones each time.
        ask: How the function is called.
    """

    function: str
    parts: tuple[str, ...]
    calls: Callable[[], list[Arguments]]
    ask: Callable[[Any, Mapping[str, Any]], Any] = by_position


def tables(*shapes: tuple[int, int]) -> list[tuple[FloatArray, FloatArray, FloatArray, float]]:
    """X (n, d), y (n,), weights (d,) and bias for each shape: off centre, residuals of both signs, b ≠ 0."""
    made: list[tuple[FloatArray, FloatArray, FloatArray, float]] = []
    for n, d in shapes:
        random = np.random.default_rng([5, n, d])
        X = random.normal(size=(n, d)) + np.arange(1, d + 1)
        made.append((X, 3 * random.normal(size=n) - 1, random.normal(size=d) + 0.5, 0.75 + random.random()))
    return made
