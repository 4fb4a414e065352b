"""Numba: one fused, compiled pass over X and y per epoch, with the gradient written by hand.

Loss and gradient need three kinds of sums over the rows, and one pass gives them all:

    r = X W + b − y,      Σ xᵢⱼ rᵢ  (d of them),      Σ rᵢ,      Σ rᵢ².

**Layout.** X is kept as Xᵀ (d, n), for one feature as a line (n,). Up to some hundred features each *feature* is
contiguous, and a vector instruction takes several rows at once (`line`, `few`, `along_rows`); beyond, each *row* is
contiguous, and it takes several features of one row (`along_features`). Numba compiles the kernel that the shape asks
for, and no other.

**Sums.** The rows are cut into chunks whose size depends on d alone. Each chunk leaves its sums in its own row of a
buffer, and the chunks are added up in their order: the same bits in every run and for any number of threads. Within a
chunk the compiler keeps several running sums, so a chain of additions is far shorter than 6 √n, and the error within
the bound of a correct backend (Higham, *Accuracy and Stability of Numerical Algorithms*, section 4.2).

**Compiled once.** Machine code is cached on disk: beside this file or, if that folder is read-only, in the user's
cache folder. Numba looks for changes in this file only, hence all compiled functions stand in it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, ClassVar, Literal, TypeVar, cast

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

from handgrad.backends.interface import FloatArray, Gradient, Parameters, Plan, Trainer, permutation

#: From two up to so many features, all of a row stays in registers (`few`).
FEW = 4
#: Up to so many features, vector instructions run along the rows (seen to pay up to 128 and more).
ALONG_ROWS_UP_TO = 128
#: Rows in a block of `along_rows`: enough to hide the loops' ends, few enough to be read again from a near cache.
BLOCK_ROWS = 512
#: Multiply-adds in a chunk of few features: enough to make its bookkeeping small.
CHUNK_PRODUCTS = 4096
#: Below so many bytes of X, waking the threads costs more than they save.
THREADED_FROM_BYTES = 1024 * 1024
#: Bytes of a cache line; a vector that straddles two of them costs two readings.
CACHE_LINE = 64

#: The compiler may reorder sums and fuse products into them. It may not assume that NaN and infinity never occur.
FAST = {"reassoc", "contract", "nsz"}

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function, **options: Any) -> Function:
    """Compiled when it is first called, or loaded from the cache on disk."""
    chosen: dict[str, Any] = {"nogil": True, "fastmath": FAST, **options}
    try:
        return cast(Function, njit(cache=True, **chosen)(function))
    except RuntimeError:  # Numba found no folder that it may write a cache to: each process compiles for itself
        return cast(Function, njit(**chosen)(function))


def inner(function: Function) -> Function:
    """The same for what only compiled code calls: without an entry from Python it compiles faster."""
    return compiled(function, no_cpython_wrapper=True, no_cfunc_wrapper=True)


def threaded(function: Function) -> Function:
    """The same with the iterations of `prange` shared among threads."""
    return compiled(function, parallel=True)


# -- the sums of one chunk of rows -------------------------------------------------------------------------------------


@inner
def line(x: FloatArray, y: FloatArray, weight: Any, bias: Any, sums: FloatArray) -> None:
    """One feature, x (m,): r never leaves the registers."""
    d_weight = d_bias = squares = y.dtype.type(0)  # a plain 0.0 would make float32 sums float64
    for i in range(y.size):
        r = weight * x[i] + bias - y[i]
        d_weight += x[i] * r
        d_bias += r
        squares += r * r
    sums[0], sums[1], sums[2] = d_weight, d_bias, squares


@inner
def few(X: FloatArray, y: FloatArray, first: int, last: int, theta: FloatArray, sums: FloatArray) -> None:
    """Two to four contiguous features, each read once; in place of one that is not there stands the first, times 0."""
    d, zero = X.shape[0], y.dtype.type(0)
    target, b = y[first:last], theta[d]
    x0, x1 = X[0][first:last], X[1][first:last]
    x2, x3 = X[2 if d > 2 else 0][first:last], X[3 if d > 3 else 0][first:last]
    w0, w1, w2, w3 = theta[0], theta[1], theta[2] if d > 2 else zero, theta[3] if d > 3 else zero
    s0 = s1 = s2 = s3 = total = squares = zero
    for i in range(target.size):
        r = (w0 * x0[i] + w1 * x1[i]) + (w2 * x2[i] + w3 * x3[i]) + (b - target[i])
        s0 += x0[i] * r
        s1 += x1[i] * r
        s2 += x2[i] * r
        s3 += x3[i] * r
        total += r
        squares += r * r
    for j, s in enumerate((s0, s1, s2, s3)):
        if j < d:
            sums[j] = s
    sums[d], sums[d + 1] = total, squares


@inner
def along_rows(
    X: FloatArray, y: FloatArray, first: int, last: int, theta: FloatArray, residual: FloatArray, sums: FloatArray
) -> None:
    """Contiguous features: block by block, first r, then Xᵀ r, four features to each reading of r."""
    d = X.shape[0]
    fours = d - d % 4
    sums[:] = 0
    for start in range(first, last, residual.size):
        stop = min(start + residual.size, last)
        r = residual[: stop - start]
        subtract(theta[d], y[start:stop], r)
        for j in range(0, fours, 4):
            x0, x1, x2, x3 = X[j][start:stop], X[j + 1][start:stop], X[j + 2][start:stop], X[j + 3][start:stop]
            add_four(theta[j : j + 4], x0, x1, x2, x3, r)
        for j in range(fours, d):
            add_one(theta[j], X[j][start:stop], r)
        for j in range(0, fours, 4):
            x0, x1, x2, x3 = X[j][start:stop], X[j + 1][start:stop], X[j + 2][start:stop], X[j + 3][start:stop]
            dot_four(r, x0, x1, x2, x3, sums[j : j + 4])
        for j in range(fours, d):
            dot_one(r, X[j][start:stop], sums[j : j + 1])
        total_and_squares(r, sums[d:])


@inner
def subtract(bias: Any, y: FloatArray, r: FloatArray) -> None:
    """The residual's start: b − y."""
    for i in range(r.size):
        r[i] = bias - y[i]


