"""Sufficient statistics: the data is read once, and an epoch costs O(d²) whatever n is.

The mean squared error is quadratic, so what it is at one point, the *anchor* θ̂, tells what it is everywhere. With
residuals r̂ at the anchor, z = (1, x) and δ = θ − θ̂ for θ = (b, W), each residual is r = r̂ + z · δ, and exactly

    Σ z r = Σ z r̂ + G δ,    Σ r² = Σ r̂² + δ · (Σ z r̂ + Σ z r),    G = Σ z zᵀ,  (d + 1, d + 1).

One pass takes Σ r̂², Σ z r̂ and G; then a full-batch epoch looks at no row again.

**Digits.** The formulas are exact for any anchor, but sums of large numbers that cancel keep no digits of what is left.
So the anchor lies near the optimum, where δ and r̂ are small: with θ̂ = 0 and Σ y² the loss near a perfect fit would be
all rounding. And rows are centred, z = (1, x − c), with the bias β = b + c · W at the centre c. A sample of the rows
tells anchor and centre. If columns hang together all the same, a second pass sets them apart: with G = L D Lᵀ of the
first, it takes L⁻¹ z in place of z, and Lᵀ δ in place of δ (Cholesky's factor as a preconditioner). If they hang
together too closely, rows are gone through as `numba` does.

The pass takes the tiles of `numba`. Steps on mini-batches, which no such sums can serve, are left to it.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
from numba import get_num_threads, prange

from handgrad.backends.interface import FloatArray, Gradient, Parameters
from handgrad.backends.lanes import (
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
from handgrad.backends.numba import (
    WIDE,
    NumbaTrainer,
    Tiled,
    aligned,
    compiled,
    inner,
    padded,
    step,
    threaded,
    tiled,
)

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
#: About so many rows, and so many for each feature, find the centre and the anchor.
SAMPLE_ROWS = 256
SAMPLE_ROWS_PER_FEATURE = 4
#: How often the anchor is solved for; each time from its own residuals, which repairs the rounding of the time before.
REFINEMENTS = 3
#: If a column has less than this of its own, the columns are set apart.
INDEPENDENT = 0.1
#: If it has less than this, rows are gone through: what is its own is too small beside the anchor's own rounding.
DEPENDENT = 1e-3


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
    """The same by as many threads as Z and sums have rooms, each going through chunks of its own."""
    for room in prange(len(Z)):
        for c in range(room, len(G), len(Z)):
            last = min((c + 1) * CHUNK_ROWS, y.size)
            chunk_products(X, y, c * CHUNK_ROWS, last, centre, anchor, factor, Z[room], sums[room], G[c])


class Moments(NamedTuple):
    """What one pass leaves, with z = L⁻¹ (1, x − c) and r̂ the residuals at the anchor."""

    centre: FloatArray  # c (d,)
    anchor: FloatArray  # β̂ = b̂ + c · Ŵ, then Ŵ, (d + 1,)
    factor: FloatArray  # L (d + 1, d + 1), lower with ones on the diagonal; (0, 0) stands for the identity
    gram: FloatArray  # Σ z zᵀ (d + 1, d + 1)
    sums: FloatArray  # Σ z r̂ (d + 1,)
    squares: Any  # Σ r̂²


def moments_of(
    X: Tiled, y: FloatArray, centre: FloatArray, anchor: FloatArray, factor: FloatArray, threads: bool
) -> Moments:
    """The moments of all rows, X and y in the form of `numba`; chunks are added up in their order."""
    r = anchor.size  # where the products with r̂ stand
    size = -(-(r + 1) // SIDE) * SIDE  # whole squares of dot products
    G = np.zeros((-(-y.size // CHUNK_ROWS), size, size), y.dtype)
    rooms = get_num_threads() if threads else 1
    Z, sums = aligned((rooms, size, PITCH), y.dtype), aligned((rooms, size, size, NARROW // y.itemsize), y.dtype)
    (all_products_threaded if threads else all_products)(X.tiles, y, centre, anchor, factor, Z, sums, G)
    lower = G.sum(axis=0)
    gram = lower[:r, :r] + np.tril(lower[:r, :r], -1).T
    return Moments(centre, anchor, factor, gram, lower[r, :r].copy(), lower[r, r])


# -- the anchor --------------------------------------------------------------------------------------------------------


def near_optimum(X: Tiled, y: FloatArray, sample: tuple[FloatArray, FloatArray], threads: bool) -> Moments | None:
    """The moments at an anchor near the optimum: one pass, or two where the sample misled or columns hang together.

    None where they would lose digits: columns nearly depend on each other, or squares leave the dtype's range. The
    sample, X (k, d) and y (k,), is of some rows.
    """
    plain = np.empty((0, 0), y.dtype)
    centre = np.median(sample[0], axis=0)  # the mean could lie where no row is
    anchor = np.append(np.median(sample[1]), np.zeros_like(centre))
    some_X, some_y = tiled(sample[0]), padded(sample[1])
    for _ in range(REFINEMENTS):
        anchor = anchor - to_optimum(moments_of(some_X, some_y, centre, anchor, plain, threads=False))
    found = moments_of(X, y, centre, anchor, plain, threads)
    if not in_range(found.gram):
        return None
    L = factored(found.gram)
    nearer, own = solution(L, found.sums), independence(L)
    if own < DEPENDENT:
        return None
    if (nearer * found.sums).sum() <= found.squares / 2 and own >= INDEPENDENT:  # the loss can fall by half at most
        return found
    return moments_of(X, y, centre, anchor - nearer, L / np.diag(L) if len(centre) > 1 else plain, threads)


def in_range(gram: FloatArray) -> bool:
    """Whether no square was too large for the dtype, and none so small that its digits are gone."""
    limits = np.finfo(gram.dtype)
    return bool(np.isfinite(gram).all() and np.diag(gram).min() > limits.tiny / limits.eps**2)


def to_optimum(moments: Moments) -> FloatArray:
    """G⁻¹ Σ z r̂, (d + 1,), for moments without a factor: θ̂ less this is where the loss is least."""
    return solution(factored(moments.gram), moments.sums)


def independence(L: FloatArray) -> float:
    """What is left of a column, at least, when those before it are taken out: from 1, orthogonal, to 0, dependent."""
    return float((np.diag(L) ** 2 / (L**2).sum(axis=1)).min())


def factored(gram: FloatArray) -> FloatArray:
    """L (k, k), lower, with L Lᵀ nearly the matrix given (Cholesky's).

    Nearly, as the diagonal is made larger by √ε of itself: columns that depend on each other share what is theirs, and
    nothing is divided by what is all rounding.
    """
    scale = np.sqrt(np.where(np.diag(gram) > 0, np.diag(gram), 1))
    left = gram / np.outer(scale, scale)
    left[np.diag_indices_from(left)] += np.sqrt(np.finfo(gram.dtype).eps)
    for j in range(len(left)):  # not LAPACK's, whose bits depend on the number of threads
        left[j:, j] /= np.sqrt(left[j, j])
        left[j + 1 :, j + 1 :] -= np.outer(left[j + 1 :, j], left[j + 1 :, j])
    lower: FloatArray = np.tril(left) * scale[:, np.newaxis]
    return lower


def solution(L: FloatArray, b: FloatArray) -> FloatArray:
    """(L Lᵀ)⁻¹ b, (k,)."""
    x = b.copy()
    for j in range(len(b)):
        x[j] = (x[j] - (L[j, :j] * x[:j]).sum()) / L[j, j]
    for j in reversed(range(len(b))):
        x[j] = (x[j] - (L[j + 1 :, j] * x[j + 1 :]).sum()) / L[j, j]
    return x


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
    """The same from arrays, where one gradient is all that is wanted."""
    at = address(centre), address(anchor), address(factor)
    sums_at(address(theta), centre.size, at[0], at[1], at[2], len(factor), address(G), address(delta), address(sums))


@compiled
def descend(
    theta: FloatArray,
    rate: Any,
    n: Any,
    centre: FloatArray,
    anchor: FloatArray,
    factor: FloatArray,
    G: FloatArray,
    delta: FloatArray,
    sums: FloatArray,
    losses: FloatArray,
) -> int:
    """Epochs until `losses` is full, or one of them not finite; returns how many there are. n is of the dtype."""
    theta_at, centre_at, anchor_at, factor_at = address(theta), address(centre), address(anchor), address(factor)
    G_at, delta_at, sums_there = address(G), address(delta), address(sums)
    d, apart, scale = centre.size, len(factor), theta.dtype.type(2) / n
    for epoch in range(losses.size):
        sums_at(theta_at, d, centre_at, anchor_at, factor_at, apart, G_at, delta_at, sums_there)
        losses[epoch] = step(theta_at, sums_there, d, n, scale, rate)
        if not np.isfinite(losses[epoch]):
            return epoch + 1
    return losses.size


def packed(moments: Moments) -> FloatArray:
    """G's columns, Σ z r̂ and Σ r̂², each in whole vectors (d + 3, stride) with zeros behind."""
    dtype = moments.gram.dtype
    size, side = len(moments.gram), WIDE // dtype.itemsize
    rows = aligned((size + 2, -(-size // side) * side), dtype)
    rows[:] = 0
    rows[:size, :size], rows[size, :size], rows[size + 1, 0] = moments.gram, moments.sums, moments.squares
    return rows


class MomentsTrainer(NumbaTrainer):
    """One pass over the data, for the first gradient; then no row is looked at again."""

    name: ClassVar[str] = "moments"
    summary: ClassVar[str] = "other mathematics: XᵀX and Xᵀy once, then O(d²) an epoch"
    kind: ClassVar[Literal["manual", "autodiff", "exact"]] = "manual"
    requires: ClassVar[tuple[str, ...]] = ("numba",)
    reads_all_rows: ClassVar[bool] = False

    @cached_property
    @np.errstate(over="ignore", invalid="ignore")  # squares beyond the dtype's range: the loss is not finite
    def moments(self) -> Moments | None:
        """Those of the bound rows; None where rows are gone through: there are too few, or see `near_optimum`.

        The pass is work, not a move, so it waits for the first gradient.
        """
        X, y = self.data
        if self.rows <= self.features + 1:
            return None
        every = max(1, self.rows // max(SAMPLE_ROWS, SAMPLE_ROWS_PER_FEATURE * self.features))
        some = np.arange(0, self.rows, every)
        found = near_optimum(X, y, (X.taken(some), y[some]), self.threaded)
        if found is None:
            return None
        self.packed = packed(found)
        self.delta, self.moved_sums = np.zeros((2, self.packed.shape[1] + 1), self.dtype)
        return found

    def loss(self, X: Tiled, y: FloatArray, weights: FloatArray, bias: Any) -> Any:
        """(1/n) Σ r²."""
        return self.gradient(X, y, weights, bias).loss

    def gradient(self, X: Tiled, y: FloatArray, weights: FloatArray, bias: Any) -> Gradient:
        """(2/n) Σ x r and (2/n) Σ r from the moments; other rows than the bound ones are gone through."""
        moments = self.moments if X is self.data[0] else None
        if moments is None:
            return super().gradient(X, y, weights, bias)
        sums = self.moved_sums
        gradient_sums(np.append(weights, bias), *moments[:3], self.packed, self.delta, sums)
        n, d = y.dtype.type(y.size), self.features
        scale = y.dtype.type(2) / n
        return Gradient(sums[d + 1] / n, scale * sums[:d], scale * sums[d])

    def update(self, weights: FloatArray, bias: Any, gradient: Gradient, learning_rate: float) -> Parameters:
        """W ← W − η dW, b ← b − η db."""
        rate = np.dtype(self.dtype).type(learning_rate)
        return Parameters(weights - rate * gradient.weights, bias - rate * gradient.bias)

    def run_full(self, theta: FloatArray, rate: Any, count: int) -> list[float]:
        """Full-batch epochs in one compiled call; moves theta (d + 1,) and returns the loss before each."""
        if self.moments is None:
            return super().run_full(theta, rate, count)
        losses, n = np.empty(count, dtype=self.dtype), theta.dtype.type(self.rows)
        done = descend(theta, rate, n, *self.moments[:3], self.packed, self.delta, self.moved_sums, losses)
        finished: list[float] = losses[:done].tolist()
        return finished
