"""Numba: one fused, compiled pass over X and y per epoch, with the gradient written by hand.

Loss and gradient need three kinds of sums over the rows, and one pass gives them all:

    r = X W + b − y,      Σ xᵢⱼ rᵢ  (d of them),      Σ rᵢ,      Σ rᵢ².

**Layout.** A vector instruction takes several rows at once, so the values of one feature lie side by side. One feature
is a line (n,), two to four are lines (d, n), and more are tiles (n / TILE, d, TILE): so many rows of all features,
few enough that the second reading, Xᵀ r after X W, finds them in a near cache, and one behind the other in memory.
Numba compiles the kernel that the shape asks for, and no other.

**Sums.** The rows are cut into chunks whose size depends on d alone. Each chunk leaves its sums in its own row of a
buffer, and the chunks are added up in their order: the same bits in every run and for any number of threads. Within a
chunk there are several running sums, so a chain of additions is far shorter than 6 √n, and the error within the bound
of a correct backend (Higham, *Accuracy and Stability of Numerical Algorithms*, section 4.2).

**Compiled once.** Machine code is cached on disk: beside this file or, if that folder is read-only, in the user's
cache folder. Numba looks for changes in this file only, hence all compiled functions stand in it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, ClassVar, Literal, NamedTuple, TypeVar, cast

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

from handgrad.backends.interface import FloatArray, Gradient, Parameters, Plan, Trainer, permutation
from handgrad.backends.lanes import add, dot, first_of, fused, load, spread, store, subtract

#: From two up to so many features, all of a row stays in registers (`few`).
FEW = 4
#: Bytes of a vector: the rows of a tile, of one feature.
WIDE = 128
#: Bytes of the running sums of one feature.
NARROW = 32
#: Rows in a chunk of tiles, of which they are whole ones in any dtype.
CHUNK_ROWS = 512
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
def tiles(X: FloatArray, y: FloatArray, first: int, last: int, theta: FloatArray, lanes: FloatArray) -> None:
    """More features, tile by tile: r, then Xᵀ r, added to running sums, lanes (d + 2, NARROW).

    For r, even and odd features are apart, as each addition waits for the one before. No part of this is a function of
    its own, which would take vectors through memory.
    """
    _, d, rows = X.shape
    one = spread(y.dtype.type(1), WIDE)
    lanes[:] = 0
    for t in range(first // rows, (last + rows - 1) // rows):
        r = subtract(spread(theta[d], WIDE), load(y, (t * rows,), WIDE))
        odd = spread(y.dtype.type(0), WIDE)
        for j in range(0, d - 1, 2):
            r = fused(spread(theta[j], WIDE), load(X, (t, j), WIDE), r)
            odd = fused(spread(theta[j + 1], WIDE), load(X, (t, j + 1), WIDE), odd)
        if d % 2:
            r = fused(spread(theta[d - 1], WIDE), load(X, (t, d - 1), WIDE), r)
        r = add(r, odd)
        if last - t * rows < rows:
            r = first_of(r, last - t * rows)
        for j in range(d):
            store(dot(load(X, (t, j), WIDE), r, load(lanes, (j,), NARROW)), lanes, (j,))
        store(dot(one, r, load(lanes, (d,), NARROW)), lanes, (d,))
        store(dot(r, r, load(lanes, (d + 1,), NARROW)), lanes, (d + 1,))


@inner
def across(lanes: FloatArray, sums: FloatArray) -> None:
    """The total of each row of lanes (d + 2, NARROW), into sums (d + 2,)."""
    for j in range(sums.size):
        total = lanes[j, 0]
        for lane in range(1, lanes.shape[1]):
            total += lanes[j, lane]
        sums[j] = total


@inner
def chunk_sums(
    X: FloatArray,
    y: FloatArray,
    first: int,
    last: int,
    theta: FloatArray,
    lanes: FloatArray,
    chunk: int,
    sums: FloatArray,
) -> None:
    """The kernel for the layout at hand; Numba drops a branch that the number of dimensions rules out.

    lanes (chunks, d + 2, NARROW) is the buffer of `tiles`; the others come with an empty one.
    """
    if X.ndim == 1:
        line(X[first:last], y[first:last], theta[0], theta[1], sums)
    elif X.ndim == 2:
        few(X, y, first, last, theta, sums)
    else:
        tiles(X, y, first, last, theta, lanes[chunk])
        across(lanes[chunk], sums)


# -- the sums of all rows, and the loop over epochs --------------------------------------------------------------------


@inner
def add_up(sums: FloatArray, chunks: int) -> None:
    """The total of all chunks, in their order, into the first row of sums (chunks, d + 2)."""
    for c in range(1, chunks):
        for j in range(sums.shape[1]):
            sums[0, j] += sums[c, j]


@compiled
def all_sums(X: FloatArray, y: FloatArray, theta: FloatArray, chunk: int, lanes: FloatArray, sums: FloatArray) -> None:
    """Each chunk's sums into its row of sums (chunks, d + 2), and their total into the first."""
    chunks = (y.size + chunk - 1) // chunk
    for c in range(chunks):
        chunk_sums(X, y, c * chunk, min((c + 1) * chunk, y.size), theta, lanes, c, sums[c])
    add_up(sums, chunks)