@inner
def add_four(w: FloatArray, x0: FloatArray, x1: FloatArray, x2: FloatArray, x3: FloatArray, r: FloatArray) -> None:
    """Adds w₀ x₀ + … + w₃ x₃ to r."""
    for i in range(r.size):
        r[i] += (w[0] * x0[i] + w[1] * x1[i]) + (w[2] * x2[i] + w[3] * x3[i])


@inner
def add_one(w: Any, x: FloatArray, r: FloatArray) -> None:
    """Adds w x to r."""
    for i in range(r.size):
        r[i] += w * x[i]


@inner
def dot_four(r: FloatArray, x0: FloatArray, x1: FloatArray, x2: FloatArray, x3: FloatArray, sums: FloatArray) -> None:
    """Adds Σ x₀ r, …, Σ x₃ r to sums (4,)."""
    s0 = s1 = s2 = s3 = r.dtype.type(0)
    for i in range(r.size):
        s0 += x0[i] * r[i]
        s1 += x1[i] * r[i]
        s2 += x2[i] * r[i]
        s3 += x3[i] * r[i]
    sums[0] += s0
    sums[1] += s1
    sums[2] += s2
    sums[3] += s3


@inner
def dot_one(r: FloatArray, x: FloatArray, sums: FloatArray) -> None:
    """Adds Σ x r to sums (1,)."""
    total = r.dtype.type(0)
    for i in range(r.size):
        total += x[i] * r[i]
    sums[0] += total


@inner
def total_and_squares(r: FloatArray, sums: FloatArray) -> None:
    """Adds Σ r and Σ r² to sums (2,)."""
    total = squares = r.dtype.type(0)
    for i in range(r.size):
        total += r[i]
        squares += r[i] * r[i]
    sums[0] += total
    sums[1] += squares


