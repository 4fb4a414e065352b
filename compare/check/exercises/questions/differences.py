"""Questions on checking: central differences where the loss is no quadratic, and the wrong parts of a gradient."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from handgrad.backends.interface import FloatArray
from handgrad.compare.check.exercises.questions.question import Arguments, ExerciseQuestion, by_position, tables


def _quartic(weights: Any, bias: float) -> float:
    """Not a quadratic: forward and central differences differ in more than the last digits."""
    steps = np.arange(1, len(weights) + 1)
    return float((steps * np.asarray(weights) ** 4).sum() + np.prod(weights) + bias**3 - 2 * bias * weights[0])


def _losses() -> list[Arguments]:
    return [
        {"loss": _quartic, "weights": weights, "bias": bias, "h": h}
        for (_, _, weights, bias), h in zip(
            tables((3, 1), (3, 2), (3, 3), (3, 5)), (0.5, 0.25, 0.125, 0.25), strict=True
        )
    ]


NUMERICAL = ExerciseQuestion("numerical_gradient", ("dW", "db"), _losses)


def _hilly(weights: Any, bias: float) -> float:
    """Σ j wⱼ³ + w₁ b² + b³ − 3 b."""
    w = np.asarray(weights)
    return float((np.arange(1, len(w) + 1) * w**3).sum() + w[0] * bias**2 + bias**3 - 3 * bias)


def hilly_gradient(weights: Any, bias: float) -> tuple[FloatArray, float]:
    """The gradient of that loss, (d,) and a number, as it should be."""
    w = np.asarray(weights, dtype=np.float64)
    d_weights = 3 * np.arange(1, len(w) + 1) * w**2
    d_weights[0] += bias**2
    return d_weights, float(2 * w[0] * bias + 3 * bias**2 - 3)


Gradient = Callable[[Any, float], tuple[FloatArray, float]]


def _with(part: int, factor: float, offset: float = 0.0) -> Gradient:
    """The gradient with one part wrong, the bias being the last part."""

    def gradient(weights: Any, bias: float) -> tuple[FloatArray, float]:
        d_weights, d_bias = hilly_gradient(weights, bias)
        parts = np.append(d_weights, d_bias)
        parts[part] = factor * parts[part] + offset
        return parts[:-1], float(parts[-1])

    return gradient


#: Right; a sign; a factor; the bias; one percent; a derivative that is 0, right and wrong. Each with its point.
_GRADIENTS: tuple[tuple[Gradient, tuple[float, ...], float], ...] = (
    (hilly_gradient, (0.7, -1.2, 0.4), 0.9),
    (_with(1, -1.0), (0.7, -1.2, 0.4), 0.9),
    (_with(0, 0.5), (1.3, 0.8), -0.6),
    (_with(2, 2.0), (0.9, -0.5), 1.4),
    (_with(1, 1.01), (0.6, 1.1, -0.9), 0.3),
    (hilly_gradient, (0.0, 1.5), 1.0),
    (_with(2, 1.0, 0.25), (0.0, 1.5), 1.0),
)


def _suspects() -> list[Arguments]:
    return [
        {"loss": _hilly, "gradient": gradient, "weights": np.array(weights), "bias": bias}
        for gradient, weights, bias in _GRADIENTS
    ]


def _as_numbers(function: Any, arguments: Mapping[str, Any]) -> Any:
    """True and False as 1 and 0."""
    returned = by_position(function, arguments)
    return np.asarray(returned, dtype=np.float64) if np.asarray(returned).dtype == np.bool_ else returned


FIND_THE_BUG = ExerciseQuestion("wrong_parts", ("wrong",), _suspects, _as_numbers)
