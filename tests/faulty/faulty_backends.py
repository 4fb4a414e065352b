"""Backends that are wrong where only their own process can see it, as a package that brings them along.

Each is NumPy's, but for one fault. What goes wrong with it is in `tests/compare/side_by_side/test_faulty_backends.py`.
"""

from __future__ import annotations

import contextlib
import os
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from handgrad.backends.interface import FloatArray, Gradient, Parameters, Plan, Training
from handgrad.backends.numpy import NumPyTrainer


def timed(plan: Plan) -> bool:
    """Whether a run is one that a clock sees."""
    return plan.record is not None and tuple(plan.record) == (0, plan.epochs)


class FinalWeights(NumPyTrainer):
    """Ends with parameters that it never had."""

    name = "faulty-final"
    summary = "other final weights"
    kind = "manual"
    by_default = False

    def train(self, plan: Plan) -> Training:
        return replace(super().train(plan), weights=np.full(self.features, 9.0), bias=-9.0)


class TooManyWeights(NumPyTrainer):
    """Gives a weight more than there are features."""

    name = "faulty-shape"
    summary = "one weight more"
    kind = "manual"
    by_default = False

    def train(self, plan: Plan) -> Training:
        return replace(super().train(plan), weights=np.zeros(self.features + 1))


class Forks(NumPyTrainer):
    """Starts three processes that sleep, hold its pipes, and have left its group."""

    name = "faulty-forks"
    summary = "leaves processes behind"
    kind = "manual"
    by_default = False
    forked = False

    def gradient(self, X: Any, y: Any, weights: Any, bias: Any) -> Gradient:
        if not Forks.forked:
            Forks.forked = True
            for _ in range(3):
                if os.fork() == 0:
                    os.setsid()
                    time.sleep(60)
                    os._exit(0)
        return super().gradient(X, y, weights, bias)


def write_to_pipes(line: bytes) -> None:
    """Into whatever pipes this process may write to."""
    for number in range(3, 12):
        with contextlib.suppress(OSError):
            if str(Path(f"/proc/self/fd/{number}").readlink()).startswith("pipe"):
                os.write(number, line)


class WritesAnswers(NumPyTrainer):
    """Writes answers of its own into the channel of the worker's."""

    name = "faulty-answers"
    summary = "answers itself"
    kind = "manual"
    by_default = False

    def gradient(self, X: Any, y: Any, weights: Any, bias: Any) -> Gradient:
        write_to_pipes(b'{"seconds": 1e-9, "weights": [0], "bias": 0}\n')
        return super().gradient(X, y, weights, bias)


class WritesTimes(NumPyTrainer):
    """Writes whole replies, and only once it is timed."""

    name = "faulty-times"
    summary = "answers its timing itself"
    kind = "manual"
    by_default = False

    def run(self, parameters: Parameters, plan: Plan, first: int, count: int) -> tuple[Parameters, list[float]]:
        if timed(plan):
            write_to_pipes(b'7 {"answer": {"seconds": 1e-9, "weights": [0], "bias": 0}, "error": null}\n')
        return super().run(parameters, plan, first, count)


class NegativeTimes(NumPyTrainer):
    """Sets the clock of its process back, again and again."""

    name = "faulty-clock"
    summary = "a clock that runs backwards"
    kind = "manual"
    by_default = False

    def bind(self, X: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
        from handgrad.compare.timing import session

        given = time.perf_counter
        session.perf_counter = lambda: -given()
        return super().bind(X, y)


class DoesNothingTimed(NumPyTrainer):
    """Does nothing when it is timed."""

    name = "faulty-idle"
    summary = "idle when timed"
    kind = "manual"
    by_default = False

    def run(self, parameters: Parameters, plan: Plan, first: int, count: int) -> tuple[Parameters, list[float]]:
        if timed(plan):
            return parameters, [0.0] * count
        return super().run(parameters, plan, first, count)


class Remembers(NumPyTrainer):
    """Trains once in earnest, in the warm-up perhaps, and gives what it then found ever after."""

    name = "faulty-memory"
    summary = "remembers where it ended"
    kind = "manual"
    by_default = False
    found: Parameters | None = None

    def run(self, parameters: Parameters, plan: Plan, first: int, count: int) -> tuple[Parameters, list[float]]:
        if not timed(plan) or count < 3:
            return super().run(parameters, plan, first, count)
        if self.found is None:
            self.found, _ = super().run(parameters, plan, first, 1000)
        return self.found, [0.0] * count


class KnowsTheMinimum(NumPyTrainer):
    """Gives the least-squares solution for whatever number of epochs, when it is timed."""

    name = "faulty-minimum"
    summary = "solves when timed"
    kind = "manual"
    by_default = False

    def run(self, parameters: Parameters, plan: Plan, first: int, count: int) -> tuple[Parameters, list[float]]:
        if not timed(plan) or count < 3:
            return super().run(parameters, plan, first, count)
        X, y = self.data
        *weights, bias = np.linalg.lstsq(np.column_stack([X, np.ones(len(y))]), y)[0]
        return Parameters(np.array(weights), bias), [0.0] * count


class HalfTheEpochs(NumPyTrainer):
    """Runs every second epoch when it is timed, with twice the rate."""

    name = "faulty-half"
    summary = "half of the epochs"
    kind = "manual"
    by_default = False

    def run(self, parameters: Parameters, plan: Plan, first: int, count: int) -> tuple[Parameters, list[float]]:
        if not timed(plan) or count < 4:
            return super().run(parameters, plan, first, count)
        twice = replace(plan, learning_rate=2 * plan.learning_rate)
        return super().run(parameters, twice, first, count // 2)


class Thunk:
    """A number that is worked out when it is asked for."""

    def __init__(self, work: Any) -> None:
        self.work = work


class Asynchronous(NumPyTrainer):
    """Returns at once, and does the work when the result is taken out, as an asynchronous library does."""

    name = "honest-lazy"
    summary = "works when it is asked for the result"
    kind = "manual"
    by_default = False

    def run(self, parameters: Parameters, plan: Plan, first: int, count: int) -> tuple[Parameters, list[float]]:
        if not timed(plan):
            return super().run(parameters, plan, first, count)
        run = super().run
        later = Thunk(lambda: run(parameters, plan, first, count)[0])
        return Parameters(later, later), [0.0] * count

    def to_numpy(self, weights: Any, bias: Any) -> Parameters:
        return super().to_numpy(*(weights.work() if isinstance(weights, Thunk) else (weights, bias)))
