"""Sufficient statistics: the data is read once, and an epoch costs O(d²) whatever n is.

Full-batch descent on the mean squared error depends on the data through a few sums only. With z = (x, y, 1), each
residual is the product of z with one vector for all rows, rᵢ = zᵢ · v, v = (W, −1, b). So with the matrix

    M = Σ zᵢ zᵢᵀ,  (d + 2, d + 2): XᵀX, Xᵀy, the columns' sums, yᵀy and n,

taken once, every epoch has its loss and gradient from one product of M with v:

    Σ x r = the first d rows of M v,    Σ r = its last,    Σ r² = vᵀ M v.

**Digits.** Such sums cancel: near the optimum M v goes to nothing, and columns far from zero cost the square of
mean / spread. The usual remedy is to centre, but that rounds each row, and its loss near a perfect fit is all rounding.
Here M and M v are pairs of numbers with twice the dtype's digits (see `numba_compensated`), which pays for both.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
from numba import prange
from numpy.typing import NDArray

from handgrad.backends.interface import FloatArray, Gradient, Parameters, Plan, Trainer
from handgrad.backends.numba import THREADED_FROM_BYTES, aligned, step
from handgrad.backends.numba_compensated import (
    LANES,
    add_pairs,
    add_products,
    add_scaled,
    exactly,
    fold,
    inner,
    threaded,
)

#: Rows that are turned into columns at once.
BLOCK_ROWS = 1024
#: Rows to a chunk, which has its own matrix.
CHUNK_ROWS = 16384


@inner
def columns(X: FloatArray, y: FloatArray, start: int, m: int, Z: FloatArray) -> None:
    """The block of m rows from `start` as columns of z, into Z (d + 2, block), whose last row is ones already."""
    d = X.shape[1]
    for i in range(m):
        for j in range(d):
            Z[j, i] = X[start + i, j]
        Z[d, i] = y[start + i]


@inner
def add_dot(left: FloatArray, right: FloatArray, zeros: FloatArray, lanes: FloatArray, M: FloatArray) -> None:
    """Adds Σ leftᵢ rightᵢ to the pair M (2, 1), by way of lanes (2, LANES), which are folded until one is left."""
    lanes[:] = 0
    for start in range(0, left.size, LANES):
        m = min(LANES, left.size - start)
        add_products(left[start : start + m], right[start : start + m], zeros[:m], lanes[0][:m], lanes[1][:m])
    fold(lanes)
    add_pairs(lanes[0][:1], lanes[1][:1], M[0], M[1])


@inner
def chunk_moments(X: FloatArray, y: FloatArray, first: int, last: int, buffer: FloatArray, M: FloatArray) -> None:
    """The lower triangle of M (d + 2, d + 2, 2, 1) for rows `first` to `last`."""
    M[:] = 0
    Z, zeros, lanes = buffer[:-3], buffer[-3], buffer[-2:, :LANES]
    for start in range(first, last, BLOCK_ROWS):
        m = min(BLOCK_ROWS, last - start)
        columns(X, y, start, m, Z)
        for j in range(len(M)):
            for k in range(j + 1):
                add_dot(Z[j][:m], Z[k][:m], zeros, lanes, M[j, k])


@exactly
def all_moments(X: FloatArray, y: FloatArray, buffers: FloatArray, parts: FloatArray) -> None:
    """A matrix for each chunk, parts (chunks, d + 2, d + 2, 2, 1); X (n, d), buffers (chunks, d + 5, block)."""
    for c in range(len(parts)):
        chunk_moments(X, y, c * CHUNK_ROWS, min((c + 1) * CHUNK_ROWS, y.size), buffers[c], parts[c])


@threaded
def all_moments_threaded(X: FloatArray, y: FloatArray, buffers: FloatArray, parts: FloatArray) -> None:
    """The same, the chunks shared among threads."""
    for c in prange(len(parts)):
        chunk_moments(X, y, c * CHUNK_ROWS, min((c + 1) * CHUNK_ROWS, y.size), buffers[c], parts[c])


@exactly
def add_up(parts: FloatArray, high: FloatArray, low: FloatArray) -> None:
    """The chunks' matrices, in their order, into one of pairs; both triangles are filled."""
    for j in range(len(high)):
        for k in range(j + 1):
            for c in range(1, len(parts)):
                add_pairs(parts[c, j, k, 0], parts[c, j, k, 1], parts[0, j, k, 0], parts[0, j, k, 1])
            high[j, k] = high[k, j] = parts[0, j, k, 0, 0]
            low[j, k] = low[k, j] = parts[0, j, k, 1, 0]


@inner
def add_row(v: Any, high: FloatArray, low: FloatArray, total: FloatArray, rest: FloatArray) -> None:
    """Adds v · (high + low) to total + rest; all (d + 2,)."""
    add_scaled(high, v, total, rest)
    for i in range(low.size):
        rest[i] += v * low[i]


@exactly
def sums_at(theta: FloatArray, high: FloatArray, low: FloatArray, Mv: FloatArray, sums: FloatArray) -> None:
    """Σ x r, Σ r and Σ r² into sums (d + 2,), at theta (d + 1,); Mv (2, d + 2) is room for M v as pairs."""
    d = theta.size - 1
    Mv[:] = 0
    for j in range(d):
        add_row(theta[j], high[j], low[j], Mv[0], Mv[1])
    add_row(-theta.dtype.type(1), high[d], low[d], Mv[0], Mv[1])
    add_row(theta[d], high[d + 1], low[d + 1], Mv[0], Mv[1])
    for j in range(d):
        sums[j] = Mv[0, j] + Mv[1, j]
    sums[d] = Mv[0, d + 1] + Mv[1, d + 1]
    squares(theta, Mv, sums)


