"""How far a run has come on its way to the least-squares solution, beside what the Hessian had predicted.

Digits are those of NIST's log relative error, −log₁₀(|θⱼ − θ*ⱼ| / |θ*ⱼ|), of the worst parameter in the user's units;
where θ*ⱼ is 0 up to rounding, of the error over what the parameter could be at most. Contraction is the factor by
which an epoch shrinks the error ‖θ − θ*‖ of the problem as it is trained; it is observed over the second half of the
epochs before rounding stops the descent.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from handgrad.backends.interface import FloatArray, Plan
from handgrad.compare.results.arrival import Arrival, ArrivalState, Divergence, Remedy
from handgrad.compare.results.comparison import Trajectory
from handgrad.compare.side_by_side.forecast import ZERO, Forecast
from handgrad.compare.side_by_side.prepare import Prepared

#: From so many digits on, a run has arrived.
ARRIVED_DIGITS = 6

#: Digits for which the facts hold the epochs needed.
TOLD_DIGITS = (6, 9, 12)

#: The most digits that a double has.
MOST_DIGITS = 16.0

#: The error must lie so far above what rounding leaves before a contraction is read from it.
ABOVE_ROUNDING = 1e4

#: A loss of mini-batches that is so many times that of the start is no noise.
GROWN = 10.0

#: Another rate is told where it needs fewer than this part of the epochs.
WORTH_IT = 0.9


class Shrinkage(NamedTuple):
    """By which an epoch shrank the error, as a mean over the epochs of a window: its first and its last."""

    contraction: float
    window: tuple[int, int]


def arrival(trajectory: Trajectory, losses: Sequence[float], diverged_at: int | None, prepared: Prepared) -> Arrival:
    """Judges the end of a run by the least-squares solution, and its course by the predicted contraction.

    Args:
        trajectory: The recorded parameters in the user's units.
        losses: (epochs + 1,), in units of y².
        diverged_at: The first epoch whose loss is not finite; None where all are.
        prepared: The problem.
    """
    forecast, hessian = prepared.forecast, prepared.table.hessian
    has_left = diverged_at is not None or is_growing(losses, prepared)
    digits = None if has_left else last_digits(trajectory, prepared)
    seen = None if digits is None or not forecast.full_batch else observed(trajectory, prepared)
    return Arrival(
        state=state(digits),
        epochs=trajectory.epochs[-1],
        digits=digits,
        loss_ratio=loss_ratio(losses, prepared),
        epochs_for={str(digits): forecast.epochs_for[digits] for digits in TOLD_DIGITS},
        contraction=seen.contraction if seen else None,
        predicted_contraction=forecast.contraction,
        learning_rate=prepared.plan.learning_rate,
        limit=hessian.limit,
        full_batch=forecast.full_batch,
        nearest_to_start=hessian.deficient,
        dtype=prepared.plan.dtype,
        window=seen.window if seen else None,
        expected_contraction=forecast.contraction_between(*seen.window) if seen else None,
        loss=losses[-1] if losses and math.isfinite(losses[-1]) else None,
        lowest_loss=prepared.problem.destination.loss if prepared.problem.destination else None,
        condition=hessian.condition,
        best_rate=hessian.best_rate,
        best_contraction=hessian.contraction(hessian.best_rate),
        stopped_by_rounding=is_stopped(digits, trajectory.epochs[-1], prepared),
        remedies=remedies(state(digits), trajectory.epochs[-1], prepared),
    )


def is_stopped(digits: float | None, epochs: int, prepared: Prepared) -> bool:
    """Whether a run of full batches has had the epochs for six digits and does not have them."""
    needed = prepared.forecast.epochs_for[ARRIVED_DIGITS]
    late = needed is not None and needed <= epochs
    return state(digits) == "not yet" and late and prepared.forecast.full_batch


def remedies(found: ArrivalState, epochs: int, prepared: Prepared) -> tuple[Remedy, ...]:
    """What to change so that a run of so many epochs, which has not arrived, does: the simplest first."""
    if found == "yes":
        return ()
    forecast = prepared.forecast
    if not forecast.full_batch:
        return tuple(for_mini_batches(found, prepared))
    rounding = prepared.plan.dtype == "float32" and is_stopped(0.0, epochs, prepared)
    return (*([Remedy("float64")] if rounding else []), *for_full_batches(epochs, prepared))


def for_mini_batches(found: ArrivalState, prepared: Prepared) -> Iterator[Remedy]:
    """A smaller rate, which brings them nearer and keeps them in range, or all rows at once.

    Where the model fits the target all batches have one solution, at which they come to rest; a smaller rate only takes
    longer.
    """
    if found == "diverged":
        yield Remedy("smaller rate", prepared.forecast.converging_rate)
    elif not is_fitted(prepared):
        yield Remedy("smaller rate")
    yield from at_rate("full batch", replace(prepared.forecast, plan=best_plan(prepared)))


def is_fitted(prepared: Prepared) -> bool:
    """Whether the lowest loss is 0 up to rounding, its root below `ZERO` ε of the largest target."""
    destination, y = prepared.problem.destination, prepared.table.y.astype(np.float64)
    size = ZERO * float(np.finfo(np.float64).eps) * float(np.max(np.abs(y)))
    return destination is not None and math.sqrt(destination.loss) <= size


def for_full_batches(epochs: int, prepared: Prepared) -> Iterator[Remedy]:
    """More epochs, the best rate where it needs fewer, and standardised features."""
    forecast, rate = prepared.forecast, prepared.plan.learning_rate
    needed = forecast.epochs_for[ARRIVED_DIGITS]
    if needed is not None and needed > epochs:
        yield Remedy("epochs", rate, needed)
    for one in at_rate("rate", replace(forecast, plan=best_plan(prepared))):
        if one.epochs is not None and (needed is None or one.epochs < WORTH_IT * needed):
            yield one
    if not prepared.problem.standardized:
        yield from standardised(prepared)


def best_plan(prepared: Prepared) -> Plan:
    """The plan of a run, full batch and at the best fixed rate."""
    return replace(prepared.plan, batch_size=None, learning_rate=prepared.table.hessian.best_rate)


def at_rate(kind: Literal["rate", "full batch", "standardize"], forecast: Forecast) -> Iterator[Remedy]:
    """The remedy with the epochs that it takes; none where it does not converge."""
    needed = forecast.epochs_for[ARRIVED_DIGITS]
    if needed is not None:
        yield Remedy(kind, forecast.plan.learning_rate, needed)


def standardised(prepared: Prepared) -> Iterator[Remedy]:
    """The run on standardised features at their best rate; none where a column is constant."""
    if prepared.standardised is not None:
        yield from at_rate("standardize", prepared.standardised)


def is_growing(losses: Sequence[float], prepared: Prepared) -> bool:
    """Whether a run whose losses (epochs + 1,) are finite is on its way out of range, which takes some more epochs.

    Full batches are, where the Hessian says that they diverge and the loss has grown. Mini-batches are judged by a loss
    that is `GROWN` times that of the start, and larger than half-way.
    """
    first, half, last = losses[0], losses[len(losses) // 2], losses[-1]
    if prepared.forecast.full_batch:
        return prepared.forecast.contraction > 1 and last > first
    return last > GROWN * first and last > half


def divergence(epoch: int | None, prepared: Prepared) -> Divergence:
    """Why a run does not stay in range, and a rate that does; `epoch` is the first whose loss is not finite, if any."""
    return Divergence(
        epoch=epoch,
        learning_rate=prepared.plan.learning_rate,
        limit=prepared.forecast.table.hessian.limit,
        converging_rate=prepared.forecast.converging_rate,
        predicted_epoch=prepared.forecast.overflow_epoch,
        dtype=prepared.plan.dtype,
        standardized=prepared.problem.standardized,
        full_batch=prepared.forecast.full_batch,
    )


def observed(trajectory: Trajectory, prepared: Prepared) -> Shrinkage | None:
    """By which an epoch shrank the error, as observed; None where too few epochs lie above rounding."""
    return observed_contraction(*errors(trajectory, prepared), rounding=prepared.forecast.rounding)


def state(digits: float | None) -> ArrivalState:
    """Whether a run with so many digits (None: it diverged) has arrived."""
    if digits is None:
        return "diverged"
    return "yes" if digits >= ARRIVED_DIGITS else "not yet"


def last_digits(trajectory: Trajectory, prepared: Prepared) -> float:
    """The digits of the worst of the last parameters."""
    found = [*trajectory.weights[-1], trajectory.biases[-1]]
    return common_digits(found, prepared.forecast.own_goal, prepared.forecast.digit_sizes)


def common_digits(found: ArrayLike, wanted: ArrayLike, sizes: ArrayLike) -> float:
    """The digits, from 0 to 16, that the worst of the parameters (d + 1,) shares with its goal (d + 1,).

    Errors count over the sizes (d + 1,), which are positive: those of the goal, or see `Forecast.digit_sizes`.
    """
    apart = np.abs(np.asarray(found, dtype=np.float64) - np.asarray(wanted, dtype=np.float64))
    worst = float(np.max(apart / np.asarray(sizes, dtype=np.float64)))
    return min(MOST_DIGITS, max(0.0, -math.log10(worst))) if worst > 0 else MOST_DIGITS


def loss_ratio(losses: Sequence[float], prepared: Prepared) -> float | None:
    """The last loss over the lowest that there is; None where that is 0, or the loss not finite."""
    destination = prepared.problem.destination
    if destination is None or destination.loss == 0 or not losses or not math.isfinite(losses[-1]):
        return None
    return losses[-1] / destination.loss


def errors(trajectory: Trajectory, prepared: Prepared) -> tuple[FloatArray, FloatArray]:
    """Recorded epochs (k,) and ‖θ − θ*‖ (k,) at them, in the units of the problem as it is trained."""
    weights, biases = prepared.standardization.weights_forward(trajectory.weights, trajectory.biases)
    apart = np.column_stack([weights, biases]) - np.append(*prepared.forecast.goal)
    with np.errstate(over="ignore"):
        return np.array(trajectory.epochs, dtype=np.float64), np.sqrt((apart**2).sum(axis=1))


def observed_contraction(epochs: FloatArray, sizes: FloatArray, rounding: float) -> Shrinkage | None:
    """The mean factor per epoch over the second half of those whose error is well above rounding.

    Args:
        epochs: (k,), ascending.
        sizes: (k,), ‖θ − θ*‖ at them.
        rounding: About the error at which rounding stops the descent.
    """
    usable = np.flatnonzero(np.isfinite(sizes) & (sizes > ABOVE_ROUNDING * rounding))
    if len(usable) == 0 or usable[-1] == 0:
        return None
    last = int(usable[-1])
    first = int(np.searchsorted(epochs, epochs[last] / 2))
    first = min(first, last - 1)
    window = int(epochs[first]), int(epochs[last])
    return Shrinkage(float((sizes[last] / sizes[first]) ** (1 / (window[1] - window[0]))), window)
