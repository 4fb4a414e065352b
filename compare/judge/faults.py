"""What agreement is worth: known faults are put into a backend, and the judge must catch them.

A `Fault` changes one thing of a backend that is otherwise right: the rows it sees, the point at which it
takes the gradient, the gradient, or the learning rate. Graded faults have a size, such as the ε in a factor 1
+ ε; the self-test makes it ten times smaller until the judge lets it pass, and reports the smallest size that
was caught. A backend without a fault goes through the same wrapping and must pass.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from handgrad.backends.interface import FloatArray, Gradient, InputError, Parameters, Plan, Trainer
from handgrad.compare.judge.bounds import over
from handgrad.compare.judge.judge import Judge, Observed
from handgrad.compare.results.checks import Finding, SelfTest

#: A judge that lets this through in a float64 gradient is not good enough.
REQUIRED_FACTOR = 1e-10

#: Fractions of gradient and parameters that a fault must change before the judge must catch it: what a dtype's rounding
#: may cause lies below.
HARMLESS = {"float64": REQUIRED_FACTOR, "float32": 1e-3}

#: The sizes that are tried of a graded fault, from the largest on.
SIZES = tuple(10.0**-k for k in range(1, 17))


class Fault:
    """No fault: each method is one place where a subclass may go wrong."""

    def rows(self, count: int) -> NDArray[np.int64]:
        """The numbers of the rows that the backend sees."""
        return np.arange(count)

    def point(self, weights: FloatArray, bias: Any) -> Parameters:
        """Where loss and gradient are taken."""
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
        """See `Fault`."""
        factor = computed.weights.dtype.type(1 + self.size)
        return computed._replace(weights=computed.weights * factor, bias=float(factor * computed.bias))


@dataclass
class ScaledWeight(Fault):
    """The last weight's derivative times 1 + size."""

    size: float

    def gradient(self, computed: Gradient, trainer: FaultyTrainer, at: Parameters) -> Gradient:
        """See `Fault`."""
        weights = computed.weights.copy()
        weights[-1] *= weights.dtype.type(1 + self.size)
        return computed._replace(weights=weights)


@dataclass
class ScaledBias(Fault):
    """The bias's derivative times 1 + size."""

    size: float

    def gradient(self, computed: Gradient, trainer: FaultyTrainer, at: Parameters) -> Gradient:
        """See `Fault`."""
        return computed._replace(bias=computed.bias * (1 + self.size))


@dataclass
class ScaledLoss(Fault):
    """The loss times 1 + size, the gradient right."""

    size: float

    def gradient(self, computed: Gradient, trainer: FaultyTrainer, at: Parameters) -> Gradient:
        """See `Fault`."""
        return computed._replace(loss=computed.loss * (1 + self.size))


@dataclass
class ScaledStep(Fault):
    """The learning rate times 1 + size: right gradients, wrong path."""

    size: float

    def rate(self, learning_rate: float) -> float:
        """See `Fault`."""
        return learning_rate * (1 + self.size)


@dataclass
class WeakenedRow(Fault):
    """The last row counts for 1 − size of a row."""

    size: float

    def gradient(self, computed: Gradient, trainer: FaultyTrainer, at: Parameters) -> Gradient:
        """See `Fault`."""
        x, target = trainer.table[0][-1].astype(np.float64), float(trainer.table[1][-1])
        share = 2 / trainer.rows * self.size * (float(x @ at.weights) + float(at.bias) - target)
        weights = (computed.weights - share * x).astype(computed.weights.dtype)
        return computed._replace(weights=weights, bias=computed.bias - share)


class DroppedRow(Fault):
    """The last row is left out."""

    def rows(self, count: int) -> NDArray[np.int64]:
        """See `Fault`."""
        return np.arange(max(1, count - 1))


class DuplicatedRow(Fault):
    """The last row counts twice."""

    def rows(self, count: int) -> NDArray[np.int64]:
        """See `Fault`."""
        return np.append(np.arange(count), count - 1)


class SwappedSign(Fault):
    """The last weight's derivative with the other sign."""

    def gradient(self, computed: Gradient, trainer: FaultyTrainer, at: Parameters) -> Gradient:
        """See `Fault`."""
        weights = computed.weights.copy()
        weights[-1] = -weights[-1]
        return computed._replace(weights=weights)