@inner
def along_features(X: FloatArray, y: FloatArray, first: int, last: int, theta: FloatArray, sums: FloatArray) -> None:
    """Contiguous rows, four at a time, so that the weights and their sums are read once for four rows."""
    d = X.shape[0]
    rows, w, b, zero = X.T, theta[:d], theta[d], y.dtype.type(0)
    sums[:] = 0
    fours = last - (last - first) % 4
    for i in range(first, fours, 4):
        x0, x1, x2, x3 = rows[i], rows[i + 1], rows[i + 2], rows[i + 3]
        r0 = r1 = r2 = r3 = zero
        for j in range(d):
            r0 += x0[j] * w[j]
            r1 += x1[j] * w[j]
            r2 += x2[j] * w[j]
            r3 += x3[j] * w[j]
        r0, r1, r2, r3 = r0 + b - y[i], r1 + b - y[i + 1], r2 + b - y[i + 2], r3 + b - y[i + 3]
        for j in range(d):
            sums[j] += (x0[j] * r0 + x1[j] * r1) + (x2[j] * r2 + x3[j] * r3)
        sums[d] += (r0 + r1) + (r2 + r3)
        sums[d + 1] += (r0 * r0 + r1 * r1) + (r2 * r2 + r3 * r3)
    for i in range(fours, last):
        x0, r0 = rows[i], zero
        for j in range(d):
            r0 += x0[j] * w[j]
        r0 = r0 + b - y[i]
        for j in range(d):
            sums[j] += x0[j] * r0
        sums[d] += r0
        sums[d + 1] += r0 * r0


@inner
def chunk_sums(
    X: FloatArray,
    y: FloatArray,
    first: int,
    last: int,
    theta: FloatArray,
    residuals: FloatArray,
    chunk: int,
    sums: FloatArray,
) -> None:
    """The kernel for the layout at hand; Numba drops a branch that the number of dimensions rules out.

    `residuals` (chunks, block) is the buffer of `along_rows`; `along_features` comes with an empty one, (0,), and `few`
    with (0, 0, 0).
    """
    if X.ndim == 1:
        line(X[first:last], y[first:last], theta[0], theta[1], sums)
    elif residuals.ndim == 1:
        along_features(X, y, first, last, theta, sums)
    elif residuals.ndim == 3:
        few(X, y, first, last, theta, sums)
    else:
        along_rows(X, y, first, last, theta, residuals[chunk], sums)


# -- the sums of all rows, and the loop over epochs --------------------------------------------------------------------


@inner
def add_up(sums: FloatArray, chunks: int) -> None:
    """The total of all chunks, in their order, into the first row of sums (chunks, d + 2)."""
    for c in range(1, chunks):
        for j in range(sums.shape[1]):
            sums[0, j] += sums[c, j]


@compiled
def all_sums(
    X: FloatArray, y: FloatArray, theta: FloatArray, chunk: int, residuals: FloatArray, sums: FloatArray
) -> None:
    """Each chunk's sums into its row of sums (chunks, d + 2), and their total into the first."""
    chunks = (y.size + chunk - 1) // chunk
    for c in range(chunks):
        chunk_sums(X, y, c * chunk, min((c + 1) * chunk, y.size), theta, residuals, c, sums[c])
    add_up(sums, chunks)


@threaded
def all_sums_threaded(
    X: FloatArray, y: FloatArray, theta: FloatArray, chunk: int, residuals: FloatArray, sums: FloatArray
) -> None:
    """The same, the chunks shared among threads."""
    chunks = (y.size + chunk - 1) // chunk
    for c in prange(chunks):
        chunk_sums(X, y, c * chunk, min((c + 1) * chunk, y.size), theta, residuals, c, sums[c])
    add_up(sums, chunks)


@inner
def step(theta: FloatArray, total: FloatArray, rows: int, rate: Any) -> Any:
    """θ ← θ − η ∇L, unless the loss is not finite; returns the loss before. theta and ∇L are (d + 1,), bias last."""
    n = theta.dtype.type(rows)
    loss = total[-1] / n
    if np.isfinite(loss):
        scale = theta.dtype.type(2) / n
        for j in range(theta.size):
            theta[j] -= rate * (scale * total[j])
    return loss


