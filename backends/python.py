"""Plain Python: lists, floats and loops, and nothing else inside a step.

X is kept twice: as rows, for the forward pass, and as columns of the same floats, for the sums of the gradient.

float32: a Python float is a double. Rounding a double result to single after each +, −, ×, ÷ gives exactly what a
float32 machine gives, since 53 ≥ 2·24 + 2 (Figueroa 1995, "When is double rounding innocuous?"). `rounded` does so.
"""

from __future__ import annotations

from collections.abc import Sequence
from ctypes import c_float
from operator import mul
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from handgrad.backends.interface import FloatArray, Gradient, Parameters, Trainer


class Lists(NamedTuple):
    """X (n, d) as n rows and as d columns."""

    rows: list[list[float]]
    columns: list[tuple[float, ...]]


def lists(rows: list[list[float]]) -> Lists:
    """The lists of these rows."""
    return Lists(rows, list(zip(*rows, strict=True)))


class PythonTrainer(Trainer):
    """A plain loop with the gradient written by hand."""

    name = "python"
    summary = "lists, floats and a plain loop"
    kind = "manual"

    def bind(self, X: FloatArray, y: FloatArray) -> tuple[Lists, list[float]]:
        """Lists of floats."""
        return lists(X.tolist()), y.tolist()

    def take(self, X: Lists, y: list[float], rows: NDArray[np.int64]) -> tuple[Lists, list[float]]:
        """New lists that share the rows themselves."""
        picked = rows.tolist()
        return lists([X.rows[i] for i in picked]), [y[i] for i in picked]

    def to_own(self, weights: FloatArray, bias: float) -> Parameters:
        """A list and a float."""
        return Parameters(weights.tolist(), float(bias))

    def to_numpy(self, weights: list[float], bias: float) -> Parameters:
        """A new array and a float."""
        return Parameters(np.array(weights, dtype=self.dtype), bias)

    def predict(self, X: Lists, weights: list[float], bias: float) -> list[float]:
        """ŷᵢ = Σⱼ xᵢⱼ wⱼ + b."""
        if self.dtype == "float32":
            return [rounded(dot32(row, weights) + bias) for row in X.rows]
        return [sum(map(mul, row, weights)) + bias for row in X.rows]

    def loss(self, X: Lists, y: list[float], weights: list[float], bias: float) -> float:
        """(1/n) Σ rᵢ²."""
        residual = self.residuals(X, y, weights, bias)
        return self.mean(residual, residual)

    def gradient(self, X: Lists, y: list[float], weights: list[float], bias: float) -> Gradient:
        """dWⱼ = (2/n) Σᵢ xᵢⱼ rᵢ and db = (2/n) Σᵢ rᵢ, with the loss from the same residuals."""
        residual = self.residuals(X, y, weights, bias)
        ones = [1.0] * len(y)
        d_weights = [2.0 * self.mean(column, residual) for column in X.columns]
        return Gradient(self.mean(residual, residual), d_weights, 2.0 * self.mean(ones, residual))

    def update(self, weights: list[float], bias: float, gradient: Gradient, learning_rate: float) -> Parameters:
        """W ← W − η dW, b ← b − η db."""
        if self.dtype == "float32":
            rate = rounded(learning_rate)
            moved = [rounded(w - rounded(rate * dw)) for w, dw in zip(weights, gradient.weights, strict=True)]
            return Parameters(moved, rounded(bias - rounded(rate * gradient.bias)))
        moved = [w - learning_rate * dw for w, dw in zip(weights, gradient.weights, strict=True)]
        return Parameters(moved, bias - learning_rate * gradient.bias)

    def residuals(self, X: Lists, y: list[float], weights: list[float], bias: float) -> list[float]:
        """rᵢ = ŷᵢ − yᵢ."""
        predicted = self.predict(X, weights, bias)
        if self.dtype == "float32":
            return [rounded(p - target) for p, target in zip(predicted, y, strict=True)]
        return [p - target for p, target in zip(predicted, y, strict=True)]

    def mean(self, left: Sequence[float], right: Sequence[float]) -> float:
        """(1/n) Σᵢ leftᵢ rightᵢ."""
        if self.dtype == "float32":
            return rounded(dot32(left, right) / len(right))
        total: float = sum(map(mul, left, right))
        return total / len(right)


def rounded(value: float) -> float:
    """The float32 next to a double, as a double; beyond float32's range, infinity."""
    return c_float(value).value


def dot32(left: Sequence[float], right: Sequence[float]) -> float:
    """Σ leftᵢ rightᵢ in float32, from the first to the last."""
    total = 0.0
    for a, b in zip(left, right, strict=True):
        total = rounded(total + rounded(a * b))
    return total
