"""Exact sums of products, and certified roots, exponentials and logarithms, against fractions and mpmath."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest

from handgrad.compare.functions import irrational
from handgrad.compare.functions.exact import (
    Contract,
    Exact,
    each_with_each,
    each_with_its_own,
    exactly,
    fractions,
    nearest_and_rest,
    products,
)

RNG = np.random.default_rng(5)
NORMAL = RNG.normal(size=(4, 150))
WIDE = 10.0 ** RNG.uniform(-290, 140, (4, 150)) * RNG.choice([-1, 1], (4, 150))
LONG = np.array([[2**62, -(2**61) + 1, 3], [2**64 - 1, 2**63, 7]], dtype=object)


def parts(value: Fraction) -> tuple[float, float]:
    """The nearest double, and the one nearest to what is left, but 0 only where nothing is."""
    nearest = float(value)
    left = value - Fraction(nearest)
    return nearest, float(left) or (left > 0) * 5e-324 - (left < 0) * 5e-324


def summed(left: Any, right: Any) -> Fraction:
    return sum((Fraction(a) * Fraction(b) for a, b in zip(left, right, strict=True)), Fraction(0))


@pytest.mark.parametrize("rows", [NORMAL, WIDE, LONG, np.zeros((2, 3)), np.full((2, 9000), 0.1), np.array([[5e-324]])])
@pytest.mark.parametrize("contract", [each_with_each, each_with_its_own])
def test_products_are_those_of_fractions(rows: Any, contract: Contract) -> None:
    found = exactly(products(rows, rows[::-1], contract))
    lists = rows.tolist()
    if contract is each_with_each:
        expected = [[parts(summed(a, b)) for b in lists[::-1]] for a in lists]
    else:
        expected = [parts(summed(a, b)) for a, b in zip(lists, lists[::-1], strict=True)]
    assert np.array_equal(np.stack([found.nearest, found.rest], axis=-1), np.array(expected))


def test_what_is_left_is_not_zero_unless_nothing_is_left() -> None:
    assert nearest_and_rest(2**60 + 1, 2**1134) == (2.0**-1074, 5e-324)
    assert nearest_and_rest(-(2**1100), 1) == (-math.inf, 0.0)
    assert nearest_and_rest(3, 4) == (0.75, 0.0)


def test_numbers_of_every_kind_are_fractions() -> None:
    from decimal import Decimal

    given = [Fraction(1, 3), 2, 0.5, Decimal("0.1"), mpmath.mpf(3) / 8, np.float32(0.1), np.int64(7)]
    found = fractions(given, (7,))
    expected = [Fraction(1, 3), 2, Fraction(1, 2), Fraction(1, 10), Fraction(3, 8), Fraction(float(np.float32(0.1))), 7]
    assert [Fraction(n, found.denominator) for n in found.numerators.tolist()] == expected


def close(found: Exact, where: Any, true: Any) -> bool:
    """The nearest double, and what it leaves to within 10⁻³⁰ of the number."""
    nearest = float(true)
    left = float(true - mpmath.mpf(nearest))
    return bool(found.nearest[where] == nearest and abs(found.rest[where] - left) <= 1e-30 * abs(nearest) + 1e-323)


@pytest.mark.parametrize("scale", [1e-300, 1e-9, 1.0, 30.0, 800.0, 1e5, 1e300])
def test_softmax_logsumexp_and_roots_are_those_of_mpmath(scale: float) -> None:
    rows = np.random.default_rng(7).normal(size=(2, 12)) * scale
    softmax, logsumexp = irrational.softmax(rows), irrational.logsumexp(rows)
    roots = irrational.roots(products(rows, rows, each_with_its_own))
    with mpmath.workprec(6000):
        for i, row in enumerate(rows.tolist()):
            exact = [mpmath.mpf(x) for x in row]
            powers = [mpmath.exp(x - max(exact)) for x in exact]
            total = mpmath.fsum(powers)
            assert all(close(softmax, (i, j), power / total) for j, power in enumerate(powers))
            assert close(logsumexp, i, max(exact) + mpmath.log(total))
            assert close(roots, i, mpmath.sqrt(mpmath.fsum(x * x for x in exact)))


def test_digits_are_added_until_a_double_is_certain() -> None:
    """Where m and log S cancel, or log S is log of 1 and very little, forty digits are not enough."""
    rows = np.array([[-math.log(2), -math.log(2)], [0.0, -700.0], [0.0, -1e300]])
    found = irrational.logsumexp(rows)
    with mpmath.workprec(6000):
        assert close(found, 0, -mpmath.mpf(math.log(2)) + mpmath.log(2))
        assert close(found, 1, mpmath.log1p(mpmath.exp(-700)))
    assert found.nearest[2] == 0


def test_equal_numbers_and_single_ones_are_no_trouble() -> None:
    assert irrational.softmax(np.full((1, 3), 1e308)).nearest[0].tolist() == [1 / 3] * 3
    assert irrational.logsumexp(np.array([[4.25]])).nearest.tolist() == [4.25]
    assert irrational.roots(products(np.array([[3.0, 4.0]]), np.array([[3.0, 4.0]]), each_with_its_own)).rest[0] == 0
    assert irrational.roots(products(np.zeros((1, 2)), np.zeros((1, 2)), each_with_its_own)).nearest[0] == 0
