"""Standardised features, and parameters carried between them and the user's units.

    Z = (X − m) / s,   ŷ = Z W + b = X W′ + b′   with   W′ = W / s,   b′ = b − Σ m W′

m the column means, s the population standard deviations. Numbers are centred before they are squared, at the mean c of
the first block of rows, and the sums are corrected by what is left over (Chan, Golub and LeVeque 1983, "Algorithms for
computing the sample variance", shifted data, eq. 1.7): with S = Σ(x − c) and Q = Σ(x − c)²,

    m = c + S/n,   s² = (Q − S²/n)/n.

So a column far from zero keeps its digits, and one pass is enough; where c lies so far from m that S²/n is most of Q, a
second one takes c = m. Each column is first scaled by a power of two, which rounds nothing, so that no square overflows
or underflows. Sums are pairwise in a block, and blocks are merged in a tree by their numbers: rows that come from a
stream have the m and s of rows in memory, to the bit.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from handgrad.data.arrays import BLOCK_ROWS, FloatArray, merged
from handgrad.data.dataset import DataError
from handgrad.data.errors import shown

#: Beyond it the difference of two values can overflow.
LARGEST = 2.0**1022

#: From this share of S²/n in Q on, the spread about the mean has lost too many digits.
FAR = 0.9


@dataclass(frozen=True, eq=False)
class Standardization:
    """What to subtract from each feature, and what to divide it by.

    Attributes:
        means: (d,), in the features' units.
        scales: (d,), in the features' units, positive.
    """

    means: FloatArray
    scales: FloatArray

    def __post_init__(self) -> None:
        means, scales = (np.atleast_1d(np.array(part, dtype=np.float64)) for part in (self.means, self.scales))
        if means.ndim != 1 or means.shape != scales.shape:
            raise DataError(f"standardisation: expected means (d,) and scales (d,), got {means.shape}, {scales.shape}")
        if not (np.isfinite(means).all() and np.isfinite(scales).all() and (scales > 0).all()):
            raise DataError("standardisation: expected finite means and positive scales, got others; fit it again")
        means.flags.writeable = scales.flags.writeable = False
        object.__setattr__(self, "means", means)
        object.__setattr__(self, "scales", scales)

    @classmethod
    def fit(cls, X: FloatArray, names: Sequence[str] | None = None) -> Standardization:
        """The means and standard deviations of the columns of X (n, d).

        Args:
            X: (n, d), finite.
            names: d, for messages.

        Raises:
            DataError: If a column is constant, or beyond 4e307.
        """
        if X.ndim != 2 or X.shape[0] == 0:
            raise DataError(f"standardisation: expected X of shape (n, d) with n ≥ 1, got {X.shape}")
        labels = names if names is not None else [f"X[:, {j}]" for j in range(X.shape[1])]
        for low, high, label in zip(X.min(axis=0).tolist(), X.max(axis=0).tolist(), labels, strict=True):
            check_extremes(low, high, label)
        about = SpreadPoint.near(list(X.T), np.maximum(-X.min(axis=0), X.max(axis=0)))
        sums = _spread_of(X, about)
        if is_far(sums, len(X)):
            about = nearer(sums, len(X), about)
            sums = _spread_of(X, about)
        return standardization_of(sums, len(X), about, labels)

    @classmethod
    def identity(cls, d: int) -> Standardization:
        """Nothing subtracted, divided by 1: the features as they are."""
        return cls(np.zeros(d), np.ones(d))

    @property
    def is_identity(self) -> bool:
        """Whether it leaves every feature as it is."""
        return bool((self.means == 0).all() and (self.scales == 1).all())

    def apply(self, X: FloatArray) -> FloatArray:
        """Z = (X − m) / s, (n, d), a new array.

        Raises:
            DataError: If X has another number of columns.
        """
        if X.ndim != 2 or X.shape[1] != len(self.means):
            raise DataError(f"standardisation: expected X of shape (n, {len(self.means)}), got {X.shape}")
        Z = np.subtract(X, self.means)
        Z /= self.scales
        return Z

    def weights_back(self, weights: ArrayLike, bias: ArrayLike) -> tuple[FloatArray, FloatArray]:
        """Parameters found on Z, in the user's units: they predict the same from X.

        The bias is rounded once, after an exact sum over the rounded weights, so at X = m the prediction is the bias
        on Z but for that rounding, however far m is from zero.

        Args:
            weights: (d,), or (k, d) for k sets of parameters.
            bias: A number, or (k,).

        Raises:
            DataError: On other shapes, or if a parameter leaves float64's range.
        """
        on_Z, biases = self._checked(weights, bias)
        with np.errstate(over="ignore"):
            back = on_Z / self.scales
        return _finite(back), _minus_dot(biases, back, self.means)

    def weights_forward(self, weights: ArrayLike, bias: ArrayLike) -> tuple[FloatArray, FloatArray]:
        """The inverse: parameters in the user's units, as they are on Z.

        Args:
            weights: (d,), or (k, d) for k sets of parameters.
            bias: A number, or (k,).

        Raises:
            DataError: On other shapes, or if a parameter leaves float64's range.
        """
        on_X, biases = self._checked(weights, bias)
        with np.errstate(over="ignore"):
            forward = on_X * self.scales
        return _finite(forward), _minus_dot(biases, on_X, -self.means)

    def _checked(self, weights: ArrayLike, bias: ArrayLike) -> tuple[FloatArray, FloatArray]:
        W, b = np.asarray(weights, dtype=np.float64), np.asarray(bias, dtype=np.float64)
        if W.ndim not in (1, 2) or W.shape[-1] != len(self.means) or b.shape != W.shape[:-1]:
            raise DataError(
                f"parameters: expected weights ({len(self.means)},) and a bias, or (k, {len(self.means)}) and (k,), "
                f"got {W.shape} and {b.shape}"
            )
        return W, b


def _spread_of(X: FloatArray, about: SpreadPoint) -> FloatArray:
    """The sums (4, d) of all rows of X (n, d), a block at a time."""
    blocks = (X[first : first + BLOCK_ROWS].T for first in range(0, len(X), BLOCK_ROWS))
    return merged((spread_sums(list(block), about) for block in blocks), merged_spreads)


class SpreadPoint(NamedTuple):
    """About what the spread is taken: x 2⁻ᵉ − c, with c (d,) near the means, and e (d,) by which squares fit."""

    centre: FloatArray
    exponents: NDArray[np.int64]

    @classmethod
    def near(cls, columns: Sequence[FloatArray], largest: FloatArray) -> SpreadPoint:
        """By the means of a first block of columns (m,), and magnitudes (d,) of about the largest in each column."""
        exponents = np.frexp(largest)[1].astype(np.int64)
        parts = [np.ldexp(column[:BLOCK_ROWS], -e) for column, e in zip(columns, exponents, strict=True)]
        return cls(np.array([part.sum() / len(part) for part in parts]), exponents)


def spread_sums(columns: Sequence[FloatArray], about: SpreadPoint) -> FloatArray:
    """Of d columns (m,) of a block, (4, d): Σ(x − c), Σ(x − c)², −min x and max x, in the units of the point."""
    found = np.empty((4, len(columns)))
    for j, column in enumerate(columns):
        apart = np.ldexp(column, -about.exponents[j])
        found[2:, j] = -apart.min(), apart.max()
        apart -= about.centre[j]
        found[0, j] = apart.sum()
        apart *= apart
        found[1, j] = apart.sum()
    return found


def merged_spreads(left: FloatArray, right: FloatArray) -> FloatArray:
    """Those of both, (4, d) each: sums are added, and of extremes the larger one stays."""
    return np.concatenate([left[:2] + right[:2], np.maximum(left[2:], right[2:])])


def is_far(sums: FloatArray, rows: int) -> bool:
    """Whether a column's spread is lost in its distance from the centre: most of Σ(x − c)² is n times that squared."""
    with np.errstate(invalid="ignore"):
        return bool((sums[0] ** 2 > FAR * rows * sums[1]).any())


