"""A gradient in a function of somebody else, as a backend.

The first call finds out how the function wants its arguments and how its answer is read, by names where they tell, else
by trying. And it finds out of which loss the gradient is: that of another one than (1/n) Σ r² is converted where its
author has said so, or where the function gives that loss along with it; else it is refused, with what to say. What an
answer does not tell (a gradient that vanishes is that of every loss) is left open until another does.
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
from handgrad.backends.adapters.losses import LOSSES, KnownGradient, LossFactor, told_apart
from handgrad.backends.adapters.reading import Reading, flat, readings
from handgrad.backends.adapters.running import CodeError
from handgrad.backends.interface import FloatArray
from handgrad.backends.signatures.signature import Theta
from handgrad.backends.signatures.subjects import Found


@dataclass(frozen=True)
class Calling:
    """How a function is asked, how its answer is read, and the losses that its gradient may be of, the likeliest first.

    `settled`: an answer has told that this is the way; where the gradient vanishes, every way seems right.
    """

    call: Callable[..., Any]
    reading: Reading
    losses: tuple[str, ...] = ("mse",)
    settled: bool = True

    @property
    def factor(self) -> LossFactor:
        """The likeliest loss, over (1/n) Σ r²."""
        return LOSSES[self.losses[0]]


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
        if self.way is None or not self.way.settled:
            self.way, given = self.first_answer(X, y, weights, bias)
        else:
            given = self.asked(self.way, X, y, weights, bias)
            if told_apart(self.way.losses, len(y)):
                self.way = self.judged(self.way, given, X, y, weights, bias) or self.way
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
            open_way = replace(way, losses=tuple(LOSSES), settled=False)
            if (judged := self.judged(open_way, given, X, y, weights, bias)) is not None:
                return judged, given
        if first is None:
            raise self.failure or CodeError(f"{self.found.name}: {ARGUMENTS}, got {', '.join(self.found.required)}")
        return replace(first[0], losses=self.meant(("mse",), False)), first[1]

    def judged(
        self, way: Calling, given: Derivative, X: FloatArray, y: FloatArray, weights: FloatArray, bias: Any
    ) -> Calling | None:
        """A way with those of its losses that an answer for X (n, d) and y (n,) leaves; None where it is of none.

        A loss that came along with the answer decides between several.

        Raises:
            CodeError: If (1/n) Σ r² is not among them, and nobody has named another.
        """
        began, rows = time.perf_counter(), len(y)
        truth = KnownGradient.of(X, y, weights, bias)
        left = truth.losses_of(given.weights, given.bias, rows, way.losses) if truth.finite else way.losses
        own = tuple(name for name in left if given.loss is not None and truth.has_loss(given.loss, name, rows))
        self.aside_seconds += time.perf_counter() - began  # its author would not do that
        if not left:
            return None
        settled = way.settled or (truth.finite and not told_apart(left, rows))
        return replace(way, losses=self.meant(own or left, bool(own)), settled=settled)

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

    def meant(self, names: tuple[str, ...], own_loss: bool) -> tuple[str, ...]:
        """The losses that may be meant by a gradient that is one of these; `own_loss`: theirs is given along with it.

        Raises:
            CodeError: If (1/n) Σ r² is not among them, and nobody has said so.
        """
        if self.declared:
            return (self.declared,)
        if "mse" in names or own_loss:
            return names
        raise CodeError(
            f"{self.found.name}: expected the gradient of (1/n) Σ r², got that of {LOSSES[names[0]].formula}; if that "
            f'is meant, say LOSS = "{names[0]}" in its file, or {self.found.name}.loss = "{names[0]}", and it is '
            "converted"
        )


#: What is asked for.
ARGUMENTS = "expected the arguments (X, y, weights, bias)"
ANSWER = "expected (dW, db) or (loss, dW, db), with dW of shape (d,)"


def converted(given: Derivative, factor: LossFactor, rows: Any) -> Derivative:
    """The derivative of (1/n) Σ r², dW (d,), from that of another loss over so many rows, a number of the dtype."""
    if factor.constant == 1 and not factor.rows:
        return given
    by = type(rows)(factor.constant) * (rows if factor.rows else type(rows)(1))
    return Derivative(None if given.loss is None else given.loss / by, given.weights / by, given.bias / by)


def shapes_of(returned: Any) -> str:
    """What an answer is made of."""
    return f"{type(returned).__name__} of " + " and ".join(str(np.shape(part)) for part in flat(returned)[1])
