"""The judge: each backend against the exact answer, and then against each other.

Held against the truth are the loss and the gradient at the start, the parameters at every recorded epoch, and
the last loss at the backend's own last parameters. Each error is given in ULPs, relative to the exact value,
and over its rounding-error bound: the √n bound decides, since it is sharp, and the worst case stands beside
it.

The √n bound presumes that rounding errors do not all push one way. Data can break that (a million equal rows
summed in float32), so it is trusted only where a plain sum from the first row to the last, in the same dtype,
keeps it, too. Where it does not, the worst case decides. Whoever is beyond that is wrong, whatever the data.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike

from handgrad.backends.exact import ExactTrainer, rounded
from handgrad.backends.interface import (
    DType,
    FloatArray,
    Gradient,
    InputError,
    Parameters,
    Plan,
    Training,
    check_data,
    check_parameters,
)
from handgrad.compare.judge.bounds import (
    Sizes,
    Tolerances,
    gradient_tolerances,
    likely_growth,
    over,
    ulps,
    worst_growth,
)
from handgrad.compare.judge.drift import drift
from handgrad.compare.judge.trajectory import as_held, full_batch_products, truth
from handgrad.compare.results.comparison import Accuracy, EpochErrors, Pair, ParameterAccuracy, StartGradient

#: Steps of mini-batch descent that are followed exactly; each takes about a millisecond.
EXACT_STEPS = 20_000

#: Products of long integers that the true run of full batches may cost; a million take about three seconds.
EXACT_PRODUCTS = 2e6


@dataclass(frozen=True)
class Observed:
    """What a backend gave: loss and gradient at the plan's start, and the run; None where it gave none."""

    gradient: Gradient
    training: Training | None = None


@dataclass(frozen=True)
class PointErrors:
    """Loss and gradient of a backend against the exact ones at one point; arrays are (d + 2,): loss, dW, db."""

    ulps: FloatArray
    relative: FloatArray
    over_likely: FloatArray
    over_worst: FloatArray


