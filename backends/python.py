"""Plain Python: lists, floats and loops, and nothing else inside a step.

X is kept as d columns, each a list of n floats. One feature needs no list of residuals: one loop over its rows takes
all that each adds to loss and gradient.

float32: a Python float is a double. Rounding a double result to single after each +, −, ×, ÷ gives exactly what a
float32 machine gives, since 53 ≥ 2·24 + 2 (Figueroa 1995, "When is double rounding innocuous?").
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from ctypes import c_float
from itertools import repeat
from operator import add, mul, sub

import numpy as np
from numpy.typing import NDArray

from handgrad.backends.interface import FloatArray, Gradient, Parameters, Trainer

Columns = list[list[float]]


class PythonTrainer(Trainer):
    """A plain loop with the gradient written by hand."""

    name = "python"
    summary = "lists, floats and a plain loop"
    kind = "manual"

    def bind(self, X: FloatArray, y: FloatArray) -> tuple[Columns, list[float]]:
        """X (n, d) as a list for each column, and y as one list."""
        return X.T.tolist(), y.tolist()

    def take(self, X: Columns, y: list[float], rows: NDArray[np.int64]) -> tuple[Columns, list[float]]:
        """New lists of the named rows (k,)."""
        picked = rows.tolist()
        return [[column[i] for i in picked] for column in X], [y[i] for i in picked]

    def to_own(self, weights: FloatArray, bias: float) -> Parameters:
        """Weights (d,) as a list, and a float."""
        return Parameters(weights.tolist(), float(bias))

    def to_numpy(self, weights: list[float], bias: float) -> Parameters:
        """A new array and a float."""
        return Parameters(np.array(weights, dtype=self.dtype), bias)

    def predict(self, X: Columns, weights: list[float], bias: float) -> Sequence[float]:
        """ŷᵢ = Σⱼ xᵢⱼ wⱼ + b."""
        predicted: Sequence[float] = [0.0] * len(X[0])
        for x, weight in zip(X, weights, strict=True):
            if self.dtype == "float32":
                predicted = singles(map(add, predicted, singles(map(mul, x, repeat(weight)))))
            else:
                predicted = [p + value * weight for p, value in zip(predicted, x, strict=True)]
        return self.listed(map(add, predicted, repeat(bias)))

    def loss(self, X: Columns, y: list[float], weights: list[float], bias: float) -> float:
        """(1/n) Σ rᵢ²."""
        if self.dtype == "float64" and len(weights) == 1:
            return float(one_feature(X[0], y, weights[0], bias).loss)
        residual = self.residuals(X, y, weights, bias)
        return self.mean(map(mul, residual, residual), len(y))

    def gradient(self, X: Columns, y: list[float], weights: list[float], bias: float) -> Gradient:
        """dWⱼ = (2/n) Σᵢ xᵢⱼ rᵢ and db = (2/n) Σᵢ rᵢ, with the loss from the same residuals."""
        if self.dtype == "float64" and len(weights) == 1:
            return one_feature(X[0], y, weights[0], bias)
        n, residual = len(y), self.residuals(X, y, weights, bias)
        d_weights = [2.0 * self.mean(map(mul, x, residual), n) for x in X]
        return Gradient(self.mean(map(mul, residual, residual), n), d_weights, 2.0 * self.mean(residual, n))

    def update(self, weights: list[float], bias: float, gradient: Gradient, learning_rate: float) -> Parameters:
        """W ← W − η dW, b ← b − η db."""
        to_dtype = single if self.dtype == "float32" else float
        rate = to_dtype(learning_rate)
        moved = [to_dtype(w - to_dtype(rate * dw)) for w, dw in zip(weights, gradient.weights, strict=True)]
        return Parameters(moved, to_dtype(bias - to_dtype(rate * gradient.bias)))

    def residuals(self, X: Columns, y: list[float], weights: list[float], bias: float) -> Sequence[float]:
        """rᵢ = ŷᵢ − yᵢ."""
        return self.listed(map(sub, self.predict(X, weights, bias), y))

    def listed(self, values: Iterable[float]) -> Sequence[float]:
        """The values in the dtype."""
        return singles(values) if self.dtype == "float32" else list(values)

    def mean(self, terms: Iterable[float], n: int) -> float:
        """(1/n) Σᵢ termᵢ."""
        return single(sum32(terms) / n) if self.dtype == "float32" else sum(terms) / n


def one_feature(x: Sequence[float], y: list[float], weight: float, bias: float) -> Gradient:
    """The loss, dW (1,) and db of one feature x (n,), in float64. The loss takes about a fifth of the time."""
    squares = d_weight = d_bias = 0.0
    for value, target in zip(x, y, strict=True):  # faster than sums over a list of residuals
        r = value * weight + bias - target
        squares += r * r
        d_weight += value * r
        d_bias += r
    n = len(y)
    return Gradient(squares / n, [2.0 * (d_weight / n)], 2.0 * (d_bias / n))


def sum32(terms: Iterable[float]) -> float:
    """Σ termᵢ in float32, each term rounded, from the first to the last."""
    total = c_float()
    for term in singles(terms):
        total.value += term
    return total.value


def single(value: float) -> float:
    """The value rounded to float32; beyond its range, infinity."""
    return c_float(value).value


def singles(values: Iterable[float]) -> Sequence[float]:
    """Each value rounded to float32; beyond its range, infinity."""
    return array("f", values)
