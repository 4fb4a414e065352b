"""The evals of GradBench that a linear model can answer, `hello` and `llsq`, as the loss and gradient of a trainer.

`hello` asks for f(x) = x² and its derivative 2x. The loss of one row, X = (1), y = 0, at W = x, b = 0 is L = x², and
dW = 2x.

`llsq` (`evals/llsq/README.md`, after `llsq_obj` of cmpad) asks for a polynomial's distance to the sign function on n
points, and its gradient, which the chain rule gives by hand:

    y(x) = ½ Σᵢ (sᵢ − Σⱼ xⱼ tᵢʲ)²,   ∂y/∂xⱼ = −Σᵢ (sᵢ − Σₖ xₖ tᵢᵏ) tᵢʲ,   tᵢ = −1 + 2i/(n − 1),   sᵢ = sign tᵢ.

With the table Xᵢⱼ = tᵢʲ, the weights x and no bias it is the trainers' L = (1/n) Σ rᵢ²: y = (n/2) L, ∇y = (n/2) dW.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import msgspec
import numpy as np

from handgrad.backends.interface import FloatArray, InputError, Trainer
from handgrad.compare.gradbench.messages import Repeats, RunTiming

Value = TypeVar("Value")

#: What a function gives: its output, and what took how long.
Outcome = tuple[float | list[float], list[RunTiming]]


class PolynomialInput(Repeats, frozen=True, kw_only=True):
    """The input of `llsq`: the coefficients x (m,), and how many points there are."""

    x: list[float]
    n: int


@dataclass(frozen=True)
class BoundFunction:
    """A trainer with its data, the point (d,) that is asked for, and what makes the eval's function of the loss."""

    trainer: Trainer
    weights: FloatArray
    factor: float
    nanoseconds: int

    def loss(self, repeats: Repeats) -> Outcome:
        """The factor times the loss, a number, with its timings."""
        trainer, (weights, bias) = self.trainer, self.trainer.to_own(self.weights, 0.0)
        found, timings = timed(lambda: float(trainer.loss(*trainer.data, weights, bias)), repeats)
        return self.factor * found, [self.bind_timing(), *timings]

    def gradient(self, repeats: Repeats) -> Outcome:
        """The factor times dW (d,), with its timings. The loss is read on the clock: only then is a lazy one there."""
        trainer, (weights, bias) = self.trainer, self.trainer.to_own(self.weights, 0.0)

        def once() -> tuple[object, object]:
            loss, by_weights, by_bias = trainer.gradient(*trainer.data, weights, bias)
            float(loss)
            return by_weights, by_bias

        found, timings = timed(once, repeats)
        return (self.factor * trainer.to_numpy(*found).weights).tolist(), [self.bind_timing(), *timings]

    def bind_timing(self) -> RunTiming:
        """How long it took to make the table and to move it into the backend's own form."""
        return RunTiming("bind", self.nanoseconds)


def timed(function: Callable[[], Value], repeats: Repeats) -> tuple[Value, list[RunTiming]]:
    """The function's result, and the time of each run: as many as `repeats` says, and at least one."""
    timings, spent = list[RunTiming](), 0
    while True:
        began = time.perf_counter_ns()
        found = function()
        timings.append(RunTiming("evaluate", time.perf_counter_ns() - began))
        spent += timings[-1].nanoseconds
        if len(timings) >= repeats.min_runs and spent >= 1e9 * repeats.min_seconds:
            return found, timings


def polynomial(backend: type[Trainer], asked: PolynomialInput) -> BoundFunction:
    """The least-squares problem of `llsq` on a backend.

    Raises:
        InputError: If there are fewer than two points, or no coefficients.
    """
    if asked.n < 2 or not asked.x:
        raise InputError(f"llsq: expected n from 2 on and at least one x, got n = {asked.n} and {len(asked.x)} of x")
    began = time.perf_counter_ns()
    t = -1 + 2 * np.arange(asked.n) / (asked.n - 1)
    trainer = backend(np.vander(t, len(asked.x), increasing=True), np.sign(t))
    return BoundFunction(trainer, np.array(asked.x), asked.n / 2, time.perf_counter_ns() - began)


def one_row(backend: type[Trainer], x: float) -> BoundFunction:
    """The problem of `hello` on a backend: one row whose loss is x²."""
    began = time.perf_counter_ns()
    trainer = backend(np.ones((1, 1)), np.zeros(1))
    return BoundFunction(trainer, np.array([x]), 1.0, time.perf_counter_ns() - began)


def llsq_primal(backend: type[Trainer], given: bytes) -> Outcome:
    """y(x), a number."""
    asked = msgspec.json.decode(given, type=PolynomialInput)
    return polynomial(backend, asked).loss(asked)


def llsq_gradient(backend: type[Trainer], given: bytes) -> Outcome:
    """∇y(x), (m,)."""
    asked = msgspec.json.decode(given, type=PolynomialInput)
    return polynomial(backend, asked).gradient(asked)


def hello_square(backend: type[Trainer], given: bytes) -> Outcome:
    """x², a number."""
    return one_row(backend, msgspec.json.decode(given, type=float)).loss(Repeats())


def hello_double(backend: type[Trainer], given: bytes) -> Outcome:
    """The derivative of x², a number."""
    found, timings = one_row(backend, msgspec.json.decode(given, type=float)).gradient(Repeats())
    assert isinstance(found, list)
    return found[0], timings


#: The functions by module and name; an input is JSON.
FUNCTIONS: dict[str, dict[str, Callable[[type[Trainer], bytes], Outcome]]] = {
    "hello": {"square": hello_square, "double": hello_double},
    "llsq": {"primal": llsq_primal, "gradient": llsq_gradient},
}
