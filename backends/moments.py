"""Sufficient statistics: the data is read once, and an epoch costs O(d²) whatever n is.

Full-batch descent on the mean squared error depends on the data through a few sums only. With z = (x − k, y − κ, 1),
where (k, κ) lies near the middle of the data, each residual is a product of z with one vector for all rows:

    rᵢ = zᵢ · v,    v = (W, −1, β),    β = b + k · W − κ

and with the matrix M = Σ zᵢ zᵢᵀ, (d + 2) × (d + 2), taken once,

    Σ r² = vᵀ M v,    Σ (x − k) r = the first d rows of M v,    Σ r = its last,    Σ x r = Σ (x − k) r + k Σ r.

**Digits.** Squaring raw columns would lose the digits that (mean / spread)² takes; centred ones have none to lose. Near
the optimum M v cancels, and vᵀ M v more so: M and M v are kept as pairs of numbers, twice the dtype's digits (see
`numba_compensated`), so that what remains is what the centred rows and sums of 256 of them were rounded by.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
from numba import prange
from numpy.typing import NDArray

from handgrad.backends.interface import FloatArray, Gradient, InputError, Parameters, Plan, Trainer
from handgrad.backends.numba import THREADED_FROM_BYTES, aligned, compiled, dot_four, dot_one, inner, step, threaded
from handgrad.backends.numba_compensated import add_scaled, exactly, fma, two_sum

#: Rows that are centred and turned into columns at once.
BLOCK_ROWS = 256
#: Rows to a chunk, which has its own matrix.
CHUNK_ROWS = 4096
#: Rows whose mean is the centre: near enough to the true one, since the formulas hold for any.
CENTRE_ROWS = 1024


@inner
def centred(X: FloatArray, y: FloatArray, start: int, m: int, centre: FloatArray, Z: FloatArray) -> None:
    """The block of rows from `start` as columns of z, into Z (d + 2, block), whose last row is ones already."""
    d = X.shape[1]
    for i in range(m):
        for j in range(d):
            Z[j, i] = X[start + i, j] - centre[j]
        Z[d, i] = y[start + i] - centre[d]


@inner
def chunk_moments(
    X: FloatArray, y: FloatArray, first: int, last: int, centre: FloatArray, Z: FloatArray, M: FloatArray
) -> None:
    """The lower triangle of M for rows `first` to `last`, four of its numbers to each reading of a column."""
    M[:] = 0
    for start in range(first, last, Z.shape[1]):
        m = min(Z.shape[1], last - start)
        centred(X, y, start, m, centre, Z)
        for j in range(len(M)):
            column, fours = Z[j][:m], (j + 1) - (j + 1) % 4
            for k in range(0, fours, 4):
                dot_four(column, Z[k][:m], Z[k + 1][:m], Z[k + 2][:m], Z[k + 3][:m], M[j, k : k + 4])
            for k in range(fours, j + 1):
                dot_one(column, Z[k][:m], M[j, k : k + 1])


@compiled
def all_moments(X: FloatArray, y: FloatArray, centre: FloatArray, blocks: FloatArray, parts: FloatArray) -> None:
    """The M of each chunk into parts (chunks, d + 2, d + 2); X (n, d), centre (d + 1,), blocks (chunks, d + 2, block)."""
    for c in range(len(parts)):
        last = min((c + 1) * CHUNK_ROWS, y.size)
        chunk_moments(X, y, c * CHUNK_ROWS, last, centre, blocks[c], parts[c])


@threaded
def all_moments_threaded(
    X: FloatArray, y: FloatArray, centre: FloatArray, blocks: FloatArray, parts: FloatArray
) -> None:
    """The same, the chunks shared among threads."""
    for c in prange(len(parts)):
        last = min((c + 1) * CHUNK_ROWS, y.size)
        chunk_moments(X, y, c * CHUNK_ROWS, last, centre, blocks[c], parts[c])


@exactly
def add_up(parts: FloatArray, high: FloatArray, low: FloatArray) -> None:
    """The chunks' matrices, in their order, as pairs, both triangles filled."""
    high[:] = 0
    low[:] = 0
    for c in range(len(parts)):
        for j in range(len(high)):
            for k in range(j + 1):
                high[j, k], error = two_sum(high[j, k], parts[c, j, k])
                low[j, k] += error
                high[k, j], low[k, j] = high[j, k], low[j, k]


