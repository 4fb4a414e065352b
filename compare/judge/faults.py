"""Known faults, and a backend that is right but for one of them.

A `Fault` changes one thing of a backend: the rows it sees, the point at which it takes the gradient, the gradient, or
the learning rate. Graded faults have a size, such as the ε in a factor 1 + ε. `self_test` puts them before the judge.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from handgrad.backends.interface import FloatArray, Gradient, Parameters, Trainer


class Fault:
    """No fault: each method is one place where a subclass may go wrong."""

    def rows(self, count: int) -> NDArray[np.int64]:
        """The numbers (k,) of the rows that the backend sees, of `count`."""
        return np.arange(count)

    def point(self, weights: FloatArray, bias: Any) -> Parameters:
        """Where loss and gradient are taken, of weights (d,) and a bias."""
        return Parameters(weights, bias)

    def gradient(self, computed: Gradient, trainer: FaultyTrainer, at: Parameters) -> Gradient:
        """What becomes of a loss and gradient that the backend computed."""
        return computed

    def rate(self, learning_rate: float) -> float:
        """The learning rate that a step uses."""
        return learning_rate


@dataclass
class Scaled(Fault):
    """The whole gradient times 1 + size."""

    size: float

    def gradient(self, computed: Gradient, trainer: FaultyTrainer, at: Parameters) -> Gradient:
        """Weights and bias times 1 + size, in the dtype."""
        factor = computed.weights.dtype.type(1 + self.size)
        return computed._replace(weights=computed.weights * factor, bias=float(factor * computed.bias))


@dataclass
class ScaledWeight(Fault):
    """The last weight's derivative times 1 + size."""

    size: float

    def gradient(self, computed: Gradient, trainer: FaultyTrainer, at: Parameters) -> Gradient:
        """The last weight's derivative times 1 + size, the others as they are."""
        weights = computed.weights.copy()
        weights[-1] *= weights.dtype.type(1 + self.size)
        return computed._replace(weights=weights)


@dataclass
class ScaledBias(Fault):
    """The bias's derivative times 1 + size."""

    size: float

    def gradient(self, computed: Gradient, trainer: FaultyTrainer, at: Parameters) -> Gradient:
        """The bias's derivative times 1 + size, the weights' as they are."""
        return computed._replace(bias=computed.bias * (1 + self.size))


@dataclass
class ScaledLoss(Fault):
    """The loss times 1 + size, the gradient right."""

    size: float

    def gradient(self, computed: Gradient, trainer: FaultyTrainer, at: Parameters) -> Gradient:
        """The loss times 1 + size, the derivatives as they are."""
        return computed._replace(loss=computed.loss * (1 + self.size))


@dataclass
class ScaledStep(Fault):
    """The learning rate times 1 + size: right gradients, wrong path."""

    size: float

    def rate(self, learning_rate: float) -> float:
        """The learning rate times 1 + size."""
        return learning_rate * (1 + self.size)


@dataclass
class WeakenedRow(Fault):
    """The last row counts for 1 − size of a row."""

    size: float

    def gradient(self, computed: Gradient, trainer: FaultyTrainer, at: Parameters) -> Gradient:
        """The gradient less `size` of the last row's share in it."""
        x, target = trainer.table[0][-1].astype(np.float64), float(trainer.table[1][-1])
        share = 2 / trainer.rows * self.size * (float(x @ at.weights) + float(at.bias) - target)
        weights = (computed.weights - share * x).astype(computed.weights.dtype)
        return computed._replace(weights=weights, bias=computed.bias - share)


class DroppedRow(Fault):
    """The last row is left out."""

    def rows(self, count: int) -> NDArray[np.int64]:
        """All rows (n − 1,) but the last; the only one, where there is one."""
        return np.arange(max(1, count - 1))


class DuplicatedRow(Fault):
    """The last row counts twice."""

    def rows(self, count: int) -> NDArray[np.int64]:
        """All rows, and the last once more: (n + 1,)."""
        return np.append(np.arange(count), count - 1)


class SwappedSign(Fault):
    """The last weight's derivative with the other sign."""

    def gradient(self, computed: Gradient, trainer: FaultyTrainer, at: Parameters) -> Gradient:
        """The last weight's derivative with the other sign, the others as they are."""
        weights = computed.weights.copy()
        weights[-1] = -weights[-1]
        return computed._replace(weights=weights)


class LostBias(Fault):
    """The forward pass leaves the bias out: right as long as it is 0."""

    def point(self, weights: FloatArray, bias: Any) -> Parameters:
        """The weights (d,) with a bias of 0, in the bias's own format."""
        return Parameters(weights, bias * 0)


