"""Numba: one fused, compiled pass over X and y per epoch, with the gradient written by hand.

Loss and gradient need three kinds of sums over the rows, and one pass gives them all:

    r = X W + b − y,      Σ xᵢⱼ rᵢ  (d of them),      Σ rᵢ,      Σ rᵢ².

**Layout.** A vector instruction takes several rows at once, so the values of one feature lie side by side: X is kept in
tiles (n / TILE, d, TILE), one behind the other in memory, each so many rows of all features. Up to four features are
read once, and their sums stay in registers; of more, a tile stays in the nearest cache for its second reading, Xᵀ r
after X W.

**Sums.** The rows are cut into chunks whose size depends on d alone. Each chunk leaves its sums in its own row of a
buffer, and the chunks are added up in their order: the same bits in every run and for any number of threads. Within a
chunk there are several running sums, so a chain of additions is far shorter than 6 √n, and the error within the bound
of a correct backend (Higham, *Accuracy and Stability of Numerical Algorithms*, section 4.2).

**Pointers.** Compiled code takes an array apart once, at its door; inside, it is the pointer to its first number.

**Compiled once.** Machine code is cached on disk: beside this file or, if that folder is read-only, in the user's
cache folder. Numba looks for changes in this file only, hence its compiled functions stand in it; after a change to
what others take from here, remove `__pycache__`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, ClassVar, Literal, NamedTuple, TypeVar, cast

import numpy as np
from numba import get_num_threads, njit, prange
from numpy.typing import NDArray

from handgrad.backends.interface import FloatArray, Gradient, Parameters, Plan, Trainer, permutation
from handgrad.backends.lanes import (
    add,
    address,
    after,
    count,
    dot,
    first_of,
    fold,
    fused,
    load,
    nothing,
    spread,
    store,
    subtract,
    total,
)

#: Up to so many features, the running sums stay in registers (`line`, `few`).
FEW = 4
#: Bytes of a vector: the rows of a tile, of one feature.
WIDE = 128
#: Bytes of a vector in `few`, where there are many of them.
HALF = 64
#: Bytes of the running sums of one feature in `tiles`.
NARROW = 32
#: Rows in a chunk of more features.
CHUNK_ROWS = 512
#: Rows of a whole tile in any dtype, of which a chunk has whole ones.
CHUNK_MULTIPLE = 32
#: Multiply-adds in a chunk of few features: enough to make its bookkeeping small.
CHUNK_PRODUCTS = 4096
#: Below so many bytes of X, waking the threads costs more than they save.
THREADED_FROM_BYTES = 384 * 1024
#: Bytes of a cache line; a vector that straddles two of them costs two readings.
CACHE_LINE = 64

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function, **options: Any) -> Function:
    """Compiled when it is first called, or loaded from the cache on disk."""
    chosen: dict[str, Any] = {"nogil": True, "error_model": "numpy", **options}
    try:
        return cast(Function, njit(cache=True, **chosen)(function))
    except RuntimeError:  # Numba found no folder that it may write a cache to: each process compiles for itself
        return cast(Function, njit(**chosen)(function))


def inner(function: Function) -> Function:
    """The same for what only compiled code may call: without an entry from Python it compiles faster."""
    return compiled(function, no_cpython_wrapper=True, no_cfunc_wrapper=True)


def threaded(function: Function) -> Function:
    """The same with the iterations of `prange` shared among threads."""
    return compiled(function, parallel=True)


# -- the sums of one chunk of rows; X, y, theta (d + 1, bias last) and sums (d + 2) are pointers -----------------------


@inner
def line(X: Any, y: Any, first: int, last: int, theta: Any, sums: Any) -> None:
    """One feature: r never leaves the registers."""
    side = count(y, WIDE)
    w, b = spread(theta[0], WIDE), spread(theta[1], WIDE)
    xr = r_total = rr = nothing(theta, WIDE)
    for i in range(first, last, side):
        x = load(X, i, WIDE)
        r = fused(w, x, subtract(b, load(y, i, WIDE)))
        if last - i < side:
            r = first_of(r, last - i)
        xr, r_total, rr = fused(x, r, xr), add(r_total, r), fused(r, r, rr)
    sums[0], sums[1], sums[2] = total(xr), total(r_total), total(rr)


@inner
def few(X: Any, y: Any, d: int, first: int, last: int, theta: Any, sums: Any) -> None:
    """Two to four features, each read once; what d rules out is taken out of the loop by the compiler."""
    side, rows = count(y, HALF), count(y, WIDE)
    w0, w1, b = spread(theta[0], HALF), spread(theta[1], HALF), spread(theta[d], HALF)
    w2 = spread(theta[2], HALF) if d > 2 else b
    w3 = spread(theta[3], HALF) if d > 3 else b
    x2 = x3 = s0 = s1 = s2 = s3 = r_total = rr = nothing(theta, HALF)
    for i in range(first, last, side):
        at = i // rows * d * rows + i % rows
        x0, x1 = load(X, at, HALF), load(X, at + rows, HALF)
        r = fused(w1, x1, fused(w0, x0, subtract(b, load(y, i, HALF))))
        if d > 2:
            x2 = load(X, at + 2 * rows, HALF)
            r = fused(w2, x2, r)
        if d > 3:
            x3 = load(X, at + 3 * rows, HALF)
            r = fused(w3, x3, r)
        if last - i < side:
            r = first_of(r, last - i)
        s0, s1, r_total, rr = fused(x0, r, s0), fused(x1, r, s1), add(r_total, r), fused(r, r, rr)
        if d > 2:
            s2 = fused(x2, r, s2)
        if d > 3:
            s3 = fused(x3, r, s3)
    sums[d], sums[d + 1] = total(r_total), total(rr)
    sums[0], sums[1] = total(s0), total(s1)
    if d > 2:
        sums[2] = total(s2)
    if d > 3:
        sums[3] = total(s3)


@inner
def tiles(X: Any, y: Any, d: int, first: int, last: int, theta: Any, lanes: Any, sums: Any) -> None:
    """More features, tile by tile: r, then Xᵀ r, added to running sums, lanes (d + 2, NARROW).

    For r, even and odd features are apart, as each addition waits for the one before.
    """
    side, narrow = count(y, WIDE), count(y, NARROW)
    for j in range(d + 2):
        store(nothing(theta, NARROW), lanes, j * narrow)
    for i in range(first, last, side):
        x = i * d
        r, odd = subtract(spread(theta[d], WIDE), load(y, i, WIDE)), nothing(theta, WIDE)
        for j in range(0, d - 1, 2):
            r = fused(spread(theta[j], WIDE), load(X, x + j * side, WIDE), r)
            odd = fused(spread(theta[j + 1], WIDE), load(X, x + (j + 1) * side, WIDE), odd)
        if d % 2:
            r = fused(spread(theta[d - 1], WIDE), load(X, x + (d - 1) * side, WIDE), r)
        r = add(r, odd)
        if last - i < side:
            r = first_of(r, last - i)
        for j in range(d):
            store(dot(load(X, x + j * side, WIDE), r, load(lanes, j * narrow, NARROW)), lanes, j * narrow)
        store(fold(r, load(lanes, d * narrow, NARROW)), lanes, d * narrow)
        store(dot(r, r, load(lanes, (d + 1) * narrow, NARROW)), lanes, (d + 1) * narrow)
    for j in range(d + 2):
        sums[j] = total(load(lanes, j * narrow, NARROW))


@inner
def chunk_sums(X: Any, y: Any, d: int, first: int, last: int, theta: Any, lanes: Any, sums: Any) -> None:
    """Σ xⱼ r for each feature, Σ r and Σ r² of some rows; first is the first of a tile."""
    if d == 1:
        line(X, y, first, last, theta, sums)
    elif d <= FEW:
        few(X, y, d, first, last, theta, sums)
    else:
        tiles(X, y, d, first, last, theta, lanes, sums)


# -- the sums of all rows, and the loop over epochs --------------------------------------------------------------------


@inner
def add_up(sums: Any, chunks: int, size: int) -> None:
    """The total of all chunks, in their order, into the first row of sums (chunks, size)."""
    for c in range(1, chunks):
        for j in range(size):
            sums[j] += sums[c * size + j]


@inner
def pass_over(X: Any, y: Any, n: int, d: int, theta: Any, chunk: int, chunks: int, lanes: Any, sums: Any) -> None:
    """Each chunk's sums into its row of sums (chunks, d + 2), and their total into the first."""
    for c in range(chunks):
        row = after(sums, c * (d + 2))
        chunk_sums(X, y, d, c * chunk, min((c + 1) * chunk, n), theta, lanes, row)
    add_up(sums, chunks, d + 2)


