"""Fused multiply-add, a b + c rounded once, on arrays: what the processor's instruction gives, without it.

The product splits into p + e without error (Dekker 1971, "A floating-point technique for extending the available
precision"), and three numbers are added with one rounding by way of rounding to odd (Boldo and Melquiond 2008,
"Emulation of FMA and correctly rounded sums: proved algorithms using rounding to odd"). Exact while nothing overflows
or falls below the normal numbers.
"""

from __future__ import annotations

import numpy as np

from handgrad.backends.interface import FloatArray

#: 2²⁷ + 1, which splits a double into two halves of 26 bits.
SPLITTER = 134217729.0


def fused_multiply_add(a: FloatArray, b: FloatArray, c: FloatArray) -> FloatArray:
    """A b + c for arrays (n,) or any one shape, rounded once to their dtype, which must be one and the same."""
    if c.dtype == np.float32:  # a product of two floats is a double, so only the sum must not be rounded twice
        product = a.astype(np.float64) * b.astype(np.float64)
        return added_to_odd(product, c.astype(np.float64)).astype(np.float32)
    high, low = two_product(a, b)
    middle, rest = two_sum(c, low)
    top, left = two_sum(high, middle)
    total: FloatArray = top + added_to_odd(rest, left)
    return total


def two_sum(a: FloatArray, b: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The rounded sum of arrays of one shape, (n,) or any, and what rounding took from it (Knuth)."""
    total = a + b
    part = total - a
    return total, (a - (total - part)) + (b - part)


def two_product(a: FloatArray, b: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The rounded product of doubles (n,), or any one shape, and what rounding took from it (Dekker)."""
    product = a * b
    (a_high, a_low), (b_high, b_low) = _halves(a), _halves(b)
    return product, a_low * b_low - (((product - a_high * b_high) - a_low * b_high) - a_high * b_low)


def added_to_odd(a: FloatArray, b: FloatArray) -> FloatArray:
    """The sum of doubles (n,); where it is not exact, of the two doubles around it the one whose last bit is 1."""
    total, error = two_sum(a, b)
    even = (np.asarray(total).view(np.int64) & 1) == 0
    beside = np.nextafter(total, np.where(error > 0, np.inf, -np.inf))
    return np.where((error != 0) & even, beside, total)


def _halves(a: FloatArray) -> tuple[FloatArray, FloatArray]:
    scaled = SPLITTER * a
    high = scaled - (scaled - a)
    return high, a - high
