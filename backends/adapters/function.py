"""A gradient or a step in a function of somebody else, as a backend.

The first call finds out how the function wants its arguments and how its answer is read, by names where they tell, else
by trying. And it finds out of which loss the gradient is: that of another one than (1/n) Σ r² is converted where its
author has said so, or where the function gives that loss along with it; else it is refused, with what to say.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from handgrad.backends.adapters.calling import calls
from handgrad.backends.adapters.derivative import Derivative, DerivativeTrainer
from handgrad.backends.adapters.losses import LOSSES, KnownGradient, LossFactor
from handgrad.backends.adapters.reading import Reading, flat, readings
from handgrad.backends.adapters.running import CodeError
from handgrad.backends.interface import FloatArray, Parameters, Plan
from handgrad.backends.signatures.signature import Theta
from handgrad.backends.signatures.subjects import Found

#: At a step of this length the old parameters are lost beside the derivative, which is then all that is left: an error
#: of rounding in it is one of its own digits. A power of two, so that nothing else is rounded.
FAR = {"float64": 2.0**40, "float32": 2.0**20}


@dataclass(frozen=True)
class Calling:
    """How a function is asked, how its answer is read, and its loss over (1/n) Σ r²."""

    call: Callable[..., Any]
    reading: Reading
    factor: LossFactor = LOSSES["mse"]


#: A way of asking, and what came of it.
Answered = tuple[Calling, Derivative]


class FunctionTrainer(DerivativeTrainer):
    """A function that gives dW and db, and perhaps the loss along with them."""

    #: The function, what is known of it, and the name of the loss of which its author says that it gives the gradient.
    function: ClassVar[Callable[..., Any]]
    found: ClassVar[Found]
    declared: ClassVar[str] = ""

    way: Calling | None = None
    failure: Exception | None = None

    def derivative(self, X: FloatArray, y: FloatArray, weights: FloatArray, bias: Any) -> Derivative:
        """dW (d,) and db as the function gives them, for (1/n) Σ r² of X (n, d) and y (n,)."""
        if self.way is None:
            self.way, given = self.first_answer(X, y, weights, bias)
        else:
            given = self.asked(self.way, X, y, weights, bias)
        return converted(given, self.way.factor, self.number(len(y)))

    def loss(self, X: FloatArray, y: FloatArray, weights: FloatArray, bias: Any) -> Any:
        """(1/n) Σ r² of X (n, d) and y (n,), in units of y²: the function's own where it gives one."""
        return self.gradient(X, y, weights, bias).loss

    def asked(self, way: Calling, X: FloatArray, y: FloatArray, weights: FloatArray, bias: Any) -> Derivative:
        """What the function says, dW (d,) and db of its own loss for X (n, d) and y (n,)."""
        return way.reading(way.call(X, y, weights, bias))

    # -- how it is to be asked -----------------------------------------------------------------------------------------

    def first_answer(self, X: FloatArray, y: FloatArray, weights: FloatArray, bias: Any) -> Answered:
        """The likeliest way that gives a gradient of X (n, d) and y (n,), of whatever loss, and what it gave.

        Where none does, it is the first whose answer has the right shape: that is wrong, and the judge's to say.

        Raises:
            CodeError: If no answer has the right shape, or if it is of a loss that nobody has named.
            Exception: What the function raised in the likeliest way.
        """
        first: Answered | None = None
        for way, given in self.answers(X, y, weights, bias):
            first = first or (way, given)
            began = time.perf_counter()
            truth = KnownGradient.of(X, y, weights, bias)
            name = truth.named(given.weights, given.bias, len(y))
            own = name is not None and given.loss is not None and truth.has_loss(given.loss, name, len(y))
            self.aside_seconds += time.perf_counter() - began  # its author would not do that
            if name is not None:
                return replace(way, factor=LOSSES[self.meant(name, own)]), given
        if first is None:
            raise self.failure or CodeError(f"{self.found.name}: {ARGUMENTS}, got {', '.join(self.found.required)}")
        return replace(first[0], factor=LOSSES[self.meant("mse", False)]), first[1]

    def answers(self, X: FloatArray, y: FloatArray, weights: FloatArray, bias: Any) -> Iterator[Answered]:
        """Each answer of the right shape for X (n, d), y (n,), weights (d,) and a bias, the likeliest way first.

        Where names tell how it is asked, a right shape tells the rest, but for one feature: there, several have one.
        """
        found = False
        for signature, call in calls(self.function, self.found, self.features):
            if found and (self.features > 1 or signature.form not in ("arrays", "flat")):
                return
            for way, given in self.read(call, signature.theta, self.tried(call, X, y, weights, bias), weights, bias):
                yield way, given
                found = found or signature.known != "trying"

    def tried(self, call: Callable[..., Any], *at: Any) -> Any:
        """What the function returns; None where it raises, which is kept if it was the likeliest way."""
        try:
            return self.returned(call, *at)
        except Exception as error:
            self.failure = self.failure or error
            return None

    def read(
        self, call: Callable[..., Any], theta: Theta, returned: Any, weights: FloatArray, bias: Any
    ) -> Iterator[Answered]:
        """Each way to read what was returned at weights (d,) and a bias."""
        if returned is None:
            self.failure = self.failure or CodeError(f"{self.found.name}: {ANSWER}, got None")
            return
        for reading in readings(self.found, theta, returned, self.features, self.dtype):
            with contextlib.suppress(ValueError, TypeError, IndexError):
                yield Calling(call, reading), self.given(reading(returned), weights, bias)
        self.failure = self.failure or CodeError(f"{self.found.name}: {ANSWER}, got {shapes_of(returned)}")

    def returned(self, call: Callable[..., Any], X: FloatArray, y: FloatArray, weights: FloatArray, bias: Any) -> Any:
        """What the function returns for X (n, d) and y (n,)."""
        return call(X, y, weights, bias)

    def given(self, answer: Derivative, weights: FloatArray, bias: Any) -> Derivative:
        """The derivative that an answer is, dW (d,) and db."""
        return answer

    def meant(self, name: str, own_loss: bool) -> str:
        """The loss that is meant by a gradient that is one of that name; `own_loss`: the same is given along with it.

        Raises:
            CodeError: If it is not (1/n) Σ r², and nobody has said so.
        """
        if self.declared or name == "mse" or own_loss:
            return self.declared or name
        raise CodeError(
            f"{self.found.name}: expected the gradient of (1/n) Σ r², got that of {LOSSES[name].formula}; if that is "
            f'meant, say LOSS = "{name}" in its file, or {self.found.name}.loss = "{name}", and it is converted'
        )


