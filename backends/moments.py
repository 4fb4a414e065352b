"""Sufficient statistics: the data is read once, and an epoch costs O(d²) whatever n is.

The mean squared error is quadratic, so what it is at one point, the *anchor* θ̂, tells what it is everywhere. With
residuals r̂ at the anchor, z = (1, x) and δ = θ − θ̂ for θ = (b, W), each residual is r = r̂ + z · δ, and exactly

    Σ z r = Σ z r̂ + G δ,    Σ r² = Σ r̂² + δ · (Σ z r̂ + Σ z r),    G = Σ z zᵀ,  (d + 1, d + 1).

One pass takes Σ r̂², Σ z r̂ and G; then no row is looked at again.

**Digits.** The formulas are exact for any anchor, but sums of large numbers that cancel keep no digits of what is left.
So the anchor lies near the optimum, where δ and r̂ are small: with θ̂ = 0 and Σ y² the loss near a perfect fit would be
all rounding. And rows are centred, z = (1, x − c), with the bias β = b + c · W at the centre c. A sample of the rows
tells anchor and centre. If columns hang together all the same, a second pass sets them apart: with G = L D Lᵀ of the
first, it takes L⁻¹ z in place of z, and Lᵀ δ in place of δ (Cholesky's factor as a preconditioner).

The pass takes contiguous columns. Mini-batches, which no such sums can serve, are left to `numba` and its layout.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
from numba import prange

from handgrad.backends.interface import FloatArray, Gradient, Parameters
from handgrad.backends.numba import NumbaTrainer, aligned, compiled, copied, inner, step, threaded

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
#: If a column has less than this of its own, the columns are set apart.
INDEPENDENT = 0.1


# -- the one pass ------------------------------------------------------------------------------------------------------


@inner
def add_line(x: FloatArray, y: FloatArray, centre: Any, weight: Any, bias: Any, G: FloatArray) -> None:
    """One feature, x (m,): z and r never leave the registers; G is as in `chunk_products`."""
    total_z = total_r = zz = zr = rr = y.dtype.type(0)
    for i in range(y.size):
        z = x[i] - centre
        r = weight * z + bias - y[i]
        total_z += z
        total_r += r
        zz += z * z
        zr += z * r
        rr += r * r
    G[0, 0] += y.dtype.type(y.size)
    G[1, 0] += total_z
    G[1, 1] += zz
    G[2, 0] += total_r
    G[2, 1] += zr
    G[2, 2] += rr


@inner
def fill(
    X: FloatArray, y: FloatArray, start: int, stop: int, centre: FloatArray, anchor: FloatArray, Z: FloatArray
) -> None:
    """Rows `start` to `stop` as columns: 1, x − c (d of them) and r̂, into the first of Z (k, block); 1 is there."""
    d, m = centre.size, stop - start
    subtract(anchor[0], y[start:stop], Z[d + 1][:m])
    for j in range(d):
        add_centred(X[j][start:stop], centre[j], anchor[j + 1], Z[j + 1][:m], Z[d + 1][:m])


@inner
def subtract(bias: Any, y: FloatArray, r: FloatArray) -> None:
    """The residual's start: b − y."""
    for i in range(r.size):
        r[i] = bias - y[i]


@inner
def add_one(w: Any, x: FloatArray, r: FloatArray) -> None:
    """Adds w x to r."""
    for i in range(r.size):
        r[i] += w * x[i]


@inner
def add_centred(x: FloatArray, centre: Any, weight: Any, z: FloatArray, r: FloatArray) -> None:
    """z = x − c, and its part of the residual."""
    for i in range(r.size):
        z[i] = x[i] - centre
        r[i] += weight * z[i]


@inner
def set_apart(Z: FloatArray, m: int, factor: FloatArray) -> None:
    """Turns the columns z, the first m of Z (k, block), into L⁻¹ z; an empty factor (0, 0) leaves them."""
    for j in range(len(factor)):
        for k in range(j):
            add_one(-factor[j, k], Z[k][:m], Z[j][:m])


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
    factor: FloatArray,
    Z: FloatArray,
    G: FloatArray,
) -> None:
    """The lower triangle of Z Zᵀ for rows `first` to `last`, into G (k, k); Z (k, block) has 1, z, r̂ and zeros."""
    G[:] = 0
    for start in range(first, last, Z.shape[1]):
        stop = min(start + Z.shape[1], last)
        if X.ndim == 1:
            add_line(X[start:stop], y[start:stop], centre[0], anchor[1], anchor[0], G)
        else:
            fill(X, y, start, stop, centre, anchor, Z)
            set_apart(Z, stop - start, factor)
            add_products(Z, stop - start, G)