@compiled
def descend(
    X: FloatArray,
    y: FloatArray,
    theta: FloatArray,
    rate: Any,
    chunk: int,
    residuals: FloatArray,
    sums: FloatArray,
    losses: FloatArray,
) -> int:
    """Epochs until `losses` is full, or one of them not finite; returns how many there are."""
    for epoch in range(losses.size):
        all_sums(X, y, theta, chunk, residuals, sums)
        losses[epoch] = step(theta, sums[0], y.size, rate)
        if not np.isfinite(losses[epoch]):
            return epoch + 1
    return losses.size


@compiled
def descend_threaded(
    X: FloatArray,
    y: FloatArray,
    theta: FloatArray,
    rate: Any,
    chunk: int,
    residuals: FloatArray,
    sums: FloatArray,
    losses: FloatArray,
) -> int:
    """The same with threads; apart from it, since what is never threaded need not wait for this to compile."""
    for epoch in range(losses.size):
        all_sums_threaded(X, y, theta, chunk, residuals, sums)
        losses[epoch] = step(theta, sums[0], y.size, rate)
        if not np.isfinite(losses[epoch]):
            return epoch + 1
    return losses.size


@inner
def pick(X: FloatArray, row: int, batch_X: FloatArray, i: int) -> None:
    """Copies a row of X into the batch."""
    if X.ndim == 1:
        batch_X[i] = X[row]
    else:
        for j in range(X.shape[0]):
            batch_X[j, i] = X[j, row]


@compiled
def descend_batches(
    X: FloatArray,
    y: FloatArray,
    order: NDArray[np.int64],
    batch_X: FloatArray,
    batch_y: FloatArray,
    theta: FloatArray,
    rate: Any,
    chunk: int,
    residuals: FloatArray,
    sums: FloatArray,
) -> None:
    """One epoch in batches of `batch_y.size` rows, in the order given, each copied into the batch buffers first."""
    for first in range(0, order.size, batch_y.size):
        rows = order[first : first + batch_y.size]
        for i in range(rows.size):
            batch_y[i] = y[rows[i]]
            pick(X, rows[i], batch_X, i)
        all_sums(batch_X, batch_y[: rows.size], theta, chunk, residuals, sums)
        step(theta, sums[0], rows.size, rate)


def aligned(shape: tuple[int, ...], dtype: Any) -> FloatArray:
    """An empty array whose memory starts at a cache line."""
    size = math.prod(shape) * np.dtype(dtype).itemsize
    memory = np.empty(size + CACHE_LINE, dtype=np.uint8)
    start = -memory.ctypes.data % CACHE_LINE
    empty: FloatArray = memory[start : start + size].view(dtype).reshape(shape)
    return empty


def copied(array: FloatArray) -> FloatArray:
    """A C-contiguous, writable, aligned copy: with one kind of array, each function is compiled once."""
    copy = aligned(array.shape, array.dtype)
    copy[...] = array
    return copy


def residual_buffers(chunks: int, features: int) -> tuple[int, ...]:
    """The shape of the buffers for residuals, which tells the kernel; see `chunk_sums`."""
    if features <= FEW:
        return (0, 0, 0)
    return (chunks, BLOCK_ROWS) if features <= ALONG_ROWS_UP_TO else (0,)