class Judge:
    """One problem, worked out exactly once, against which any number of backends is judged.

    Args:
        X: (n, d) or (n,), as given to the backends.
        y: (n,).
        plan: The run; its dtype is the one in which the backends compute.

    Raises:
        InputError: As every trainer does.
    """

    def __init__(self, X: ArrayLike, y: ArrayLike, plan: Plan) -> None:
        self.X, self.y = check_data(X, y, plan.dtype)
        self.plan = plan
        self.dtype: DType = plan.dtype
        self.exact = ExactTrainer(self.X, self.y, plan.dtype)
        held = as_held(plan, self.exact.features)
        assert held.start is not None
        self.start = held.start
        self.true = truth(self.X, self.y, plan) if self.can_follow() else None
        self.trusted = all(self.errors_are_independent(point) for point in self.ends())
        self.growth = likely_growth if self.trusted else worst_growth
        self.sizes = Sizes.of(self.X, self.y)
        if self.true is not None:
            as_rated = replace(plan, learning_rate=held.learning_rate)
            self.drift = drift(self.X, self.y, as_rated, self.true, self.growth)

    def ends(self) -> list[Parameters]:
        """Where the run starts, and where it truly ends, if that is known and the run does not diverge."""
        if self.true is None or not self.true.losses[-1] <= self.true.losses[0]:
            return [self.start]
        *weights, bias = self.true.parameters[-1].tolist()
        return [self.start, Parameters(np.array(weights), bias)]

    def errors_are_independent(self, point: Parameters) -> bool:
        """Whether a plain sum keeps the √n bound at this point."""
        exact = self.exact.exactly_at(*check_parameters(*point, self.exact.features, self.dtype))
        return plain_sum_is_likely(self.X, self.y, *point, exact, self.dtype)

    def can_follow(self) -> bool:
        """Whether the true trajectory is within reach; long runs are not for wide tables, nor for mini-batches."""
        if self.exact.takes_all(self.plan):
            return min(full_batch_products(self.plan, self.exact.features)) <= EXACT_PRODUCTS
        assert self.plan.batch_size is not None
        return self.plan.epochs * math.ceil(len(self.y) / self.plan.batch_size) <= EXACT_STEPS

    # -- at one point ----------------------------------------------------------------------------------------

    def at(self, weights: ArrayLike, bias: float, given: Gradient) -> PointErrors:
        """Errors of a loss and gradient that a backend gave at these parameters."""
        exact = self.exact.exactly_at(weights, bias)
        bounds = gradient_tolerances(self.X, self.y, weights, bias, self.dtype)
        return point_errors(given, exact, bounds, self.dtype)

    def deciding(self, errors: PointErrors) -> FloatArray:
        """Error over the bound that decides here."""
        return errors.over_likely if self.trusted else errors.over_worst

    # -- a whole run -----------------------------------------------------------------------------------------

    def accuracy(self, observed: Observed, others: Mapping[str, Observed] | None = None) -> Accuracy:
        """How right a backend is; `others` are references to which it is compared by the way."""
        start = self.at(self.start.weights, self.start.bias, observed.gradient)
        epochs = self.epochs(observed.training)
        pairs = tuple(self.pair(name, observed, other) for name, other in (others or {}).items())
        faults = [
            *self.start_faults(start),
            *self.epoch_faults(observed.training),
            *self.loss_faults(observed.training),
        ]
        return Accuracy(
            start_gradient=start_gradient(observed.gradient, start),
            parameters=last_parameters(epochs, pairs),
            epochs=epochs,
            pairs=pairs,
            passed=not faults,
            reason="; ".join(faults) if faults else self.praise(start, epochs),
        )

    def epochs(self, training: Training | None) -> EpochErrors | None:
        """Errors of weights and bias at each recorded epoch that the truth has, too."""
        if training is None or self.true is None:
            return None
        both, given, here = self.matched(training)
        exact, rest = self.true.parameters[here], self.true.rest[here]
        error = (given - exact) - rest
        with np.errstate(divide="ignore", invalid="ignore"):
            relative = np.where(error == 0, 0.0, np.abs(error) / np.abs(exact))
        return EpochErrors(
            epochs=tuple(both),
            max_ulp=_largest(ulps(given, exact, self.dtype, rest)),
            max_relative=_largest(relative),
            bound_ratio=_largest(over(error, self.drift[here])),
        )

    def matched(self, training: Training) -> tuple[list[int], FloatArray, list[int]]:
        """Epochs that both the run and the truth recorded, the run's parameters (k, d + 1) there, and rows of truth.

        Raises:
            InputError: If there are none: comparing nothing is no comparison.
        """
        assert self.true is not None
        rows = {epoch: i for i, epoch in enumerate(self.true.epochs.tolist())}
        parameters = np.column_stack([training.recorded_weights, training.recorded_biases]).astype(np.float64)
        common = [(e, i) for i, e in enumerate(training.recorded_epochs.tolist()) if e in rows]
        if not common:
            raise InputError("trajectory: expected at least one recorded epoch of the plan, got none; nothing compared")
        return [e for e, _ in common], parameters[[i for _, i in common]], [rows[e] for e, _ in common]

    # -- what is wrong, in words -----------------------------------------------------------------------------

    def start_faults(self, errors: PointErrors) -> list[str]:
        """A sentence about the part of loss and gradient at the start that is farthest outside, if one is."""
        ratios = self.deciding(errors)
        worst = int(np.argmax(ratios))
        if ratios[worst] <= 1:
            return []
        name = ["the loss", *(f"dW{j + 1}" for j in range(self.X.shape[1])), "db"][worst]
        if not math.isfinite(errors.relative[worst]):
            return [f"{name} at the start is not finite, or not 0 where the exact one is"]
        return [
            f"{name} at the start is {errors.relative[worst]:.2g} off relative to the exact one, "
            f"{errors.over_likely[worst]:.3g} times its √n bound, {errors.over_worst[worst]:.3g} times its worst case"
        ]

    def epoch_faults(self, training: Training | None) -> list[str]:
        """A sentence about the first recorded epoch outside its bound, and about a run that ended without cause."""
        if training is None or self.true is None:
            return []
        faults = []
        errors = self.epochs(training)
        assert errors is not None
        for epoch, ratio in zip(errors.epochs, errors.bound_ratio, strict=True):
            if not (ratio is not None and ratio <= 1):
                told = (
                    "not finite"
                    if ratio is None
                    else f"{ratio:.3g} times as far from the true ones as rounding explains"
                )
                faults.append(f"the parameters after epoch {epoch} are {told}")
                break
        return faults + self.end_faults(training)

    def end_faults(self, training: Training) -> list[str]:
        """A run has all the plan's epochs, or has diverged where the true loss leaves the dtype's range."""
        assert self.true is not None
        end = training.diverged_at
        missing = {e for e in self.plan.recorded() if end is None or e < end} - set(training.recorded_epochs.tolist())
        if missing:
            return [f"the parameters after epoch {min(missing)} are missing"]
        if end is None and len(training.losses) != self.plan.epochs + 1:
            return [f"expected {self.plan.epochs + 1} losses, got {len(training.losses)}"]
        if end is not None:
            after = self.true.losses[self.true.epochs >= end]
            # a sum of squares overflows before its mean does; the 4 leaves room for its rounding
            if len(after) and float(after[0]) * len(self.y) < float(np.finfo(self.dtype).max) / 4:
                return [f"diverged at epoch {end}, where the true loss is {after[0]:.3g}"]
        return []

    def loss_faults(self, training: Training | None) -> list[str]:
        """A sentence about the first recorded loss that is not the loss at the parameters recorded with it."""
        if training is None:
            return []
        points = np.column_stack([training.recorded_weights, training.recorded_biases]).astype(np.float64)
        epochs = training.recorded_epochs
        # parameters that are not finite are a fault of their own, and have no loss
        judged = (epochs < len(training.losses)) & np.isfinite(points).all(axis=1)
        recorded, points = epochs[judged].tolist(), points[judged]
        if not recorded:
            return []
        given = np.asarray(training.losses, dtype=np.float64)[recorded]
        exact = [self.exact.exactly_at(point[:-1], float(point[-1])).loss for point in points]
        nearest, rest = two_parts(exact)
        bounds = self.sizes.losses(points, nearest, self.dtype, self.growth)
        outside = np.flatnonzero(over((given - nearest) - rest, bounds) > 1)
        if not len(outside):
            return []
        k = int(outside[0])
        return [f"the loss after epoch {recorded[k]} is {given[k]:.9g}, but {nearest[k]:.9g} at its own parameters"]

    def praise(self, start: PointErrors, epochs: EpochErrors | None) -> str:
        """Why a backend passed, in one sentence."""
        bound = "√n bound" if self.trusted else "worst-case bound (its data break the √n one)"
        said = f"gradient at the start within {self.deciding(start).max():.2g} of its {bound}"
        if epochs is None:
            return f"{said}; the trajectory was not judged: too long a run to follow exactly"
        largest = max(ratio for ratio in epochs.bound_ratio if ratio is not None)
        return f"{said}, {len(epochs.epochs)} recorded epochs within {largest:.2g} of theirs"

    # -- one against another ---------------------------------------------------------------------------------

    def pair(self, name: str, observed: Observed, other: Observed) -> Pair:
        """A backend against another: over the sum of both bounds, and where the two part."""
        bounds = gradient_tolerances(self.X, self.y, self.start.weights, self.start.bias, self.dtype)
        bound = bounds.likely if self.trusted else bounds.worst
        apart = _as_array(observed.gradient) - _as_array(other.gradient)
        ratio = float(over(apart, 2 * np.array([bound.loss, *bound.weights, bound.bias])).max())
        if observed.training is None or other.training is None:
            return Pair(name, _or_none(ratio), None, None, None)
        epochs, mine, theirs = _common(observed.training, other.training)
        with np.errstate(invalid="ignore"):
            different = ~(mine == theirs)
            size = np.maximum(np.abs(mine), np.abs(theirs))
            relative = np.where(different, np.abs(mine - theirs) / np.where(size > 0, size, 1.0), 0.0).max(axis=1)
        first = next((i for i, row in enumerate(different) if row.any()), None)
        return Pair(
            reference=name,
            gradient_ratio=_or_none(ratio),
            first_epoch_apart=None if first is None else epochs[first],
            apart_by=None if first is None else _or_none(float(relative[first])),
            final_apart=_or_none(float(relative[-1])),
            parameter_ratio=self.parameter_ratio(epochs, mine - theirs),
        )

    def parameter_ratio(self, epochs: Sequence[int], apart: FloatArray) -> float | None:
        """The largest distance of two runs over the sum of both drifts; None where the truth is not known."""
        if self.true is None:
            return None
        rows = {epoch: i for i, epoch in enumerate(self.true.epochs.tolist())}
        known = [(i, rows[epoch]) for i, epoch in enumerate(epochs) if epoch in rows]
        ratios = over(apart[[i for i, _ in known]], 2 * self.drift[[row for _, row in known]])
        return _or_none(float(ratios.max()))


