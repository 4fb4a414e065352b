"""What a backend gave that rounding does not explain: at the start, along its path, at its end, and in its losses."""

from __future__ import annotations

import math

import numpy as np

from handgrad.backends.interface import FloatArray, Plan, Training
from handgrad.compare.judge.bounds import Growth, over
from handgrad.compare.judge.table import CheckedTable, PointErrors, two_parts
from handgrad.compare.judge.trajectory import TrueRun
from handgrad.compare.results.comparison import EpochErrors
from handgrad.compare.results.violations import Violation


def at_start(errors: PointErrors, ratios: FloatArray) -> list[Violation]:
    """The part of loss and gradient at the start that is farthest outside its bound, if one is.

    Args:
        errors: Of the start's loss, dW and db, (d + 2,) each.
        ratios: (d + 2,), those over the bound that decides.
    """
    worst = int(np.argmax(ratios))
    if ratios[worst] <= 1:
        return []
    components = ["loss", *(f"dW{j + 1}" for j in range(len(ratios) - 2)), "db"]
    return [
        Violation(
            "start",
            component=components[worst],
            relative=or_none(float(errors.relative[worst])),
            bound_ratio=or_none(float(errors.over_likely[worst])),
            worst_case_ratio=or_none(float(errors.over_worst[worst])),
        )
    ]


def along_path(errors: EpochErrors) -> list[Violation]:
    """The first recorded epoch whose parameters are farther from the true ones than rounding explains."""
    for epoch, ratio in zip(errors.epochs, errors.bound_ratio, strict=True):
        if ratio is None or not ratio <= 1:
            return [Violation("parameters", epoch=epoch, bound_ratio=ratio)]
    return []


def at_end(training: Training, plan: Plan, true: TrueRun, table: CheckedTable) -> list[Violation]:
    """A run has all the plan's epochs, or has diverged where the true loss leaves the dtype's range."""
    end = training.diverged_at
    missing = {e for e in plan.recorded() if end is None or e < end} - set(training.recorded_epochs.tolist())
    if missing:
        return [Violation("missing", epoch=min(missing))]
    if end is None:
        given, expected = len(training.losses), plan.epochs + 1
        return [] if given == expected else [Violation("losses", given=given, expected=expected)]
    after = true.losses[true.epochs >= end]
    # a sum of squares overflows before its mean does; the 4 leaves room for its rounding
    if len(after) and float(after[0]) * table.rows < float(np.finfo(table.dtype).max) / 4:
        return [Violation("diverged", epoch=end, expected=float(after[0]))]
    return []


def in_final(training: Training) -> list[Violation]:
    """The first of the final parameters that is not, to the bit, the one recorded after the last epoch that was."""
    final = np.append(np.asarray(training.weights, dtype=np.float64), training.bias)
    recorded = recorded_parameters(training)[-1]
    other = np.flatnonzero(~(final == recorded) & ~(np.isnan(final) & np.isnan(recorded)))
    if not len(other):
        return []
    j = int(other[0])
    return [
        Violation(
            "final",
            component=f"W{j + 1}" if j < len(final) - 1 else "b",
            epoch=int(training.recorded_epochs[-1]),
            given=or_none(float(final[j])),
            expected=or_none(float(recorded[j])),
        )
    ]


def in_losses(training: Training, table: CheckedTable, growth: Growth) -> list[Violation]:
    """The first recorded loss that is not the loss at the parameters recorded with it."""
    points = recorded_parameters(training)
    epochs = training.recorded_epochs
    # parameters that are not finite are a violation of their own, and have no loss
    judged = (epochs < len(training.losses)) & np.isfinite(points).all(axis=1)
    recorded, points = epochs[judged].tolist(), points[judged]
    if not recorded:
        return []
    given = np.asarray(training.losses, dtype=np.float64)[recorded]
    nearest, rest = two_parts([table.exact.exactly_at(point[:-1], float(point[-1])).loss for point in points])
    error = (given - nearest) - rest
    ratios, flushed = (
        over(error, table.sizes.losses(points, nearest, table.dtype, growth, flushed)) for flushed in (False, True)
    )
    outside = np.flatnonzero(ratios > 1)
    if not len(outside):
        return []
    k = int(outside[0])
    return [
        Violation(
            "loss",
            epoch=recorded[k],
            bound_ratio=or_none(float(ratios[k])),
            given=or_none(float(given[k])),
            expected=or_none(float(nearest[k])),
            flushed=bool(flushed[k] <= 1),
        )
    ]


def recorded_parameters(training: Training) -> FloatArray:
    """(k, d + 1): weights and bias at the recorded epochs, as doubles."""
    return np.column_stack([training.recorded_weights, training.recorded_biases]).astype(np.float64)


def or_none(value: float) -> float | None:
    """The number, or None where it is not finite, as JSON has none for it."""
    return value if math.isfinite(value) else None