@inner
def squares(theta: FloatArray, Mv: FloatArray, sums: FloatArray) -> None:
    """Σ r² = vᵀ (M v), whose terms cancel while the residuals are small beside y: as a pair, too."""
    d = theta.size - 1
    total, rest = sums[d + 1 :], Mv[1, d : d + 1]
    total[0], rest[0] = -Mv[0, d], -rest[0]
    for j in range(d):
        add_products(theta[j : j + 1], Mv[0, j : j + 1], Mv[1, j : j + 1], total, rest)
    add_products(theta[d:], Mv[0, d + 1 :], Mv[1, d + 1 :], total, rest)
    total[0] = max(total[0] + rest[0], theta.dtype.type(0))  # a sum of squares; what is below zero is rounding


@exactly
def descend(
    theta: FloatArray,
    rate: Any,
    high: FloatArray,
    low: FloatArray,
    Mv: FloatArray,
    sums: FloatArray,
    losses: FloatArray,
) -> int:
    """Epochs until `losses` is full, or one of them not finite; returns how many there are."""
    for epoch in range(losses.size):
        sums_at(theta, high, low, Mv, sums)
        losses[epoch] = step(theta, sums, high[-1, -1], rate)
        if not np.isfinite(losses[epoch]):
            return epoch + 1
    return losses.size


class Moments(NamedTuple):
    """M = Σ z zᵀ of the rows as pairs, each (d + 2, d + 2)."""

    high: FloatArray
    low: FloatArray


class MomentsTrainer(Trainer):
    """One pass over the data, made when it is bound; then no row is looked at again."""

    name: ClassVar[str] = "moments"
    summary: ClassVar[str] = "other mathematics: XᵀX and Xᵀy once, then O(d²) an epoch"
    kind: ClassVar[Literal["manual", "autodiff", "exact"]] = "manual"
    requires: ClassVar[tuple[str, ...]] = ("numba",)

    def bind(self, X: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The arrays themselves, and their moments."""
        X, y = np.ascontiguousarray(X), np.ascontiguousarray(y)
        self.moments = moments_of(X, y)
        return X, y

    def take(self, X: FloatArray, y: FloatArray, rows: NDArray[np.int64]) -> tuple[FloatArray, FloatArray]:
        """Copies of the rows."""
        return X[rows], y[rows]

    def to_own(self, weights: FloatArray, bias: float) -> Parameters:
        """Array and scalar of the dtype."""
        return Parameters(weights.astype(self.dtype), np.dtype(self.dtype).type(bias))

    def to_numpy(self, weights: FloatArray, bias: Any) -> Parameters:
        """A copy, and a float."""
        return Parameters(weights.copy(), float(bias))

    def predict(self, X: FloatArray, weights: FloatArray, bias: Any) -> FloatArray:
        """ŷ = X W + b."""
        predicted: FloatArray = X @ weights + bias
        return predicted

    def loss(self, X: FloatArray, y: FloatArray, weights: FloatArray, bias: Any) -> Any:
        """(1/n) vᵀ M v."""
        return self.gradient(X, y, weights, bias).loss

    def gradient(self, X: FloatArray, y: FloatArray, weights: FloatArray, bias: Any) -> Gradient:
        """(2/n) times the sums that M v gives; the moments of other rows than the bound ones are taken first."""
        moments = self.moments if X is self.data[0] else moments_of(X, y)
        sums = np.empty(len(weights) + 2, dtype=self.dtype)
        sums_at(np.append(weights, bias), *moments, np.empty((2, len(sums)), dtype=self.dtype), sums)
        n = y.dtype.type(y.size)
        scale = y.dtype.type(2) / n
        return Gradient(sums[-1] / n, scale * sums[:-2], scale * sums[-2])

    def update(self, weights: FloatArray, bias: Any, gradient: Gradient, learning_rate: float) -> Parameters:
        """W ← W − η dW, b ← b − η db."""
        rate = np.dtype(self.dtype).type(learning_rate)
        return Parameters(weights - rate * gradient.weights, bias - rate * gradient.bias)

    def run(self, parameters: Parameters, plan: Plan, first: int, count: int) -> tuple[Parameters, list[float]]:
        """The epochs of a full batch in one compiled call; each mini-batch takes its own moments, and saves nothing."""
        if not self.takes_all(plan):
            return super().run(parameters, plan, first, count)
        theta = np.append(*parameters)
        sums, losses = np.empty(len(theta) + 1, dtype=self.dtype), np.empty(count, dtype=self.dtype)
        Mv = np.empty((2, len(sums)), dtype=self.dtype)
        done = descend(theta, theta.dtype.type(plan.learning_rate), *self.moments, Mv, sums, losses)
        finished: list[float] = losses[:done].tolist()
        return Parameters(theta[:-1], theta[-1]), finished


def moments_of(X: FloatArray, y: FloatArray) -> Moments:
    """The moments of X (n, d) and y (n,), both contiguous, in one pass."""
    n, d = X.shape
    chunks = -(-n // CHUNK_ROWS)
    parts = aligned((chunks, d + 2, d + 2, 2, 1), X.dtype)
    buffers = aligned((chunks, d + 5, BLOCK_ROWS), X.dtype)
    buffers[:, d + 1], buffers[:, d + 2] = 1, 0
    pass_over = all_moments_threaded if X.nbytes >= THREADED_FROM_BYTES else all_moments
    pass_over(X, y, buffers, parts)
    high, low = np.empty((d + 2, d + 2), dtype=X.dtype), np.empty((d + 2, d + 2), dtype=X.dtype)
    add_up(parts, high, low)
    return Moments(high, low)
