"""Standardised features, and parameters carried between them and the user's units.

    Z = (X − m) / s,   ŷ = Z W + b = X W′ + b′   with   W′ = W / s,   b′ = b − Σ m W′

m the column means, s the population standard deviations. Centring comes before squaring, and the sums are corrected by
what is left over (the two-pass algorithm of Chan, Golub and LeVeque 1983, "Algorithms for computing the sample
variance", eq. 1.7), so a column far from zero keeps its digits. Each column is first scaled by a power of two, which
rounds nothing, so that no square overflows or underflows.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from handgrad.data.arrays import FloatArray
from handgrad.data.dataset import DataError
from handgrad.data.errors import shown

#: Beyond it the difference of two values can overflow.
LARGEST = 2.0**1022

#: 2^27 + 1 cuts a double into two halves of 26 bits (Dekker 1971).
SPLITTER = 134217729.0

#: Larger numbers are divided by `SHIFT` before they are cut, and what they are multiplied with is multiplied by it.
SPLITS_BELOW = 2.0**990
SHIFT = 2.0**64


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
        pairs = [_mean_and_scale(column, label) for column, label in zip(X.T, labels, strict=True)]
        return cls(np.array([mean for mean, _ in pairs]), np.array([scale for _, scale in pairs]))

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
        return _finite(back), _finite(_minus_dot(biases, back, self.means))

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
        return _finite(forward), _finite(_minus_dot(biases, on_X, -self.means))

    def _checked(self, weights: ArrayLike, bias: ArrayLike) -> tuple[FloatArray, FloatArray]:
        W, b = np.asarray(weights, dtype=np.float64), np.asarray(bias, dtype=np.float64)
        if W.ndim not in (1, 2) or W.shape[-1] != len(self.means) or b.shape != W.shape[:-1]:
            raise DataError(
                f"parameters: expected weights ({len(self.means)},) and a bias, or (k, {len(self.means)}) and (k,), "
                f"got {W.shape} and {b.shape}"
            )
        return W, b


def _mean_and_scale(column: FloatArray, label: str) -> tuple[float, float]:
    """The mean of a column (n,) and its population standard deviation, which is positive."""
    _, exponent = math.frexp(_largest(column, label))
    mean, deviation = _two_passes(np.ldexp(column, -exponent))
    # A column of subnormal numbers can have a deviation that rounds to 0; any positive scale serves.
    return math.ldexp(mean, exponent), max(math.ldexp(deviation, exponent), math.ulp(0.0))


def _largest(column: FloatArray, label: str) -> float:
    """max |x| of a column (n,) that can be standardised."""
    low, high = float(column.min()), float(column.max())
    if not (math.isfinite(low) and math.isfinite(high)) or max(-low, high) > LARGEST:
        raise DataError(
            f"standardisation: expected column {shown(label)} within ±4e307, got {low:g} to {high:g}; "
            "give it in a larger unit"
        )
    if low == high:
        raise DataError(
            f"standardisation: column {shown(label)} is constant ({low:g}), so its weight cannot be told from the "
            "bias; leave it out (features)"
        )
    return max(-low, high)


def _two_passes(column: FloatArray) -> tuple[float, float]:
    """The mean and the population standard deviation of a column (n,) of numbers of about 1."""
    n = len(column)
    start = column.sum() / n
    mean = start + (column - start).sum() / n
    centred = column - mean
    variance = (centred @ centred - centred.sum() ** 2 / n) / n
    return mean, math.sqrt(variance)


def _minus_dot(biases: FloatArray, weights: FloatArray, means: FloatArray) -> FloatArray:
    """B − Σ w m for each row of weights, rounded once: products split into two doubles each, summed by fsum."""
    large = np.abs(weights) > SPLITS_BELOW  # to be split, it must not be within a factor of 2^27 of the largest double
    with np.errstate(over="ignore", invalid="ignore"):
        weights, means = np.where(large, weights / SHIFT, weights), np.where(large, means * SHIFT, means)
        products = weights * means
        errors = _product_error(weights, means, products)
    terms = np.concatenate([biases[..., np.newaxis], -products, -errors], axis=-1)
    if not np.isfinite(terms).all():
        raise DataError(_OUT_OF_RANGE)
    sums = [math.fsum(row) for row in terms.reshape(-1, terms.shape[-1]).tolist()]
    return np.array(sums).reshape(biases.shape)


def _product_error(a: FloatArray, b: FloatArray, product: FloatArray) -> FloatArray:
    """a·b − fl(a·b), exactly (TwoProduct: Dekker 1971; Ogita, Rump, Oishi 2005, algorithm 3.3)."""
    a_high, a_low = _halves(a)
    b_high, b_low = _halves(b)
    return a_low * b_low - (((product - a_high * b_high) - a_low * b_high) - a_high * b_low)


def _halves(a: FloatArray) -> tuple[FloatArray, FloatArray]:
    """A double as the sum of two with at most 26 bits each (Veltkamp's splitting)."""
    shifted = SPLITTER * a
    high = shifted - (shifted - a)
    return high, a - high


_OUT_OF_RANGE = (
    "parameters: expected finite numbers in the user's units, got an overflow: a feature is very small or very large; "
    "give it in another unit"
)


def _finite(parameters: FloatArray) -> FloatArray:
    if not np.isfinite(parameters).all():
        raise DataError(_OUT_OF_RANGE)
    return parameters
