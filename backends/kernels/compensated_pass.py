"""The pass with compensated sums: r and all sums are pairs (high, low), the rounded value and what it misses.

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
"""

from __future__ import annotations

import math
from typing import Any

from numba import prange

from handgrad.backends.interface import FloatArray
from handgrad.backends.kernels.compiling import compiled, inner, threaded
from handgrad.backends.kernels.lanes import (
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
from handgrad.backends.kernels.tiles import WIDE

#: Rows to a block: its X stays in a near cache while r, and then Xᵀ r, is taken.
BLOCK_ROWS = 256
#: Rows to a chunk, which is one thread's at a time: whole blocks.
CHUNK_ROWS = 4096


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
    """Each chunk's sums and their total as `all_sums` has them, the chunks shared among threads.

    Each chunk has its own pairs (chunks, 2, BLOCK_ROWS).
    """
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
