"""The ways in which programs round a gradient: their residuals, their sums over the rows, and where 2/n comes in.

Each is carried out with NumPy, every operation rounded as the program rounds it: from the first row to the last, in
several running sums, block by block, pairwise, by BLAS, in a wider format; with fused multiply-add and without.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np

from handgrad.backends.interface import FloatArray
from handgrad.compare.judge.fused import fused_multiply_add, two_sum

#: How many running sums a vectorised loop may keep.
LANES = (2, 4, 8, 16, 32, 64)
FUSED_LANES = (4, 8, 16, 32)

#: After so many rows `numba-tiled` adds up its running sums and begins others (with one or two features, after more).
CHUNKS = (512, 1024)

#: After so many rows `numba` ends a sum from row to row, and begins the next.
BLOCKS = (1024,)

Residual = Callable[[FloatArray, FloatArray, FloatArray, FloatArray], FloatArray]
Summing = Callable[[FloatArray, FloatArray], FloatArray]


@dataclass(frozen=True)
class Way:
    """One way to round a gradient: residual, scaling and sum."""

    words: str
    residual: Residual
    scale_first: bool
    scale_last: Callable[[FloatArray, np.floating], FloatArray]
    total: Summing


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


def _blocks(rows: int) -> Summing:
    """As `numba` has it: so many rows at a time, and then what they gave."""

    def summed(columns: FloatArray, right: FloatArray) -> FloatArray:
        blocks = [slice(first, first + rows) for first in range(0, len(right), rows)]
        totals = np.vstack([_first_to_last(columns[block], right[block]) for block in blocks])
        last: FloatArray = np.add.accumulate(totals, axis=0)[-1]
        return last

    return summed


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
    lanes = {f"summed in {lanes} running sums": _lanes(lanes) for lanes in LANES if rows >= 2 * lanes}
    blocks = {f"summed from row to row, {block} rows at a time": _blocks(block) for block in BLOCKS if block < rows}
    return SUMS | lanes | blocks


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