#: What is asked for.
ARGUMENTS = "expected the arguments (X, y, weights, bias)"
ANSWER = "expected (dW, db) or (loss, dW, db), with dW of shape (d,)"


class StepTrainer(FunctionTrainer):
    """A function that gives the parameters after a step; its derivative is what a very long step leaves of it."""

    own_steps = True

    def asked(self, way: Calling, X: FloatArray, y: FloatArray, weights: FloatArray, bias: Any) -> Derivative:
        """What the function does with a long step: dW (d,) and db of its own loss for X (n, d) and y (n,)."""
        return self.given(way.reading(self.returned(way.call, X, y, weights, bias)), weights, bias)

    def returned(self, call: Callable[..., Any], X: FloatArray, y: FloatArray, weights: FloatArray, bias: Any) -> Any:
        """What the function returns for X (n, d), y (n,) and a long step; it may write into its own weights (d,)."""
        return call(X, y, weights.copy(), bias, self.number(FAR[self.dtype]))

    def given(self, answer: Derivative, weights: FloatArray, bias: Any) -> Derivative:
        """The derivative that a long step from weights (d,) and a bias was made with."""
        far = self.number(FAR[self.dtype])
        return Derivative(answer.loss, (weights - answer.weights) / far, (bias - answer.bias) / far)

    def run(self, parameters: Parameters, plan: Plan, first: int, count: int) -> tuple[Parameters, list[float]]:
        """Epochs `first` to `first + count − 1`, each step its own: the parameters after them, the loss before each."""
        return self.run_with_losses(parameters, plan, first, count)

    def loss(self, X: FloatArray, y: FloatArray, weights: FloatArray, bias: Any) -> Any:
        """(1/n) Σ r² of X (n, d) and y (n,), in units of y²."""
        return self.own_loss(X, y, weights, bias)

    def moved(self, part: tuple[FloatArray, FloatArray], parameters: Parameters, rate: float) -> Parameters:
        """The parameters after a step on some rows, X (n, d) and y (n,)."""
        if self.way is None:
            self.derivative(*part, *parameters)
        assert self.way is not None
        own_rate = self.number(rate / self.way.factor.at(len(part[1])))
        _, weights, bias = self.way.reading(self.way.call(*part, parameters.weights.copy(), parameters.bias, own_rate))
        return Parameters(weights, bias)


def converted(given: Derivative, factor: LossFactor, rows: Any) -> Derivative:
    """The derivative of (1/n) Σ r², dW (d,), from that of another loss over so many rows, a number of the dtype."""
    if factor.constant == 1 and not factor.rows:
        return given
    by = type(rows)(factor.constant) * (rows if factor.rows else type(rows)(1))
    return Derivative(None if given.loss is None else given.loss / by, given.weights / by, given.bias / by)


def shapes_of(returned: Any) -> str:
    """What an answer is made of."""
    return f"{type(returned).__name__} of " + " and ".join(str(np.shape(part)) for part in flat(returned)[1])
