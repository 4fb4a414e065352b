"""The judge: each backend against the exact answer, and then against each other.

Held against the truth are the loss and the gradient at the start, the parameters at every recorded epoch, and
the losses at the backend's own recorded parameters. Each error is given in ULPs, relative to the exact value,
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

import numpy as np

from handgrad.backends.interface import FloatArray, Gradient, InputError, Parameters, Plan, Training
from handgrad.compare.judge.bounds import likely_growth, over, ulps, worst_growth
from handgrad.compare.judge.drift import drift
from handgrad.compare.judge.table import CheckedTable, PointErrors, as_array
from handgrad.compare.judge.trajectory import as_held, full_batch_products, true_run
from handgrad.compare.judge.violations import (
    along_path,
    at_end,
    at_start,
    in_final,
    in_losses,
    or_none,
    recorded_parameters,
)
from handgrad.compare.results import reasons
from handgrad.compare.results.comparison import Accuracy, EpochErrors, Pair, ParameterAccuracy, StartGradient
from handgrad.compare.results.violations import Bound, Violation

#: Steps of mini-batch descent that are followed exactly; each takes about a millisecond.
EXACT_STEPS = 20_000

#: Products of long integers that the true run of full batches may cost; a million take about three seconds.
EXACT_PRODUCTS = 2e6


@dataclass(frozen=True)
class Observed:
    """What a backend gave: loss and gradient at the plan's start, and the run; None where it gave none."""

    gradient: Gradient
    training: Training | None = None


class Judge:
    """One problem, worked out exactly once, against which any number of backends is judged.

    Args:
        table: X and y as the backends hold them.
        plan: The run; its dtype is the table's.

    Raises:
        InputError: If the plan's dtype or start does not fit the table.
    """

    def __init__(self, table: CheckedTable, plan: Plan) -> None:
        if plan.dtype != table.dtype:
            raise InputError(f"judge: expected a plan in the table's {table.dtype}, got one in {plan.dtype}")
        self.table, self.plan = table, plan
        held = as_held(plan, table.features)
        assert held.start is not None
        self.start = held.start
        self.at_start = table.at(*self.start)
        self.true = true_run(table, plan) if self.can_follow() else None
        self.trusted = all(table.plain_sum_is_likely(*point) for point in self.ends())
        self.growth = likely_growth if self.trusted else worst_growth
        if self.true is not None:
            as_rated = replace(plan, learning_rate=held.learning_rate)
            self.drift = drift(table, as_rated, self.true, self.growth)

    def ends(self) -> list[Parameters]:
        """Where the run starts, and where it truly ends, if that is known and the run does not diverge."""
        if self.true is None or not self.true.losses[-1] <= self.true.losses[0]:
            return [self.start]
        *weights, bias = self.true.parameters[-1].tolist()
        return [self.start, Parameters(np.array(weights), bias)]

    def can_follow(self) -> bool:
        """Whether the true trajectory is within reach; long runs are not for wide tables, nor for mini-batches."""
        if self.table.exact.takes_all(self.plan):
            return min(full_batch_products(self.plan, self.table.features)) <= EXACT_PRODUCTS
        assert self.plan.batch_size is not None
        return self.plan.epochs * math.ceil(self.table.rows / self.plan.batch_size) <= EXACT_STEPS

    @property
    def bound(self) -> Bound:
        """Which bound decides on this problem."""
        return "likely" if self.trusted else "worst"

    def deciding(self, errors: PointErrors) -> FloatArray:
        """Errors (d + 2,) over the bound that decides."""
        return errors.over_likely if self.trusted else errors.over_worst

    # -- a whole run -----------------------------------------------------------------------------------------

    def accuracy(self, observed: Observed, others: Mapping[str, Observed] | None = None) -> Accuracy:
        """How right a backend is; `others` are references to which it is compared by the way."""
        start = self.at_start.errors(observed.gradient)
        epochs = self.epochs(observed.training)
        pairs = tuple(self.pair(name, observed, other) for name, other in (others or {}).items())
        violations = self.violations(start, epochs, observed)
        return Accuracy(
            start_gradient=start_gradient(observed.gradient, start),
            parameters=last_parameters(epochs, pairs),
            epochs=epochs,
            pairs=pairs,
            passed=not violations,
            reason=reasons.of_violations(violations) if violations else self.why_passed(start, epochs),
            bound=self.bound,
            violations=violations,
        )

    def violations(self, start: PointErrors, epochs: EpochErrors | None, observed: Observed) -> tuple[Violation, ...]:
        """What rounding does not explain: of the start, of the path, of its end, of the losses."""
        training = observed.training
        found = [replace(v, flushed=self.flushes(observed.gradient)) for v in at_start(start, self.deciding(start))]
        if epochs is not None:
            assert training is not None
            assert self.true is not None
            found += along_path(epochs) + at_end(training, self.plan, self.true, self.table)
        if training is not None:
            found += in_final(training) + in_losses(training, self.table, self.growth)
        return tuple(found)

    def flushes(self, given: Gradient) -> bool:
        """Whether all that is wrong at the start is explained by numbers below the normal ones, taken for zero."""
        bound = self.table.flushed_bound(*self.start, self.growth)
        return bool((over(self.at_start.difference(given), as_array(bound)) <= 1).all())

    def why_passed(self, start: PointErrors, epochs: EpochErrors | None) -> str:
        """Why a backend passed."""
        ratio = float(self.deciding(start).max())
        return reasons.of_pass(ratio, self.bound, None if epochs is None else epochs.bound_ratio)

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
            max_ulp=_largest(ulps(given, exact, self.table.dtype, rest)),
            max_relative=_largest(relative),
            bound_ratio=_largest(over(error, self.drift[here])),
        )

    def matched(self, training: Training) -> tuple[list[int], FloatArray, list[int]]:
        """Epochs that both the run and the truth recorded, the run's parameters (k, d + 1) there, and rows of truth.

        Raises:
            InputError: If there are none: comparing nothing is no comparison.
        """
        assert self.true is not None
        rows = self.true.rows
        parameters = recorded_parameters(training)
        common = [(e, i) for i, e in enumerate(training.recorded_epochs.tolist()) if e in rows]
        if not common:
            raise InputError("trajectory: expected at least one recorded epoch of the plan, got none; nothing compared")
        return [e for e, _ in common], parameters[[i for _, i in common]], [rows[e] for e, _ in common]

    # -- one against another ---------------------------------------------------------------------------------

    def pair(self, name: str, observed: Observed, other: Observed) -> Pair:
        """A backend against another: over the sum of both bounds, and where the two part."""
        bound = as_array(self.at_start.bound(self.trusted))
        apart = as_array(observed.gradient) - as_array(other.gradient)
        ratio = float(over(apart, 2 * bound).max())
        if observed.training is None or other.training is None:
            return Pair(name, or_none(ratio), None, None, None)
        epochs, mine, theirs = _common(observed.training, other.training)
        with np.errstate(divide="ignore", invalid="ignore"):
            different = ~(mine == theirs)
            size = np.maximum(np.abs(mine), np.abs(theirs))
            relative = np.where(different, np.abs(mine - theirs) / size, 0.0).max(axis=1)
        first = next((i for i, row in enumerate(different) if row.any()), None)
        return Pair(
            reference=name,
            gradient_ratio=or_none(ratio),
            first_epoch_apart=None if first is None else epochs[first],
            apart_by=None if first is None else or_none(float(relative[first])),
            final_apart=or_none(float(relative[-1])),
            parameter_ratio=self.parameter_ratio(epochs, mine - theirs),
        )

    def parameter_ratio(self, epochs: Sequence[int], apart: FloatArray) -> float | None:
        """The largest distance (k, d + 1) of two runs over the sum of both drifts; None where no true run is known."""
        if self.true is None:
            return None
        rows = self.true.rows
        known = [(i, rows[epoch]) for i, epoch in enumerate(epochs) if epoch in rows]
        ratios = over(apart[[i for i, _ in known]], 2 * self.drift[[row for _, row in known]])
        return or_none(float(ratios.max()))


