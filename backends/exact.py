"""The judge: loss and gradient without error for the numbers given, rounded once, at the end.

A double is a whole number times a power of two. Over one common power of two the table [X 1 y] is a table of
integers, 2ᵉ Z, and all that loss and gradient know of the data are the inner products of its columns, the
integers G = ZᵀZ:

    L = (1/n) 2²ᵉ vᵀ G v        ∂L/∂vⱼ = (2/n) 2²ᵉ (G v)ⱼ        v = (W, b, −1)

`exact_sums` takes G without error, however many rows there are.

Parameters are whole numbers of a unit so small (2⁻¹²⁸⁰) that every double is a whole number of it. The
gradient at them is exact. A step of descent is rounded to the unit: 385 digits behind the point, so that a
run is the true trajectory.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, reduce
from itertools import chain
from operator import mul, or_
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from handgrad.backends.exact_sums import SHIFT, ExactSums
from handgrad.backends.interface import DType, FloatArray, Gradient, Parameters, Trainer, check_parameters

#: Parameters are whole numbers of 2⁻¹²⁸⁰: the smallest double is 2⁻¹⁰⁷⁴, and 62 digits remain behind it.
UNIT_BITS = 1280
UNITS: int = 2**UNIT_BITS


class Ratios(NamedTuple):
    """Rational numbers over one denominator. Never reduced: that costs more than it saves."""

    numerators: list[int]
    denominator: int

    def fractions(self) -> list[Fraction]:
        """The numbers one by one, numerators over the denominator."""
        return [Fraction(numerator, self.denominator) for numerator in self.numerators]


@dataclass(frozen=True)
class Moments:
    """What the loss on a table knows of it: G = ZᵀZ for [X 1 y] = 2ᵉ Z.

    Attributes:
        gram: (d + 2, d + 2), the integers G.
        shift: −2e, so that the inner products themselves are G / 2^shift.
        rows: n.
    """

    gram: list[list[int]]
    shift: int
    rows: int

    @classmethod
    def of(cls, X: FloatArray, y: FloatArray) -> Moments:
        """Of X (n, d) and y (n,)."""
        return cls.from_sums(ExactSums.of(X, y))

    @classmethod
    def from_sums(cls, sums: ExactSums) -> Moments:
        """Of the rows of which these are the sums, in the largest unit in which they are whole."""
        gram = sums.gram()
        bits = reduce(or_, chain.from_iterable(gram))
        spare = min(SHIFT, (bits & -bits).bit_length() - 1)  # the zeros at the end that all have
        return cls([[number >> spare for number in row] for row in gram], SHIFT - spare, sums.rows)

    def inner(self, left: int, right: int) -> Fraction:
        """The inner product of two columns of [X 1 y]."""
        return Fraction(self.gram[left][right]) / Fraction(2) ** self.shift

    def gradient(self, units: list[int]) -> tuple[Ratios, Ratios]:
        """The loss, and its d + 1 derivatives, at parameters (W, b) in units."""
        v = [*units, -UNITS]
        products = [sum(map(mul, row, v)) for row in self.gram]
        loss = Ratios([sum(map(mul, products, v))], self.denominator(2 * UNIT_BITS))
        return loss, Ratios([2 * product for product in products[:-1]], self.denominator(UNIT_BITS))

    def exactly_at(self, weights: FloatArray, bias: float) -> Gradient:
        """Loss, dW (a list of d) and db at weights (d,) and bias, as fractions, not rounded."""
        loss, slopes = self.gradient([in_units(value) for value in [*weights.tolist(), float(bias)]])
        *d_weights, d_bias = slopes.fractions()
        return Gradient(loss.fractions()[0], d_weights, d_bias)

    def denominator(self, unit_bits: int) -> int:
        """N 2^(shift + unit_bits); the shift is not negative, since the ones are in the table."""
        return self.rows << (self.shift + unit_bits)


class ExactTrainer(Trainer):
    """Rational arithmetic by hand."""

    name = "exact"
    summary = "rational arithmetic, rounded once: the judge"
    kind = "exact"
    by_default = False

    def bind(self, X: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
        """X (n, d) and y (n,) themselves: their numbers are exact as they are."""
        return X, y

    def take(self, X: FloatArray, y: FloatArray, rows: NDArray[np.int64]) -> tuple[FloatArray, FloatArray]:
        """Copies of the rows, (k, d) and (k,)."""
        return X[rows], y[rows]

    def to_own(self, weights: FloatArray, bias: float) -> Parameters:
        """Weights (d,) and bias as whole numbers of units, without error."""
        return Parameters(Ratios([in_units(w) for w in weights.tolist()], UNITS), Ratios([in_units(bias)], UNITS))

    def to_numpy(self, weights: Ratios, bias: Ratios) -> Parameters:
        """Each rounded once to the dtype; beyond its range, infinity."""
        rounded_weights = [rounded(w, weights.denominator, self.dtype) for w in weights.numerators]
        return Parameters(
            np.array(rounded_weights, dtype=self.dtype),
            rounded(bias.numerators[0], bias.denominator, self.dtype),
        )

    def predict(self, X: FloatArray, weights: Ratios, bias: Ratios) -> list[Fraction]:
        """ŷᵢ = Σⱼ xᵢⱼ wⱼ + b for each row of X (n, d), as n fractions."""
        exact_weights, (exact_bias,) = weights.fractions(), bias.fractions()
        return [sum(map(mul, map(Fraction, row), exact_weights), exact_bias) for row in X.tolist()]

    def loss(self, X: FloatArray, y: FloatArray, weights: Ratios, bias: Ratios) -> float:
        """(1/n) vᵀ [X 1 y]ᵀ [X 1 y] v with v = (W, b, −1), (d + 2,), rounded once; in units of y²."""
        return float(self.gradient(X, y, weights, bias).loss)

    def gradient(self, X: FloatArray, y: FloatArray, weights: Ratios, bias: Ratios) -> Gradient:
        """(2/n) [X 1]ᵀ [X 1 y] v with v = (W, b, −1), (d + 2,), as ratios, with the loss rounded once."""
        loss, slopes = self.moments_of(X, y).gradient([*weights.numerators, *bias.numerators])
        *d_weights, d_bias = slopes.numerators
        return Gradient(
            rounded(loss.numerators[0], loss.denominator, self.dtype),
            Ratios(d_weights, slopes.denominator),
            Ratios([d_bias], slopes.denominator),
        )

    def update(self, weights: Ratios, bias: Ratios, gradient: Gradient, learning_rate: float) -> Parameters:
        """W ← W − η dW, b ← b − η db, to the nearest unit; η is the dtype's, as the other backends get it."""
        rate = Fraction(float(np.dtype(self.dtype).type(learning_rate)))
        return Parameters(stepped(weights, gradient.weights, rate), stepped(bias, gradient.bias, rate))

    def exactly_at(self, weights: ArrayLike, bias: float) -> Gradient:
        """Loss, dW (a list of d) and db over all rows at weights (d,) and bias, as fractions, not rounded."""
        return self.moments.exactly_at(*check_parameters(weights, bias, self.features, self.dtype))

    @cached_property
    def moments(self) -> Moments:
        """Those of all rows; taken once."""
        return Moments.of(*self.data)

    def moments_of(self, X: FloatArray, y: FloatArray) -> Moments:
        """The moments of X (n, d) and y (n,): those kept of all rows, or those of a batch, taken anew."""
        return self.moments if y is self.data[1] else Moments.of(X, y)


