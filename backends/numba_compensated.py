"""Numba with compensated sums: the gradient to the last digit, at about twice the work.

Every value that is rounded away is kept: r and all sums are pairs (high, low), the rounded value and what it misses.
A sum that begins at a *guard* G, so large that it stays in one binade whatever is added, rounds everything to the same
last place. What an addition rounded away is then told by a subtraction that is exact; four operations add a product:

    t = fma(a, b, s)        s + a b, rounded
    h = t − s               the part of a b that arrived: exact
    e = fma(a, b, −h)       the part that did not, rounded where twice the digits end
    low ← low + e           s ← t; at the end, high = s − G: exact

TwoProduct and TwoSum, which need no guard, take ten. That a large start makes sums exact is used by Rump, Ogita and
Oishi (2008, "Accurate floating-point summation, part I") and by Demmel and Nguyen (2013, "Fast reproducible
floating-point summation"). A guard is 3 · 2ᵏ, with 2ᵏ no smaller than all terms of a running sum together. Each block
of rows has its own, from the largest magnitude of each column, known since the data was bound, and that of r.

The result lies within 1 ULP of the exact gradient at the given parameters, unless it cancels to less than about 2⁻⁴⁶ of
what the largest numbers of a block would give. Beyond 10²⁹² no guard can be told. There it is 0, and sums are plain.

float32 needs none of this: a double holds more than a pair of float32, so `numba` sums it in float64. That is within
1 ULP down to about 2⁻²⁷ of the terms.
"""

from __future__ import annotations

import math
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
from numba import get_num_threads, prange
from numpy.typing import NDArray

from handgrad.backends.interface import FloatArray, Gradient, Parameters, Trainer
from handgrad.backends.lanes import (
    add,
    address,
    after,
    count,
    first_of,
    fused,
    larger,
    largest,
    load,
    nothing,
    spread,
    store,
    subtract,
)
from handgrad.backends.numba import WIDE, NumbaTrainer, Tiled, aligned, compiled, inner, padded, threaded, tiled

#: Rows to a block: its X stays in a near cache while r, and then Xᵀ r, is taken.
BLOCK_ROWS = 256
#: Rows to a chunk, which is one thread's at a time: whole blocks.
CHUNK_ROWS = 4096
#: Below so many bytes of X, waking the threads costs more than they save.
THREADED_FROM_BYTES = 128 * 1024


@inner
def guard(bound: Any) -> Any:
    """3 · 2ᵏ for terms that sum up to less than the bound in magnitude; 0 where the bound is beyond 10²⁹².

    2ᵏ is the next power of two (Rump, Ogita and Oishi) to 1.01 times the bound, which then includes its roundings.
    """
    more = 1.01 * bound
    far = more * 2.0**53
    power = abs((far + more) - far)
    found = 3 * (power if power > 0 else more)  # what far swallows is a power of two itself
    return found if found < math.inf else 0.0


@inner
def residuals(X: Any, y: Any, d: int, first: int, last: int, theta: Any, tops: Any, pairs: Any) -> Any:
    """Fills pairs (2, BLOCK_ROWS) with r and what it misses; returns the largest magnitude of r.

    tops (d + 1) are the largest magnitudes of each feature and of y.
    """
    side = count(y, WIDE)
    bound = abs(theta[d]) + tops[d]
    for j in range(d):
        bound += abs(theta[j]) * tops[j]
    G = guard(bound)
    b = G + theta[d]
    b_low = theta[d] - (b - G)
    biggest = nothing(theta, WIDE)
    for i in range(first, last, side):
        target = load(y, i, WIDE)
        s = subtract(spread(b, WIDE), target)
        low = subtract(spread(b_low, WIDE), add(target, subtract(s, spread(b, WIDE))))
        for j in range(d):
            w, x = spread(theta[j], WIDE), load(X, i * d + j * side, WIDE)
            t = fused(w, x, s)
            low = add(low, fused(w, x, subtract(s, t)))
            s = t
        high = subtract(s, spread(G, WIDE))
        r = add(high, low)
        rest = subtract(low, subtract(r, high))
        if last - i < side:
            r, rest = first_of(r, last - i), first_of(rest, last - i)
        biggest = larger(biggest, r)
        store(r, pairs, i - first)
        store(rest, pairs, BLOCK_ROWS + i - first)
    return largest(biggest)


@inner
def keep(high: Any, low: Any, lanes: Any) -> None:
    """Adds pairs to those in lanes (2, WIDE): TwoSum (Knuth, *The Art of Computer Programming*, vol. 2)."""
    side = count(lanes, WIDE)
    before = load(lanes, 0, WIDE)
    s = add(before, high)
    t = subtract(s, before)
    missed = add(subtract(before, subtract(s, t)), subtract(high, t))
    store(s, lanes, 0)
    store(add(load(lanes, side, WIDE), add(missed, low)), lanes, side)