class StaleGradient(Fault):
    """Each step uses the gradient of the step before: right at the start."""

    def __init__(self) -> None:
        self.held: Gradient | None = None

    def gradient(self, computed: Gradient, trainer: FaultyTrainer, at: Parameters) -> Gradient:
        """The gradient of the step before, with the loss of this one; the first gradient twice."""
        used = self.held or computed
        self.held = computed
        return used._replace(loss=computed.loss)


class SingleAccumulator(Fault):
    """The sums are kept in float32, all else in float64."""

    def gradient(self, computed: Gradient, trainer: FaultyTrainer, at: Parameters) -> Gradient:
        """The gradient from the residuals, each sum taken in float32."""
        X, y = trainer.table
        residual = X @ at.weights + at.bias - y
        slopes = (X * residual[:, np.newaxis]).sum(axis=0, dtype=np.float32).astype(np.float64)
        total = float(residual.sum(dtype=np.float32))
        return computed._replace(weights=2 / len(y) * slopes, bias=2 / len(y) * total)


class NotANumber(Fault):
    """One derivative is NaN."""

    def gradient(self, computed: Gradient, trainer: FaultyTrainer, at: Parameters) -> Gradient:
        """The first weight's derivative as NaN, the others as they are."""
        weights = computed.weights.copy()
        weights[0] = np.nan
        return computed._replace(weights=weights)


class FaultyTrainer(Trainer):
    """A backend with a fault in it. Its loop and its step are NumPy's, its loss and gradient the backend's own."""

    backend: ClassVar[type[Trainer]]
    make_fault: ClassVar[Callable[[], Fault]]

    def bind(self, X: FloatArray, y: FloatArray) -> tuple[Any, Any]:
        """The backend's own form of the rows of X (n, d) and y (n,) that the fault leaves it."""
        self.fault = type(self).make_fault()
        rows = self.fault.rows(len(y))
        self.table = (X, y)
        self.inner = self.backend(X[rows], y[rows], self.dtype)
        return self.inner.data

    def take(self, X: Any, y: Any, rows: NDArray[np.int64]) -> tuple[Any, Any]:
        """The named rows (k,) of X and y, in the backend's own form."""
        return self.inner.take(X, y, rows)

    def to_own(self, weights: FloatArray, bias: float) -> Parameters:
        """Weights (d,) and bias as array and scalar of the dtype."""
        return Parameters(weights.astype(self.dtype), np.dtype(self.dtype).type(bias))

    def to_numpy(self, weights: FloatArray, bias: Any) -> Parameters:
        """A copy of the weights (d,), and the bias as a float."""
        return Parameters(weights.copy(), float(bias))

    def predict(self, X: Any, weights: FloatArray, bias: Any) -> Any:
        """The backend's own predictions (n,), at the fault's point."""
        return self.inner.predict(X, *self.at(weights, bias))

    def loss(self, X: Any, y: Any, weights: FloatArray, bias: Any) -> float:
        """The backend's own loss at weights (d,) and a bias, after the fault."""
        return float(self.gradient(X, y, weights, bias).loss)

    def gradient(self, X: Any, y: Any, weights: FloatArray, bias: Any) -> Gradient:
        """The backend's own loss and gradient at weights (d,) and a bias, after the fault."""
        loss, d_weights, d_bias = self.inner.gradient(X, y, *self.at(weights, bias))
        computed = Gradient(float(loss), *self.inner.to_numpy(d_weights, d_bias))
        return self.fault.gradient(computed, self, Parameters(weights, bias))

    def update(self, weights: FloatArray, bias: Any, gradient: Gradient, learning_rate: float) -> Parameters:
        """W ← W − η dW, b ← b − η db, W (d,), in the dtype, with the rate that the fault leaves."""
        number = np.dtype(self.dtype).type
        rate = number(self.fault.rate(learning_rate))
        return Parameters(weights - rate * gradient.weights, bias - rate * number(gradient.bias))

    def at(self, weights: FloatArray, bias: Any) -> Parameters:
        """The fault's point, of weights (d,) and a bias, in the backend's own form."""
        point = self.fault.point(weights, bias)
        return self.inner.to_own(point.weights, float(point.bias))


def with_fault(backend: type[Trainer], make_fault: Callable[[], Fault]) -> type[FaultyTrainer]:
    """A trainer class that is the backend with a fault in it; each trainer gets a fault of its own."""
    return type(
        "FaultyTrainer",
        (FaultyTrainer,),
        {
            "name": f"{backend.name} with a fault",
            "summary": backend.summary,
            "kind": backend.kind,
            "backend": backend,
            "make_fault": staticmethod(make_fault),
        },
    )