def judge(
    table: CheckedTable, plan: Plan, observed: Mapping[str, Observed], references: Sequence[str] = ()
) -> dict[str, Accuracy]:
    """Judges every backend by the exact answer, and compares it to the references that are among them.

    Args:
        table: X and y as the backends hold them.
        plan: The run that all of them made.
        observed: What each gave, by name.
        references: Names, such as numpy and torch.

    Raises:
        InputError: If there is nothing to judge.
    """
    if not observed:
        raise InputError("judge: expected at least one backend, got none; nothing compared is no agreement")
    exact = Judge(table, plan)
    known = [name for name in references if name in observed]
    return {
        name: exact.accuracy(given, {other: observed[other] for other in known if other != name})
        for name, given in observed.items()
    }


def start_gradient(given: Gradient, errors: PointErrors) -> StartGradient:
    """As it stands in `result.json`: ULPs and relative errors are the gradient's, ratios include the loss."""
    return StartGradient(
        loss=or_none(float(given.loss)),
        weights=tuple(map(or_none, np.asarray(given.weights, dtype=np.float64).tolist())),
        bias=or_none(float(given.bias)),
        max_ulp=or_none(float(errors.ulps[1:].max())),
        max_relative=or_none(float(errors.relative[1:].max())),
        bound_ratio=or_none(float(errors.over_likely.max())),
        worst_case_ratio=or_none(float(errors.over_worst.max())),
    )


def last_parameters(epochs: EpochErrors | None, pairs: Sequence[Pair]) -> ParameterAccuracy:
    """The last recorded epoch's errors, and where the backend parts from the first reference."""
    first = pairs[0].first_epoch_apart if pairs else None
    if epochs is None:
        return ParameterAccuracy(first_epoch_apart=first)
    return ParameterAccuracy(epochs.max_ulp[-1], epochs.max_relative[-1], first, epochs.bound_ratio[-1])


def _common(one: Training, other: Training) -> tuple[list[int], FloatArray, FloatArray]:
    """The epochs that both recorded, and both's parameters (k, d + 1) there; epoch 0 is always one."""
    count = min(len(one.recorded_epochs), len(other.recorded_epochs))
    mine, theirs = (recorded_parameters(run)[:count] for run in (one, other))
    return one.recorded_epochs[:count].tolist(), mine, theirs


def _largest(errors: FloatArray) -> tuple[float | None, ...]:
    """The largest of each row (k, d + 1); None where it is not finite."""
    return tuple(or_none(value) for value in errors.max(axis=1).tolist())