def nearer(sums: FloatArray, rows: int, about: SpreadPoint) -> SpreadPoint:
    """The point at the means."""
    return about._replace(centre=about.centre + sums[0] / rows)


def standardization_of(sums: FloatArray, rows: int, about: SpreadPoint, labels: Sequence[str]) -> Standardization:
    """The standardisation by the sums (4, d) of all rows about a point.

    Raises:
        DataError: If a column is constant, or beyond 4e307.
    """
    for j, label in enumerate(labels):
        low, high = math.ldexp(-sums[2, j], int(about.exponents[j])), math.ldexp(sums[3, j], int(about.exponents[j]))
        check_extremes(low, high, label)
    means = nearer(sums, rows, about).centre
    variances = (sums[1] - sums[0] ** 2 / rows) / rows
    # A column of subnormal numbers can have a deviation that rounds to 0; any positive scale serves.
    scales = np.maximum(np.ldexp(np.sqrt(np.maximum(variances, 0.0)), about.exponents), math.ulp(0.0))
    return Standardization(np.ldexp(means, about.exponents), scales)


def check_extremes(low: float, high: float, label: str) -> None:
    """Refuses a column that cannot be standardised, by its smallest and its largest number.

    Raises:
        DataError: With its name.
    """
    if not -LARGEST <= low <= high <= LARGEST:
        raise DataError(
            f"standardisation: expected column {shown(label)} within ±4e307, got {low:g} to {high:g}; "
            "give it in a larger unit"
        )
    if low == high:
        raise DataError(
            f"standardisation: column {shown(label)} is constant ({low:g}), so its weight cannot be told from the "
            "bias; leave it out (features)"
        )


