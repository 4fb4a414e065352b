"""The trainer interface: four steps that every backend writes, and the one loop that strings them together.

The model is linear, ``ŷ = X W + b``, with X (n, d), W (d,), b a number; the loss is the mean squared error

    L(W, b) = (1/n) Σᵢ rᵢ²,   r = ŷ − y            [units of y²]

and the chain rule gives the gradient that a backend computes, by hand or by autodiff:

    dW = (2/n) Xᵀ r,   db = (2/n) Σᵢ rᵢ.

Every backend file reads from top to bottom as the same four steps, so that two of them can be laid side by side:

    predict(X, W, b) → ŷ     loss(X, y, W, b) → L     gradient(X, y, W, b) → (L, dW, db)     update(W, b, …) → (W, b)

The steps work on the backend's own form of the data (list, array, tensor). Data takes that form once, in `bind`.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from numbers import Real
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from handgrad.backends.batches import batches as batches
from handgrad.backends.batches import permutation as permutation
from handgrad.backends.devices import Device as Device
from handgrad.backends.devices import OnDevice
from handgrad.backends.inputs import DType as DType
from handgrad.backends.inputs import FloatArray as FloatArray
from handgrad.backends.inputs import InputError as InputError
from handgrad.backends.inputs import Parameters as Parameters
from handgrad.backends.inputs import check_data as check_data
from handgrad.backends.inputs import check_dtype, check_whole
from handgrad.backends.inputs import check_parameters as check_parameters
from handgrad.backends.training import Recording as Recording
from handgrad.backends.training import Training as Training
from handgrad.backends.training import training_of

Order = Literal["shuffled", "file"]

#: No machine goes through more epochs, nor keeps the loss of each.
MOST_EPOCHS = 10**12

#: Up to so many epochs, `Plan.recorded` keeps the parameters of each one; beyond, of so many evenly spread ones.
RECORDED_AT_MOST = 1000


class BackendUnavailable(ImportError):
    """The backend's library is not installed, or fails while it is imported; the message says the remedy, or why."""


class Gradient(NamedTuple):
    """The loss at a point and its derivatives there: `weights` (d,) is ∂L/∂W, `bias` is ∂L/∂b."""

    loss: Any
    weights: Any
    bias: Any


@dataclass(frozen=True)
class Plan:
    """How to train: the same for every backend that is compared.

    Attributes:
        learning_rate: The step's length η in θ ← θ − η ∇L.
        epochs: How often to go through all rows.
        batch_size: Rows per update; None (or n and more) takes all rows at once, in their order.
        start: Where to start; None starts at zero.
        seed: Seeds the permutation of the rows in each epoch; without batches nothing is random.
        order: In which order batches take the rows: "shuffled" by a new permutation in each epoch, or as in the "file".
        dtype: The format in which everything is computed.
        record: The epochs at which parameters are kept; None keeps those of `recorded`.
    """

    learning_rate: float
    epochs: int
    batch_size: int | None = None
    start: Parameters | None = None
    seed: int = 0
    dtype: DType = "float64"
    record: Sequence[int] | None = None
    order: Order = "shuffled"

    def __post_init__(self) -> None:
        rate: Any = self.learning_rate
        if not _is_positive(rate):
            raise InputError(f"learning rate: expected a positive number, got {rate!r}")
        check_whole("epochs", self.epochs, least=0, most=MOST_EPOCHS)
        check_whole("seed", self.seed, least=0)
        if self.batch_size is not None:
            check_whole("batch size", self.batch_size, least=1)
        asked: Any = () if self.record is None else self.record
        if not isinstance(asked, Iterable):
            raise InputError(f"record: expected epochs, got {asked!r}")
        if isinstance(asked, range):  # its ends tell all that lies between
            asked = (*asked[:1], *asked[-1:])
        for epoch in asked:
            check_whole("epoch to record", epoch, least=0)
        check_dtype(self.dtype)
        if self.order not in ("shuffled", "file"):
            raise InputError(f"order: expected 'shuffled' or 'file', got {self.order!r}")

    def recorded(self) -> list[int]:
        """The epochs whose parameters are kept, ascending; always with 0 (the start) and the last."""
        if self.record is not None:
            asked, most = self.record, self.epochs + 1
            if isinstance(asked, range):  # one without end has no more than these within the run
                asked = (*asked[:most], *asked[-most:])
            return sorted({0, self.epochs, *(e for e in asked if 0 <= e <= self.epochs)})
        if self.epochs <= RECORDED_AT_MOST:
            return list(range(self.epochs + 1))
        return sorted({round(e) for e in np.linspace(0, self.epochs, RECORDED_AT_MOST + 1)})