class LostBias(Fault):
    """The forward pass leaves the bias out: right as long as it is 0."""

    def point(self, weights: FloatArray, bias: Any) -> Parameters:
        """See `Fault`."""
        return Parameters(weights, bias * 0)


class StaleGradient(Fault):
    """Each step uses the gradient of the step before: right at the start."""

    def __init__(self) -> None:
        self.held: Gradient | None = None

    def gradient(self, computed: Gradient, trainer: FaultyTrainer, at: Parameters) -> Gradient:
        """See `Fault`."""
        used = self.held or computed
        self.held = computed
        return used._replace(loss=computed.loss)


class SingleAccumulator(Fault):
    """The sums are kept in float32, all else in float64."""

    def gradient(self, computed: Gradient, trainer: FaultyTrainer, at: Parameters) -> Gradient:
        """See `Fault`."""
        X, y = trainer.table
        residual = X @ at.weights + at.bias - y
        slopes = (X * residual[:, np.newaxis]).sum(axis=0, dtype=np.float32).astype(np.float64)
        total = float(residual.sum(dtype=np.float32))
        return computed._replace(weights=2 / len(y) * slopes, bias=2 / len(y) * total)


class NotANumber(Fault):
    """One derivative is NaN."""

    def gradient(self, computed: Gradient, trainer: FaultyTrainer, at: Parameters) -> Gradient:
        """See `Fault`."""
        weights = computed.weights.copy()
        weights[0] = np.nan
        return computed._replace(weights=weights)


class FaultyTrainer(Trainer):
    """A backend with a fault in it. Its loop and its step are NumPy's, its loss and gradient the backend's own."""

    backend: ClassVar[type[Trainer]]
    make_fault: ClassVar[Callable[[], Fault]]

    def bind(self, X: FloatArray, y: FloatArray) -> tuple[Any, Any]:
        """The backend's own form of the rows that the fault leaves it."""
        self.fault = type(self).make_fault()
        rows = self.fault.rows(len(y))
        self.table = (X, y)
        self.inner = self.backend(X[rows], y[rows], self.dtype)
        return self.inner.data

    def take(self, X: Any, y: Any, rows: NDArray[np.int64]) -> tuple[Any, Any]:
        """As the backend does."""
        return self.inner.take(X, y, rows)

    def to_own(self, weights: FloatArray, bias: float) -> Parameters:
        """Array and scalar of the dtype."""
        return Parameters(weights.astype(self.dtype), np.dtype(self.dtype).type(bias))

    def to_numpy(self, weights: FloatArray, bias: Any) -> Parameters:
        """A copy, and a float."""
        return Parameters(weights.copy(), float(bias))

    def predict(self, X: Any, weights: FloatArray, bias: Any) -> Any:
        """As the backend does, at the fault's point."""
        return self.inner.predict(X, *self.at(weights, bias))

    def loss(self, X: Any, y: Any, weights: FloatArray, bias: Any) -> float:
        """The backend's, after the fault."""
        return float(self.gradient(X, y, weights, bias).loss)

    def gradient(self, X: Any, y: Any, weights: FloatArray, bias: Any) -> Gradient:
        """The backend's, after the fault."""
        loss, d_weights, d_bias = self.inner.gradient(X, y, *self.at(weights, bias))
        computed = Gradient(float(loss), *self.inner.to_numpy(d_weights, d_bias))
        return self.fault.gradient(computed, self, Parameters(weights, bias))

    def update(self, weights: FloatArray, bias: Any, gradient: Gradient, learning_rate: float) -> Parameters:
        """W ← W − η dW, b ← b − η db."""
        number = np.dtype(self.dtype).type
        rate = number(self.fault.rate(learning_rate))
        return Parameters(weights - rate * gradient.weights, bias - rate * number(gradient.bias))

    def at(self, weights: FloatArray, bias: Any) -> Parameters:
        """The fault's point in the backend's own form."""
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


@dataclass(frozen=True)
class Kind:
    """A kind of fault: of every size, or (without sizes) there or not. `only` limits it to a dtype."""

    name: str
    make: Callable[..., Fault]
    graded: bool
    only: Literal["float64"] | None = None


