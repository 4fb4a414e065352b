"""A program of any language as a backend: it holds the rows, and is asked for gradients and for whole epochs.

It times its epochs itself, since a pipe costs some 50 µs each way. It is believed as far as the clock here allows:
never to have taken longer, and hardly to have been faster.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from handgrad.backends.adapters.derivative import Derivative, DerivativeTrainer
from handgrad.backends.adapters.program import Program, read
from handgrad.backends.adapters.protocol import (
    VERSION,
    AskGradient,
    BindFile,
    BoundFile,
    EpochsRun,
    GradientGiven,
    Hello,
    RunEpochs,
    as_float,
)
from handgrad.backends.adapters.running import CodeError
from handgrad.backends.interface import DType, FloatArray, Parameters, Plan, Trainer

#: By so much, and by so little, two clocks of one machine may differ.
CLOCKS_RATIO, CLOCKS_SECONDS = 1.01, 1e-3

#: What a pipe may cost, both ways.
PIPE_SECONDS = 1e-3

#: A program that says so small a share of the seconds that have passed here, once so many have, does not say the truth.
LEAST_SHARE, ENOUGH_SECONDS = 0.2, 0.1


class CommandTrainer(DerivativeTrainer):
    """A program that gives dW and db, and perhaps runs epochs."""

    program: ClassVar[Program]
    hello: ClassVar[Hello]

    claimed_seconds = waited_seconds = 0.0
    mark: object
    taken: tuple[FloatArray | None, list[int] | None] = (None, None)

    def __init__(self, X: ArrayLike, y: ArrayLike, dtype: DType = "float64") -> None:
        self.mark = object()  # the program is told apart by it whose data it holds, and does not keep them alive
        super().__init__(X, y, dtype)

    def bind(self, X: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
        """X (n, d) and y (n,), which the program reads from a file.

        Raises:
            CodeError: If it does not compute in the dtype, or cannot read them.
        """
        if self.dtype not in self.hello.dtypes:
            raise CodeError(f"the program computes in {' and '.join(self.hello.dtypes)}, expected {self.dtype}")
        data = super().bind(X, y)
        self.give(*data)
        return data

    def give(self, X: FloatArray, y: FloatArray) -> None:
        """Has the program read X (n, d) and y (n,).

        Raises:
            CodeError: If it cannot.
        """
        with raw_file(X, y) as path:
            self.program.bound_for = None
            self.program.ask(BindFile(path, len(y), X.shape[1], self.dtype), BoundFile)
        self.program.bound_for = self.mark

    def give_again(self) -> None:
        """Has the program read the data once more where it holds another trainer's; that time is aside.

        Raises:
            CodeError: If it cannot.
        """
        if self.program.bound_for is self.mark:
            return
        began = time.perf_counter()
        self.give(*self.data)
        self.aside_seconds += time.perf_counter() - began

    def take(self, X: FloatArray, y: FloatArray, rows: NDArray[np.int64]) -> tuple[FloatArray, FloatArray]:
        """Copies of the rows (k,), whose numbers the program will be told."""
        part = X[rows]
        self.taken = part, rows.tolist()
        return part, y[rows]

    def derivative(self, X: FloatArray, y: FloatArray, weights: FloatArray, bias: Any) -> Derivative:
        """dW (d,) and db as the program gives them, for all rows X (n, d) and y (n,) or those that were taken."""
        rows = self.taken[1] if X is self.taken[0] else None
        self.give_again()
        given = self.program.ask(AskGradient(weights.tolist(), float(bias), rows), GradientGiven)
        loss = None if given.loss is None else self.number(as_float(given.loss))
        return Derivative(loss, *self.parameters(given))

    def moved(self, part: tuple[FloatArray, FloatArray], parameters: Parameters, rate: float) -> Parameters:
        """The parameters after a step on rows, X (n, d) and y (n,): an epoch of the program's, if it runs such."""
        if "run" in self.hello.can and part[0] is self.data[0]:
            return self.parameters(self.ran(parameters, rate, 1)[0])
        return super().moved(part, parameters, rate)

    def run(self, parameters: Parameters, plan: Plan, first: int, count: int) -> tuple[Parameters, list[float]]:
        """Epochs `first` to `first + count − 1`: the parameters after them, and the loss before each, from here."""
        return self.run_with_losses(parameters, plan, first, count)

    def lap(self, parameters: Parameters, plan: Plan, epochs: int) -> Parameters:
        """So many epochs under a clock: the program's own, if it runs such."""
        if "run" in self.hello.can and self.takes_all(plan):
            given, waited = self.ran(parameters, plan.learning_rate, epochs)
            self.believe_laps(given.seconds, waited)
            return self.parameters(given)
        return super().lap(parameters, plan, epochs)

    def ran(self, parameters: Parameters, rate: float, epochs: int) -> tuple[EpochsRun, float]:
        """So many epochs of the program's, and the seconds that have passed here; what its pipe has cost is aside.

        Raises:
            CodeError: If its seconds cannot be.
        """
        self.give_again()
        began = time.perf_counter()
        given = self.program.ask(
            RunEpochs(parameters.weights.tolist(), float(parameters.bias), float(self.number(rate)), epochs), EpochsRun
        )
        waited = time.perf_counter() - began
        self.believe(given.seconds, waited)
        self.aside_seconds += min(max(0.0, waited - given.seconds), PIPE_SECONDS)
        return given, waited

    def believe(self, claimed: float, waited: float) -> None:
        """Holds the seconds that the program says of one answer against those that have passed here.

        Raises:
            CodeError: If they are more, or below zero.
        """
        if not 0 <= claimed <= CLOCKS_RATIO * waited + CLOCKS_SECONDS:
            raise CodeError(f"the program's clock gave {claimed:.3g} s for what was answered within {waited:.3g} s")

    def believe_laps(self, claimed: float, waited: float) -> None:
        """Holds the seconds that the program says of all laps so far against those that have passed here.

        What a pipe may cost is not counted. Nor are the epochs of a recorded run, thousands of answers to which the
        pipe, and a machine that is busy, add far more than an epoch on few rows takes; its seconds are no result.

        Raises:
            CodeError: If they are too few.
        """
        self.claimed_seconds += claimed
        self.waited_seconds += max(0.0, waited - PIPE_SECONDS)
        if self.claimed_seconds < LEAST_SHARE * self.waited_seconds and self.waited_seconds > ENOUGH_SECONDS:
            in_all = f"{self.claimed_seconds:.3g} s in all for what took {self.waited_seconds:.3g} s beyond its pipe"
            raise CodeError(f"the program's clock gave {in_all}")

    def parameters(self, given: GradientGiven | EpochsRun) -> Parameters:
        """The numbers of an answer, (d,) and one.

        Raises:
            CodeError: If there are more or fewer.
        """
        weights = np.array(list(map(as_float, given.weights)), dtype=self.dtype)
        if len(weights) != self.features:
            raise CodeError(f"the program gave {len(weights)} weights, expected {self.features}")
        return Parameters(weights, self.number(as_float(given.bias)))


