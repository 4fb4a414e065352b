"""The fused pass over tiles: every kind of sum that loss and gradient need, from one reading of X and y.

    r = X W + b − y,      Σ xᵢⱼ rᵢ  (d of them),      Σ rᵢ,      Σ rᵢ².

Up to four features are read once, and their sums stay in registers; of more, a tile stays in the nearest cache for its
second reading, Xᵀ r after X W.

The rows are cut into chunks. Each leaves its sums in its own row of a buffer, and the chunks are added up in the order
of `add_up`: the same bits in every run, for any number of threads, and from whatever source the rows come. Within a
chunk there are several running sums, so a chain of additions is far shorter than 6 √n, and the error within the bound
of a correct backend (Higham, *Accuracy and Stability of Numerical Algorithms*, section 4.2).

Compiled code takes an array apart once, at its door; inside, it is the pointer to its first number.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange
from numpy.typing import NDArray

from handgrad.backends.interface import FloatArray
from handgrad.backends.kernels.compiling import compiled, inner, threaded
from handgrad.backends.kernels.lanes import (
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
from handgrad.backends.kernels.recording import record
from handgrad.backends.kernels.tiles import WIDE
from handgrad.backends.kernels.track import Track

#: Up to so many features, the running sums stay in registers (`line`, `few`).
FEW = 4
#: Bytes of a vector in `few`, where there are many of them.
HALF = 64
#: Bytes of the running sums of one feature in `tiles`.
NARROW = 32


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
def add_up(sums: Any, chunks: int, size: int, block: int) -> None:
    """The total of all chunks into the first row of sums (chunks, size).

    Those of a block, so many chunks each, are added in their order, and blocks in the tree of
    `handgrad.backends.blocks.merged`.
    """
    for first in range(0, chunks, block):
        for c in range(first + 1, min(first + block, chunks)):
            for j in range(size):
                sums[first * size + j] += sums[c * size + j]
    apart = block
    while apart < chunks:
        for first in range(0, chunks - apart, 2 * apart):
            for j in range(size):
                sums[first * size + j] += sums[(first + apart) * size + j]
        apart *= 2


@inner
def pass_over(
    X: Any, y: Any, n: int, d: int, theta: Any, chunk: int, chunks: int, block: int, lanes: Any, sums: Any
) -> None:
    """Each chunk's sums into its row of sums (chunks, d + 2), and their total into the first."""
    for c in range(chunks):
        row = after(sums, c * (d + 2))
        chunk_sums(X, y, d, c * chunk, min((c + 1) * chunk, n), theta, lanes, row)
    add_up(sums, chunks, d + 2, block)


@compiled
def all_sums(
    X: FloatArray, y: FloatArray, theta: FloatArray, chunk: int, block: int, lanes: FloatArray, sums: FloatArray
) -> None:
    """Each chunk's sums into its row of sums (chunks, d + 2), and their total into the first; X in tiles.

    `chunk` is in rows, `block` in chunks.
    """
    X_at, y_at, theta_at, lanes_at, sums_at = address(X), address(y), address(theta), address(lanes), address(sums)
    chunks = (y.size + chunk - 1) // chunk
    pass_over(X_at, y_at, y.size, X.shape[1], theta_at, chunk, chunks, block, lanes_at, sums_at)


@threaded
def all_sums_threaded(
    X: FloatArray, y: FloatArray, theta: FloatArray, chunk: int, block: int, lanes: FloatArray, sums: FloatArray
) -> None:
    """Each chunk's sums and their total as `all_sums` has them, the chunks shared among threads.

    Each chunk has its own lanes (chunks, d + 2, NARROW).
    """
    n, d, chunks = y.size, X.shape[1], (y.size + chunk - 1) // chunk
    for c in prange(chunks):
        own = after(address(lanes), c * lanes.shape[1] * lanes.shape[2])
        row = after(address(sums), c * (d + 2))
        chunk_sums(address(X), address(y), d, c * chunk, min((c + 1) * chunk, n), address(theta), own, row)
    add_up(address(sums), chunks, d + 2, block)


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
    X: FloatArray, y: FloatArray, rate: Any, chunk: int, block: int, lanes: FloatArray, sums: FloatArray, track: Track
) -> int:
    """Epochs until the track ends or a loss is not finite; returns how many losses there are.

    X in tiles, y (n,), lanes (chunks, d + 2, NARROW) and sums (chunks, d + 2) to work in.
    """
    theta, losses, kept, due = track.theta, track.losses, 0, 0
    X_at, y_at, theta_at, lanes_at, sums_at = address(X), address(y), address(theta), address(lanes), address(sums)
    d, chunks, n = X.shape[1], (y.size + chunk - 1) // chunk, theta.dtype.type(y.size)
    scale = theta.dtype.type(2) / n
    for epoch in range(losses.size):
        if epoch == due:
            kept, due = record(track, kept)
        pass_over(X_at, y_at, y.size, d, theta_at, chunk, chunks, block, lanes_at, sums_at)
        losses[epoch] = step(theta_at, sums_at, d, n, scale, rate)
        if not np.isfinite(losses[epoch]):
            return epoch + 1
    record(track, kept)
    return losses.size


@compiled
def descend_threaded(
    X: FloatArray, y: FloatArray, rate: Any, chunk: int, block: int, lanes: FloatArray, sums: FloatArray, track: Track
) -> int:
    """Epochs by threads until the track ends or a loss is not finite; returns how many losses there are.

    X in tiles, y (n,), lanes (chunks, d + 2, NARROW) and sums (chunks, d + 2) to work in. Apart from `descend`, since
    whoever needs no threads need not wait for its compilation.
    """
    theta, losses, kept, due = track.theta, track.losses, 0, 0
    theta_at, sums_at, n, d = address(theta), address(sums), theta.dtype.type(y.size), X.shape[1]
    scale = theta.dtype.type(2) / n
    for epoch in range(losses.size):
        if epoch == due:
            kept, due = record(track, kept)
        all_sums_threaded(X, y, theta, chunk, block, lanes, sums)
        losses[epoch] = step(theta_at, sums_at, d, n, scale, rate)
        if not np.isfinite(losses[epoch]):
            return epoch + 1
    record(track, kept)
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
    block: int,
    lanes: FloatArray,
    sums: FloatArray,
) -> None:
    """One epoch in batches of `batch_y.size` rows, in the order given (n,), each copied into the batch buffers first.

    X and batch_X in tiles; theta (d + 1,) is moved; sums (chunks, d + 2) and lanes are to work in.
    """
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
        pass_over(address(batch_X), address(batch_y), rows, d, theta_at, chunk, chunks, block, lanes_at, sums_at)
        move(theta_at, sums_at, d, theta.dtype.type(2) / theta.dtype.type(rows), rate)