def _is_positive(given: Any) -> bool:
    """Whether it is a number that is positive and finite in float64."""
    try:
        return not isinstance(given, bool) and isinstance(given, Real) and 0 < float(given) < math.inf
    except OverflowError:
        return False


class Trainer(OnDevice, ABC):
    """One linear model on one data set, in one backend's own form.

    In float32 all of it is computed in float32, from the first product to the last sum: a backend that sums in float64
    and rounds at the end is another backend, and says so by `compensated`.

    A backend is a subclass in a file of its own. The class attributes are plain literals, since the catalogue reads
    them without importing the file. It writes the four steps, and three moves: data in (`bind`), parameters in
    (`to_own`), parameters out (`to_numpy`); on NumPy arrays, `ArrayTrainer` has all but `bind` and `gradient`. It never
    changes an array that it was given. It may keep buffers, so a trainer is for one thread at a time.

    Args:
        X: (n, d), or (n,) for one feature; anything that NumPy makes an array of numbers of. All finite.
        y: (n,).
        dtype: The format in which everything is computed.
        device: Where it is computed; None takes the first that the backend knows.

    Raises:
        InputError: On a wrong shape, on what is not a number, on NaN and infinity, on no rows at all, and on a device
            that the backend does not know.
        DeviceAbsent: If the device is not there.
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    #: Who finds the derivative: "manual" (the formula above), "autodiff", or "exact" (the judge).
    kind: ClassVar[Literal["manual", "autodiff", "exact"]]
    #: Modules that must be there, and the command that brings them.
    requires: ClassVar[tuple[str, ...]] = ()
    install: ClassVar[str] = ""
    #: Whether `compare` runs it when nobody names backends.
    by_default: ClassVar[bool] = True
    #: Whether its sums carry more digits than the dtype, so that a gradient is the exact one, rounded once.
    compensated: ClassVar[bool] = False
    #: Whether an epoch goes through all rows; without, it may be faster than they can be read.
    reads_all_rows: ClassVar[bool] = True
    #: Whether it can update on a part of the rows; without, `train` refuses mini-batches.
    minibatch: ClassVar[bool] = True
    #: Whether its steps are its own, and not made of its gradient; then their bits may differ from those that are.
    own_steps: ClassVar[bool] = False
    #: Whether its loop, compiled as a whole, may round otherwise than one gradient and one update do.
    own_rounding: ClassVar[bool] = False
    #: What of the seconds so far went into looking at its answers, as an adapter of somebody else's code does once.
    aside_seconds = 0.0

    def __init__(self, X: ArrayLike, y: ArrayLike, dtype: DType = "float64", device: Device | None = None) -> None:
        self.device = self.placed(device)
        checked_X, checked_y = check_data(X, y, dtype)
        self.dtype: DType = dtype
        self.rows, self.features = checked_X.shape
        self.data = self.bind(checked_X, checked_y)

    # -- the moves -----------------------------------------------------------------------------------------------

    @abstractmethod
    def bind(self, X: FloatArray, y: FloatArray) -> tuple[Any, Any]:
        """X (n, d) and y (n,) in the backend's own form. They are of `self.dtype` and may be read-only."""

    @abstractmethod
    def take(self, X: Any, y: Any, rows: NDArray[np.int64]) -> tuple[Any, Any]:
        """The named rows (k,) of X and y, in that order."""

    @abstractmethod
    def to_own(self, weights: FloatArray, bias: float) -> Parameters:
        """Weights (d,) and bias in the backend's own form; the arrays given stay as they are."""

    @abstractmethod
    def to_numpy(self, weights: Any, bias: Any) -> Parameters:
        """Own parameters, or a gradient's two parts, as a new (d,) array of `self.dtype` and a float."""

    # -- the four steps ------------------------------------------------------------------------------------------

    @abstractmethod
    def predict(self, X: Any, weights: Any, bias: Any) -> Any:
        """ŷ = X W + b, (n,)."""

    @abstractmethod
    def loss(self, X: Any, y: Any, weights: Any, bias: Any) -> Any:
        """L = (1/n) Σ (ŷ − y)², in units of y²."""

    @abstractmethod
    def gradient(self, X: Any, y: Any, weights: Any, bias: Any) -> Gradient:
        """The loss, dW (d,) and db at the given parameters; n is the number of rows given."""

    @abstractmethod
    def update(self, weights: Any, bias: Any, gradient: Gradient, learning_rate: float) -> Parameters:
        """W ← W − η dW, b ← b − η db."""

    # -- the loop ------------------------------------------------------------------------------------------------

    def run(self, parameters: Parameters, plan: Plan, first: int, count: int) -> tuple[Parameters, list[float]]:
        """Epochs `first` to `first + count − 1`: the parameters after them, and the loss before each.

        Stops before an epoch that starts with a loss that is not finite, the last one. Compiled loops replace this.
        """
        X, y = self.data
        losses = list[float]()
        for epoch in range(first, first + count):
            if self.takes_all(plan):
                step = self.gradient(X, y, *parameters)
                losses.append(float(step.loss))
                if not math.isfinite(losses[-1]):
                    break
                parameters = self.update(*parameters, step, plan.learning_rate)
                continue
            losses.append(float(self.loss(X, y, *parameters)))
            if not math.isfinite(losses[-1]):
                break
            for rows in batches(self.rows, plan, epoch):
                step = self.gradient(*self.take(X, y, rows), *parameters)
                parameters = self.update(*parameters, step, plan.learning_rate)
        return parameters, losses

    def lap(self, parameters: Parameters, plan: Plan, epochs: int) -> Parameters:
        """What a clock sees: so many epochs from the first on, and the parameters after them.

        It is `run`; where the derivative comes without a loss, none is worked out here, since nobody asks for it.
        """
        return self.run(parameters, plan, 0, epochs)[0]

    def run_recording(self, parameters: Parameters, plan: Plan, epochs: Sequence[int]) -> Recording:
        """The run from the first of these epochs (k,), ascending, to the last, with the parameters at each of them.

        It is `run` from one to the next; a compiled loop records inside, held to this to the bit by the contract tests.
        """
        kept, losses = [self.to_numpy(*parameters)], list[float]()
        for here, there in pairwise(epochs):
            parameters, segment = self.run(parameters, plan, here, there - here)
            losses += segment
            if not math.isfinite(segment[-1]):
                break
            kept.append(self.to_numpy(*parameters))
        biases = np.array([p.bias for p in kept], dtype=self.dtype)
        return Recording(parameters, losses, np.column_stack([np.array([p.weights for p in kept]), biases]))

    def takes_all(self, plan: Plan) -> bool:
        """Whether one update sees all rows (then in their own order)."""
        return plan.batch_size is None or plan.batch_size >= self.rows

    # -- what others call ----------------------------------------------------------------------------------------

    @np.errstate(over="ignore", invalid="ignore")  # a run that overflows says so in `diverged_at`
    def train(self, plan: Plan) -> Training:
        """Runs the plan from its start and returns what it left; see `Training`."""
        if plan.dtype != self.dtype:
            raise InputError(f"the plan computes in {plan.dtype}, but the data was bound as {self.dtype}")
        if not (self.minibatch or self.takes_all(plan)):
            raise InputError(
                f"backend {self.name!r}: expected all {self.rows} rows in a batch, got a batch size of "
                f"{plan.batch_size}; leave the batch size out, or take another backend"
            )
        marks = plan.recorded()
        parameters, losses, points = self.run_recording(self.start(plan), plan, marks)
        if len(points) == len(marks):
            losses.append(float(self.loss(*self.data, *parameters)))
        return training_of(np.array(marks), points, np.array(losses, dtype=np.float64))

    def start(self, plan: Plan) -> Parameters:
        """The plan's start in the backend's own form."""
        weights, bias = plan.start if plan.start is not None else (np.zeros(self.features), 0.0)
        return self.to_own(*check_parameters(weights, bias, self.features, self.dtype))

    @np.errstate(over="ignore", invalid="ignore")
    def gradient_at(self, weights: ArrayLike, bias: float) -> Gradient:
        """Loss and gradient over all rows at the given parameters, as floats and a (d,) array of `dtype`."""
        own = self.to_own(*check_parameters(weights, bias, self.features, self.dtype))
        loss, d_weights, d_bias = self.gradient(*self.data, *own)
        return Gradient(float(loss), *self.to_numpy(d_weights, d_bias))

    @np.errstate(over="ignore", invalid="ignore")
    def loss_at(self, weights: ArrayLike, bias: float) -> float:
        """The loss over all rows at weights (d,) and bias, in units of y²."""
        own = self.to_own(*check_parameters(weights, bias, self.features, self.dtype))
        return float(self.loss(*self.data, *own))


def steady(plan: Plan, epochs: int) -> Plan:
    """A plan like this one over so many epochs, keeping only start and end: what a clock should see."""
    return replace(plan, epochs=epochs, record=(0, epochs))