@compiled
def all_products(
    X: FloatArray,
    y: FloatArray,
    chunk: int,
    centre: FloatArray,
    anchor: FloatArray,
    factor: FloatArray,
    Z: FloatArray,
    G: FloatArray,
) -> None:
    """A matrix for each chunk, G (chunks, k, k), with Z (chunks, k, block) to work in."""
    for c in range(len(G)):
        chunk_products(X, y, c * chunk, min((c + 1) * chunk, y.size), centre, anchor, factor, Z[c], G[c])


@threaded
def all_products_threaded(
    X: FloatArray,
    y: FloatArray,
    chunk: int,
    centre: FloatArray,
    anchor: FloatArray,
    factor: FloatArray,
    Z: FloatArray,
    G: FloatArray,
) -> None:
    """The same, the chunks shared among threads."""
    for c in prange(len(G)):
        chunk_products(X, y, c * chunk, min((c + 1) * chunk, y.size), centre, anchor, factor, Z[c], G[c])


class Moments(NamedTuple):
    """What one pass leaves, with z = L⁻¹ (1, x − c) and r̂ the residuals at the anchor."""

    centre: FloatArray  # c (d,)
    anchor: FloatArray  # β̂ = b̂ + c · Ŵ, then Ŵ, (d + 1,)
    factor: FloatArray  # L (d + 1, d + 1), lower with ones on the diagonal; (0, 0) stands for the identity
    gram: FloatArray  # Σ z zᵀ (d + 1, d + 1)
    sums: FloatArray  # Σ z r̂ (d + 1,)
    squares: Any  # Σ r̂²


