"""The pass of `moments` over tiles, which takes all products of columns, and the epochs that need nothing else.

With z = (1, x − c) and the residuals r̂ at an anchor, the pass takes G = Σ z zᵀ, Σ z r̂ and Σ r̂² as one matrix, the inner
products of the columns of [z r̂], block by block of rows. `handgrad.backends.moments` says what they are good for.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange

from handgrad.backends.interface import FloatArray
from handgrad.backends.kernels.compiling import compiled, inner, threaded
from handgrad.backends.kernels.lanes import (
    add,
    address,
    after,
    count,
    fused,
    load,
    nothing,
    spread,
    store,
    subtract,
    total,
)
from handgrad.backends.kernels.recording import record
from handgrad.backends.kernels.tiled_pass import step
from handgrad.backends.kernels.tiles import WIDE
from handgrad.backends.kernels.track import Track

#: Bytes of a vector of running sums: nine of them, and six to multiply, are what AVX2 has registers for.
NARROW = 32
#: The dot products are taken in squares of 3 × 3: nine products for six readings.
SIDE = 3
#: Rows to a block: z of a block stays in a near cache while the products of all columns are taken.
BLOCK_ROWS = 256
#: From one column of a block to the next: not a power of two, so that columns do not compete for places in the cache.
PITCH = BLOCK_ROWS + 16
#: Rows to a chunk, whole blocks: each has a matrix of its own.
CHUNK_ROWS = 8192


# -- the one pass; X, y, centre (d), anchor (d + 1, bias first), factor (d + 1, d + 1) and Z (size, PITCH) are pointers


@inner
def fill(X: Any, y: Any, d: int, first: int, last: int, centre: Any, anchor: Any, Z: Any) -> None:
    """Some rows as columns, z = x − c (d of them) and r̂; the column before them is there. Zeros behind the last row."""
    side = count(y, WIDE)
    for i in range(first, last, side):
        r, own = subtract(spread(anchor[0], WIDE), load(y, i, WIDE)), after(Z, i - first)
        for j in range(d):
            z = subtract(load(X, i * d + j * side, WIDE), spread(centre[j], WIDE))
            r = fused(spread(anchor[j + 1], WIDE), z, r)
            store(z, own, (j + 1) * PITCH)
        store(r, own, (d + 1) * PITCH)
    for i in range(last - first, -(-(last - first) // side) * side):
        for column in range(d + 2):
            Z[column * PITCH + i] = 0


@inner
def set_apart(Z: Any, rows: int, factor: Any, size: int) -> None:
    """Turns the columns z into L⁻¹ z; `size` is that of the factor, and 0 leaves them."""
    side = count(Z, WIDE)
    for j in range(size):
        for k in range(j):
            minus = spread(-factor[j * size + k], WIDE)
            for i in range(0, rows, side):
                z = fused(minus, load(Z, k * PITCH + i, WIDE), load(Z, j * PITCH + i, WIDE))
                store(z, Z, j * PITCH + i)


@inner
def nine_dots(a: Any, b: Any, rows: int, sums: Any, stride: int) -> None:
    """Adds aⱼ · bₖ, three columns by three, to running sums; those of the next j are `stride` numbers further on."""
    side = count(a, NARROW)
    s00, s01, s02 = load(sums, 0, NARROW), load(sums, side, NARROW), load(sums, 2 * side, NARROW)
    next_sums, last_sums = after(sums, stride), after(sums, 2 * stride)
    s10, s11, s12 = load(next_sums, 0, NARROW), load(next_sums, side, NARROW), load(next_sums, 2 * side, NARROW)
    s20, s21, s22 = load(last_sums, 0, NARROW), load(last_sums, side, NARROW), load(last_sums, 2 * side, NARROW)
    for i in range(0, rows, side):
        b0, b1, b2 = load(b, i, NARROW), load(b, PITCH + i, NARROW), load(b, 2 * PITCH + i, NARROW)
        x = load(a, i, NARROW)
        s00, s01, s02 = fused(x, b0, s00), fused(x, b1, s01), fused(x, b2, s02)
        x = load(a, PITCH + i, NARROW)
        s10, s11, s12 = fused(x, b0, s10), fused(x, b1, s11), fused(x, b2, s12)
        x = load(a, 2 * PITCH + i, NARROW)
        s20, s21, s22 = fused(x, b0, s20), fused(x, b1, s21), fused(x, b2, s22)
    store(s00, sums, 0)
    store(s01, sums, side)
    store(s02, sums, 2 * side)
    store(s10, next_sums, 0)
    store(s11, next_sums, side)
    store(s12, next_sums, 2 * side)
    store(s20, last_sums, 0)
    store(s21, last_sums, side)
    store(s22, last_sums, 2 * side)


@inner
def chunk_products(
    X: FloatArray,
    y: FloatArray,
    first: int,
    last: int,
    centre: FloatArray,
    anchor: FloatArray,
    factor: FloatArray,
    Z: FloatArray,
    sums: FloatArray,
    G: FloatArray,
) -> None:
    """The lower triangle of Z Zᵀ for rows `first` to `last`, into G (size, size), whole squares of dot products.

    Z (size, PITCH) and sums (size, size, lanes) are to work in.
    """
    size, d, lanes = len(G), X.shape[1], count(address(y), NARROW)
    Z[:], sums[:] = 0, 0
    Z[0] = 1
    Z_at, sums_at = address(Z), address(sums)
    for start in range(first, last, BLOCK_ROWS):
        rows = min(BLOCK_ROWS, last - start)
        fill(address(X), address(y), d, start, start + rows, address(centre), address(anchor), Z_at)
        set_apart(Z_at, rows, address(factor), len(factor))
        for j in range(0, size, SIDE):
            for k in range(0, j + 1, SIDE):
                own = after(sums_at, (j * size + k) * lanes)
                nine_dots(after(Z_at, j * PITCH), after(Z_at, k * PITCH), rows, own, size * lanes)
    for j in range(size):
        for k in range(j + 1):
            G[j, k] = total(load(sums_at, (j * size + k) * lanes, NARROW))


@compiled
def all_products(
    X: FloatArray,
    y: FloatArray,
    centre: FloatArray,
    anchor: FloatArray,
    factor: FloatArray,
    Z: FloatArray,
    sums: FloatArray,
    G: FloatArray,
) -> None:
    """A matrix for each chunk, G (chunks, size, size); Z and sums have room for one chunk at a time."""
    for c in range(len(G)):
        last = min((c + 1) * CHUNK_ROWS, y.size)
        chunk_products(X, y, c * CHUNK_ROWS, last, centre, anchor, factor, Z[0], sums[0], G[c])


@threaded
def all_products_threaded(
    X: FloatArray,
    y: FloatArray,
    centre: FloatArray,
    anchor: FloatArray,
    factor: FloatArray,
    Z: FloatArray,
    sums: FloatArray,
    G: FloatArray,
) -> None:
    """A matrix for each chunk, G (chunks, size, size), by as many threads as Z and sums have rooms."""
    for room in prange(len(Z)):
        for c in range(room, len(G), len(Z)):
            last = min((c + 1) * CHUNK_ROWS, y.size)
            chunk_products(X, y, c * CHUNK_ROWS, last, centre, anchor, factor, Z[room], sums[room], G[c])


# -- the epochs --------------------------------------------------------------------------------------------------------


@inner
def away(theta: Any, d: int, centre: Any, anchor: Any, factor: Any, apart: int, delta: Any) -> None:
    """δ = Lᵀ (θ − θ̂), with θ as (β, W), into delta (d + 1); L is (apart, apart), and 0 stands for the identity."""
    bias = theta[d]
    for j in range(d):
        bias += centre[j] * theta[j]
        delta[j + 1] = theta[j] - anchor[j + 1]
    delta[0] = bias - anchor[0]
    for j in range(apart):
        for k in range(j):
            delta[k] += factor[j * apart + k] * delta[j]  # which rows below add to, but not yet


@inner
def changed(delta: Any, size: int, stride: int, gram: Any, anchor_sums: Any, sums: Any) -> Any:
    """Σ z r̂ + G δ into sums, and δ · (Σ z r̂ + Σ z r) returned; whole vectors, with zeros behind the last number."""
    side = count(delta, WIDE)
    more = nothing(delta, WIDE)
    for j in range(0, size, side):
        before = load(anchor_sums, j, WIDE)
        now, odd = before, nothing(delta, WIDE)
        for k in range(0, size - 1, 2):  # even and odd ones apart, as each addition waits for the one before
            now = fused(spread(delta[k], WIDE), load(gram, k * stride + j, WIDE), now)
            odd = fused(spread(delta[k + 1], WIDE), load(gram, (k + 1) * stride + j, WIDE), odd)
        if size % 2:
            now = fused(spread(delta[size - 1], WIDE), load(gram, (size - 1) * stride + j, WIDE), now)
        now = add(now, odd)
        store(now, sums, j)
        more = fused(load(delta, j, WIDE), add(before, now), more)
    return total(more)


@inner
def sums_at(
    theta: Any, d: int, centre: Any, anchor: Any, factor: Any, apart: int, G: Any, delta: Any, sums: Any
) -> None:
    """Σ x r, Σ r and Σ r² into sums, at theta (d + 1); delta is to work in. G is that of `packed`."""
    size, side = d + 1, count(theta, WIDE)
    stride = -(-size // side) * side
    away(theta, d, centre, anchor, factor, apart, delta)
    squares = G[(size + 1) * stride] + changed(delta, size, stride, G, after(G, size * stride), sums)
    for j in range(apart - 1, -1, -1):
        for k in range(j):
            sums[j] += factor[j * apart + k] * sums[k]
    r_total = sums[0]
    for j in range(d):
        sums[j] = sums[j + 1] + centre[j] * r_total
    sums[d] = r_total
    sums[d + 1] = 0 if squares < 0 else squares  # below zero is rounding; NaN stays


@compiled
def gradient_sums(
    theta: FloatArray,
    centre: FloatArray,
    anchor: FloatArray,
    factor: FloatArray,
    G: FloatArray,
    delta: FloatArray,
    sums: FloatArray,
) -> None:
    """Σ x r, Σ r and Σ r² into sums (d + 2 at least), at theta (d + 1); G is that of `packed`."""
    at = address(centre), address(anchor), address(factor)
    sums_at(address(theta), centre.size, at[0], at[1], at[2], len(factor), address(G), address(delta), address(sums))


@compiled
def descend(
    rate: Any,
    n: Any,
    centre: FloatArray,
    anchor: FloatArray,
    factor: FloatArray,
    G: FloatArray,
    delta: FloatArray,
    sums: FloatArray,
    track: Track,
) -> int:
    """Epochs from moments until the track ends or a loss is not finite; returns how many losses there are.

    n, the number of rows, is of the dtype; G is that of `packed`, with centre (d,), anchor (d + 1,) and factor
    (d + 1, d + 1), or (0, 0) for the identity; delta (d + 1 at least) and sums (d + 2 at least) are to work in.
    """
    theta, losses, kept, due = track.theta, track.losses, 0, 0
    theta_at, centre_at, anchor_at, factor_at = address(theta), address(centre), address(anchor), address(factor)
    G_at, delta_at, sums_there = address(G), address(delta), address(sums)
    d, apart, scale = centre.size, len(factor), theta.dtype.type(2) / n
    for epoch in range(losses.size):
        if epoch == due:
            kept, due = record(track, kept)
        sums_at(theta_at, d, centre_at, anchor_at, factor_at, apart, G_at, delta_at, sums_there)
        losses[epoch] = step(theta_at, sums_there, d, n, scale, rate)
        if not np.isfinite(losses[epoch]):
            return epoch + 1
    record(track, kept)
    return losses.size