@threaded
def all_sums_threaded(
    X: FloatArray, y: FloatArray, theta: FloatArray, chunk: int, lanes: FloatArray, sums: FloatArray
) -> None:
    """The same, the chunks shared among threads."""
    chunks = (y.size + chunk - 1) // chunk
    for c in prange(chunks):
        chunk_sums(X, y, c * chunk, min((c + 1) * chunk, y.size), theta, lanes, c, sums[c])
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
    lanes: FloatArray,
    sums: FloatArray,
    losses: FloatArray,
) -> int:
    """Epochs until `losses` is full, or one of them not finite; returns how many there are."""
    for epoch in range(losses.size):
        all_sums(X, y, theta, chunk, lanes, sums)
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
    lanes: FloatArray,
    sums: FloatArray,
    losses: FloatArray,
) -> int:
    """The same with threads; apart from it, since what is never threaded need not wait for this to compile."""
    for epoch in range(losses.size):
        all_sums_threaded(X, y, theta, chunk, lanes, sums)
        losses[epoch] = step(theta, sums[0], y.size, rate)
        if not np.isfinite(losses[epoch]):
            return epoch + 1
    return losses.size


@inner
def pick(X: FloatArray, row: int, batch_X: FloatArray, i: int) -> None:
    """Copies a row of X into the batch."""
    if X.ndim == 1:
        batch_X[i] = X[row]
    elif X.ndim == 2:
        for j in range(X.shape[0]):
            batch_X[j, i] = X[j, row]
    else:
        rows = X.shape[2]
        for j in range(X.shape[1]):
            batch_X[i // rows, j, i % rows] = X[row // rows, j, row % rows]


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
    lanes: FloatArray,
    sums: FloatArray,
) -> None:
    """One epoch in batches of `batch_y.size` rows, in the order given, each copied into the batch buffers first."""
    for first in range(0, order.size, batch_y.size):
        rows = order[first : first + batch_y.size]
        for i in range(rows.size):
            batch_y[i] = y[rows[i]]
            pick(X, rows[i], batch_X, i)
        all_sums(batch_X, batch_y[: rows.size], theta, chunk, lanes, sums)
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


class Tiled(NamedTuple):
    """X in tiles (n / TILE, d, TILE), zeros behind its last row, and how many rows that are none of the zeros."""

    tiles: FloatArray
    rows: int

    def untiled(self) -> FloatArray:
        """A copy as (n, d)."""
        features = self.tiles.shape[1]
        return self.tiles.swapaxes(1, 2).reshape(-1, features)[: self.rows]

    def taken(self, rows: NDArray[np.int64]) -> FloatArray:
        """A copy of the rows named, (k, d)."""
        tile, lane = np.divmod(rows, self.tiles.shape[2])
        return self.tiles[tile, :, lane]


