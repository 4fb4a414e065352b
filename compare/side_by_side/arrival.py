"""How far a run has come on its way to the least-squares solution, beside what the Hessian had predicted.

Digits are those of NIST's log relative error, −log₁₀(|θⱼ − θ*ⱼ| / |θ*ⱼ|), of the worst parameter in the user's units;
where θ*ⱼ is 0, of the absolute error. Contraction is the factor by which an epoch shrinks the error ‖θ − θ*‖ of the
problem as it is trained; it is observed over the second half of the epochs before rounding stops the descent.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from handgrad.backends.interface import FloatArray
from handgrad.compare.results.arrival import Arrival, ArrivalState, Divergence
from handgrad.compare.results.comparison import Trajectory
from handgrad.compare.side_by_side.prepare import Prepared

#: From so many digits on, a run has arrived.
ARRIVED_DIGITS = 6

#: Digits for which the facts hold the epochs needed.
TOLD_DIGITS = (6, 9, 12)

#: The most digits that a double has.
MOST_DIGITS = 16.0

#: The error must lie so far above what rounding leaves before a contraction is read from it.
ABOVE_ROUNDING = 1e4


def arrival(trajectory: Trajectory, losses: Sequence[float], diverged_at: int | None, prepared: Prepared) -> Arrival:
    """Judges the end of a run by the least-squares solution, and its course by the predicted contraction.

    Args:
        trajectory: The recorded parameters in the user's units.
        losses: (epochs + 1,), in units of y².
        diverged_at: The first epoch whose loss is not finite; None where all are.
        prepared: The problem.
    """
    forecast = prepared.forecast
    digits = None if diverged_at is not None else last_digits(trajectory, prepared)
    return Arrival(
        state=state(digits),
        epochs=trajectory.epochs[-1],
        digits=digits,
        loss_ratio=loss_ratio(losses, prepared),
        epochs_for={str(digits): forecast.epochs_for[digits] for digits in TOLD_DIGITS},
        contraction=None if digits is None else contraction(trajectory, prepared),
        predicted_contraction=forecast.contraction,
        learning_rate=prepared.plan.learning_rate,
        limit=prepared.table.hessian.limit,
        full_batch=forecast.full_batch,
        nearest_to_start=prepared.table.hessian.deficient,
        dtype=prepared.plan.dtype,
    )


def divergence(epoch: int, prepared: Prepared) -> Divergence:
    """Why a run whose loss is not finite at this epoch did not stay in range, and a rate that does."""
    return Divergence(
        epoch=epoch,
        learning_rate=prepared.plan.learning_rate,
        limit=prepared.table.hessian.limit,
        converging_rate=prepared.forecast.converging_rate,
        predicted_epoch=prepared.forecast.overflow_epoch,
        dtype=prepared.plan.dtype,
        standardized=prepared.problem.standardized,
    )


def contraction(trajectory: Trajectory, prepared: Prepared) -> float | None:
    """By which an epoch shrank the error, as observed; None where too few epochs lie above rounding."""
    return observed_contraction(*errors(trajectory, prepared), rounding=prepared.forecast.rounding)


def state(digits: float | None) -> ArrivalState:
    """Whether a run with so many digits (None: it diverged) has arrived."""
    if digits is None:
        return "diverged"
    return "yes" if digits >= ARRIVED_DIGITS else "not yet"


def last_digits(trajectory: Trajectory, prepared: Prepared) -> float:
    """The digits of the worst of the last parameters."""
    return common_digits([*trajectory.weights[-1], trajectory.biases[-1]], prepared.forecast.own_goal)


def common_digits(found: ArrayLike, wanted: ArrayLike) -> float:
    """The digits, from 0 to 16, that the worst of the parameters (d + 1,) shares with its goal (d + 1,)."""
    goal = np.asarray(wanted, dtype=np.float64)
    apart = np.abs(np.asarray(found, dtype=np.float64) - goal)
    worst = float(np.max(apart / np.where(goal == 0, 1.0, np.abs(goal))))
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


def observed_contraction(epochs: FloatArray, sizes: FloatArray, rounding: float) -> float | None:
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
    return float((sizes[last] / sizes[first]) ** (1 / (epochs[last] - epochs[first])))
