"""Sufficient statistics: the data is read once, and an epoch costs O(d²) whatever n is.

The mean squared error is quadratic, so what it is at one point, the *anchor* θ̂, tells what it is everywhere. With
residuals r̂ at the anchor, z = (1, x) and δ = θ − θ̂ for θ = (b, W), each residual is r = r̂ + z · δ, and exactly

    Σ z r = Σ z r̂ + G δ,    Σ r² = Σ r̂² + δ · (Σ z r̂ + Σ z r),    G = Σ z zᵀ,  (d + 1, d + 1).

One pass takes Σ r̂², Σ z r̂ and G; then a full-batch epoch looks at no row again.

**Digits.** The formulas are exact for any anchor, but sums of large numbers that cancel keep no digits of what is left.
So the anchor lies near the optimum, where δ and r̂ are small: with θ̂ = 0 and Σ y² the loss near a perfect fit would be
all rounding. And rows are centred, z = (1, x − c), with the bias β = b + c · W at the centre c. A sample of the first
block tells anchor and centre, so that rows may come one after another and be seen once. Where it misled, as later rows
are others, a second pass has the centre and the anchor that the first has found. If columns hang together all the same,
another pass sets them apart: with G = L D Lᵀ of the one before, it takes L⁻¹ z in place of z, and Lᵀ δ in place of δ
(Cholesky's factor as a preconditioner). If they hang together too closely, rows are gone through as `numba-tiled` does.

The pass, `kernels/gram_pass.py`, takes the tiles of `numba-tiled`. Steps on mini-batches, which no such sums can serve,
are left to it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, partial
from typing import Any, NamedTuple, Self

import numpy as np
from numba import get_num_threads
from numpy.typing import NDArray

from handgrad.backends.blocks import BLOCK_ROWS, Blocks, merged_in_place
from handgrad.backends.interface import DType, FloatArray, Gradient, Plan
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
from handgrad.backends.numba_tiled import InTiles, NumbaTiledTrainer

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


class AnchorPoint(NamedTuple):
    """Where moments are taken: centre (d,), anchor (d + 1,) and factor (d + 1, d + 1), or (0, 0) for the identity."""

    centre: FloatArray
    anchor: FloatArray
    factor: FloatArray


#: Takes the moments of all rows at a point.
Taken = Callable[[AnchorPoint], AnchoredMoments]


class GramSums(InTiles):
    """The pass over some blocks, on one thread: the products of all columns of [z r̂], (size, size), lower triangle."""

    def block_sums(self, bound: tuple[Tiled, FloatArray], point: AnchorPoint) -> FloatArray:
        """Z Zᵀ of the rows, (size, size), lower triangle."""
        return products(*bound, point, self.block_rows, threads=False)


def products(X: Tiled, y: FloatArray, at: AnchorPoint, block_rows: int, threads: bool) -> FloatArray:
    """The products of all columns of [z r̂], (size, size), lower triangle; X and y (n,) as `numba-tiled` has them."""
    size = -(-(at.anchor.size + 1) // SIDE) * SIDE  # whole squares of dot products
    G = np.zeros((-(-y.size // CHUNK_ROWS), size, size), y.dtype)
    rooms = get_num_threads() if threads else 1
    Z, sums = aligned((rooms, size, PITCH), y.dtype), aligned((rooms, size, size, NARROW // y.itemsize), y.dtype)
    (all_products_threaded if threads else all_products)(X.tiles, y, *at, Z, sums, G)
    return merged_in_place(G, block_rows // CHUNK_ROWS)


def assembled(lower: FloatArray, at: AnchorPoint) -> AnchoredMoments:
    """The moments from the lower triangle of the products, (size, size)."""
    r = at.anchor.size  # where the products with r̂ stand
    gram = lower[:r, :r] + np.tril(lower[:r, :r], -1).T
    return AnchoredMoments(*at, gram, lower[r, :r].copy(), lower[r, r])


def moments_of(X: Tiled, y: FloatArray, threads: bool, block_rows: int, at: AnchorPoint) -> AnchoredMoments:
    """The moments of rows in memory; X and y (n,) are in the form of `numba-tiled`."""
    return assembled(products(X, y, at, block_rows, threads), at)


def moments_over(blocks: Blocks, block_rows: int, at: AnchorPoint) -> AnchoredMoments:
    """The moments of rows that come block by block: one pass over them."""
    return assembled(blocks.total(GramSums(block_rows), at), at)


# -- the anchor --------------------------------------------------------------------------------------------------------


def near_optimum(taken: Taken, sample: tuple[FloatArray, FloatArray]) -> AnchoredMoments | None:
    """The moments at an anchor near the optimum: one pass, or more where the sample misled or columns hang together.

    None where they would lose digits: columns nearly depend on each other, or squares leave the dtype's range. The
    sample, X (k, d) and y (k,), is of some rows.
    """
    found = taken(sample_anchor(*sample))
    if not in_range(found.gram):
        return None
    L = factored(found.gram)
    if independence(L) < DEPENDENT <= independence(L, first=1):  # only beside the ones: the centre is far from the rows
        found = taken(recentred(found, solution(L, found.sums)))
        L = factored(found.gram)
    nearer, own = solution(L, found.sums), independence(L)
    if own < DEPENDENT:
        return None
    if (nearer * found.sums).sum() <= found.squares / 2 and own >= INDEPENDENT:  # the loss can fall by half at most
        return found
    factor = L / np.diag(L) if len(found.centre) > 1 else found.factor
    return taken(AnchorPoint(found.centre, found.anchor - nearer, factor))


def surveyed(blocks: Blocks, block_rows: int) -> AnchoredMoments | None:
    """The moments of rows that come block by block, by a sample of the first; None as `near_optimum` says."""
    return near_optimum(partial(moments_over, blocks, block_rows), first_sample(blocks, block_rows))


def first_sample(blocks: Blocks, block_rows: int) -> tuple[FloatArray, FloatArray]:
    """Some rows of the first block, X (k, d) and y (k,)."""
    X, y = blocks.head(block_rows)
    some = sample_rows(len(y), blocks.features)
    return X[some], y[some]


def sample_rows(rows: int, features: int) -> NDArray[np.int64]:
    """Which rows (k,) of a first block of so many tell centre and anchor."""
    return np.arange(0, rows, max(1, rows // max(SAMPLE_ROWS, SAMPLE_ROWS_PER_FEATURE * features)))


def sample_anchor(X: FloatArray, y: FloatArray) -> AnchorPoint:
    """Centre and anchor by a sample of rows, X (k, d) and y (k,)."""
    plain = np.empty((0, 0), y.dtype)
    centre = np.median(X, axis=0)  # the mean could lie where no row is
    at = AnchorPoint(centre, np.append(np.median(y), np.zeros_like(centre)), plain)
    some_X, some_y = tiled(X), padded(y)
    for _ in range(REFINEMENTS):
        off = to_optimum(moments_of(some_X, some_y, False, BLOCK_ROWS, at))
        at = at._replace(anchor=at.anchor - off)
    return at


def recentred(moments: AnchoredMoments, off: FloatArray) -> AnchorPoint:
    """The point at the mean of the rows, and at the optimum, from which the anchor is `off` (d + 1,); no factor yet."""
    move = moments.gram[1:, 0] / moments.gram[0, 0]
    anchor = moments.anchor - off
    anchor[0] += (move * anchor[1:]).sum()
    return AnchorPoint(moments.centre + move, anchor, moments.factor)


def in_range(gram: FloatArray) -> bool:
    """Whether no square in G (d + 1, d + 1) was too large for the dtype, and none so small that its digits are gone."""
    limits = np.finfo(gram.dtype)
    return bool(np.isfinite(gram).all() and np.diag(gram).min() > limits.tiny / limits.eps**2)


def to_optimum(moments: AnchoredMoments) -> FloatArray:
    """G⁻¹ Σ z r̂, (d + 1,), for moments without a factor: θ̂ less this is where the loss is least."""
    return solution(factored(moments.gram), moments.sums)


def independence(L: FloatArray, first: int = 0) -> float:
    """What is left of a column, at least, when those before it are taken out: from 1, orthogonal, to 0, dependent.

    L (k, k) is the Cholesky factor of the columns' Gram matrix. Columns before the `first` are taken out of all others
    beforehand, and count no more.
    """
    return float((np.diag(L)[first:] ** 2 / (L[first:, first:] ** 2).sum(axis=1)).min())


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
    takes_blocks = True

    @cached_property
    @np.errstate(over="ignore", invalid="ignore")  # squares beyond the dtype's range: the loss is not finite
    def moments(self) -> AnchoredMoments | None:
        """Those of the bound rows; None where rows are gone through: there are too few, or see `near_optimum`.

        The pass is work, not a move, so it waits for the first gradient.
        """
        if self.rows <= self.features + 1:
            return None
        X, y = self.data
        if isinstance(X, Blocks):
            return self.adopted(surveyed(X, self.block_rows))
        some = sample_rows(min(self.rows, self.block_rows), self.features)
        taken = partial(moments_of, X, y, self.threaded, self.block_rows)
        return self.adopted(near_optimum(taken, (X.taken(some), y[some])))

    @classmethod
    def over_moments(cls, blocks: Blocks, dtype: DType, found: AnchoredMoments | None) -> Self:
        """A trainer on rows that come from a source, whose moments have been taken already."""
        trainer = cls.over(blocks, dtype)
        trainer.__dict__["moments"] = trainer.adopted(found if trainer.rows > trainer.features + 1 else None)
        return trainer

    def adopted(self, found: AnchoredMoments | None) -> AnchoredMoments | None:
        """The moments, made ready for epochs."""
        if found is not None:
            self.packed = packed(found)
            self.delta, self.moved_sums = np.zeros((2, self.packed.shape[1] + 1), self.dtype)
        return found

    def compiles(self, plan: Plan) -> bool:
        """Whether the compiled loop can follow the plan: with the moments, wherever the rows are."""
        return self.takes_all(plan) and (self.moments is not None or not self.streamed)

    def gradient(self, X: Tiled | Blocks, y: FloatArray, weights: FloatArray, bias: Any) -> Gradient:
        """(2/n) Σ x r, (d,), and (2/n) Σ r from the moments; other rows than the bound ones are gone through."""
        moments = self.moments if X is self.data[0] else None
        if moments is None:
            return super().gradient(X, y, weights, bias)
        sums = self.moved_sums
        gradient_sums(np.append(weights, bias), *moments[:3], self.packed, self.delta, sums)
        return self.mean_of(sums[: self.features + 2], self.rows)

    def descend(self, track: Track, rate: Any) -> int:
        """All full-batch epochs in one compiled call."""
        if self.moments is None:
            return super().descend(track, rate)
        return descend(rate, self.number(self.rows), *self.moments[:3], self.packed, self.delta, self.moved_sums, track)
