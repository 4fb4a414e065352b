"""Backends that answer what none should. Each is NumPy's otherwise; what goes wrong is in `tests/faults.py`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from handgrad.backends.interface import Gradient, Plan, Training
from handgrad.backends.numpy import NumPyTrainer


class Answering(NumPyTrainer):
    """NumPy's gradient, and what becomes of it."""

    calls = 0

    def made(self, given: Gradient) -> Any:
        """What it answers."""
        return given

    def gradient(self, X: Any, y: Any, weights: Any, bias: Any) -> Gradient:
        self.calls += 1
        return self.made(super().gradient(X, y, weights, bias))


# -- exceptions --------------------------------------------------------------------------------------------------------


class Odd(BaseException):
    """No `Exception`."""


class Unprintable(Exception):
    """Has no message."""

    def __str__(self) -> str:
        raise ValueError("and there is no message")


class Raises(Answering):
    name = "faulty-raise"
    summary = "raises"
    kind = "manual"
    by_default = False

    def made(self, given: Gradient) -> Any:
        raise ValueError("no")


class RaisesBase(Answering):
    name = "faulty-base"
    summary = "raises what is no Exception"
    kind = "manual"
    by_default = False

    def made(self, given: Gradient) -> Any:
        raise Odd("odd")


class Interrupts(Answering):
    name = "faulty-interrupt"
    summary = "raises KeyboardInterrupt"
    kind = "manual"
    by_default = False

    def made(self, given: Gradient) -> Any:
        raise KeyboardInterrupt


class Leaves(Answering):
    name = "faulty-exit"
    summary = "raises SystemExit"
    kind = "manual"
    by_default = False

    def made(self, given: Gradient) -> Any:
        raise SystemExit(0)


class HasNoMemory(Answering):
    name = "faulty-memory-error"
    summary = "raises MemoryError"
    kind = "manual"
    by_default = False

    def made(self, given: Gradient) -> Any:
        raise MemoryError


class RaisesMuch(Answering):
    name = "faulty-message"
    summary = "raises with ten million characters"
    kind = "manual"
    by_default = False

    def made(self, given: Gradient) -> Any:
        raise ValueError("much " * 2_000_000)


class RaisesControl(Answering):
    name = "faulty-control"
    summary = "raises with what a terminal obeys"
    kind = "manual"
    by_default = False

    def made(self, given: Gradient) -> Any:
        raise ValueError("first\r\n\x1b[2J\x1b]0;owned\x07\x00\u202e\ud800 <script>alert(1)</script> | last")


class RaisesUnprintable(Answering):
    name = "faulty-unprintable"
    summary = "raises what cannot be printed"
    kind = "manual"
    by_default = False

    def made(self, given: Gradient) -> Any:
        raise Unprintable


class RaisesOddName(Answering):
    name = "faulty-name"
    summary = "raises what has an odd name"
    kind = "manual"
    by_default = False

    def made(self, given: Gradient) -> Any:
        raise type("\x1b[2J\nOdd" + 1000 * "d", (Exception,), {})("odd")


# -- answers -----------------------------------------------------------------------------------------------------------


class AnswersNaN(Answering):
    name = "faulty-nan"
    summary = "NaN"
    kind = "manual"
    by_default = False

    def made(self, given: Gradient) -> Any:
        return Gradient(given.loss, given.weights * np.nan, float("nan"))


class AnswersInfinity(Answering):
    name = "faulty-inf"
    summary = "infinity"
    kind = "manual"
    by_default = False

    def made(self, given: Gradient) -> Any:
        return Gradient(given.loss, given.weights + np.inf, given.bias)


class AnswersNothing(Answering):
    name = "faulty-none"
    summary = "None"
    kind = "manual"
    by_default = False

    def made(self, given: Gradient) -> Any:
        return None


class HasNoLoss(Answering):
    name = "faulty-loss"
    summary = "no loss"
    kind = "manual"
    by_default = False

    def made(self, given: Gradient) -> Any:
        return Gradient(None, given.weights, given.bias)


class AnswersText(Answering):
    name = "faulty-text"
    summary = "text"
    kind = "manual"
    by_default = False

    def made(self, given: Gradient) -> Any:
        return Gradient(given.loss, np.array(["a"]), given.bias)


class AnswersComplex(Answering):
    name = "faulty-complex"
    summary = "complex numbers"
    kind = "manual"
    by_default = False

    def made(self, given: Gradient) -> Any:
        return Gradient(given.loss, given.weights * (1 + 1e-3j), given.bias)


class AnswersWholeNumbers(Answering):
    name = "faulty-whole"
    summary = "whole numbers"
    kind = "manual"
    by_default = False

    def made(self, given: Gradient) -> Any:
        return Gradient(given.loss, given.weights.astype(np.int64), int(given.bias))


class AnswersFloat32(Answering):
    name = "faulty-float32"
    summary = "float32 for float64"
    kind = "manual"
    by_default = False

    def made(self, given: Gradient) -> Any:
        return Gradient(given.loss, given.weights.astype(np.float32), np.float32(given.bias))


class AnswersMatrix(Answering):
    name = "faulty-matrix"
    summary = "a gradient for each row"
    kind = "manual"
    by_default = False

    def made(self, given: Gradient) -> Any:
        return Gradient(given.loss, np.ones((5, len(given.weights))), given.bias)


class AnswersVeryMuch(Answering):
    name = "faulty-many"
    summary = "a hundred thousand weights"
    kind = "manual"
    by_default = False

    def made(self, given: Gradient) -> Any:
        return Gradient(given.loss, np.ones(100_000), given.bias)


class ChangesLater(Answering):
    name = "faulty-second"
    summary = "right at first only"
    kind = "manual"
    by_default = False

    def made(self, given: Gradient) -> Any:
        return given if self.calls <= 2 else Gradient(given.loss, 1.01 * given.weights, given.bias)


class IsRandom(Answering):
    name = "faulty-random"
    summary = "random digits"
    kind = "manual"
    by_default = False

    def made(self, given: Gradient) -> Any:
        return Gradient(given.loss, given.weights * (1 + 1e-6 * np.random.default_rng().normal()), given.bias)


class LosesLosses(NumPyTrainer):
    name = "faulty-losses"
    summary = "gives but one loss"
    kind = "manual"
    by_default = False

    def train(self, plan: Plan) -> Training:
        return replace(super().train(plan), losses=np.ones(1))


class RecordsTwice(NumPyTrainer):
    name = "faulty-records"
    summary = "records an epoch twice"
    kind = "manual"
    by_default = False

    def train(self, plan: Plan) -> Training:
        done = super().train(plan)
        return replace(done, recorded_epochs=np.zeros_like(done.recorded_epochs))


class RecordsNothing(NumPyTrainer):
    name = "faulty-no-records"
    summary = "records nothing"
    kind = "manual"
    by_default = False

    def train(self, plan: Plan) -> Training:
        none = np.zeros(0, dtype=np.int64)
        done = super().train(plan)
        return replace(done, recorded_epochs=none, recorded_weights=done.recorded_weights[:0], recorded_biases=none)


class SaysItDiverged(NumPyTrainer):
    name = "faulty-diverged"
    summary = "says that it diverged"
    kind = "manual"
    by_default = False

    def train(self, plan: Plan) -> Training:
        return replace(super().train(plan), diverged_at=2)


class TrainsNothing(NumPyTrainer):
    name = "faulty-train"
    summary = "gives no training"
    kind = "manual"
    by_default = False

    def train(self, plan: Plan) -> Training:
        return None  # type: ignore[return-value]
