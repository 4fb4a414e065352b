"""A step in a function of somebody else, as a backend: its runs are its own steps, its derivative is read off one.

θ − step(θ, η) = η ∇L for a step of descent, whatever η is. At a very long one the old parameters are lost beside the
derivative, which is then all that is left: an error of rounding in it is one of its own digits. A step may refuse such
a rate, or leave the range of numbers, and one that is none of descent (rows taken one by one, say) is not proportional
to its rate. So the longest is taken that is made, is finite and is twice the half of it; where there is none, one of a
length at which descent comes down.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from handgrad.backends.adapters.derivative import Derivative
from handgrad.backends.adapters.function import Answered, Calling, FunctionTrainer
from handgrad.backends.adapters.losses import NEAR, told_apart
from handgrad.backends.adapters.reading import flat
from handgrad.backends.interface import FloatArray, Parameters, Plan

#: The longest rate and the ratio of each to the next: powers of two, so that nothing else is rounded.
FAR, RATIO = {"float64": 2.0**40, "float32": 2.0**20}, 4.0
#: No shorter one is tried.
LEAST = 2.0**-40


class StepTrainer(FunctionTrainer):
    """A function that gives the parameters after a step."""

    own_steps = True

    #: The rate of the last step that was tried, and the longest from which a derivative could be read so far.
    rate: float = 1.0
    longest: float | None = None

    def first_answer(self, X: FloatArray, y: FloatArray, weights: FloatArray, bias: Any) -> Answered:
        """The likeliest way that gives a step on X (n, d) and y (n,), and the derivative that it was made with.

        Raises:
            CodeError: If no answer has the right shape, or if it is of a loss that nobody has named.
            Exception: What the function raised in the likeliest way.
        """
        way, _ = super().first_answer(X, y, weights, bias)
        return way, self.asked(way, X, y, weights, bias)

    def asked(self, way: Calling, X: FloatArray, y: FloatArray, weights: FloatArray, bias: Any) -> Derivative:
        """What the function's step is made with: dW (d,) and db of its own loss for X (n, d) and y (n,)."""
        at, usual = (X, y, weights, bias), usual_rate(X)
        for rate, returned in self.steps(way.call, *at):
            found = self.read_off(way, returned, weights, bias, rate)
            if rate <= usual or self.proportional(way, found, rate, *at):
                self.longest = rate
                return found
        self.rate = next(rate for rate in self.rates() if rate <= usual)
        return self.read_off(way, self.made(self.rate, way.call, *at), weights, bias, self.rate)

    def proportional(self, way: Calling, found: Derivative, rate: float, *at: Any) -> bool:
        """Whether half the rate leaves the same derivative, dW (d,) and db."""
        try:
            other = self.read_off(way, self.made(rate / 2, way.call, *at), at[2], at[3], rate / 2)
        except Exception:
            return False
        whole, half = (np.append(one.weights, one.bias) for one in (found, other))
        return bool(np.abs(whole - half).max() <= NEAR[self.dtype] * np.abs(whole).max())

    def returned(self, call: Callable[..., Any], X: FloatArray, y: FloatArray, weights: FloatArray, bias: Any) -> Any:
        """What the function returns for X (n, d), y (n,) and the longest step that is made and finite.

        Raises:
            Exception: What it raises at a usual rate, where it makes no such step.
        """
        for rate, returned in self.steps(call, X, y, weights, bias):
            self.rate = rate
            return returned
        self.rate = next(rate for rate in self.rates() if rate <= usual_rate(X))
        return self.made(self.rate, call, X, y, weights, bias)

    def given(self, answer: Derivative, weights: FloatArray, bias: Any) -> Derivative:
        """The derivative that the step that was tried from weights (d,) and a bias was made with."""
        rate = self.number(self.rate)
        return Derivative(answer.loss, (weights - answer.weights) / rate, (bias - answer.bias) / rate)

    def read_off(self, way: Calling, returned: Any, weights: FloatArray, bias: Any, rate: float) -> Derivative:
        """The derivative that a step of this rate from weights (d,) and a bias was made with."""
        self.rate = rate
        return self.given(way.reading(returned), weights, bias)

    def steps(self, call: Callable[..., Any], *at: Any) -> Iterator[tuple[float, Any]]:
        """The rates at which a step is made and finite, the longest first, and what the function returns."""
        for rate in self.rates():
            try:
                returned = self.made(rate, call, *at)
            except Exception:
                continue
            if is_finite(returned):
                yield rate, returned

    def made(
        self, rate: float, call: Callable[..., Any], X: FloatArray, y: FloatArray, weights: FloatArray, bias: Any
    ) -> Any:
        """What the function returns for X (n, d), y (n,) and a rate; it may write into its own weights (d,)."""
        return call(X, y, weights.copy(), bias, self.number(rate))

    def rates(self) -> Iterator[float]:
        """Those to be tried, the longest first: none that was too long before."""
        rate = self.longest or FAR[self.dtype]
        while rate >= LEAST:
            yield rate
            rate /= RATIO

    # -- its runs ------------------------------------------------------------------------------------------------------

    def run(self, parameters: Parameters, plan: Plan, first: int, count: int) -> tuple[Parameters, list[float]]:
        """Epochs `first` to `first + count − 1`, each step its own: the parameters after them, the loss before each."""
        return self.run_with_losses(parameters, plan, first, count)

    def loss(self, X: FloatArray, y: FloatArray, weights: FloatArray, bias: Any) -> Any:
        """(1/n) Σ r² of X (n, d) and y (n,), in units of y²."""
        return self.own_loss(X, y, weights, bias)

    def moved(self, part: tuple[FloatArray, FloatArray], parameters: Parameters, rate: float) -> Parameters:
        """The parameters after a step on some rows, X (n, d) and y (n,)."""
        way = self.way
        if way is None or not way.settled or told_apart(way.losses, len(part[1])):
            way = self.looked_at(part, parameters)
        own_rate = self.number(rate / way.factor.at(len(part[1])))
        _, weights, bias = way.reading(way.call(*part, parameters.weights.copy(), parameters.bias, own_rate))
        return Parameters(weights, bias)

    def looked_at(self, part: tuple[FloatArray, FloatArray], parameters: Parameters) -> Calling:
        """How it is asked, found out on some rows, X (n, d) and y (n,); that is on nobody's clock."""
        aside, began = self.aside_seconds, time.perf_counter()
        self.derivative(*part, *parameters)
        self.aside_seconds = aside + time.perf_counter() - began
        assert self.way is not None
        return self.way


def usual_rate(X: FloatArray) -> float:
    """1 / (2 Σ ‖x̃‖² / n) for the rows x̃ = (x, 1) of X (n, d): at most 1/λ, at which every direction comes down."""
    return float(1 / (2 * (np.square(X, dtype=np.float64).sum() / len(X) + 1)))


def is_finite(returned: Any) -> bool:
    """Whether an answer has neither NaN nor infinity; what is no number is left to whoever reads it."""
    try:
        return all(bool(np.isfinite(np.asarray(part, dtype=np.float64)).all()) for part in flat(returned)[1])
    except (TypeError, ValueError, RuntimeError):
        return True