@inner
def add_products(X: Any, stride: int, pairs: Any, rows: int, bound: Any, lanes: Any) -> None:
    """Adds Σ x r of a block to lanes (2, WIDE); x is a vector every `stride` numbers, no product beyond the bound."""
    side = count(X, WIDE)
    G = spread(guard(bound * (BLOCK_ROWS // side)), WIDE)
    s, low, rests, at = G, nothing(X, WIDE), nothing(X, WIDE), 0
    for i in range(0, rows, side):
        x, r, rest = load(X, at, WIDE), load(pairs, i, WIDE), load(pairs, BLOCK_ROWS + i, WIDE)
        t = fused(x, r, s)
        low = add(low, fused(x, r, subtract(s, t)))
        rests = fused(x, rest, rests)
        s = t
        at += stride
    keep(subtract(s, G), add(low, rests), lanes)


@inner
def add_residuals(pairs: Any, rows: int, biggest: Any, r_lanes: Any, square_lanes: Any) -> None:
    """Adds Σ r and Σ r² of a block to lanes (2, WIDE) each; no r is beyond the biggest."""
    side = count(pairs, WIDE)
    bound = biggest * (BLOCK_ROWS // side)
    G, G_squares = spread(guard(bound), WIDE), spread(guard(biggest * bound), WIDE)
    s, squares = G, G_squares
    low = square_low = rests = nothing(pairs, WIDE)
    for i in range(0, rows, side):
        r, rest = load(pairs, i, WIDE), load(pairs, BLOCK_ROWS + i, WIDE)
        t = add(s, r)
        low = add(low, add(rest, subtract(r, subtract(t, s))))
        s = t
        t = fused(r, r, squares)
        square_low = add(square_low, fused(r, r, subtract(squares, t)))
        rests = fused(add(r, r), rest, rests)
        squares = t
    keep(subtract(s, G), low, r_lanes)
    keep(subtract(squares, G_squares), add(square_low, rests), square_lanes)


@inner
def chunk_sums(X: Any, y: Any, d: int, first: int, last: int, theta: Any, tops: Any, pairs: Any, lanes: Any) -> None:
    """Σ xⱼ r for each feature, Σ r and Σ r², into lanes (d + 2, 2, WIDE); tops (blocks, d + 1) are of all blocks."""
    side = count(y, WIDE)
    for k in range(2 * (d + 2)):
        store(nothing(lanes, WIDE), lanes, k * side)
    for start in range(first, last, BLOCK_ROWS):
        rows = min(BLOCK_ROWS, last - start)
        top = after(tops, start // BLOCK_ROWS * (d + 1))
        biggest = residuals(X, y, d, start, start + rows, theta, top, pairs)
        for j in range(d):
            x = after(X, start * d + j * side)
            add_products(x, d * side, pairs, rows, top[j] * biggest, after(lanes, 2 * j * side))
        add_residuals(pairs, rows, biggest, after(lanes, 2 * d * side), after(lanes, 2 * (d + 1) * side))


@inner
def add_up(lanes: Any, vectors: int, chunks: int) -> None:
    """The chunks' pairs of vectors, in their order, into those of the first; lanes (chunks, vectors, 2, WIDE)."""
    side = count(lanes, WIDE)
    for c in range(1, chunks):
        for v in range(vectors):
            own = after(lanes, 2 * (c * vectors + v) * side)
            keep(load(own, 0, WIDE), load(own, side, WIDE), after(lanes, 2 * v * side))


@compiled
def all_sums(
    X: FloatArray, y: FloatArray, theta: FloatArray, tops: FloatArray, pairs: FloatArray, lanes: FloatArray
) -> None:
    """Each chunk's sums into its part of lanes (chunks, d + 2, 2, WIDE), and their total into the first."""
    n, d, chunks = y.size, X.shape[1], len(lanes)
    X_at, y_at, theta_at, tops_at, pairs_at = address(X), address(y), address(theta), address(tops), address(pairs)
    for c in range(chunks):
        own = after(address(lanes), c * (lanes.size // chunks))
        first, last = c * CHUNK_ROWS, min((c + 1) * CHUNK_ROWS, n)
        chunk_sums(X_at, y_at, d, first, last, theta_at, tops_at, pairs_at, own)
    add_up(address(lanes), d + 2, chunks)


@threaded
def all_sums_threaded(
    X: FloatArray, y: FloatArray, theta: FloatArray, tops: FloatArray, pairs: FloatArray, lanes: FloatArray
) -> None:
    """The same, the chunks shared among threads; each chunk has its own pairs (chunks, 2, BLOCK_ROWS)."""
    n, d, chunks = y.size, X.shape[1], len(lanes)
    for c in prange(chunks):
        own, room = after(address(lanes), c * (lanes.size // chunks)), after(address(pairs), 2 * c * BLOCK_ROWS)
        first, last = c * CHUNK_ROWS, min((c + 1) * CHUNK_ROWS, n)
        chunk_sums(address(X), address(y), d, first, last, address(theta), address(tops), room, own)
    add_up(address(lanes), d + 2, chunks)


@compiled
def means(lanes: FloatArray, n: float, found: FloatArray) -> None:
    """The sums of lanes (k, 2, WIDE) over n, rounded once but for a last bit in 2⁵²; into found (k,)."""
    for k in range(len(lanes)):
        high = low = 0.0
        for lane in range(lanes.shape[2]):
            s = high + lanes[k, 0, lane]
            t = s - high
            low += (high - (s - t)) + (lanes[k, 0, lane] - t) + lanes[k, 1, lane]
            high = s
        mean = high / n
        found[k] = mean + (fused(-mean, n, high) + low) / n


class Topped(NamedTuple):
    """X in tiles, and the largest magnitude of each feature, and of y, in each block of rows (blocks, d + 1)."""

    own: Tiled
    tops: FloatArray


def topped(X: Tiled, y: FloatArray) -> Topped:
    """X with what guards are chosen by; the rows behind the last one are zeros."""
    side = X.tiles.shape[2]
    columns = np.empty((len(X.tiles), X.tiles.shape[1] + 1))
    np.maximum(X.tiles.max(axis=2), -X.tiles.min(axis=2), out=columns[:, :-1])
    columns[:, -1] = np.maximum.reduceat(np.abs(y), np.arange(0, len(y), side))
    return Topped(X, np.maximum.reduceat(columns, np.arange(0, len(columns), BLOCK_ROWS // side)))


class NumbaCompensatedTrainer(Trainer):
    """Sums in pairs; the loop over epochs is the shared one, whose cost is small beside theirs."""

    name: ClassVar[str] = "numba-compensated"
    summary: ClassVar[str] = "compiled, with twice the digits in every sum: within 1 ULP"
    kind: ClassVar[Literal["manual", "autodiff", "exact"]] = "manual"
    requires: ClassVar[tuple[str, ...]] = ("numba",)
    by_default: ClassVar[bool] = False
    compensated: ClassVar[bool] = True

    def bind(self, X: FloatArray, y: FloatArray) -> tuple[Any, FloatArray]:
        """X in tiles with what guards are chosen by, and the buffers; for float32, the data of `numba` in float64."""
        self.wide = NumbaTrainer(X, y) if self.dtype == "float32" else None
        if self.wide is not None:
            bound: tuple[Tiled, FloatArray] = self.wide.data
            return bound
        get_num_threads()  # see `numba`
        self.lanes = np.empty((0, X.shape[1] + 2, 2, WIDE // X.itemsize))
        self.make_room(len(y))
        own_y = padded(y)
        return topped(tiled(X), own_y), own_y

    def make_room(self, rows: int) -> None:
        """Buffers for so many rows at least."""
        chunks, (has, *shape) = -(-rows // CHUNK_ROWS), self.lanes.shape
        if chunks > has:
            self.pairs, self.lanes = aligned((chunks, 2, BLOCK_ROWS), self.dtype), aligned((chunks, *shape), self.dtype)

    def take(self, X: Any, y: FloatArray, rows: NDArray[np.int64]) -> tuple[Any, FloatArray]:
        """Copies of the rows."""
        if self.wide is not None:
            return self.wide.take(X, y, rows)
        own_y = padded(y[rows])
        return topped(tiled(X.own.taken(rows)), own_y), own_y

    def to_own(self, weights: FloatArray, bias: float) -> Parameters:
        """Array and scalar of the dtype."""
        return Parameters(weights.astype(self.dtype), np.dtype(self.dtype).type(bias))

    def to_numpy(self, weights: FloatArray, bias: Any) -> Parameters:
        """A copy, and a float."""
        return Parameters(weights.copy(), float(bias))

    def predict(self, X: Any, weights: FloatArray, bias: Any) -> FloatArray:
        """ŷ = X W + b, in plain arithmetic."""
        rows: FloatArray = (X.own if self.wide is None else X).untiled()
        predicted: FloatArray = rows.astype(self.dtype, copy=False) @ weights + bias
        return predicted

    def loss(self, X: Any, y: FloatArray, weights: FloatArray, bias: Any) -> Any:
        """(1/n) Σ r²; the pass gives the gradient along with it."""
        return self.gradient(X, y, weights, bias).loss

    def gradient(self, X: Any, y: FloatArray, weights: FloatArray, bias: Any) -> Gradient:
        """(2/n) Xᵀ r and (2/n) Σ r, rounded to the dtype at the end."""
        if self.wide is not None:
            loss, d_weights, d_bias = self.wide.gradient(X, y, weights.astype(np.float64), np.float64(bias))
            return Gradient(np.float32(loss), d_weights.astype(np.float32), np.float32(d_bias))
        self.make_room(len(y))
        lanes = self.lanes[: -(-len(y) // CHUNK_ROWS)]
        pass_over = all_sums_threaded if X.own.tiles.nbytes >= THREADED_FROM_BYTES else all_sums
        pass_over(X.own.tiles, y, np.append(weights, bias), X.tops, self.pairs, lanes)
        mean = np.empty(len(weights) + 2)
        means(lanes[0], float(len(y)), mean)
        return Gradient(mean[-1], 2 * mean[:-2], 2 * mean[-2])

    def update(self, weights: FloatArray, bias: Any, gradient: Gradient, learning_rate: float) -> Parameters:
        """W ← W − η dW, b ← b − η db."""
        rate = np.dtype(self.dtype).type(learning_rate)
        return Parameters(weights - rate * gradient.weights, bias - rate * gradient.bias)
