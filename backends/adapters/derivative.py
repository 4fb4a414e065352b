"""A backend of which somebody else has written the derivative alone: all else is given here.

The loss where it gives none, the prediction, the update and the loop. What a clock sees is what its author would write:
W ← W − η dW over and over, without a loss that nobody asked for.
"""

from __future__ import annotations

import math
import time
from abc import abstractmethod
from typing import Any, ClassVar, NamedTuple

import numpy as np

from handgrad.backends.array_trainer import ArrayTrainer
from handgrad.backends.interface import DType, FloatArray, Gradient, Parameters, Plan, batches


class Derivative(NamedTuple):
    """∂L/∂W (d,) and ∂L/∂b, with the loss where it came along."""

    loss: Any
    weights: FloatArray
    bias: Any


def read_only(array: FloatArray) -> FloatArray:
    """A view of an array, its rows together in memory, that cannot be written to."""
    view = np.ascontiguousarray(array).view()
    view.setflags(write=False)
    return view


class DerivativeTrainer(ArrayTrainer):
    """A trainer on arrays of which `derivative` does the work."""

    kind = "manual"
    #: The formats that it computes in, each from the first product to the last sum.
    dtypes: ClassVar[tuple[DType, ...]] = ("float64", "float32")

    def bind(self, X: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
        """X (n, d) by rows, and y (n,); read-only, since they may be the arrays of whoever asks."""
        return read_only(X), read_only(y)

    @abstractmethod
    def derivative(self, X: FloatArray, y: FloatArray, weights: FloatArray, bias: Any) -> Derivative:
        """dW (d,) and db at the given parameters, for X (n, d) and y (n,), of the dtype."""

    def gradient(self, X: FloatArray, y: FloatArray, weights: FloatArray, bias: Any) -> Gradient:
        """dW (d,) and db as they are given, with the loss."""
        loss, d_weights, d_bias = self.derivative(X, y, weights, bias)
        return Gradient(self.own_loss(X, y, weights, bias) if loss is None else loss, d_weights, d_bias)

    def loss(self, X: FloatArray, y: FloatArray, weights: FloatArray, bias: Any) -> Any:
        """(1/n) Σ r² of X (n, d) and y (n,), in units of y²."""
        return self.own_loss(X, y, weights, bias)

    def own_loss(self, X: FloatArray, y: FloatArray, weights: FloatArray, bias: Any) -> Any:
        """(1/n) Σ r² of X (n, d) and y (n,), in units of y²; where the derivative comes without it."""
        residual = self.predict(X, weights, bias) - y
        return residual.dot(residual) / self.number(len(y))

    def lap(self, parameters: Parameters, plan: Plan, epochs: int) -> Parameters:
        """So many epochs under a clock, without the losses."""
        for epoch in range(epochs):
            parameters = self.epoch(parameters, plan, epoch)
        return parameters

    def run_with_losses(
        self, parameters: Parameters, plan: Plan, first: int, count: int
    ) -> tuple[Parameters, list[float]]:
        """Epochs `first` to `first + count − 1` for whom a step gives no loss: that before each is worked out here."""
        losses = list[float]()
        for epoch in range(first, first + count):
            began = time.perf_counter()
            losses.append(float(self.own_loss(*self.data, *parameters)))
            self.aside_seconds += time.perf_counter() - began
            if not math.isfinite(losses[-1]):
                break
            parameters = self.epoch(parameters, plan, epoch)
        return parameters, losses

    def epoch(self, parameters: Parameters, plan: Plan, epoch: int) -> Parameters:
        """The parameters after an epoch."""
        X, y = self.data
        if self.takes_all(plan):
            return self.moved((X, y), parameters, plan.learning_rate)
        for rows in batches(self.rows, plan, epoch):
            parameters = self.moved(self.take(X, y, rows), parameters, plan.learning_rate)
        return parameters

    def moved(self, part: tuple[FloatArray, FloatArray], parameters: Parameters, rate: float) -> Parameters:
        """The parameters after a step on some rows, X (n, d) and y (n,)."""
        return self.update(*parameters, Gradient(*self.derivative(*part, *parameters)), rate)
