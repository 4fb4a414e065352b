"""Why a gradient has just these bits: the sum is done again in other ways, until one gives every bit of it.

Correct backends differ because they round differently: they add in another order, keep several running sums, fuse
multiplication and addition, sum float32 numbers in float64, or scale before the sum and not after it. Each way is
carried out here on every piece of evidence: gradients at some points, or the steps between recorded epochs that follow
one another. One number alone proves nothing, since many ways end on the same double: a way is told only if it gives all
of them, and a coincidence is unlikely. Where none does, nothing is claimed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from handgrad.backends.exact import ExactTrainer, rounded
from handgrad.backends.interface import DType, FloatArray, Gradient, Parameters, Training
from handgrad.compare.judge.ways import Way, sums, ways

#: Larger tables are not explained: every way is a pass over all rows for every piece of evidence (seconds).
EXPLAINED_ROWS = 2_000

#: The largest chance of a coincidence with which a way is still told.
COINCIDENCE = 1e-4

#: Steps that are looked at, from the start on: later ones are too small to change many bits.
STEPS = 16

#: Points at which a backend is asked for its gradient: one gradient of two numbers tells little.
PROBES = 16

#: So many gradients must be the exact ones, rounded once, before that is told: a good sum often ends there, too.
LEAST_ROUNDED = 8


@dataclass(frozen=True)
class ShownGradient:
    """A gradient (weights and bias) that a backend gave at a point, or the point that a step from there led to.

    Exactly one of `gradient` and `after` is given, (d + 1,), in the dtype, the bias last.
    """

    at: FloatArray
    gradient: FloatArray | None = None
    after: FloatArray | None = None


def evidence(start: Parameters, gradient: Gradient, training: Training | None, dtype: DType) -> list[ShownGradient]:
    """What a full-batch run shows of its gradients: the first, and the steps between epochs that follow one another."""
    found = [
        ShownGradient(
            np.array([*start.weights, start.bias], dtype=dtype),
            gradient=np.array([*gradient.weights, gradient.bias], dtype=dtype),
        )
    ]
    if training is None:
        return found
    points = np.column_stack([training.recorded_weights, training.recorded_biases]).astype(dtype)
    follow = np.flatnonzero(np.diff(training.recorded_epochs) == 1)[:STEPS]
    return found + [ShownGradient(points[k], after=points[k + 1]) for k in follow if np.isfinite(points[k + 1]).all()]


def probe_points(goal: Parameters, dtype: DType) -> FloatArray:
    """Points (k, d + 1), k = `PROBES`, around the solution, where a backend is asked for more; each time the same."""
    centre = np.array([*goal.weights, goal.bias], dtype=np.float64)
    spread = np.where(centre != 0, np.abs(centre), float(np.abs(centre).max()) or 1.0)
    points: FloatArray = (centre + spread * np.random.default_rng(0).normal(size=(PROBES, len(centre)))).astype(dtype)
    return points


def evidence_at(points: FloatArray, gradients: Sequence[Sequence[float | None]]) -> list[ShownGradient]:
    """What a backend answered at the points (k, d + 1); an answer that is not finite is no evidence."""
    pairs = zip(points, gradients, strict=True)
    return [ShownGradient(at, gradient=np.array(given, dtype=points.dtype)) for at, given in pairs if None not in given]


def cause(
    X: FloatArray,
    y: FloatArray,
    learning_rate: float,
    shown: Sequence[ShownGradient],
    dtype: DType,
    exact: ExactTrainer | None = None,
) -> str | None:
    """How dW and db come about, in words; None if no way that is known gives the bits, or too few were shown.

    Args:
        X: (n, d), as the backend holds it.
        y: (n,), likewise.
        learning_rate: The run's.
        shown: See `evidence`.
        dtype: The format in which the backend computes.
        exact: Rational arithmetic on X and y, in float64, where it is there already.
    """
    if len(y) > EXPLAINED_ROWS:
        return None
    rate = np.dtype(dtype).type(learning_rate)
    exact = exact or ExactTrainer(X, y)
    with np.errstate(over="ignore", invalid="ignore"):
        of_weights = _first(X, y, rate, shown, slice(None, -1), exact)
        of_bias = _first(X, y, rate, shown, slice(-1, None), exact)
    told = [f"{name} {words}" for name, words in (("dW", of_weights), ("db", of_bias)) if words]
    if not told:
        return None
    if of_weights == of_bias:
        return f"to the bit: dW and db {of_weights}"
    return "to the bit: " + "; ".join(told)


def _first(
    X: FloatArray, y: FloatArray, rate: np.floating, shown: Sequence[ShownGradient], part: slice, exact: ExactTrainer
) -> str | None:
    """The words of the first way that gives this part of all the evidence."""
    if rounded_once(exact, shown, part):
        return "exact, rounded once"
    columns = np.ones((len(y), 1), dtype=X.dtype) if part.start == -1 else X
    for way in ways(part.start == -1, len(y)):
        if all(_hits(way, columns, X, y, rate, piece, part).all() for piece in shown):
            return way.words if _chance(way, columns, X, y, rate, shown, part) <= COINCIDENCE else None
    return None


def rounded_once(exact: ExactTrainer, shown: Sequence[ShownGradient], part: slice) -> bool:
    """Whether every gradient shown, and there are enough, is the number of the dtype next to the exact one."""
    given = [(piece.at, piece.gradient) for piece in shown if piece.gradient is not None]
    if len(given) < LEAST_ROUNDED:
        return False
    return all(np.array_equal(_exact_gradient(exact, at)[part], gradient[part]) for at, gradient in given)


def _exact_gradient(exact: ExactTrainer, at: FloatArray) -> FloatArray:
    """The exact gradient (d + 1,) at a point, rounded once to the point's dtype."""
    dtype: DType = "float32" if at.dtype == np.float32 else "float64"
    slopes = exact.exactly_at(at[:-1], float(at[-1]))
    return np.array([rounded(s.numerator, s.denominator, dtype) for s in (*slopes.weights, slopes.bias)], dtype=dtype)


def _chance(
    way: Way,
    columns: FloatArray,
    X: FloatArray,
    y: FloatArray,
    rate: np.floating,
    shown: Sequence[ShownGradient],
    part: slice,
) -> float:
    """How likely any other order of summation is to give these bits, from how often the known ones do.

    A step W − η dW keeps few of the last bits of dW, so a hit there may say little.
    """
    rivals = [replace(way, total=total) for total in sums(len(y)).values()]
    shares = [np.mean([_hits(rival, columns, X, y, rate, piece, part) for rival in rivals], axis=0) for piece in shown]
    return float(np.prod(np.concatenate(shares)))


def _hits(
    way: Way, columns: FloatArray, X: FloatArray, y: FloatArray, rate: np.floating, piece: ShownGradient, part: slice
) -> FloatArray:
    """Which numbers of this part of a piece of evidence the way gives to the bit."""
    number = X.dtype.type
    n = number(len(y))
    residual = way.residual(X, y, piece.at[:-1], piece.at[-1])
    right = number(2) / n * residual if way.scale_first else residual
    total = way.total(columns, right)
    slope = total if way.scale_first else way.scale_last(total, n)
    given, seen = (slope, piece.gradient) if piece.after is None else (piece.at[part] - rate * slope, piece.after)
    assert seen is not None
    hits: FloatArray = given == seen[part]
    return hits