KINDS = (
    Kind("factor in the gradient", Scaled, graded=True),
    Kind("factor in one weight's derivative", ScaledWeight, graded=True),
    Kind("factor in the bias's derivative", ScaledBias, graded=True),
    Kind("factor in the loss", ScaledLoss, graded=True),
    Kind("factor in the step", ScaledStep, graded=True),
    Kind("part of a row lost", WeakenedRow, graded=True),
    Kind("dropped row", DroppedRow, graded=False),
    Kind("duplicated row", DuplicatedRow, graded=False),
    Kind("swapped sign", SwappedSign, graded=False),
    Kind("bias lost in the forward pass", LostBias, graded=False),
    Kind("stale gradient", StaleGradient, graded=False),
    Kind("float32 sums", SingleAccumulator, graded=False, only="float64"),
    Kind("NaN", NotANumber, graded=False),
)


def self_test(X: ArrayLike, y: ArrayLike, plan: Plan, backend: type[Trainer]) -> SelfTest:
    """Puts every kind of fault into a backend and reports the smallest that the judge catches.

    Args:
        X: (n, d) or (n,).
        y: (n,).
        plan: A full-batch run of at least two epochs, since some faults only show after the first.
        backend: The trainer class that is made to fail.

    Raises:
        InputError: If the plan has batches, or fewer than two epochs.
    """
    if plan.batch_size is not None or plan.epochs < 2:
        raise InputError(
            f"self-test: expected a full-batch plan of two epochs or more, got {plan.epochs} epochs and "
            f"batch size {plan.batch_size}; leave the batch size out"
        )
    court = Judge(X, y, plan)
    accused = verdict_on(court, backend, Fault)
    kinds = [kind for kind in KINDS if kind.only in (None, plan.dtype)]
    findings = tuple(smallest_caught(court, backend, kind) for kind in kinds)
    sharp = plan.dtype == "float32" or (findings[0].smallest is not None and findings[0].smallest <= REQUIRED_FACTOR)
    return SelfTest(
        backend=backend.name,
        rows=len(court.y),
        features=court.X.shape[1],
        dtype=plan.dtype,
        findings=findings,
        accused=accused,
        passed=not accused and sharp and all(finding.caught or finding.harmless for finding in findings),
    )


def smallest_caught(court: Judge, backend: type[Trainer], kind: Kind) -> Finding:
    """Tries a kind of fault from its largest size down to the first that passes."""
    smallest, reason = None, ""
    makes = {
        size: partial(kind.make, size) if kind.graded else kind.make for size in (SIZES if kind.graded else (None,))
    }
    for size, make in makes.items():
        found = verdict_on(court, backend, make)
        if not found:
            break
        smallest, reason = size, found
    description = " ".join((kind.make.__doc__ or "").split())
    harmless = not reason and harm(court, backend, next(iter(makes.values()))) < HARMLESS[court.dtype]
    return Finding(kind.name, description, bool(reason), smallest, reason, harmless)


def harm(court: Judge, backend: type[Trainer], make_fault: Callable[[], Fault]) -> float:
    """How much a fault changes: of the gradient at the start, or of the parameters after an epoch, as a fraction."""
    right, wrong = (_numbers(observed(court, backend, make)) for make in (Fault, make_fault))
    if [table.shape for table in right] != [table.shape for table in wrong]:  # it has diverged
        return math.inf
    changes = [np.abs(a - b).max(axis=1) for a, b in zip(right, wrong, strict=True)]
    sizes = [np.abs(table).max(axis=1) for table in right]
    return float(np.max(over(np.concatenate(changes), np.concatenate(sizes))))


def _numbers(seen: Observed) -> tuple[FloatArray, FloatArray]:
    """The gradient at the start (1, d + 1), and the recorded parameters (k, d + 1)."""
    assert seen.training is not None
    gradient = np.array([[*seen.gradient.weights, seen.gradient.bias]], dtype=np.float64)
    return gradient, np.column_stack([seen.training.recorded_weights, seen.training.recorded_biases])


def verdict_on(court: Judge, backend: type[Trainer], make_fault: Callable[[], Fault]) -> str:
    """What the judge says against the backend with that fault; empty if it passes."""
    judged = court.accuracy(observed(court, backend, make_fault))
    return "" if judged.passed else judged.reason


def observed(court: Judge, backend: type[Trainer], make_fault: Callable[[], Fault]) -> Observed:
    """What the backend with that fault gives: the gradient at the start, and the run."""
    faulty = with_fault(backend, make_fault)
    start = court.start
    with np.errstate(all="ignore"):  # a fault may well overflow
        return Observed(
            faulty(court.X, court.y, court.dtype).gradient_at(start.weights, start.bias),
            faulty(court.X, court.y, court.dtype).train(court.plan),
        )