def moments_of(
    X: FloatArray, y: FloatArray, centre: FloatArray, anchor: FloatArray, factor: FloatArray, threads: bool
) -> Moments:
    """The moments of all rows, X and y in the form of `numba`; chunks are added up in their order."""
    r = anchor.size  # where the products with r̂ stand
    size = -(-(r + 1) // SIDE) * SIDE  # whole squares of dot products
    chunk = max(CHUNK_ROWS, -(-y.size // MOST_CHUNKS))
    chunks = -(-y.size // chunk)
    G, Z = aligned((chunks, size, size), y.dtype), aligned((chunks, size, min(BLOCK_ROWS, y.size)), y.dtype)
    Z[:, 0], Z[:, r:] = 1, 0
    (all_products_threaded if threads else all_products)(X, y, chunk, centre, anchor, factor, Z, G)
    total = np.tril(G.sum(axis=0))
    gram = total[:r, :r] + np.tril(total[:r, :r], -1).T
    return Moments(centre, anchor, factor, gram, total[r, :r].copy(), total[r, r])


# -- the anchor --------------------------------------------------------------------------------------------------------


def near_optimum(X: FloatArray, y: FloatArray, sample: tuple[FloatArray, FloatArray], threads: bool) -> Moments:
    """The moments at an anchor near the optimum: one pass, or two where the sample misled or columns hang together."""
    d, plain = X.size // y.size, np.empty((0, 0), y.dtype)
    centre = np.median(sample[0].reshape(d, -1), axis=1)  # the mean could lie where no row is
    anchor = np.append(np.median(sample[1]), np.zeros_like(centre))
    for _ in range(REFINEMENTS):
        anchor = anchor - to_optimum(moments_of(*sample, centre, anchor, plain, threads=False))
    found = moments_of(X, y, centre, anchor, plain, threads)
    step, L = to_optimum(found), factored(found.gram)
    if (step * found.sums).sum() <= found.squares / 2 and independence(L) >= INDEPENDENT:
        return found
    return moments_of(X, y, centre, anchor - step, L / np.diag(L) if d > 1 else plain, threads)


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
def away(theta: FloatArray, centre: FloatArray, anchor: FloatArray, factor: FloatArray, delta: FloatArray) -> None:
    """δ = Lᵀ (θ − θ̂), with θ as (β, W), into delta (d + 1,)."""
    d = centre.size
    bias = theta[d]
    for j in range(d):
        bias += centre[j] * theta[j]
        delta[j + 1] = theta[j] - anchor[j + 1]
    delta[0] = bias - anchor[0]
    for j in range(len(factor)):
        for k in range(j):
            delta[k] += factor[j, k] * delta[j]  # which rows below add to, but not yet


@compiled
def sums_at(
    theta: FloatArray,
    centre: FloatArray,
    anchor: FloatArray,
    factor: FloatArray,
    gram: FloatArray,
    anchor_sums: FloatArray,
    anchor_squares: Any,
    delta: FloatArray,
    sums: FloatArray,
) -> None:
    """Σ x r, Σ r and Σ r² into sums (d + 2,), at theta (d + 1,); delta (d + 1,) is to work in."""
    d = centre.size
    away(theta, centre, anchor, factor, delta)
    squares = anchor_squares
    for j in range(d + 1):
        total = anchor_sums[j]
        for k in range(d + 1):
            total += gram[j, k] * delta[k]
        squares += delta[j] * (anchor_sums[j] + total)
        sums[j] = total
    for j in range(len(factor) - 1, -1, -1):
        for k in range(j):
            sums[j] += factor[j, k] * sums[k]
    total = sums[0]
    for j in range(d):
        sums[j] = sums[j + 1] + centre[j] * total
    sums[d] = total
    sums[d + 1] = theta.dtype.type(0) if squares < 0 else squares  # below zero is rounding; NaN stays


@compiled
def descend(
    theta: FloatArray,
    rate: Any,
    rows: int,
    centre: FloatArray,
    anchor: FloatArray,
    factor: FloatArray,
    gram: FloatArray,
    anchor_sums: FloatArray,
    anchor_squares: Any,
    delta: FloatArray,
    sums: FloatArray,
    losses: FloatArray,
) -> int:
    """Epochs until `losses` is full, or one of them not finite; returns how many there are."""
    for epoch in range(losses.size):
        sums_at(theta, centre, anchor, factor, gram, anchor_sums, anchor_squares, delta, sums)
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

    @np.errstate(over="ignore", invalid="ignore")  # squares beyond the dtype's range: the loss is not finite
    def bind(self, X: FloatArray, y: FloatArray) -> tuple[Any, FloatArray]:
        """The data as `numba` has it, and its moments, unless G is no smaller than X: then rows are gone through."""
        own = super().bind(X, y)
        n, d = X.shape
        every = max(1, n // max(SAMPLE_ROWS, SAMPLE_ROWS_PER_FEATURE * d))
        columns = copied(X[:, 0] if d == 1 else X.T)
        sample = copied(columns[..., ::every]), copied(y[::every])
        self.moments = near_optimum(columns, own[1], sample, self.threaded) if n > d + 1 else None
        return own

    def loss(self, X: Any, y: FloatArray, weights: FloatArray, bias: Any) -> Any:
        """(1/n) Σ r²."""
        return self.gradient(X, y, weights, bias).loss

    def gradient(self, X: Any, y: FloatArray, weights: FloatArray, bias: Any) -> Gradient:
        """(2/n) Σ x r and (2/n) Σ r from the moments; other rows than the bound ones are gone through."""
        if self.moments is None or X is not self.data[0]:
            return super().gradient(X, y, weights, bias)
        theta = np.append(weights, bias)
        sums = np.empty(len(theta) + 1, dtype=self.dtype)
        sums_at(theta, *self.moments, np.empty_like(theta), sums)
        n = y.dtype.type(y.size)
        scale = y.dtype.type(2) / n
        return Gradient(sums[-1] / n, scale * sums[:-2], scale * sums[-2])

    def update(self, weights: FloatArray, bias: Any, gradient: Gradient, learning_rate: float) -> Parameters:
        """W ← W − η dW, b ← b − η db."""
        rate = np.dtype(self.dtype).type(learning_rate)
        return Parameters(weights - rate * gradient.weights, bias - rate * gradient.bias)

    def run_full(self, theta: FloatArray, rate: Any, count: int) -> list[float]:
        """Full-batch epochs in one compiled call; moves theta (d + 1,) and returns the loss before each."""
        if self.moments is None:
            return super().run_full(theta, rate, count)
        losses, sums = np.empty(count, dtype=self.dtype), np.empty(len(theta) + 1, dtype=self.dtype)
        done = descend(theta, rate, self.rows, *self.moments, np.empty_like(theta), sums, losses)
        finished: list[float] = losses[:done].tolist()
        return finished
