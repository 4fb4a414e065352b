"""The exercise on numerical gradients: central differences of a loss that is not a quadratic."""

from __future__ import annotations

from typing import Any

import numpy as np

from handgrad.backends.interface import FloatArray
from handgrad.compare.check.exercises.task import Arguments, Blocks, Slip, Task, tables


def _quartic(weights: Any, bias: float) -> float:
    """Not a quadratic: forward and central differences differ in more than the last digits."""
    steps = np.arange(1, len(weights) + 1)
    return float((steps * np.asarray(weights) ** 4).sum() + np.prod(weights) + bias**3 - 2 * bias * weights[0])


def _numerical_calls() -> list[Arguments]:
    return [
        {"loss": _quartic, "weights": weights, "bias": bias, "h": h}
        for (_, _, weights, bias), h in zip(
            tables((3, 1), (3, 2), (3, 3), (3, 5)), (0.5, 0.25, 0.125, 0.25), strict=True
        )
    ]


def _differences(
    loss: Any, weights: FloatArray, bias: float, h: float, back: float = 1.0, width: float = 2.0
) -> Blocks:
    """(L(θ + h e) − L(θ − `back` h e)) / (`width` h) for each parameter."""
    units = h * np.eye(len(weights))
    d_weights = [(loss(weights + u, bias) - loss(weights - back * u, bias)) / (width * h) for u in units]
    return np.array(d_weights), (loss(weights, bias + h) - loss(weights, bias - back * h)) / (width * h)


def _all_at_once(loss: Any, weights: FloatArray, bias: float, h: float) -> Blocks:
    together = (loss(weights + h, bias) - loss(weights - h, bias)) / (2 * h)
    return np.full(len(weights), together), _differences(loss, weights, bias, h)[1]


NUMERICAL = Task(
    function="numerical_gradient",
    parts=("dW", "db"),
    calls=_numerical_calls,
    right=_differences,
    slips=(
        Slip("forward-difference", lambda **a: _differences(**a, back=0.0, width=1.0)),
        Slip("backward-difference", lambda **a: _differences(**(a | {"h": -a["h"]}), back=0.0, width=1.0)),
        Slip("divided-by-h", lambda **a: _differences(**a, width=1.0)),
        Slip("all-weights-at-once", _all_at_once),
    ),
)
