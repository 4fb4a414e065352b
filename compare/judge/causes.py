"""Why a gradient has just these bits: the sum is done again in other ways, until one gives every bit of it.

Correct backends differ because they round differently: they add in another order, keep several running sums, fuse
multiplication and addition, sum float32 numbers in float64, or scale before the sum and not after it. Each way is
carried out here on every piece of evidence: gradients at some points, or the steps between recorded epochs that follow
one another. One number alone proves nothing, since many ways end on the same double: a way is told only if it gives all
of them, and a coincidence is unlikely. Where none does, nothing is claimed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from handgrad.backends.exact import ExactTrainer, rounded
from handgrad.backends.interface import DType, FloatArray, Gradient, Parameters, Training
from handgrad.compare.judge.fused import fused_multiply_add, two_sum

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

#: How many running sums a vectorised loop may keep.
LANES = (2, 4, 8, 16, 32, 64)
FUSED_LANES = (4, 8, 16, 32)

#: After so many rows `numba-tiled` adds up its running sums and begins others (with one or two features, after more).
CHUNKS = (512, 1024, 1344)

Residual = Callable[[FloatArray, FloatArray, FloatArray, FloatArray], FloatArray]
Summing = Callable[[FloatArray, FloatArray], FloatArray]


@dataclass(frozen=True)
class ShownGradient:
    """A gradient (weights and bias) that a backend gave at a point, or the point that a step from there led to.

    Exactly one of `gradient` and `after` is given, (d + 1,), in the dtype, the bias last.
    """

    at: FloatArray
    gradient: FloatArray | None = None
    after: FloatArray | None = None


@dataclass(frozen=True)
class Way:
    """One way to round a gradient: residual, scaling and sum."""

    words: str
    residual: Residual
    scale_first: bool
    scale_last: Callable[[FloatArray, np.floating], FloatArray]
    total: Summing


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
    """Points (`PROBES`, d + 1) around the solution, where a backend is asked for more evidence; each time the same."""
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


def ways(of_ones: bool, rows: int) -> Iterator[Way]:
    """All that are tried, the plain ones first; `of_ones` for db, whose products are the residuals themselves.

    Whoever fuses does so everywhere: in the residuals as well as in the sums.
    """
    tried = [(words, total) for words, total in sums(rows).items() if not (of_ones and "BLAS" in words)]
    for (sum_words, total), (residual_words, residual), first in product(tried, RESIDUALS.items(), (False, True)):
        words = f"{sum_words}{', of residuals times 2/n' if first else ''}{residual_words}"
        for last in SCALES[: 1 if first else 2]:
            yield Way(words, residual, first, last, total)
    for (words, total), last in product(fused_sums(rows).items(), SCALES):
        yield Way(words, _fused, False, last, total)
    for (words, total), residual in product(fused_chunks(rows).items(), (_fused_bias_first, _fused_even_and_odd)):
        yield Way(words, residual, False, SCALES[0], total)


# -- residuals: x·w + b − y ----------------------------------------------------------------------------------------


def _in_order(X: FloatArray, y: FloatArray, weights: FloatArray, bias: FloatArray) -> FloatArray:
    predicted = np.add.accumulate(X * weights, axis=1)[:, -1]
    return predicted + bias - y


def _by_blas(X: FloatArray, y: FloatArray, weights: FloatArray, bias: FloatArray) -> FloatArray:
    return X @ weights + bias - y


def _by_blas_by_columns(X: FloatArray, y: FloatArray, weights: FloatArray, bias: FloatArray) -> FloatArray:
    return np.asfortranarray(X) @ weights + bias - y


def _bias_first(X: FloatArray, y: FloatArray, weights: FloatArray, bias: FloatArray) -> FloatArray:
    terms = np.column_stack([np.full(len(y), bias, dtype=X.dtype) - y, X * weights])
    last: FloatArray = np.add.accumulate(terms, axis=1)[:, -1]
    return last


def _fused(X: FloatArray, y: FloatArray, weights: FloatArray, bias: FloatArray) -> FloatArray:
    return _chained(X, weights, np.full(len(y), bias, dtype=X.dtype)) - y


def _fused_bias_first(X: FloatArray, y: FloatArray, weights: FloatArray, bias: FloatArray) -> FloatArray:
    return _chained(X, weights, bias - y)


def _fused_even_and_odd(X: FloatArray, y: FloatArray, weights: FloatArray, bias: FloatArray) -> FloatArray:
    odd = _chained(X[:, 1::2], weights[1::2], np.zeros_like(y))
    return _chained(X[:, ::2], weights[::2], bias - y) + odd


def _chained(X: FloatArray, weights: FloatArray, total: FloatArray) -> FloatArray:
    """The total (n,) with X W added to it, column by column."""
    for column, weight in zip(X.T, weights, strict=True):
        total = fused_multiply_add(column, np.full_like(column, weight), total)
    return total


RESIDUALS: dict[str, Residual] = {
    "": _in_order,
    " (X W by BLAS)": _by_blas,
    " (X W by BLAS, X by columns)": _by_blas_by_columns,
    " (from b − y on)": _bias_first,
}

#: 2/n times the sum, and twice the mean.
SCALES: tuple[Callable[[FloatArray, np.floating], FloatArray], ...] = (
    lambda total, n: total.dtype.type(2) / n * total,
    lambda total, n: total.dtype.type(2) * (total / n),
)


# -- sums over the rows: columns (n, k), right (n,) → (k,) -----------------------------------------------------------


def _first_to_last(columns: FloatArray, right: FloatArray) -> FloatArray:
    last: FloatArray = np.add.accumulate(columns * right[:, np.newaxis], axis=0)[-1]
    return last


def _pairwise(columns: FloatArray, right: FloatArray) -> FloatArray:
    terms = np.ascontiguousarray((columns * right[:, np.newaxis]).T)
    total: FloatArray = terms.sum(axis=1)
    return total


def _blas(columns: FloatArray, right: FloatArray) -> FloatArray:
    total: FloatArray = right @ np.ascontiguousarray(columns)
    return total


def _blas_by_columns(columns: FloatArray, right: FloatArray) -> FloatArray:
    total: FloatArray = right @ np.asfortranarray(columns)
    return total


def _wide(columns: FloatArray, right: FloatArray) -> FloatArray:
    terms = columns.astype(np.float64) * right.astype(np.float64)[:, np.newaxis]
    last: FloatArray = np.add.accumulate(terms, axis=0)[-1].astype(columns.dtype)
    return last


def _compensated(columns: FloatArray, right: FloatArray) -> FloatArray:
    """Neumaier's sum, as Python's own from 3.12 on: what each addition lost is summed apart, and added at the end."""
    terms = columns * right[:, np.newaxis]
    totals = np.add.accumulate(terms, axis=0)
    lost = two_sum(np.vstack([np.zeros_like(terms[:1]), totals[:-1]]), terms)[1]
    result: FloatArray = totals[-1] + np.add.accumulate(lost, axis=0)[-1]
    return result


def _lanes(lanes: int) -> Summing:
    def summed(columns: FloatArray, right: FloatArray) -> FloatArray:
        terms = columns * right[:, np.newaxis]
        whole = len(terms) - len(terms) % lanes
        held = np.add.accumulate(terms[:whole].reshape(-1, lanes, terms.shape[1]), axis=0)[-1]
        rest = np.vstack([_folded(held), terms[whole:]])
        last: FloatArray = np.add.accumulate(rest, axis=0)[-1]
        return last

    return summed


def _fused_lanes(lanes: int) -> Summing:
    """As compilers have it: what is left of the rows is added to the total."""

    def summed(columns: FloatArray, right: FloatArray) -> FloatArray:
        whole = len(right) - len(right) % lanes
        total = _fused_chunk(columns[:whole], right[:whole], lanes)
        for row in range(whole, len(right)):
            factor = np.full_like(columns[row : row + 1], right[row])
            total = fused_multiply_add(columns[row : row + 1], factor, total)
        last: FloatArray = total[0]
        return last

    return summed


def _fused_chunks(lanes: int, chunk: int) -> Summing:
    """As `numba-tiled` has it."""

    def summed(columns: FloatArray, right: FloatArray) -> FloatArray:
        chunks = [slice(first, first + chunk) for first in range(0, len(right), chunk)]
        totals = np.vstack([_fused_chunk(columns[rows], right[rows], lanes) for rows in chunks])
        last: FloatArray = np.add.accumulate(totals, axis=0)[-1]
        return last

    return summed


def _fused_chunk(columns: FloatArray, right: FloatArray, lanes: int) -> FloatArray:
    """(1, k); rows that are missing in the last lanes count as zeros."""
    held = np.zeros((lanes, columns.shape[1]), dtype=columns.dtype)
    for first in range(0, len(right), lanes):
        part = columns[first : first + lanes]
        factors = np.repeat(right[first : first + lanes, np.newaxis], columns.shape[1], axis=1)
        held[: len(part)] = fused_multiply_add(part, factors, held[: len(part)])
    return _folded(held)


def _folded(held: FloatArray) -> FloatArray:
    """(1, k): the upper half of the running sums (a power of two, k) onto the lower, until one is left."""
    while len(held) > 1:
        held = held[: len(held) // 2] + held[len(held) // 2 :]
    return held


SUMS: dict[str, Summing] = {
    "summed from the first row to the last": _first_to_last,
    "summed pairwise, as NumPy's sum does": _pairwise,
    "summed by BLAS": _blas,
    "summed by BLAS, X by columns": _blas_by_columns,
    "summed in float64 and rounded at the end": _wide,
    "summed with compensation": _compensated,
}


def sums(rows: int) -> dict[str, Summing]:
    """All ways to sum so many rows; where a running sum would have one term, it is no other way than the plain one."""
    return SUMS | {f"summed in {lanes} running sums": _lanes(lanes) for lanes in LANES if rows >= 2 * lanes}


def fused_sums(rows: int) -> dict[str, Summing]:
    """The running sums with fused multiply-add."""
    return {_fused_words(lanes): _fused_lanes(lanes) for lanes in FUSED_LANES if rows >= 2 * lanes}


def fused_chunks(rows: int) -> dict[str, Summing]:
    """The running sums of `numba-tiled`, of all rows or of so many each."""
    return {
        _fused_words(lanes, chunk): _fused_chunks(lanes, chunk or rows)
        for lanes, chunk in product(FUSED_LANES, (None, *CHUNKS))
        if rows >= 2 * lanes and (chunk is None or chunk < rows)
    }


def _fused_words(lanes: int, chunk: int | None = None) -> str:
    apart = "" if chunk is None else f" of {chunk} rows each"
    return f"summed in {lanes} running sums{apart}, with fused multiply-add"
