"""What a recipe computes with: the numbers of a probe, and the kinds of residuals and of products with X.

Everything is computed twice: with the numbers themselves, and with their sizes, for the bound of the rounding errors.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from handgrad.compare.check.student.probes import Floats, Probe

#: What may be cut off to whole numbers.
Truncated = Literal["", "input", "X", "y", "data", "weights", "parameters", "residual", "dW", "result"]


class DoesNotFit(Exception):
    """The recipe's shapes do not fit together here: NumPy would raise."""


@dataclass(frozen=True, eq=False)
class Operands:
    """The numbers of a probe as floats. With `minus` = 1 all are absolute and every difference is a sum."""

    X: Floats
    y: Floats
    weights: Floats
    bias: float
    rate: float
    minus: float = -1.0

    @classmethod
    def of(cls, probe: Probe) -> Operands:
        """The numbers themselves."""
        X, y, weights = (array.astype(np.float64) for array in (probe.X, probe.y, probe.weights))
        return cls(X, y, weights, float(probe.bias), probe.learning_rate)

    def absolute(self) -> Operands:
        """Their sizes."""
        return Operands(abs(self.X), abs(self.y), abs(self.weights), abs(self.bias), self.rate, minus=1.0)

    def moved(self, weights: Any = 0.0, bias: Any = 0.0) -> Operands:
        """After a step along the given gradient; one of another shape than the parameters' is no step."""
        if np.shape(weights) not in ((), self.weights.shape) or np.shape(bias) != ():
            raise DoesNotFit
        step = self.minus * self.rate
        return replace(self, weights=self.weights + step * weights, bias=self.bias + step * float(bias))

    def cut(self, what: Truncated) -> Operands:
        """With the named parts cut off to whole numbers."""
        return replace(
            self,
            X=np.trunc(self.X) if what in ("X", "data") else self.X,
            y=np.trunc(self.y) if what in ("y", "data") else self.y,
            weights=np.trunc(self.weights) if what in ("weights", "parameters") else self.weights,
            bias=float(np.trunc(self.bias)) if what == "parameters" else self.bias,
        )


def needs_square(X: Floats) -> None:
    """Xᵀ in place of X, or the other way round, fits where n = d only.

    Raises:
        DoesNotFit: Elsewhere.
    """
    if X.shape[0] != X.shape[1]:
        raise DoesNotFit


def _turned(X: Floats, residual: Floats) -> Floats:
    needs_square(X)
    return np.asarray(X @ residual)


def _sign_of_zero(difference: Floats, at: Operands, zero: float) -> Floats:
    return np.ones_like(difference) if at.minus > 0 else np.where(difference == 0, zero, np.sign(difference))


def _sign(difference: Floats, at: Operands) -> Floats:
    return np.ones_like(difference) if at.minus > 0 else np.sign(difference)


#: Residuals from ŷ (n,), −y (n,) and the operands.
RESIDUALS: dict[str, Callable[[Floats, Floats, Operands], Floats]] = {
    "difference": lambda predicted, minus_y, at: predicted + minus_y,
    "prediction": lambda predicted, minus_y, at: predicted,
    "target": lambda predicted, minus_y, at: at.y,
    "minus-target": lambda predicted, minus_y, at: minus_y,
    "sign": lambda predicted, minus_y, at: _sign(predicted + minus_y, at) / 2,
    "twice-sign": lambda predicted, minus_y, at: _sign(predicted + minus_y, at),
    "sign-up": lambda predicted, minus_y, at: _sign_of_zero(predicted + minus_y, at, 1.0) / 2,
    "sign-down": lambda predicted, minus_y, at: _sign_of_zero(predicted + minus_y, at, -1.0) / 2,
    "mean-target": lambda predicted, minus_y, at: predicted + minus_y.mean(),
    "mean-prediction": lambda predicted, minus_y, at: predicted.mean() + minus_y,
    "matrix": lambda predicted, minus_y, at: predicted[:, np.newaxis] + minus_y,
    "turned-matrix": lambda predicted, minus_y, at: predicted + minus_y[:, np.newaxis],
}

#: n/2 · dW from X (n, d) and the residual (n,) or (n, n).
WEIGHTED: dict[str, Callable[[Floats, Floats], Floats]] = {
    "X": lambda X, residual: X.T @ residual,
    "ones": lambda X, residual: np.full(X.shape[1], residual.sum()),
    "residual": lambda X, residual: residual,
    "total": lambda X, residual: np.full(X.shape[1], (residual * (1 + X.sum(axis=1))).sum()),
    "table-first": lambda X, residual: residual @ X,
    "turned": _turned,
    "reshaped": lambda X, residual: X.reshape(X.shape[1], -1) @ residual,
    "permuted": lambda X, residual: X.T @ residual,  # the order is read off the answer: see `check`
    "sum-over-features": lambda X, residual: X.sum(axis=1) * residual,
    "mean-over-features": lambda X, residual: X.mean(axis=1) * residual * len(X),
    "sum-over-all": lambda X, residual: X.sum(axis=1) @ residual,
    "mean-over-all": lambda X, residual: X.mean(axis=1) @ residual,
}
