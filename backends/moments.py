"""Sufficient statistics: the data is read once, and an epoch costs O(d²) whatever n is.

The mean squared error is quadratic, so what it is at one point, the *anchor* θ̂, tells what it is everywhere. With
residuals r̂ at the anchor, rows z = (x, 1) and δ = θ − θ̂, each residual is r = r̂ + z · δ, and exactly

    Σ z r = Σ z r̂ + G δ,    Σ r² = Σ r̂² + δ · (Σ z r̂ + Σ z r),    G = Σ z zᵀ,  (d + 1, d + 1).

One pass takes Σ r̂², Σ z r̂ and G; then no row is looked at again.

**Digits.** Sums such as Σ y² instead of Σ r̂² cancel near the optimum, where the residuals are small: their loss near a
perfect fit is all rounding. So the anchor lies near the optimum, and what is left there is small and right. Columns far
from zero cancel, too, so rows are centred: z = (x − c, 1), with the bias β = b + c · W at the centre c. Any c near the
means and any anchor with small residuals serve, the formulas are exact for all; both come from a sample of the rows.

Layout, chunks and threads are those of `numba`, and mini-batches, which no such sums can serve, are left to it.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
from numba import prange

from handgrad.backends.interface import FloatArray, Gradient, Parameters
from handgrad.backends.numba import NumbaTrainer, aligned, compiled, inner, step, subtract, threaded

#: Rows to a block: z of a block stays in a near cache while the products of all columns are taken.
BLOCK_ROWS = 512
#: The dot products are taken in squares of 3 × 3.
SIDE = 3
#: Rows to a chunk at least, and chunks at most: each has a matrix of its own.
CHUNK_ROWS = 8192
MOST_CHUNKS = 64
#: About so many rows, and so many for each feature, find the centre and the anchor.
SAMPLE_ROWS = 256
SAMPLE_ROWS_PER_FEATURE = 4
#: How often the anchor is solved for; each time from its own residuals, which repairs the rounding of the time before.
REFINEMENTS = 3


# -- the one pass ------------------------------------------------------------------------------------------------------


@inner
def add_line(x: FloatArray, y: FloatArray, centre: Any, weight: Any, bias: Any, G: FloatArray) -> None:
    """One feature, x (m,): z and r never leave the registers; G is as in `chunk_products`."""
    zz = zr = rr = total_z = total_r = y.dtype.type(0)
    for i in range(y.size):
        z = x[i] - centre
        r = weight * z + bias - y[i]
        zz += z * z
        zr += z * r
        rr += r * r
        total_z += z
        total_r += r
    G[0, 0] += zz
    G[1, 0] += zr
    G[1, 1] += rr
    G[2, 0] += total_z
    G[2, 1] += total_r
    G[2, 2] += y.dtype.type(y.size)


@inner
def fill(
    X: FloatArray, y: FloatArray, start: int, stop: int, centre: FloatArray, anchor: FloatArray, Z: FloatArray
) -> None:
    """Rows `start` to `stop` as columns: x − c (d of them) and r̂, into the first d + 1 of Z (k, block)."""
    d, m = centre.size, stop - start
    subtract(anchor[d], y[start:stop], Z[d][:m])
    for j in range(d):
        add_centred(X[j][start:stop], centre[j], anchor[j], Z[j][:m], Z[d][:m])


@inner
def add_centred(x: FloatArray, centre: Any, weight: Any, z: FloatArray, r: FloatArray) -> None:
    """z = x − c, and its part of the residual."""
    for i in range(r.size):
        z[i] = x[i] - centre
        r[i] += weight * z[i]


@inner
def add_products(Z: FloatArray, m: int, G: FloatArray) -> None:
    """Adds the lower triangle of Z Zᵀ, of the first m of Z (k, block), to G (k, k), nine dot products at a time."""
    for j in range(0, len(G), SIDE):
        a = Z[j][:m], Z[j + 1][:m], Z[j + 2][:m]
        for k in range(0, j + 1, SIDE):
            nine_dots(a, (Z[k][:m], Z[k + 1][:m], Z[k + 2][:m]), G[j : j + SIDE, k : k + SIDE])


@inner
def nine_dots(a: Any, b: Any, G: FloatArray) -> None:
    """Adds aⱼ · bₖ to G (3, 3): nine products for six readings, and as many sums as stay in registers."""
    a0, a1, a2 = a
    b0, b1, b2 = b
    s00 = s01 = s02 = s10 = s11 = s12 = s20 = s21 = s22 = a0.dtype.type(0)
    for i in range(a0.size):
        s00 += a0[i] * b0[i]
        s01 += a0[i] * b1[i]
        s02 += a0[i] * b2[i]
        s10 += a1[i] * b0[i]
        s11 += a1[i] * b1[i]
        s12 += a1[i] * b2[i]
        s20 += a2[i] * b0[i]
        s21 += a2[i] * b1[i]
        s22 += a2[i] * b2[i]
    for j, sums in enumerate(((s00, s01, s02), (s10, s11, s12), (s20, s21, s22))):
        for k in range(3):
            G[j, k] += sums[k]


@inner
def chunk_products(
    X: FloatArray,
    y: FloatArray,
    first: int,
    last: int,
    centre: FloatArray,
    anchor: FloatArray,
    Z: FloatArray,
    G: FloatArray,
) -> None:
    """The lower triangle of Z Zᵀ for rows `first` to `last`, into G (k, k); Z (k, block) has x − c, r̂, 1, maybe zeros."""
    G[:] = 0
    for start in range(first, last, Z.shape[1]):
        stop = min(start + Z.shape[1], last)
        if X.ndim == 1:
            add_line(X[start:stop], y[start:stop], centre[0], anchor[0], anchor[1], G)
        else:
            fill(X, y, start, stop, centre, anchor, Z)
            add_products(Z, stop - start, G)


@compiled
def all_products(
    X: FloatArray, y: FloatArray, chunk: int, centre: FloatArray, anchor: FloatArray, Z: FloatArray, G: FloatArray
) -> None:
    """A matrix for each chunk, G (chunks, k, k), with Z (chunks, k, block) to work in."""
    for c in range(len(G)):
        chunk_products(X, y, c * chunk, min((c + 1) * chunk, y.size), centre, anchor, Z[c], G[c])


@threaded
def all_products_threaded(
    X: FloatArray, y: FloatArray, chunk: int, centre: FloatArray, anchor: FloatArray, Z: FloatArray, G: FloatArray
) -> None:
    """The same, the chunks shared among threads."""
    for c in prange(len(G)):
        chunk_products(X, y, c * chunk, min((c + 1) * chunk, y.size), centre, anchor, Z[c], G[c])


class Moments(NamedTuple):
    """What one pass leaves, with z = (x − c, 1) and r̂ the residuals at the anchor."""

    centre: FloatArray  # c (d,)
    anchor: FloatArray  # Ŵ (d,), then β̂ = b̂ + c · Ŵ
    gram: FloatArray  # Σ z zᵀ (d + 1, d + 1)
    sums: FloatArray  # Σ z r̂ (d + 1,)
    squares: Any  # Σ r̂²


def moments_at(centre: FloatArray, anchor: FloatArray, X: FloatArray, y: FloatArray, threads: bool) -> Moments:
    """The moments of all rows, X and y in the form of `numba`; chunks are added up in their order."""
    d = centre.size
    size = -(-(d + 2) // SIDE) * SIDE  # whole tiles
    chunk = max(CHUNK_ROWS, -(-y.size // MOST_CHUNKS))
    chunks = -(-y.size // chunk)
    G, Z = aligned((chunks, size, size), y.dtype), aligned((chunks, size, min(BLOCK_ROWS, y.size)), y.dtype)
    Z[:, d + 1], Z[:, d + 2 :] = 1, 0
    (all_products_threaded if threads else all_products)(X, y, chunk, centre, anchor, Z, G)
    total = G.sum(axis=0)
    total = np.tril(total) + np.tril(total, -1).T
    z = [*range(d), d + 1]
    return Moments(centre, anchor, total[np.ix_(z, z)], total[d, z], total[d, d])


# -- the anchor --------------------------------------------------------------------------------------------------------


def optimum(moments: Moments) -> FloatArray:
    """Where the loss is least, (d + 1,): θ̂ − G⁻¹ Σ z r̂."""
    return moments.anchor - solution(moments.gram, moments.sums)


def solution(A: FloatArray, b: FloatArray) -> FloatArray:
    """Nearly A⁻¹ b, (k,), of a symmetric A without negative eigenvalues, by elimination.

    A's diagonal is scaled to 1, and a little more: what depends on other columns shares their part, and does not blow up.
    """
    scale = np.sqrt(np.where(np.diag(A) > 0, np.diag(A), 1))
    k = len(b)
    left = np.column_stack([A / np.outer(scale, scale) + np.sqrt(np.finfo(A.dtype).eps) * np.eye(k), b / scale])
    left = left.astype(A.dtype)
    for j in range(k):
        left[j + 1 :, j:] -= np.outer(left[j + 1 :, j] / left[j, j], left[j, j:])
    x = np.zeros_like(b)
    for j in reversed(range(k)):
        x[j] = (left[j, k] - (left[j, j + 1 : k] * x[j + 1 :]).sum()) / left[j, j]
    return x / scale


# -- the epochs --------------------------------------------------------------------------------------------------------


@compiled
def sums_at(
    theta: FloatArray,
    centre: FloatArray,
    anchor: FloatArray,
    gram: FloatArray,
    anchor_sums: FloatArray,
    anchor_squares: Any,
    room: FloatArray,
    sums: FloatArray,
) -> None:
    """Σ x r, Σ r and Σ r² into sums (d + 2,), at theta (d + 1,); room (d + 1,) is for δ."""
    d = centre.size
    bias = theta[d]
    for j in range(d):
        room[j] = theta[j] - anchor[j]
        bias += centre[j] * theta[j]
    room[d] = bias - anchor[d]
    squares = anchor_squares
    for j in range(d + 1):
        total = anchor_sums[j]
        for k in range(d + 1):
            total += gram[j, k] * room[k]
        squares += room[j] * (anchor_sums[j] + total)
        sums[j] = total
    for j in range(d):
        sums[j] += centre[j] * sums[d]
    sums[d + 1] = squares


@compiled
def descend(
    theta: FloatArray,
    rate: Any,
    rows: int,
    centre: FloatArray,
    anchor: FloatArray,
    gram: FloatArray,
    anchor_sums: FloatArray,
    anchor_squares: Any,
    room: FloatArray,
    sums: FloatArray,
    losses: FloatArray,
) -> int:
    """Epochs until `losses` is full, or one of them not finite; returns how many there are."""
    for epoch in range(losses.size):
        sums_at(theta, centre, anchor, gram, anchor_sums, anchor_squares, room, sums)
        losses[epoch] = step(theta, sums, rows, rate)
        if not np.isfinite(losses[epoch]):
            return epoch + 1
    return losses.size


class MomentsTrainer(NumbaTrainer):
    """One pass over the data, made when it is bound; then no row is looked at again."""

    name: ClassVar[str] = "moments"
    summary: ClassVar[str] = "other mathematics: XᵀX and Xᵀy once, then O(d²) an epoch"
    kind: ClassVar[Literal["manual", "autodiff", "exact"]] = "manual"
    requires: ClassVar[tuple[str, ...]] = ("numba",)

    def bind(self, X: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The data as `numba` has it, and its moments, unless G is no smaller than X: then rows are gone through."""
        own = super().bind(X, y)
        self.moments = self.anchored(*own) if self.rows > self.features + 1 else None
        return own

    @np.errstate(over="ignore", invalid="ignore")  # squares beyond the dtype's range: the loss is not finite
    def anchored(self, X: FloatArray, y: FloatArray) -> Moments:
        """The moments at an anchor near the optimum."""
        every = max(1, self.rows // max(SAMPLE_ROWS, SAMPLE_ROWS_PER_FEATURE * self.features))
        sample = self.take(X, y, np.arange(0, self.rows, every))
        centre = sample[0].reshape(self.features, -1).mean(axis=1)
        anchor = np.append(np.zeros_like(centre), sample[1].mean())
        for _ in range(REFINEMENTS):
            anchor = optimum(moments_at(centre, anchor, *sample, threads=False))
        return moments_at(centre, anchor, X, y, self.threaded)

    def predict(self, X: FloatArray, weights: FloatArray, bias: Any) -> FloatArray:
        """ŷ = X W + b."""
        return super().predict(X, weights, bias)

    def loss(self, X: FloatArray, y: FloatArray, weights: FloatArray, bias: Any) -> Any:
        """(1/n) Σ r²."""
        return self.gradient(X, y, weights, bias).loss

    def gradient(self, X: FloatArray, y: FloatArray, weights: FloatArray, bias: Any) -> Gradient:
        """(2/n) Σ x r and (2/n) Σ r from the moments; other rows than the bound ones are gone through."""
        if self.moments is None or X is not self.data[0]:
            return super().gradient(X, y, weights, bias)
        theta = np.append(weights, bias)
        sums = np.empty(len(theta) + 1, dtype=self.dtype)
        sums_at(theta, *self.moments, np.empty_like(theta), sums)
        n = y.dtype.type(y.size)
        scale = y.dtype.type(2) / n
        return Gradient(sums[-1] / n, scale * sums[:-2], scale * sums[-2])

    def run_full(self, theta: FloatArray, rate: Any, count: int) -> list[float]:
        """Full-batch epochs in one compiled call; moves theta (d + 1,) and returns the loss before each."""
        if self.moments is None:
            return super().run_full(theta, rate, count)
        losses, sums = np.empty(count, dtype=self.dtype), np.empty(len(theta) + 1, dtype=self.dtype)
        done = descend(theta, rate, self.rows, *self.moments, np.empty_like(theta), sums, losses)
        finished: list[float] = losses[:done].tolist()
        return finished
