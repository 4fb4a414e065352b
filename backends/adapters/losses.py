"""The losses whose gradients are asked for: c Σ r² with c = 1/n, 1/(2n), 1 or ½; dW = 2c Xᵀ r and db = 2c Σ r.

A backend's is (1/n) Σ r². That of the most attended course (Ng, *Machine Learning Specialization*, 2022, week 1) is
(1/2n) Σ r².
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

#: A number is of one loss, and not of another: so near, over the sizes of what is summed for it.
NEAR = {"float64": 1e-8, "float32": 1e-3}


class LossFactor(NamedTuple):
    """A loss and its gradient over those of (1/n) Σ r²: `constant`, times n where `rows` is 1."""

    constant: float
    rows: int
    formula: str

    def at(self, rows: int) -> float:
        """The factor for so many rows."""
        return self.constant * (rows if self.rows else 1)


#: By the names that `check --loss` has for them.
LOSSES = {
    "mse": LossFactor(1.0, 0, "(1/n) Σ r²"),
    "half-mse": LossFactor(0.5, 0, "(1/2n) Σ r²"),
    "sum": LossFactor(1.0, 1, "Σ r²"),
    "half-sum": LossFactor(0.5, 1, "½ Σ r²"),
}


def told_apart(names: Iterable[str], rows: int) -> bool:
    """Whether gradients over so many rows differ between these losses; over one row, (1/n) Σ r² is Σ r²."""
    return len({LOSSES[name].at(rows) for name in names}) > 1


class KnownGradient(NamedTuple):
    """Loss and gradient of (1/n) Σ r² at a point, with what rounding is measured by: dW and `sizes` are (d,).

    `sizes` and `size` bound what is summed for dW and db: (2/n) ‖xⱼ‖ ‖r‖ and (2/n) √n ‖r‖ (Cauchy and Schwarz).
    """

    loss: float
    weights: NDArray[Any]
    bias: float
    sizes: NDArray[Any]
    size: float

    @classmethod
    def of(cls, X: NDArray[Any], y: NDArray[Any], weights: NDArray[Any], bias: Any) -> KnownGradient:
        """At weights (d,) and a bias, for X (n, d) and y (n,); in their dtype, which is near enough for a name."""
        residual = X @ weights + bias - y
        n, length = len(y), float(np.sqrt(residual @ residual))
        columns = np.sqrt(np.einsum("ij,ij->j", X, X))
        return cls(
            length**2 / n,
            2 / n * (residual @ X),
            2 / n * float(residual.sum()),
            2 / n * columns * length,
            2 / n**0.5 * length,
        )

    def losses_of(self, weights: NDArray[Any], bias: Any, rows: int, among: Iterable[str] = LOSSES) -> tuple[str, ...]:
        """The losses of which dW (d,) and db over so many rows may be the gradient, in the order of `among`.

        They are several where their factors are equal for so few rows, and where the gradient nearly vanishes.
        """
        return tuple(name for name in among if self.is_of(weights, bias, LOSSES[name].at(rows)))

    def is_of(self, weights: NDArray[Any], bias: Any, factor: float) -> bool:
        """Whether dW (d,) and db are so many times the gradient of (1/n) Σ r²."""
        off = np.append(np.abs(weights - factor * self.weights), abs(float(bias) - factor * self.bias))
        return bool((off <= NEAR[str(self.weights.dtype)] * factor * np.append(self.sizes, self.size)).all())

    @property
    def finite(self) -> bool:
        """Whether a gradient can be held against this one at all."""
        return bool(np.isfinite([*self.sizes, self.size, *self.weights, self.bias]).all())

    def has_loss(self, given: Any, name: str, rows: int) -> bool:
        """Whether a number is the loss of that name over so many rows."""
        expected = LOSSES[name].at(rows) * self.loss
        return abs(float(given) - expected) <= NEAR[str(self.weights.dtype)] * expected