def _minus_dot(biases: FloatArray, weights: FloatArray, means: FloatArray) -> FloatArray:
    """B − Σ w m for each row of weights, rounded once: products as two doubles each, summed by fsum.

    Raises:
        DataError: If a product or a sum leaves float64's range.
    """
    products, errors = _exact_products(weights, means)
    terms = np.concatenate([biases[..., np.newaxis], -products, -errors], axis=-1)
    if not np.isfinite(terms).all():
        raise DataError(_OUT_OF_RANGE)
    try:
        sums = [math.fsum(row) for row in terms.reshape(-1, terms.shape[-1]).tolist()]
    except OverflowError:
        raise DataError(_OUT_OF_RANGE) from None
    return np.array(sums).reshape(biases.shape)


def _exact_products(a: FloatArray, b: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The doubles next to a·b, and what is left over (TwoProduct: Dekker 1971; Ogita, Rump, Oishi 2005, alg. 3.3).

    They are taken of the mantissas, so that nothing on the way leaves the range.
    """
    (a, of_a), (b, of_b) = np.frexp(a), np.frexp(b)
    (a_high, a_low), (b_high, b_low) = _halves(a), _halves(b)
    product = a * b
    error = a_low * b_low - (((product - a_high * b_high) - a_low * b_high) - a_high * b_low)
    with np.errstate(over="ignore"):
        return np.ldexp(product, of_a + of_b), np.ldexp(error, of_a + of_b)


def _halves(mantissa: FloatArray) -> tuple[FloatArray, FloatArray]:
    """A mantissa as the sum of two numbers with at most 26 bits each."""
    high = np.ldexp(np.rint(np.ldexp(mantissa, 26)), -26)
    return high, mantissa - high


_OUT_OF_RANGE = (
    "parameters: expected finite numbers in the user's units, got an overflow: a feature is very small or very large; "
    "give it in another unit"
)


def _finite(parameters: FloatArray) -> FloatArray:
    if not np.isfinite(parameters).all():
        raise DataError(_OUT_OF_RANGE)
    return parameters