@compiled
def all_sums(X: FloatArray, y: FloatArray, theta: FloatArray, chunk: int, lanes: FloatArray, sums: FloatArray) -> None:
    """The same from arrays, where one pass is all that is wanted."""
    X_at, y_at, theta_at, lanes_at, sums_at = address(X), address(y), address(theta), address(lanes), address(sums)
    pass_over(X_at, y_at, y.size, X.shape[1], theta_at, chunk, (y.size + chunk - 1) // chunk, lanes_at, sums_at)


@threaded
def all_sums_threaded(
    X: FloatArray, y: FloatArray, theta: FloatArray, chunk: int, lanes: FloatArray, sums: FloatArray
) -> None:
    """The same, the chunks shared among threads; each chunk has its own lanes (chunks, d + 2, NARROW)."""
    n, d, chunks = y.size, X.shape[1], (y.size + chunk - 1) // chunk
    for c in prange(chunks):
        own = after(address(lanes), c * lanes.shape[1] * lanes.shape[2])
        row = after(address(sums), c * (d + 2))
        chunk_sums(address(X), address(y), d, c * chunk, min((c + 1) * chunk, n), address(theta), own, row)
    add_up(address(sums), chunks, d + 2)


@inner
def step(theta: Any, sums: Any, d: int, n: Any, scale: Any, rate: Any) -> Any:
    """θ ← θ − η ∇L, unless the loss is not finite; returns the loss before. theta (d + 1), sums (d + 2), scale 2/n."""
    loss = sums[d + 1] / n
    if np.isfinite(loss):
        move(theta, sums, d, scale, rate)
    return loss


@inner
def move(theta: Any, sums: Any, d: int, scale: Any, rate: Any) -> None:
    """θ ← θ − η ∇L."""
    for j in range(d + 1):
        theta[j] -= rate * (scale * sums[j])


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
    X_at, y_at, theta_at, lanes_at, sums_at = address(X), address(y), address(theta), address(lanes), address(sums)
    d, chunks, n = X.shape[1], (y.size + chunk - 1) // chunk, theta.dtype.type(y.size)
    scale = theta.dtype.type(2) / n
    for epoch in range(losses.size):
        pass_over(X_at, y_at, y.size, d, theta_at, chunk, chunks, lanes_at, sums_at)
        losses[epoch] = step(theta_at, sums_at, d, n, scale, rate)
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
    theta_at, sums_at, n, d = address(theta), address(sums), theta.dtype.type(y.size), X.shape[1]
    scale = theta.dtype.type(2) / n
    for epoch in range(losses.size):
        all_sums_threaded(X, y, theta, chunk, lanes, sums)
        losses[epoch] = step(theta_at, sums_at, d, n, scale, rate)
        if not np.isfinite(losses[epoch]):
            return epoch + 1
    return losses.size


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
    _, d, side = X.shape
    theta_at, lanes_at, sums_at = address(theta), address(lanes), address(sums)
    for first in range(0, order.size, batch_y.size):
        rows = min(batch_y.size, order.size - first)
        for i in range(rows):
            row = order[first + i]
            batch_y[i] = y[row]
            for j in range(d):
                batch_X[i // side, j, i % side] = X[row // side, j, row % side]
        chunks = (rows + chunk - 1) // chunk
        pass_over(address(batch_X), address(batch_y), rows, d, theta_at, chunk, chunks, lanes_at, sums_at)
        move(theta_at, sums_at, d, theta.dtype.type(2) / theta.dtype.type(rows), rate)


def aligned(shape: tuple[int, ...], dtype: Any) -> FloatArray:
    """An empty array whose memory starts at a cache line."""
    size = math.prod(shape) * np.dtype(dtype).itemsize
    memory = np.empty(size + CACHE_LINE, dtype=np.uint8)
    start = -memory.ctypes.data % CACHE_LINE
    empty: FloatArray = memory[start : start + size].view(dtype).reshape(shape)
    return empty


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


class NumbaTrainer(Trainer):
    """The fused pass and the whole loop over epochs, compiled."""

    name: ClassVar[str] = "numba"
    summary: ClassVar[str] = "one fused, compiled pass over the data, threaded when it is large"
    kind: ClassVar[Literal["manual", "autodiff", "exact"]] = "manual"
    requires: ClassVar[tuple[str, ...]] = ("numba",)

    def bind(self, X: FloatArray, y: FloatArray) -> tuple[Tiled, FloatArray]:
        """X in tiles, a copy of y, and the buffers: nothing is allocated in an epoch."""
        n, d = X.shape
        self.chunk = CHUNK_PRODUCTS // d // CHUNK_MULTIPLE * CHUNK_MULTIPLE if d <= FEW else CHUNK_ROWS
        self.threaded = X.nbytes >= THREADED_FROM_BYTES
        get_num_threads()  # starts Numba's threads, which a compiled function that comes from the cache may not
        self.lanes, self.sums = np.empty((0, d + 2, NARROW // X.itemsize)), np.empty((0, d + 2))
        self.make_room(n)
        return tiled(X), padded(y)

    def make_room(self, rows: int) -> None:
        """Buffers for so many rows at least."""
        chunks, d = -(-rows // self.chunk), self.sums.shape[1] - 2
        if chunks > len(self.sums):
            self.sums = aligned((chunks, d + 2), self.dtype)
            self.lanes = aligned((chunks if self.threaded else 1, *self.lanes.shape[1:]), self.dtype)

    def take(self, X: Tiled, y: FloatArray, rows: NDArray[np.int64]) -> tuple[Tiled, FloatArray]:
        """Copies of the rows, in the same layout."""
        return tiled(X.taken(rows)), padded(y[rows])

    def to_own(self, weights: FloatArray, bias: float) -> Parameters:
        """Array and scalar of the dtype."""
        return Parameters(weights.astype(self.dtype), np.dtype(self.dtype).type(bias))

    def to_numpy(self, weights: FloatArray, bias: Any) -> Parameters:
        """A copy, and a float."""
        return Parameters(weights.copy(), float(bias))

    def predict(self, X: Tiled, weights: FloatArray, bias: Any) -> FloatArray:
        """ŷ = X W + b."""
        predicted: FloatArray = X.untiled() @ weights + bias
        return predicted

    def loss(self, X: Tiled, y: FloatArray, weights: FloatArray, bias: Any) -> Any:
        """(1/n) Σ r²; the pass gives the gradient along with it."""
        return self.gradient(X, y, weights, bias).loss

    def gradient(self, X: Tiled, y: FloatArray, weights: FloatArray, bias: Any) -> Gradient:
        """(2/n) Xᵀ r and (2/n) Σ r, with the loss from the same residuals."""
        self.make_room(y.size)
        pass_over = all_sums_threaded if self.threaded else all_sums
        pass_over(X.tiles, y, np.append(weights, bias), self.chunk, self.lanes, self.sums)
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
        done = loop(X.tiles, y, theta, rate, self.chunk, self.lanes, self.sums, losses)
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
            descend_batches(X.tiles, y, order, batch_X.tiles, batch_y, theta, rate, self.chunk, self.lanes, self.sums)
        return losses
