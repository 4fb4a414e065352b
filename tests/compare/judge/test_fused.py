"""Fused multiply-add: one rounding, held against rational arithmetic."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from handgrad.backends.exact import rounded
from handgrad.compare.judge.fused import fused_multiply_add, two_product, two_sum

RNG = np.random.default_rng(3)


def cases(dtype):
    """Products that cancel with the third number in all but a few last bits, and ordinary ones."""
    a, b = RNG.normal(size=(2, 4000)).astype(dtype)
    near = -(a * b) * (1 + RNG.choice([0.0, 1e-17, 1e-16, 1e-12, 1e-8, 1e-7, 1e-3, 1.0], size=a.size))
    return a, b, near.astype(dtype)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_product_and_a_sum_are_rounded_once(dtype):
    a, b, c = cases(dtype)
    exact = [Fraction(float(x)) * Fraction(float(y)) + Fraction(float(z)) for x, y, z in zip(a, b, c, strict=True)]
    expected = [rounded(value.numerator, value.denominator, dtype) for value in exact]
    assert fused_multiply_add(a, b, c).tolist() == expected


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_rounding_twice_gives_other_numbers_so_that_the_cases_can_tell(dtype):
    a, b, c = cases(dtype)
    assert (a * b + c != fused_multiply_add(a, b, c)).sum() > 100


def test_sum_and_product_are_split_without_error():
    a, b, _ = cases("float64")
    for split, exact in ((two_sum(a, b), Fraction.__add__), (two_product(a, b), Fraction.__mul__)):
        for x, y, high, low in zip(a, b, *split, strict=True):
            assert Fraction(high) + Fraction(low) == exact(Fraction(x), Fraction(y))


@pytest.mark.parametrize(("dtype", "bits", "half"), [("float64", 52, 30), ("float32", 23, 20)])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_product_just_below_half_of_the_last_place_is_not_rounded_as_a_half(dtype, bits, half, sign):
    """(1 + 2⁻ʰ)(1 − 2⁻ʰ) is a little below 1: half of a last place but for that, so that rounding twice goes up."""
    a = np.array([1 + 2.0**-half], dtype=dtype)
    b = np.array([sign * 2.0 ** -(bits + 1) * (1 - 2.0**-half)], dtype=dtype)
    c = np.array([sign * (1 + 2.0**-bits)], dtype=dtype)
    assert fused_multiply_add(a, b, c) == c