class NumbaTrainer(Trainer):
    """The fused pass and the whole loop over epochs, compiled."""

    name: ClassVar[str] = "numba"
    summary: ClassVar[str] = "one fused, compiled pass over the data, threaded when it is large"
    kind: ClassVar[Literal["manual", "autodiff", "exact"]] = "manual"
    requires: ClassVar[tuple[str, ...]] = ("numba",)

    def bind(self, X: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Copies in the layout that pays for d, and the buffers: nothing is allocated in an epoch."""
        n, d = X.shape
        self.chunk = max(BLOCK_ROWS, CHUNK_PRODUCTS // d)
        chunks = -(-n // self.chunk)
        self.features_contiguous = d <= ALONG_ROWS_UP_TO
        self.residuals = aligned(residual_buffers(chunks, d), self.dtype)
        self.sums = aligned((chunks, d + 2), self.dtype)
        self.threaded = X.nbytes >= THREADED_FROM_BYTES
        return self.laid_out(X), copied(y)

    def laid_out(self, X: FloatArray) -> FloatArray:
        """A copy of X (n, d): one feature as (n,), more as (d, n)."""
        if X.shape[1] == 1:
            return copied(X[:, 0])
        return copied(X.T) if self.features_contiguous else copied(X).T

    def take(self, X: FloatArray, y: FloatArray, rows: NDArray[np.int64]) -> tuple[FloatArray, FloatArray]:
        """Copies of the rows, in the same layout."""
        return self.laid_out(np.take(X, rows, axis=-1).T.reshape(len(rows), -1)), copied(y[rows])

    def to_own(self, weights: FloatArray, bias: float) -> Parameters:
        """Array and scalar of the dtype."""
        return Parameters(weights.astype(self.dtype), np.dtype(self.dtype).type(bias))

    def to_numpy(self, weights: FloatArray, bias: Any) -> Parameters:
        """A copy, and a float."""
        return Parameters(weights.copy(), float(bias))

    def predict(self, X: FloatArray, weights: FloatArray, bias: Any) -> FloatArray:
        """ŷ = X W + b."""
        predicted: FloatArray = (weights * X if X.ndim == 1 else weights @ X) + bias
        return predicted

    def loss(self, X: FloatArray, y: FloatArray, weights: FloatArray, bias: Any) -> Any:
        """(1/n) Σ r²; the pass gives the gradient along with it."""
        return self.gradient(X, y, weights, bias).loss

    def gradient(self, X: FloatArray, y: FloatArray, weights: FloatArray, bias: Any) -> Gradient:
        """(2/n) Xᵀ r and (2/n) Σ r, with the loss from the same residuals."""
        pass_over = all_sums_threaded if self.threaded else all_sums
        pass_over(X, y, np.append(weights, bias), self.chunk, self.residuals, self.sums)
        n, (*_, total, squares) = y.dtype.type(y.size), self.sums[0]
        scale = y.dtype.type(2) / n
        return Gradient(squares / n, scale * self.sums[0, :-2], scale * total)

    def update(self, weights: FloatArray, bias: Any, gradient: Gradient, learning_rate: float) -> Parameters:
        """W ← W − η dW, b ← b − η db."""
        rate = np.dtype(self.dtype).type(learning_rate)
        return Parameters(weights - rate * gradient.weights, bias - rate * gradient.bias)

    def run(self, parameters: Parameters, plan: Plan, first: int, count: int) -> tuple[Parameters, list[float]]:
        """The epochs in compiled code: all of them in one call or, with batches, one call for each permutation."""
        theta = np.append(*parameters)
        rate = theta.dtype.type(plan.learning_rate)
        if self.takes_all(plan):
            losses = self.run_full(theta, rate, count)
        else:
            losses = self.run_batches(theta, rate, plan, range(first, first + count))
        return Parameters(theta[:-1], theta[-1]), losses

    def run_full(self, theta: FloatArray, rate: Any, count: int) -> list[float]:
        """Full-batch epochs; moves theta (d + 1,) and returns the loss before each."""
        losses = np.empty(count, dtype=self.dtype)
        loop = descend_threaded if self.threaded else descend
        done = loop(*self.data, theta, rate, self.chunk, self.residuals, self.sums, losses)
        finished: list[float] = losses[:done].tolist()
        return finished

    def run_batches(self, theta: FloatArray, rate: Any, plan: Plan, epochs: range) -> list[float]:
        """Mini-batch epochs; moves theta (d + 1,) and returns the loss over all rows before each."""
        X, y = self.data
        batch = self.take(X, y, np.arange(plan.batch_size or self.rows))
        losses: list[float] = []
        for epoch in epochs:
            losses.append(float(self.loss(X, y, theta[:-1], theta[-1])))
            if not np.isfinite(losses[-1]):
                break
            order = permutation(self.rows, plan, epoch)
            descend_batches(X, y, order, *batch, theta, rate, self.chunk, self.residuals, self.sums)
        return losses