def judge(
    X: ArrayLike, y: ArrayLike, plan: Plan, observed: Mapping[str, Observed], references: Sequence[str] = ()
) -> dict[str, Accuracy]:
    """Judges every backend by the exact answer, and compares it to the references that are among them.

    Args:
        X: (n, d) or (n,), as given to the backends.
        y: (n,).
        plan: The run that all of them made.
        observed: What each gave, by name.
        references: Names, such as numpy and torch.

    Raises:
        InputError: If there is nothing to judge.
    """
    if not observed:
        raise InputError("judge: expected at least one backend, got none; nothing compared is no agreement")
    court = Judge(X, y, plan)
    known = [name for name in references if name in observed]
    return {
        name: court.accuracy(given, {other: observed[other] for other in known if other != name})
        for name, given in observed.items()
    }


def independent_errors(X: FloatArray, y: FloatArray, weights: ArrayLike, bias: float, dtype: DType) -> bool:
    """Whether a plain sum from the first row to the last, in the dtype, keeps the √n bound at this point."""
    held = check_parameters(weights, bias, X.shape[1], dtype)
    return plain_sum_is_likely(X, y, *held, ExactTrainer(X, y, dtype).exactly_at(*held), dtype)


def plain_sum_is_likely(
    X: FloatArray, y: FloatArray, weights: ArrayLike, bias: float, exact: Gradient, dtype: DType
) -> bool:
    """The same, where the exact loss and gradient at the point are known."""
    w, b = np.asarray(weights, dtype=dtype), np.dtype(dtype).type(bias)
    with np.errstate(over="ignore", invalid="ignore"):
        residual = X @ w + b - y
        scale = np.dtype(dtype).type(2) / np.dtype(dtype).type(len(y))
        slopes = [scale * _in_order(column * residual) for column in X.T]
        loss = _in_order(residual * residual) / np.dtype(dtype).type(len(y))
        plain = Gradient(float(loss), np.array(slopes), float(scale * _in_order(residual)))
    errors = point_errors(plain, exact, gradient_tolerances(X, y, w, float(b), dtype), dtype)
    return bool(errors.over_likely.max() <= 1)


