"""What a correct backend must compute, worked out apart from it.

The answers are exact: a double is a rational number, and loss, gradient and update are rational operations.
The bounds are those of Higham, *Accuracy and Stability of Numerical Algorithms*, chapter 3: with u the unit
roundoff and γ_n = n u / (1 − n u), a sum of n products carries at most γ_n times the sum of their magnitudes,
whatever its order. 6 √n u takes γ_n's place where it is smaller: rounding errors cancel, and it held in every trial.

Nothing here uses code of handgrad, so that a mistake cannot agree with itself.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from operator import mul
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

#: Parameters of an exact descent are cut to this grid after every update; else their digits grow for ever.
GRID = 2**400


class TruePoint(NamedTuple):
    """Loss and gradient, or parameters, as exact numbers."""

    loss: Fraction
    weights: list[Fraction]
    bias: Fraction


class RoundingBound(NamedTuple):
    """How far loss and gradient of a correct backend may lie from the exact ones."""

    loss: float
    weights: NDArray[np.float64]
    bias: float


class Epoch(NamedTuple):
    """Where exact descent stands after an epoch, and how far a correct backend may be from it."""

    exact: TruePoint
    parameters_off: float  # in the Euclidean norm of weights and bias together
    loss_off: float


def fractions(values: NDArray[np.floating]) -> list[Fraction]:
    """The numbers of a vector, exactly."""
    return [Fraction(value) for value in values.tolist()]


def exact_gradient(
    X: NDArray[np.floating], y: NDArray[np.floating], weights: list[Fraction], bias: Fraction
) -> TruePoint:
    """L = (1/n) Σ r², dW = (2/n) Xᵀ r and db = (2/n) Σ r without any rounding; X (n, d), y (n,).

    As integers over one denominator each: x / p, y / q, w / s, so that r = (q Σ x w + q p b − s p y) / (p q s).
    """
    n, d = X.shape
    x, p = over_one_denominator(fractions(X.ravel()))
    target, q = over_one_denominator(fractions(y))
    (*w, b), s = over_one_denominator([*weights, bias])
    rows = [x[i * d : (i + 1) * d] for i in range(n)]
    residual = [q * (sum(map(mul, row, w)) + p * b) - s * p * t for row, t in zip(rows, target, strict=True)]
    unit = p * q * s
    return TruePoint(
        loss=Fraction(sum(map(mul, residual, residual)), n * unit**2),
        weights=[Fraction(2 * sum(map(mul, column, residual)), n * p * unit) for column in zip(*rows, strict=True)],
        bias=Fraction(2 * sum(residual), n * unit),
    )


def over_one_denominator(values: list[Fraction]) -> tuple[list[int], int]:
    """The numerators of fractions over their least common denominator, and that."""
    denominator = math.lcm(*{value.denominator for value in values})
    return [value.numerator * (denominator // value.denominator) for value in values], denominator


def summation(terms: int, u: float) -> float:
    """The relative error of a sum of so many products: γ_n, or 6 √n u where that is smaller."""
    return min(terms * u / (1 - terms * u), 6 * math.sqrt(terms) * u)


def bound_at(
    X: NDArray[np.floating], y: NDArray[np.floating], weights: NDArray[np.float64], bias: float, dtype: str
) -> RoundingBound:
    """The rounding-error bound of loss and gradient at a point, in units of the loss and of the gradient."""
    u = float(np.finfo(dtype).eps) / 2
    n, d = X.shape
    X, y = X.astype(np.float64), y.astype(np.float64)
    residual_off = summation(d + 2, u) * (np.abs(X) @ np.abs(weights) + abs(bias) + np.abs(y))
    residual = np.abs(X @ weights + bias - y) + residual_off
    columns = np.column_stack([np.abs(X), np.ones(n)])
    gradient_off = 2 / n * (summation(n + 2, u) * (residual @ columns) + residual_off @ columns)
    loss_off = (summation(n + 1, u) * (residual @ residual) + 2 * residual @ residual_off) / n
    return RoundingBound(float(loss_off), gradient_off[:-1], float(gradient_off[-1]))


@dataclass(frozen=True)
class Descent:
    """A run to be repeated exactly: X (n, d) and y (n,) of the dtype, where it starts, and how it steps."""

    X: NDArray[np.floating]
    y: NDArray[np.floating]
    weights: NDArray[np.floating]
    bias: float
    learning_rate: float
    epochs: int
    batch_size: int | None
    seed: int
    order: str = "shuffled"

    def batches(self, epoch: int) -> Iterator[NDArray[np.int64]]:
        """One permutation from the seed and the epoch, or the rows as they stand, cut into pieces; or all rows."""
        n = len(self.y)
        if self.batch_size is None or self.batch_size >= n:
            yield np.arange(n)
            return
        shuffled = np.random.default_rng([self.seed, epoch]).permutation(n)
        order = np.arange(n) if self.order == "file" else shuffled
        for first in range(0, n, self.batch_size):
            yield order[first : first + self.batch_size]

    def path(self) -> list[Epoch]:
        """The start and every epoch after it.

        The parameters' error e grows by a step's own rounding: e' ≤ ‖I − ηH‖ e + η ‖tol‖ + 2u ‖η g‖ + u ‖θ‖.
        The rate must satisfy η max‖x̃‖² ≤ 1, which makes ‖I − ηH‖ ≤ 1 for every batch.
        """
        dtype = str(self.X.dtype)
        u = float(np.finfo(dtype).eps) / 2
        rate = float(np.dtype(dtype).type(self.learning_rate))
        longest = float(((self.X.astype(np.float64) ** 2).sum(axis=1) + 1).max())
        assert rate * longest <= 1, f"the bound needs a rate of at most {1 / longest}"
        weights, bias, off = fractions(self.weights), Fraction(self.bias), 0.0
        path = [self._judged(weights, bias, off, longest, dtype)]
        for epoch in range(self.epochs):
            for rows in self.batches(epoch):
                X, y = self.X[rows], self.y[rows]
                step = exact_gradient(X, y, weights, bias)
                bound = bound_at(X, y, np.array(weights, dtype=float), float(bias), dtype)
                weights = [on_grid(w - Fraction(rate) * g) for w, g in zip(weights, step.weights, strict=True)]
                bias = on_grid(bias - Fraction(rate) * step.bias)
                off += rate * norm(bound.weights, bound.bias) + 2 * u * rate * norm(step.weights, step.bias)
                off += u * norm(weights, bias)
            path.append(self._judged(weights, bias, off, longest, dtype))
        return path

    def _judged(self, weights: list[Fraction], bias: Fraction, off: float, longest: float, dtype: str) -> Epoch:
        """The exact loss here; parameters off by e move it by at most ‖g‖ e + ½ λ e², λ ≤ 2 max‖x̃‖²."""
        here = exact_gradient(self.X, self.y, weights, bias)
        bound = bound_at(self.X, self.y, np.array(weights, dtype=float), float(bias), dtype)
        loss_off = bound.loss + norm(here.weights, here.bias) * off + longest * off**2
        return Epoch(TruePoint(here.loss, weights, bias), off, loss_off)


def on_grid(value: Fraction) -> Fraction:
    """The nearest multiple of 2⁻⁴⁰⁰."""
    return Fraction(round(value * GRID), GRID)


def norm(weights: list[Fraction] | NDArray[np.float64], bias: Fraction | float) -> float:
    """The Euclidean norm of weights and bias together."""
    return math.hypot(*(float(w) for w in weights), float(bias))
