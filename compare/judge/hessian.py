"""The Hessian of the loss: which learning rates converge, how fast, and where the path goes.

The loss is quadratic, with H = (2/n) X̃ᵀX̃, X̃ = [X 1]. In the basis of H's eigenvectors vᵢ, eigenvalues λᵢ,
descent with the rate η shrinks each component of the error by the same factor in every epoch, so that the
path has a closed form:

    θₖ − θ* = (I − ηH)ᵏ (θ₀ − θ*)        contraction ρ(η) = max |1 − ηλᵢ|

It converges for 0 < η < 2/λ_max; η = 2/(λ_max + λ_min) is best, with ρ = (κ − 1)/(κ + 1), κ = λ_max/λ_min
(Boyd and Vandenberghe, *Convex Optimization*, section 9.3; Nocedal and Wright, *Numerical Optimization*,
section 3.3).

XᵀX is never formed: it squares the condition number. With means m and scales s, X̃ = [1, (X − m)/s] T, T =
[mᵀ 1; diag(s) 0], and a QR decomposition of the left factor, which is as well-conditioned as the data allow,
gives K = R T, a small matrix with KᵀK = X̃ᵀX̃. Its large singular values are taken from K, the small ones
from K⁻¹, where they are the large ones.

Where the exact inner products of a table are at hand, R comes from them without a pass over the rows: the Gram
matrix of [1, (X − m)/s] is one of rational numbers, which fraction-free elimination (Bareiss 1968) factors
without error.
"""

from __future__ import annotations

import bisect
import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike, NDArray

from handgrad.backends.exact import Moments
from handgrad.backends.interface import DType, FloatArray

BLOCK_ROWS = 16384

#: Up to so many features, elimination in integers takes less than a second.
EXACT_FEATURES = 24

#: Nobody waits for more.
MOST_EPOCHS = 2**50

#: Neighbouring singular values that differ by more than this factor belong to spaces that rounding cannot mix.
WIDE_GAP = 100.0