def in_units(value: float) -> int:
    """A double in units of 2⁻¹²⁸⁰."""
    numerator, denominator = value.as_integer_ratio()
    return numerator * (UNITS // denominator)


def stepped(values: Ratios, slopes: Ratios, rate: Fraction) -> Ratios:
    """Values − rate · slopes, to the nearest unit."""
    whole = rate.denominator * (slopes.denominator // UNITS)  # see Moments.denominator: UNITS divides it
    moved = [
        v - (2 * rate.numerator * s + whole) // (2 * whole)
        for v, s in zip(values.numerators, slopes.numerators, strict=True)
    ]
    return Ratios(moved, values.denominator)


def rounded(numerator: int, denominator: int, dtype: DType) -> float:
    """The dtype's number next to numerator / denominator (> 0), ties to even; beyond its range, infinity."""
    try:
        nearest = numerator / denominator  # correctly rounded for integers of any length
    except OverflowError:
        return math.inf if numerator > 0 else -math.inf
    if dtype == "float64":
        return nearest
    with np.errstate(over="ignore", under="ignore"):
        return float(np.float32(_to_odd(nearest, numerator, denominator)))


def _to_odd(nearest: float, numerator: int, denominator: int) -> float:
    """The double beside an inexact quotient whose last bit is 1, so that rounding it again rounds only once.

    Source: Boldo and Melquiond (2008), "Emulation of FMA and correctly rounded sums: proved algorithms using
    rounding to odd".
    """
    p, q = nearest.as_integer_ratio()
    above = numerator * q - p * denominator
    if above == 0 or math.frexp(nearest)[0] * 2**53 % 2:
        return nearest
    return math.nextafter(nearest, math.inf if above > 0 else -math.inf)