def point_errors(given: Gradient, exact: Gradient, bounds: Tolerances, dtype: DType) -> PointErrors:
    """Errors of a loss and gradient (floats) against exact ones (fractions)."""
    nearest, rest = two_parts([exact.loss, *exact.weights, exact.bias])
    values = _as_array(given)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        error = np.abs((values - nearest) - rest)
        relative = np.where(error == 0, 0.0, error / np.abs(nearest))
    likely, worst = (np.array([b.loss, *b.weights, b.bias]) for b in (bounds.likely, bounds.worst))
    return PointErrors(ulps(values, nearest, dtype, rest), relative, over(error, likely), over(error, worst))


def two_parts(exact: Sequence[Fraction]) -> tuple[FloatArray, FloatArray]:
    """The doubles nearest to the fractions, and those nearest to what they leave; 0 is left of an infinite one."""
    nearest = [_float(fraction) for fraction in exact]
    rest = [_float(f - Fraction(n)) if math.isfinite(n) else 0.0 for f, n in zip(exact, nearest, strict=True)]
    return np.array(nearest), np.array(rest)


def start_gradient(given: Gradient, errors: PointErrors) -> StartGradient:
    """As it stands in `result.json`: ULPs and relative errors are the gradient's, ratios include the loss."""
    return StartGradient(
        loss=float(given.loss),
        weights=tuple(np.asarray(given.weights, dtype=np.float64).tolist()),
        bias=float(given.bias),
        max_ulp=_or_none(float(errors.ulps[1:].max())),
        max_relative=_or_none(float(errors.relative[1:].max())),
        bound_ratio=_or_none(float(errors.over_likely.max())),
        worst_case_ratio=_or_none(float(errors.over_worst.max())),
    )


def last_parameters(epochs: EpochErrors | None, pairs: Sequence[Pair]) -> ParameterAccuracy:
    """The last recorded epoch's errors, and where the backend parts from the first reference."""
    first = pairs[0].first_epoch_apart if pairs else None
    if epochs is None:
        return ParameterAccuracy(first_epoch_apart=first)
    return ParameterAccuracy(epochs.max_ulp[-1], epochs.max_relative[-1], first, epochs.bound_ratio[-1])


def _in_order(terms: FloatArray) -> FloatArray:
    last: FloatArray = np.add.accumulate(terms)[-1]  # unlike sum, from the first to the last
    return last


def _as_array(gradient: Gradient) -> FloatArray:
    return np.array([gradient.loss, *gradient.weights, gradient.bias], dtype=np.float64)


def _float(fraction: Fraction) -> float:
    return rounded(fraction.numerator, fraction.denominator, "float64")


def _common(one: Training, other: Training) -> tuple[list[int], FloatArray, FloatArray]:
    """The epochs that both recorded, and both's parameters (k, d + 1) there; epoch 0 is always one."""
    count = min(len(one.recorded_epochs), len(other.recorded_epochs))
    tables = [
        np.column_stack([run.recorded_weights, run.recorded_biases])[:count].astype(np.float64) for run in (one, other)
    ]
    return one.recorded_epochs[:count].tolist(), tables[0], tables[1]


def _largest(errors: FloatArray) -> tuple[float | None, ...]:
    """The largest of each row (k, d + 1); None where it is not finite."""
    return tuple(_or_none(value) for value in errors.max(axis=1).tolist())


def _or_none(value: float) -> float | None:
    return value if math.isfinite(value) else None
