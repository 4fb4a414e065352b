"""Exact sums of products, and how far a given number is from an exact one.

A double is a whole number times a power of two, so a sum of products of doubles is one, too. Rows of few slices go
through BLAS, which takes sums of products of 20 bits without error (Ozaki, Ogita, Oishi, Rump 2012; see
`handgrad.backends.exact`); rows of a wide range, and long integers, through Python's integers.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handgrad.backends.exact_sums import ROWS_AT_ONCE, sliced
from handgrad.backends.interface import FloatArray

#: More slices than this are slower than Python's integers: numbers that differ by more than a factor of 2¹⁰⁰.
MOST_SLICES = 8

#: Of arrays (m, k) and (n, k): all m n products of rows, or with m = n the m of a row with its own.
Contract = Callable[[NDArray[Any], NDArray[Any]], NDArray[Any]]
Slices = list[tuple[int, FloatArray]]


def each_with_each(left: NDArray[Any], right: NDArray[Any]) -> NDArray[Any]:
    """The products (m, n) of every row of left (m, k) with every row of right (n, k)."""
    products: NDArray[Any] = left @ right.T
    return products


def each_with_its_own(left: NDArray[Any], right: NDArray[Any]) -> NDArray[Any]:
    """The products (m,) of the rows of left (m, k) with those of right (m, k)."""
    products: NDArray[Any] = (left * right).sum(axis=1)
    return products


@dataclass(frozen=True, eq=False)
class Rationals:
    """Rational numbers of any size: an array (object) of integers over one positive integer."""

    numerators: NDArray[Any]
    denominator: int

    def __add__(self, other: Rationals) -> Rationals:
        common = math.lcm(self.denominator, other.denominator)
        mine, theirs = common // self.denominator, common // other.denominator
        return Rationals(self.numerators * mine + other.numerators * theirs, common)

    def times(self, factor: Fraction) -> Rationals:
        """All of them, times the same number."""
        return Rationals(self.numerators * factor.numerator, self.denominator * factor.denominator)

    def squared(self) -> Rationals:
        """Each of them."""
        return Rationals(self.numerators**2, self.denominator**2)


def products(left: NDArray[Any], right: NDArray[Any], contract: Contract) -> Rationals:
    """Sums of products of rows, left (m, k) and right (p, k), exactly; float64, or Python's integers (object)."""
    if left.dtype != object and right.dtype != object:
        cut = sliced(left), sliced(right)
        if max(map(len, cut)) <= MOST_SLICES:
            return _by_slices(left, right, cut, contract)
    (a, a_power), (b, b_power) = whole(left), whole(right)
    return _scaled(np.asarray(contract(a, b), dtype=object), a_power + b_power)


def whole(values: NDArray[Any]) -> tuple[NDArray[Any], int]:
    """Integers of any length (object) and a power p: the values are 2ᵖ times these."""
    if values.dtype == object:
        return values, 0
    mantissas, exponents = np.frexp(values)
    least = int(exponents[values != 0].min(initial=2000))
    shifts = np.where(values != 0, exponents - least, 0)
    long = [int(m) << int(s) for m, s in zip(np.ldexp(mantissas, 53).ravel(), shifts.ravel(), strict=True)]
    integers = np.empty(values.size, dtype=object)
    integers[:] = long
    return integers.reshape(values.shape), least - 53


@dataclass(frozen=True, eq=False)
class Exact:
    """Exact real numbers as far as doubles can tell them.

    Attributes:
        nearest: The double nearest to each; infinite beyond their range.
        rest: What that leaves, to within 10⁻³⁰ of the number; of rational numbers, 0 only where nothing is left.
        rationals: The numbers themselves, where they are rational.
    """

    nearest: FloatArray
    rest: FloatArray
    rationals: Rationals | None = None

    def away_from(self, given: FloatArray) -> FloatArray:
        """|given − exact|; NaN where either is not finite."""
        with np.errstate(invalid="ignore", over="ignore"):
            return np.abs((given - self.nearest) - self.rest)


def exactly(rationals: Rationals) -> Exact:
    """Rational numbers as doubles and what they leave."""
    pairs = [nearest_and_rest(n, rationals.denominator) for n in rationals.numerators.ravel().tolist()]
    nearest, rest = as_arrays(pairs, rationals.numerators.shape)
    return Exact(nearest, rest, rationals)


def as_arrays(pairs: Sequence[tuple[float, float]], shape: tuple[int, ...]) -> tuple[FloatArray, FloatArray]:
    """The first of each pair and the second, each in that shape."""
    both = np.array(pairs, dtype=np.float64).reshape(-1, 2)
    return both[:, 0].reshape(shape), both[:, 1].reshape(shape)


def nearest_and_rest(numerator: int, denominator: int) -> tuple[float, float]:
    """The double nearest to a quotient, and the one nearest to what it leaves, which is 0 only if nothing is left."""
    try:
        nearest = numerator / denominator  # correctly rounded for integers of any length
    except OverflowError:
        return (math.inf if numerator > 0 else -math.inf), 0.0
    p, q = nearest.as_integer_ratio()
    left = numerator * q - p * denominator
    rest = left / (denominator * q)
    if left and not rest:
        return nearest, math.ulp(0.0) if left > 0 else -math.ulp(0.0)
    return nearest, rest


def fractions(values: Iterable[Any], shape: tuple[int, ...]) -> Rationals:
    """Numbers of any kind that know their ratio, or that are mpmath's, over one denominator."""
    each = [_fraction(value) for value in values]
    common = math.lcm(*(fraction.denominator for fraction in each))
    numerators = np.empty(len(each), dtype=object)
    numerators[:] = [fraction.numerator * (common // fraction.denominator) for fraction in each]
    return Rationals(numerators.reshape(shape), common)


def _fraction(value: Any) -> Fraction:
    if isinstance(value, Integral):
        return Fraction(int(value))
    if hasattr(value, "man_exp"):  # mpmath's
        mantissa, exponent = value.man_exp
        return int(mantissa) * Fraction(2) ** int(exponent)
    return Fraction(*map(int, value.as_integer_ratio()))


def _by_slices(left: FloatArray, right: FloatArray, cut: tuple[Slices, Slices], contract: Contract) -> Rationals:
    """Every sum that BLAS meets here is an integer of at most 53 bits."""
    sums: defaultdict[int, Any] = defaultdict(int)
    sums[0] = contract(np.zeros_like(left[:, :0]), np.zeros_like(right[:, :0])).astype(np.int64).astype(object)
    for first in range(0, left.shape[1], ROWS_AT_ONCE):
        rows = slice(first, first + ROWS_AT_ONCE)
        for (p, part), (q, other) in product(*cut):
            found = contract(part[:, rows], other[:, rows])
            sums[p + q] = sums[p + q] + found.astype(np.int64).astype(object)
    least = min(sums)
    return _scaled(sum(found * (1 << (power - least)) for power, found in sums.items()), least)


def _scaled(integers: NDArray[Any], power: int) -> Rationals:
    return Rationals(integers * (1 << max(power, 0)), 1 << max(-power, 0))