@exactly
def add_row(v: Any, high: FloatArray, low: FloatArray, total: FloatArray, rest: FloatArray) -> None:
    """Adds v · (high + low) to total + rest; all (d + 2,)."""
    add_scaled(high, v, total, rest)
    for i in range(low.size):
        rest[i] += v * low[i]


@exactly
def sums_at(
    theta: FloatArray, high: FloatArray, low: FloatArray, centre: FloatArray, Mv: FloatArray, sums: FloatArray
) -> None:
    """Σ x r, Σ r and Σ r² into sums (d + 2,), at theta (d + 1,); Mv (2, d + 2) is room for M v as pairs."""
    d = theta.size - 1
    beta, missing = two_sum(theta[d], -centre[d])
    for j in range(d):
        product = theta[j] * centre[j]
        beta, error = two_sum(beta, product)
        missing += error + fma(theta[j], centre[j], -product)
    Mv[0], Mv[1] = 0, missing * high[d + 1]
    for j in range(d):
        add_row(theta[j], high[j], low[j], Mv[0], Mv[1])
    add_row(-theta.dtype.type(1), high[d], low[d], Mv[0], Mv[1])
    add_row(beta, high[d + 1], low[d + 1], Mv[0], Mv[1])
    total = Mv[0, d + 1] + Mv[1, d + 1]
    squares = beta * total - (Mv[0, d] + Mv[1, d])
    for j in range(d):
        product = Mv[0, j] + Mv[1, j]
        squares += theta[j] * product
        sums[j] = product + centre[j] * total
    sums[d], sums[d + 1] = total, max(squares, theta.dtype.type(0))  # all that remains may be rounding


@compiled
def descend(
    theta: FloatArray,
    rate: Any,
    high: FloatArray,
    low: FloatArray,
    centre: FloatArray,
    Mv: FloatArray,
    sums: FloatArray,
    losses: FloatArray,
) -> int:
    """Epochs until `losses` is full, or one of them not finite; returns how many there are."""
    d = theta.size - 1
    for epoch in range(losses.size):
        sums_at(theta, high, low, centre, Mv, sums)
        losses[epoch] = step(theta, sums, high[d + 1, d + 1], rate)
        if not np.isfinite(losses[epoch]):
            return epoch + 1
    return losses.size


class Moments(NamedTuple):
    """M = Σ z zᵀ of n rows as pairs, each (d + 2, d + 2), and the centre (d + 1,) that was taken from them."""

    high: FloatArray
    low: FloatArray
    centre: FloatArray


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
        """All epochs in one compiled call.

        Raises:
            InputError: If the plan has mini-batches.
        """
        if not self.takes_all(plan):
            raise InputError(
                f"backend 'moments': expected a full batch, got batches of {plan.batch_size} of {self.rows} rows: each "
                "would need a pass of its own; leave the batch size away, or leave out this backend"
            )
        theta = np.append(*parameters)
        sums, losses = np.empty(len(theta) + 1, dtype=self.dtype), np.empty(count, dtype=self.dtype)
        Mv = np.empty((2, len(sums)), dtype=self.dtype)
        done = descend(theta, theta.dtype.type(plan.learning_rate), *self.moments, Mv, sums, losses)
        finished: list[float] = losses[:done].tolist()
        return Parameters(theta[:-1], theta[-1]), finished


def moments_of(X: FloatArray, y: FloatArray) -> Moments:
    """The moments of X (n, d) and y (n,), both contiguous: one pass, after a glance at a few rows for the centre."""
    n, d = X.shape
    glance = slice(None, None, max(1, n // CENTRE_ROWS))
    centre = np.append(X[glance].mean(axis=0), y[glance].mean())
    chunks = -(-n // CHUNK_ROWS)
    parts = aligned((chunks, d + 2, d + 2), X.dtype)
    blocks = aligned((chunks, d + 2, BLOCK_ROWS), X.dtype)
    blocks[:, -1] = 1
    pass_over = all_moments_threaded if X.nbytes >= THREADED_FROM_BYTES else all_moments
    pass_over(X, y, centre, blocks, parts)
    high, low = aligned(parts.shape[1:], X.dtype), aligned(parts.shape[1:], X.dtype)
    add_up(parts, high, low)
    return Moments(high, low, centre)