@contextmanager
def raw_file(X: FloatArray, y: FloatArray) -> Iterator[str]:
    """The path of a file of X (n, d), by rows, and then y (n,), little-endian; gone afterwards.

    On Linux it has no name in any folder, and so ends with this process, however that ends.
    """
    with tempfile.NamedTemporaryFile(delete=True) as named, tempfile.TemporaryFile() as unnamed:
        linux = sys.platform == "linux"
        file = unnamed if linux else named
        for array in (X, y):
            file.write(np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<"), copy=False).data)
        file.flush()
        yield f"/proc/{os.getpid()}/fd/{unnamed.fileno()}" if linux else named.name


def command_class(program: Program, name: str) -> type[Trainer]:
    """The trainer of a program that has been started.

    Raises:
        CodeError: If it speaks another version, or says no hello.
    """
    hello = read("hello", program.hello, Hello)
    if hello.protocol != VERSION:
        raise CodeError(f"the program speaks version {hello.protocol} of the protocol, expected {VERSION}")
    inside = {
        "program": program,
        "hello": hello,
        "minibatch": "rows" in hello.can,
        "dtypes": hello.dtypes,
        "own_steps": "run" in hello.can,
        "name": name,
        "summary": name,
    }
    return type("Command", (CommandTrainer,), inside)
