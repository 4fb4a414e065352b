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
together too closely, rows are gone through as `numba-tiled` does.

The pass, `kernels/gram_pass.py`, takes the tiles of `numba-tiled`. Steps on mini-batches, which no such sums can serve,
are left to it.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numba import get_num_threads

from handgrad.backends.interface import FloatArray, Gradient
from handgrad.backends.kernels.gram_pass import (
    CHUNK_ROWS,
    NARROW,
    PITCH,
    SIDE,
    all_products,
    all_products_threaded,
    descend,
    gradient_sums,
)
from handgrad.backends.kernels.tiles import WIDE, Tiled, aligned, padded, tiled
from handgrad.backends.kernels.track import Track
from handgrad.backends.numba_tiled import NumbaTiledTrainer

#: About so many rows, and so many for each feature, find the centre and the anchor.
SAMPLE_ROWS = 256
SAMPLE_ROWS_PER_FEATURE = 4
#: How often the anchor is solved for; each time from its own residuals, which repairs the rounding of the time before.
REFINEMENTS = 3
#: If a column has less than this of its own, the columns are set apart.
INDEPENDENT = 0.1
#: If it has less than this, rows are gone through: what is its own is too small beside the anchor's own rounding.
DEPENDENT = 1e-3


class AnchoredMoments(NamedTuple):
    """What one pass leaves, with z = L⁻¹ (1, x − c) and r̂ the residuals at the anchor."""

    centre: FloatArray  # c (d,)
    anchor: FloatArray  # β̂ = b̂ + c · Ŵ, then Ŵ, (d + 1,)
    factor: FloatArray  # L (d + 1, d + 1), lower with ones on the diagonal; (0, 0) stands for the identity
    gram: FloatArray  # Σ z zᵀ (d + 1, d + 1)
    sums: FloatArray  # Σ z r̂ (d + 1,)
    squares: Any  # Σ r̂²


def moments_of(
    X: Tiled, y: FloatArray, centre: FloatArray, anchor: FloatArray, factor: FloatArray, threads: bool
) -> AnchoredMoments:
    """The moments of all rows, with centre (d,), anchor (d + 1,) and factor (d + 1, d + 1), or (0, 0) for the identity.

    X and y (n,) are in the form of `numba-tiled`; chunks are added up in their order.
    """
    r = anchor.size  # where the products with r̂ stand
    size = -(-(r + 1) // SIDE) * SIDE  # whole squares of dot products
    G = np.zeros((-(-y.size // CHUNK_ROWS), size, size), y.dtype)
    rooms = get_num_threads() if threads else 1
    Z, sums = aligned((rooms, size, PITCH), y.dtype), aligned((rooms, size, size, NARROW // y.itemsize), y.dtype)
    (all_products_threaded if threads else all_products)(X.tiles, y, centre, anchor, factor, Z, sums, G)
    lower = G.sum(axis=0)
    gram = lower[:r, :r] + np.tril(lower[:r, :r], -1).T
    return AnchoredMoments(centre, anchor, factor, gram, lower[r, :r].copy(), lower[r, r])


# -- the anchor --------------------------------------------------------------------------------------------------------


def near_optimum(
    X: Tiled, y: FloatArray, sample: tuple[FloatArray, FloatArray], threads: bool
) -> AnchoredMoments | None:
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
    """Whether no square in G (d + 1, d + 1) was too large for the dtype, and none so small that its digits are gone."""
    limits = np.finfo(gram.dtype)
    return bool(np.isfinite(gram).all() and np.diag(gram).min() > limits.tiny / limits.eps**2)


def to_optimum(moments: AnchoredMoments) -> FloatArray:
    """G⁻¹ Σ z r̂, (d + 1,), for moments without a factor: θ̂ less this is where the loss is least."""
    return solution(factored(moments.gram), moments.sums)


def independence(L: FloatArray) -> float:
    """What is left of a column, at least, when those before it are taken out: from 1, orthogonal, to 0, dependent.

    L (k, k) is the Cholesky factor of the columns' Gram matrix.
    """
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


# -- the trainer ---------------------------------------------------------------------------------------------------


def packed(moments: AnchoredMoments) -> FloatArray:
    """G's columns, Σ z r̂ and Σ r̂², each in whole vectors (d + 3, stride) with zeros behind."""
    dtype = moments.gram.dtype
    size, side = len(moments.gram), WIDE // dtype.itemsize
    rows = aligned((size + 2, -(-size // side) * side), dtype)
    rows[:] = 0
    rows[:size, :size], rows[size, :size], rows[size + 1, 0] = moments.gram, moments.sums, moments.squares
    return rows


class MomentsTrainer(NumbaTiledTrainer):
    """One pass over the data, for the first gradient; then no row is looked at again."""

    name = "moments"
    summary = "other mathematics: XᵀX and Xᵀy once, then O(d²) an epoch"
    kind = "manual"
    requires = ("numba",)
    reads_all_rows = False

    @cached_property
    @np.errstate(over="ignore", invalid="ignore")  # squares beyond the dtype's range: the loss is not finite
    def moments(self) -> AnchoredMoments | None:
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

    def gradient(self, X: Tiled, y: FloatArray, weights: FloatArray, bias: Any) -> Gradient:
        """(2/n) Σ x r, (d,), and (2/n) Σ r from the moments; other rows than the bound ones are gone through."""
        moments = self.moments if X is self.data[0] else None
        if moments is None:
            return super().gradient(X, y, weights, bias)
        sums = self.moved_sums
        gradient_sums(np.append(weights, bias), *moments[:3], self.packed, self.delta, sums)
        return self.mean_of(sums[: self.features + 2], y.size)

    def descend(self, track: Track, rate: Any) -> int:
        """All full-batch epochs in one compiled call."""
        if self.moments is None:
            return super().descend(track, rate)
        return descend(rate, self.number(self.rows), *self.moments[:3], self.packed, self.delta, self.moved_sums, track)