@dataclass(frozen=True)
class Hessian:
    """The Hessian of the loss in its eigenbasis, and what follows from it; eigenvectors are ordered (W, b).

    Attributes:
        eigenvalues: (d + 1,), descending; exactly 0 in the directions in which the loss does not change.
        eigenvectors: (d + 1, d + 1), one a column.
        rank: How many eigenvalues are not 0; less than d + 1 when columns are dependent.
        rows: n.
    """

    eigenvalues: FloatArray
    eigenvectors: FloatArray
    rank: int
    rows: int

    @property
    def largest(self) -> float:
        """λ_max."""
        return float(self.eigenvalues[0])

    @property
    def smallest(self) -> float:
        """λ_min: the smallest eigenvalue that is not 0. Descent does not move along the others."""
        return float(self.eigenvalues[self.rank - 1])

    @property
    def deficient(self) -> bool:
        """Whether columns are dependent, so that the minimum is not one point."""
        return self.rank < len(self.eigenvalues)

    @property
    def condition(self) -> float:
        """κ = λ_max/λ_min; infinite where λ_min is below all doubles."""
        return self.largest / self.smallest if self.smallest else math.inf

    @property
    def limit(self) -> float:
        """2/λ_max: descent with this rate or a larger one does not converge."""
        return 2 / self.largest

    @property
    def best_rate(self) -> float:
        """2/(λ_max + λ_min)."""
        return 2 / (self.largest + self.smallest)

    def contraction(self, rate: float) -> float:
        """ρ(η): what an epoch leaves of the slowest component of the error; 1 or more: no convergence."""
        return float(np.abs(1 - rate * self.eigenvalues[: self.rank]).max())

    def epochs_for(self, digits: float, rate: float) -> int | None:
        """The epochs after which the error is at most 10^−digits of the start's; None: never."""
        rho = self.contraction(rate)
        if rho >= 1:
            return None
        return 1 if rho == 0 else max(1, math.ceil(-digits * math.log(10) / math.log(rho)))

    def components(self, error: ArrayLike) -> FloatArray:
        """An error (d + 1,) of the parameters (W, b) in the eigenbasis; the top eigenvector's first."""
        found: FloatArray = self.eigenvectors.T @ np.asarray(error, dtype=np.float64)
        return found

    def path(self, start_error: ArrayLike, rate: float, epochs: ArrayLike) -> FloatArray:
        """θₖ − θ* (k, d + 1) after each of the given epochs, from θ₀ − θ* (d + 1,)."""
        shrunk = self._powers(rate, epochs) * self.components(start_error)
        moved: FloatArray = shrunk @ self.eigenvectors.T
        return moved

    def moved(self, slope: ArrayLike, rate: float, epochs: int) -> FloatArray:
        """θₖ − θ₀ (d + 1,) after so many epochs, from the gradient ∇L(θ₀) (d + 1,): −V (1 − (1 − ηλ)ᵏ)/λ Vᵀ ∇L(θ₀).

        Not by way of θ*: where λ is small, θ* is far from all that descent has reached, and `path` would lose the
        digits of what it has. Along a direction with λ = 0 the way is k steps of η.
        """
        steps = rate * np.maximum(self.eigenvalues, 1e-12 / rate)  # ηλ
        small = np.minimum(steps, 0.5)
        gone = np.where(steps < 0.5, -np.expm1(epochs * np.log1p(-small)), 1 - (1 - steps) ** epochs)
        way: FloatArray = self.eigenvectors @ (-gone * rate / steps * self.components(slope))
        return way

    def lasting(self, rate: float, epochs: int) -> float:
        """How many epochs' errors are left after so many, at most, at a rate up to 1/λ_max: Σ (1 − ηλ_min)ᵏ."""
        shrink = rate * max(float(self.eigenvalues[-1]), 0.0)
        return float(epochs) if shrink * epochs < 1 else 1 / shrink

    def losses(self, start_error: ArrayLike, rate: float, epochs: ArrayLike) -> FloatArray:
        """The loss above its minimum, ½ Σ λᵢ cᵢ² (1 − ηλᵢ)²ᵏ, after the given epochs (k,), from θ₀ − θ* (d + 1,)."""
        shrunk = self._powers(rate, epochs) * self.components(start_error)
        with np.errstate(over="ignore"):
            above: FloatArray = 0.5 * (shrunk**2 @ self.eigenvalues)
        return above

    def epochs_until(
        self,
        start: ArrayLike,
        solution: ArrayLike,
        digits: float,
        rate: float,
        back: ArrayLike | None = None,
        sizes: ArrayLike | None = None,
    ) -> int | None:
        """The epochs after which every parameter of the solution is right to so many digits; None if that never is.

        Args:
            start: (d + 1,), where descent starts, weights and bias.
            solution: (d + 1,), where it is heading; of parameters that are 0 there, the error itself is counted.
            digits: The largest relative error is to be 10^−digits.
            rate: The learning rate.
            back: (d + 1, d + 1), which turns parameters θ into those whose digits count, θ @ back; None: θ itself.
            sizes: (d + 1,), positive, over which their errors count; None: |solution|, and 1 where that is 0.
        """
        goal = np.asarray(solution, dtype=np.float64)
        error = np.asarray(start, dtype=np.float64) - goal
        units = np.eye(len(goal)) if back is None else np.asarray(back, dtype=np.float64)
        own = np.abs(goal @ units)
        over = np.where(own == 0, 1.0, own) if sizes is None else np.asarray(sizes, dtype=np.float64)

        def reached(epochs: int) -> bool:
            left = np.abs(self.path(error, rate, [epochs])[0] @ units) / over
            return bool(np.all(left <= 10.0**-digits))

        if reached(0):
            return 0
        if self.contraction(rate) >= 1:
            return None
        most = 1
        while not reached(most):  # dependent columns: what is left along them may never go
            if most > MOST_EPOCHS:
                return None
            most *= 2
        return bisect.bisect_left(range(most + 1), True, lo=most // 2, key=reached)

    def overflow_epoch(self, rate: float, start_error_along_top: float, dtype: DType) -> int | None:
        """The first epoch whose loss overflows: Σ r² = n L does, before division by n. None: it converges.

        Args:
            rate: The learning rate.
            start_error_along_top: `components(start error)[0]`.
            dtype: The format in which the backend computes.
        """
        growth = abs(1 - rate * self.largest)
        if growth <= 1 or start_error_along_top == 0:
            return None
        room = (
            math.log(float(np.finfo(dtype).max))
            - math.log(0.5 * self.rows * self.largest)
            - 2 * math.log(abs(start_error_along_top))
        )
        return max(0, math.ceil(room / (2 * math.log(growth))))

    def _powers(self, rate: float, epochs: ArrayLike) -> FloatArray:
        counts: NDArray[np.int64] = np.asarray(epochs, dtype=np.int64)
        with np.errstate(over="ignore"):
            powers: FloatArray = (1 - rate * self.eigenvalues) ** counts[..., np.newaxis]
        return powers


def hessian(X: ArrayLike) -> Hessian:
    """H = (2/n) [X 1]ᵀ[X 1] of X (n, d) or (n,), as the backends hold it, in its eigenbasis; y plays no part in it.

    Raises:
        ValueError: If X has no rows, or something that is not a finite number.
    """
    table = np.asarray(X)
    table = table[:, np.newaxis] if table.ndim == 1 else table
    if table.ndim != 2 or not len(table) or not np.isfinite(table).all():
        raise ValueError(f"X: expected (n, d) finite numbers with n of 1 or more, got shape {table.shape}")
    means, scales = centre(table)
    R = triangle(table, means, scales)
    return hessian_of(R, means, scales, len(table), numerical_rank(R))


def exact_hessian(moments: Moments) -> Hessian:
    """The Hessian of the loss in its eigenbasis, from the exact inner products of a table with rows."""
    means, scales = exact_centre(moments)
    R = exact_triangle(moments, means, scales)
    return hessian_of(R, means, scales, moments.rows, numerical_rank(R))


def hessian_of(R: FloatArray, means: FloatArray, scales: FloatArray, rows: int, rank: int) -> Hessian:
    """H from R (d + 1, d + 1) with RᵀR = Z̃ᵀZ̃, Z̃ = [1, (X − m)/s], and its numerical rank; m and s are (d,)."""
    squared, vectors = _eigen(R, means, scales, rank)
    return Hessian(2 / rows * squared, vectors, rank, rows)


def centre(X: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Means (d,) and scales (d,): root mean squares about the means; the value itself and 1 for a constant column."""
    constant = X.min(axis=0) == X.max(axis=0)  # not a zero variance: 0.1 twenty times has one of 1e-33
    means = np.where(constant, X[0], X.mean(axis=0, dtype=np.float64))
    # in a power of two for each column: no square underflows or overflows, and no bit is another otherwise
    powers = np.frexp(np.maximum(np.abs(X.max(axis=0) - means), np.abs(X.min(axis=0) - means)))[1]
    squares = np.zeros(X.shape[1])
    for first in range(0, len(X), BLOCK_ROWS):
        squares += (np.ldexp(X[first : first + BLOCK_ROWS] - means, -powers) ** 2).sum(axis=0)
    return means, np.where(constant, 1.0, np.ldexp(np.sqrt(squares / len(X)), powers))


def triangle(X: FloatArray, means: FloatArray, scales: FloatArray) -> FloatArray:
    """R (k, d + 1), k ≤ d + 1, of the QR decomposition of [1, (X − m)/s], X (n, d), taken block by block of rows."""
    R = np.empty((0, X.shape[1] + 1))
    for first in range(0, len(X), BLOCK_ROWS):
        part = (X[first : first + BLOCK_ROWS] - means) / scales
        R = np.asarray(np.linalg.qr(np.vstack([R, np.column_stack([np.ones(len(part)), part])]), mode="r"))
    return R


def exact_centre(moments: Moments) -> tuple[FloatArray, FloatArray]:
    """Means (d,) and scales (d,) as `centre` has them, from the exact inner products, rounded at the end."""
    ones, n = len(moments.gram) - 2, moments.rows
    sums = [moments.inner(j, ones) for j in range(ones)]
    means = [float(total / n) for total in sums]
    about = [n * moments.inner(j, j) - total**2 for j, total in enumerate(sums)]  # n² times the variance
    apart = [square + (total - n * Fraction(m)) ** 2 for square, total, m in zip(about, sums, means, strict=True)]
    scales = [_root(square / n**2) if variance else 1.0 for square, variance in zip(apart, about, strict=True)]
    return np.array(means), np.array(scales)


def exact_triangle(moments: Moments, means: FloatArray, scales: FloatArray) -> FloatArray:
    """R (d + 1, d + 1) of [1, (X − m)/s] = QR, each number rounded from the exact one.

    With the pivots pₖ of the elimination, aₖⱼ its rows, Rₖⱼ = aₖⱼ / √(pₖ pₖ₋₁); a pivot of 0 is a dependent column.
    """
    rows, unit = _centred_gram(moments, means)
    R, squares = np.zeros((len(rows), len(rows))), [Fraction(s) ** 2 for s in [1.0, *scales.tolist()]]
    previous = 1
    for k, pivots in enumerate(rows):
        pivot = pivots[k]
        if pivot == 0:
            continue
        for j in range(k, len(rows)):
            size = _root(Fraction(pivots[j] ** 2, pivot * previous * unit) / squares[j])
            R[k, j] = -size if pivots[j] < 0 else size
        for i in range(k + 1, len(rows)):
            factor = rows[i][k]
            rows[i] = [(pivot * a - factor * b) // previous for a, b in zip(rows[i], pivots, strict=True)]
        previous = pivot
    return R


def _centred_gram(moments: Moments, means: FloatArray) -> tuple[list[list[int]], int]:
    """The Gram matrix (d + 1, d + 1) of [1, X − m] in integers, and the unit of which they are so many parts."""
    n, ones, shifts = moments.rows, len(means), [Fraction(m) for m in means.tolist()]
    sums = [moments.inner(j, ones) for j in range(ones)]
    gram = [[Fraction(n), *(total - n * m for total, m in zip(sums, shifts, strict=True))]]
    for j in range(ones):
        products = (
            moments.inner(j, k) - shifts[j] * sums[k] - shifts[k] * sums[j] + n * shifts[j] * shifts[k]
            for k in range(ones)
        )
        gram.append([gram[0][j + 1], *products])
    unit = max(entry.denominator for row in gram for entry in row)  # all are powers of two
    return [[int(entry * unit) for entry in row] for row in gram], unit


def _root(square: Fraction) -> float:
    """The square root of a rational number, right to the last bit but one; 0 below all doubles."""
    p, q = square.numerator, square.denominator
    shift = max(0, 64 - (p.bit_length() - q.bit_length()) // 2)
    return math.isqrt((p << (2 * shift)) // q) / (1 << shift)


def numerical_rank(R: FloatArray) -> int:
    """The rank of [1, (X − m)/s] from its R (d + 1, d + 1): neither units nor an offset count as dependence."""
    sizes = np.linalg.svd(R, compute_uv=False)
    return int(np.count_nonzero(sizes > dependence_limit(R)))


def dependence_limit(R: FloatArray) -> float:
    """What rounding leaves in R (d + 1, d + 1) of a dependent column; all are scaled to the length of the ones."""
    return float(32 * R.shape[1] * np.finfo(np.float64).eps * np.linalg.norm(R[:, 0]))


def _eigen(R: FloatArray, means: FloatArray, scales: FloatArray, rank: int) -> tuple[FloatArray, FloatArray]:
    """Eigenvalues (d + 1,), descending, and eigenvectors of X̃ᵀX̃ = KᵀK, K = R T."""
    d = len(means)
    T = np.block([[means, np.ones(1)], [np.diag(scales), np.zeros((d, 1))]])
    _, sizes, transposed = np.linalg.svd(R @ T)
    values, vectors = np.zeros(d + 1), transposed.T.copy()
    values[:rank] = sizes[:rank]
    if rank == d + 1 and scales.min() > 1 / np.finfo(np.float64).max:  # else an inverse is beyond the doubles
        T_inverse = np.block([[np.zeros((d, 1)), np.diag(1 / scales)], [np.ones((1, 1)), -means / scales]])
        from_inverse, inverse_sizes, _ = np.linalg.svd(T_inverse @ np.linalg.inv(R))
        first_small = split_at_gap(values)
        values[first_small:] = 1 / inverse_sizes[::-1][first_small:]
        vectors[:, first_small:] = from_inverse[:, ::-1][:, first_small:]
    return values**2, vectors


def split_at_gap(values: FloatArray) -> int:
    """Where the small ones of descending values (d + 1,) begin: after the widest gap; nowhere when all are of one size.

    Two decompositions choose other vectors for eigenvalues that are (nearly) equal, so those must not be parted: on
    both sides of a wide gap the spaces are the same whoever computes them.
    """
    with np.errstate(divide="ignore"):  # far below the largest, the decomposition may leave nothing of a value
        ratios = values[:-1] / values[1:]
    widest = int(np.argmax(ratios))
    return widest + 1 if ratios[widest] > WIDE_GAP else len(values)
