"""How far a correct backend may lie from the exact answer: in ULPs, and against a rounding-error bound.

With u the unit roundoff and γₖ = k u / (1 − k u), a dot product of length n is computed within γₙ |x|ᵀ|y| of
the true one, whatever its order of summation (Higham 2002, *Accuracy and Stability of Numerical Algorithms*,
chapter 3). The residual of a row is such a dot product, too, so with

    Aᵢ = |xᵢ|ᵀ|w| + |b| + |yᵢ|        δᵢ = γ_{d+2} Aᵢ        |computed rᵢ − rᵢ| ≤ δᵢ

the gradient and the loss that a correct backend computes lie within

    dWⱼ:  (2/n) Σᵢ |xᵢⱼ| [γ_{n+2} (|rᵢ| + δᵢ) + δᵢ]        (the bias: the same with xᵢⱼ = 1)
    L:    (1/n) Σᵢ [γ_{n+2} (|rᵢ| + δᵢ)² + 2|rᵢ|δᵢ + δᵢ²]

of the exact ones. Where a product underflows its error is not relative: fl(xy) = xy (1 + δ) + ε with |ε| ≤ η/2, η the
smallest subnormal number (Higham, section 2.2; a sum never underflows with an error). The residual's d products add
(d + 1) η to each row, those with xᵢⱼ another η, and scaling by 2/n one more; the loss has 2 η.

That is the worst case: every rounding error at its largest, all of one sign. Errors that
are independent and of mean zero add up like √k: 6 √k u in the place of γₖ then fails with probability below
2k exp(−18) (Higham and Mary 2019, "A new approach to probabilistic rounding error analysis"). Both bounds are
kept side by side.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from operator import add

import numpy as np
from numpy.typing import ArrayLike

from handgrad.backends.exact_sums import is_large
from handgrad.backends.interface import DType, FloatArray

#: Rows whose terms a compiled pass sums at once, so that no sum has many terms.
BLOCK_ROWS = 16384

#: Numbers of which BLAS takes no product by threads, which wait for each other where the machine is busy. NumPy takes
#: so many at once, and no temporary is of the table's size.
UNTHREADED_NUMBERS = 8192

Growth = Callable[[int, DType], float]


@dataclass(frozen=True)
class Tolerance:
    """The largest error that rounding explains: of the loss, of dW (d,) and of db, in their own units."""

    loss: float
    weights: FloatArray
    bias: float


@dataclass(frozen=True)
class Magnitudes:
    """The sums over the rows of which the bounds are made, at one point; the last of d + 1 is the bias.

    Attributes:
        rows: n.
        columns: (d + 1,), Σᵢ |xᵢⱼ|.
        with_residual: (d + 1,), Σᵢ |xᵢⱼ||rᵢ|.
        with_terms: (d + 1,), Σᵢ |xᵢⱼ| Aᵢ.
        squares: Σ rᵢ², Σ |rᵢ| Aᵢ and Σ Aᵢ².
    """

    rows: int
    columns: FloatArray
    with_residual: FloatArray
    with_terms: FloatArray
    squares: tuple[float, float, float]

    @classmethod
    def at(cls, X: FloatArray, y: FloatArray, weights: ArrayLike, bias: float, before: int = 0) -> Magnitudes:
        """At the given parameters, for X (n, d) and y (n,) as the backends hold them, after so many rows `before`."""
        w = np.asarray(weights, dtype=np.float64)
        d = X.shape[1]
        if is_large(before + len(y), d):
            return cls._compiled(X, y, w, bias)
        columns, with_residual, with_terms = np.zeros(d + 1), np.zeros(d + 1), np.zeros(d + 1)
        squares = np.zeros(3)
        with np.errstate(over="ignore"):  # an infinite tolerance belongs to a loss that overflows
            for part, target in _blocks(X, y):
                residual = np.abs(part @ w + bias - target)
                size = np.abs(part)
                terms = size @ np.abs(w) + abs(bias) + np.abs(target)
                ones = np.ones(len(target))
                for total, factor in ((columns, ones), (with_residual, residual), (with_terms, terms)):
                    total[:d] += factor @ size
                    total[d] += factor.sum()
                squares += (residual @ residual, residual @ terms, terms @ terms)
        return cls(len(y), columns, with_residual, with_terms, (squares[0], squares[1], squares[2]))

    @classmethod
    def _compiled(cls, X: FloatArray, y: FloatArray, weights: FloatArray, bias: float) -> Magnitudes:
        from handgrad.backends.kernels.size_pass import add_magnitudes

        totals, squares = np.zeros((3, X.shape[1] + 1)), np.zeros(3)
        for first in range(0, len(y), BLOCK_ROWS):
            rows, own, own_squares = slice(first, first + BLOCK_ROWS), np.zeros_like(totals), np.zeros(3)
            part, target = np.ascontiguousarray(X[rows]), np.ascontiguousarray(y[rows])
            add_magnitudes(part, target, weights, float(bias), own, own_squares)
            totals += own
            squares += own_squares
        columns, with_residual, with_terms = totals
        rr, ra, aa = squares.tolist()
        return cls(len(y), columns, with_residual, with_terms, (rr, ra, aa))

    def __add__(self, other: Magnitudes) -> Magnitudes:
        """Those of the rows of both, at one point."""
        return Magnitudes(
            self.rows + other.rows,
            self.columns + other.columns,
            self.with_residual + other.with_residual,
            self.with_terms + other.with_terms,
            tuple(map(add, self.squares, other.squares)),
        )

    def tolerances(self, dtype: DType) -> Tolerances:
        """Both bounds."""
        return Tolerances(self.tolerance(dtype, worst_growth), self.tolerance(dtype, likely_growth))

    def tolerance(self, dtype: DType, growth: Growth, flushed: bool = False) -> Tolerance:
        """The bound in which k roundings grow to `growth(k, dtype)`; what is lost to underflow is added.

        With `flushed`, that of a machine which takes numbers below the normal ones for zero.
        """
        n, d = self.rows, len(self.columns) - 1
        of_sum, of_residual = growth(n + 2, dtype), growth(d + 2, dtype)
        lost = smallest(dtype, flushed)
        rr, ra, aa = self.squares
        with np.errstate(over="ignore"):
            error = of_residual * self.with_terms
            slopes = (
                2 / n * (of_sum * (self.with_residual + error) + error + lost * (n + (d + 1) * self.columns)) + lost
            )
            shifted = 2 * of_residual * ra + of_residual**2 * aa
            loss = (of_sum * (rr + shifted) + shifted) / n + 2 * lost
        return Tolerance(float(loss), slopes[:d], float(slopes[d]))


@dataclass(frozen=True)
class Tolerances:
    """Both bounds at one point: every error at its worst, and errors that grow like √n."""

    worst: Tolerance
    likely: Tolerance


@dataclass(frozen=True)
class Sizes:
    """|Z|ᵀ|Z| (d + 2, d + 2), Z = [X 1 y]: bounds at many points without another pass over the rows.

    The exact losses at those points stand for the residuals. By Cauchy and Schwarz Σ|xᵢⱼ||rᵢ| ≤ √(Σ xᵢⱼ²) √(n
    L) and Σ|rᵢ|Aᵢ ≤ √(n L) √(Σ Aᵢ²), so these bounds are a little larger than those of `Magnitudes`.
    """

    products: FloatArray
    rows: int

    @classmethod
    def of(cls, X: FloatArray, y: FloatArray) -> Sizes:
        """Of X (n, d) and y (n,) as the backends hold them."""
        total = np.zeros((X.shape[1] + 2, X.shape[1] + 2))
        for part, target in _blocks(X, y):
            size = np.abs(np.column_stack([part, np.ones(len(target)), target]))
            with np.errstate(over="ignore"):
                total += size.T @ size
        return cls(total, len(y))

    def slopes(self, parameters: FloatArray, losses: FloatArray, dtype: DType, growth: Growth) -> FloatArray:
        """How far a computed gradient (k, d + 1) may lie from the exact one, at parameters (k, d + 1)."""
        of_sum, of_residual = growth(self.rows + 2, dtype), growth(len(self.products), dtype)
        with_terms = self._with_target(parameters) @ self.products[:, :-1]
        # the doubles nearest to the losses may have lost what is below the smallest one
        sizes = np.sqrt(self.rows) * np.sqrt(losses + float(np.finfo(np.float64).smallest_subnormal))
        with_residual = np.minimum(np.outer(sizes, np.sqrt(np.diag(self.products)[:-1])), with_terms)
        error = of_residual * with_terms
        lost = smallest(dtype) * (self.rows + (len(self.products) - 1) * self.products[-2, :-1])
        bound: FloatArray = 2 / self.rows * (of_sum * (with_residual + error) + error + lost) + smallest(dtype)
        return bound

    def losses(
        self, parameters: FloatArray, losses: FloatArray, dtype: DType, growth: Growth, flushed: bool = False
    ) -> FloatArray:
        """How far a computed loss (k,) may lie from the exact one, at parameters (k, d + 1).

        With `flushed`, on a machine which takes numbers below the normal ones for zero.
        """
        of_sum, of_residual = growth(self.rows + 2, dtype), growth(len(self.products), dtype)
        terms = self._with_target(parameters)
        with np.errstate(over="ignore"):
            # not of its square, which underflows where y does not
            error = of_residual * np.sqrt(np.einsum("ki,ij,kj->k", terms, self.products, terms))
            shifted = 2 * np.sqrt(self.rows * losses) * error + error**2
            bound: FloatArray = (of_sum * (self.rows * losses + shifted) + shifted) / self.rows
        return bound + 2 * smallest(dtype, flushed)

    def _with_target(self, parameters: FloatArray) -> FloatArray:
        return np.abs(np.column_stack([parameters, np.ones(len(parameters))]))


def gradient_tolerances(X: FloatArray, y: FloatArray, weights: ArrayLike, bias: float, dtype: DType) -> Tolerances:
    """How far loss and gradient of a correct backend may lie from the exact ones.

    Args:
        X: (n, d), as the backends hold it: already rounded to the dtype.
        y: (n,), likewise.
        weights: (d,).
        bias: The bias.
        dtype: The format in which the backend computes.
    """
    return Magnitudes.at(X, y, weights, bias).tolerances(dtype)


def smallest(dtype: DType, flushed: bool = False) -> float:
    """η: twice the most that a product loses to underflow, where numbers below the normal ones are kept.

    Where they are `flushed` to zero, the smallest normal number, of which all can be lost.
    """
    limits = np.finfo(dtype)
    return float(limits.smallest_normal if flushed else limits.smallest_subnormal)


def unit_roundoff(dtype: DType) -> float:
    """u: half the distance from 1 to the next number."""
    return float(np.finfo(dtype).eps) / 2


def worst_growth(roundings: int, dtype: DType) -> float:
    """γₖ; infinite where k u ≥ 1, since nothing is certain there."""
    ku = roundings * unit_roundoff(dtype)
    return ku / (1 - ku) if ku < 1 else math.inf


def likely_growth(roundings: int, dtype: DType) -> float:
    """6 √k u, or γₖ where that is smaller (k < 36)."""
    return min(6 * math.sqrt(roundings) * unit_roundoff(dtype), worst_growth(roundings, dtype))


def ulps(value: ArrayLike, exact: ArrayLike, dtype: DType, rest: ArrayLike = 0.0) -> FloatArray:
    """|value − exact| in units of the last place of the exact value in that dtype; elementwise.

    Args:
        value: (k,) or any shape, what a backend gave.
        exact: Of the same shape, the exact value's nearest doubles.
        dtype: The format of which the last place is meant.
        rest: What the doubles in `exact` leave of the exact value, so that tenths of an ULP are right.

    Returns:
        The errors; infinite where the value is not finite: NaN equals nothing, itself included.
    """
    given, true = np.asarray(value, dtype=np.float64), np.asarray(exact, dtype=np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        place = np.spacing(np.abs(true).astype(dtype)).astype(np.float64)
        errors = np.abs((given - true) - np.asarray(rest, dtype=np.float64)) / place
    return np.where(np.isfinite(given) & np.isfinite(true), errors, math.inf)


def over(error: ArrayLike, tolerance: ArrayLike) -> FloatArray:
    """Error (k,) over tolerance (k,), elementwise: 0 without an error, infinite where it is NaN or has no tolerance."""
    e, t = np.asarray(error, dtype=np.float64), np.asarray(tolerance, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        ratio = np.where(e == 0, 0.0, np.abs(e) / t)
    return np.where(np.isnan(ratio), math.inf, ratio)


def _blocks(X: FloatArray, y: FloatArray) -> Iterator[tuple[FloatArray, FloatArray]]:
    block_rows = max(128, UNTHREADED_NUMBERS // X.shape[1])
    for first in range(0, len(y), block_rows):
        rows = slice(first, first + block_rows)
        yield X[rows].astype(np.float64, copy=False), y[rows].astype(np.float64, copy=False)