def tiled(X: FloatArray) -> Tiled:
    """A copy of X (n, d) in tiles."""
    (n, d), side = X.shape, WIDE // X.itemsize
    whole = n - n % side
    tiles = aligned((-(-n // side), d, side), X.dtype)
    tiles[: whole // side] = X[:whole].reshape(-1, side, d).swapaxes(1, 2)
    tiles[whole // side :] = 0
    if whole < n:
        tiles[-1, :, : n - whole] = X[whole:].T
    return Tiled(tiles, n)


def padded(y: FloatArray) -> FloatArray:
    """A copy of y (n,) with zeros behind it, up to a whole vector."""
    side = WIDE // y.itemsize
    copy = aligned((-(-y.size // side) * side,), y.dtype)
    copy[: y.size], copy[y.size :] = y, 0
    return copy[: y.size]


def laid_out(X: FloatArray) -> FloatArray | Tiled:
    """A copy of X (n, d) in the layout for so many features."""
    if X.shape[1] > FEW:
        return tiled(X)
    return copied(X[:, 0] if X.shape[1] == 1 else X.T)


def bare(X: FloatArray | Tiled) -> FloatArray:
    """The array that compiled code takes."""
    return X.tiles if isinstance(X, Tiled) else X


class NumbaTrainer(Trainer):
    """The fused pass and the whole loop over epochs, compiled."""

    name: ClassVar[str] = "numba"
    summary: ClassVar[str] = "one fused, compiled pass over the data, threaded when it is large"
    kind: ClassVar[Literal["manual", "autodiff", "exact"]] = "manual"
    requires: ClassVar[tuple[str, ...]] = ("numba",)

    def bind(self, X: FloatArray, y: FloatArray) -> tuple[Any, FloatArray]:
        """Copies in the layout that pays for d, and the buffers: nothing is allocated in an epoch."""
        n, d = X.shape
        self.chunk = CHUNK_PRODUCTS // d if d <= FEW else CHUNK_ROWS
        chunks = -(-n // self.chunk)
        self.lanes = aligned((chunks if d > FEW else 0, d + 2, NARROW // X.itemsize), self.dtype)
        self.sums = aligned((chunks, d + 2), self.dtype)
        self.threaded = X.nbytes >= THREADED_FROM_BYTES
        return laid_out(X), padded(y)

    def take(self, X: Any, y: FloatArray, rows: NDArray[np.int64]) -> tuple[Any, FloatArray]:
        """Copies of the rows, in the same layout."""
        if not isinstance(X, Tiled):
            return copied(X[..., rows]), padded(y[rows])
        return tiled(X.taken(rows)), padded(y[rows])

    def to_own(self, weights: FloatArray, bias: float) -> Parameters:
        """Array and scalar of the dtype."""
        return Parameters(weights.astype(self.dtype), np.dtype(self.dtype).type(bias))

    def to_numpy(self, weights: FloatArray, bias: Any) -> Parameters:
        """A copy, and a float."""
        return Parameters(weights.copy(), float(bias))

    def predict(self, X: Any, weights: FloatArray, bias: Any) -> FloatArray:
        """ŷ = X W + b."""
        if isinstance(X, Tiled):
            X = X.untiled().T
        predicted: FloatArray = (weights * X if X.ndim == 1 else weights @ X) + bias
        return predicted

    def loss(self, X: Any, y: FloatArray, weights: FloatArray, bias: Any) -> Any:
        """(1/n) Σ r²; the pass gives the gradient along with it."""
        return self.gradient(X, y, weights, bias).loss

    def gradient(self, X: Any, y: FloatArray, weights: FloatArray, bias: Any) -> Gradient:
        """(2/n) Xᵀ r and (2/n) Σ r, with the loss from the same residuals."""
        pass_over = all_sums_threaded if self.threaded else all_sums
        pass_over(bare(X), y, np.append(weights, bias), self.chunk, self.lanes, self.sums)
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
        X, y = self.data
        done = loop(bare(X), y, theta, rate, self.chunk, self.lanes, self.sums, losses)
        finished: list[float] = losses[:done].tolist()
        return finished

    def run_batches(self, theta: FloatArray, rate: Any, plan: Plan, epochs: range) -> list[float]:
        """Mini-batch epochs; moves theta (d + 1,) and returns the loss over all rows before each."""
        X, y = self.data
        batch_X, batch_y = self.take(X, y, np.arange(plan.batch_size or self.rows))
        losses: list[float] = []
        for epoch in epochs:
            losses.append(float(self.loss(X, y, theta[:-1], theta[-1])))
            if not np.isfinite(losses[-1]):
                break
            order = permutation(self.rows, plan, epoch)
            descend_batches(bare(X), y, order, bare(batch_X), batch_y, theta, rate, self.chunk, self.lanes, self.sums)
        return losses
