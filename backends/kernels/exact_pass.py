"""Inner products of the columns of a table without any error: every product is a whole number, put where it belongs.

A double is m · 2ᵉ, m a whole number of 53 bits and a sign. Sums of products are long integers, one for each pair of
columns, that span all that products of doubles can reach: *limbs* of 64 bits of which each begins 32 bits after the one
before, so that many additions need no carry. Nothing underflows or overflows, since no product is ever a double. Two
ways lead there, block by block of rows:

in digits   Where the numbers of both columns lie in a window of 78 bits in this block, each is three digits of 26 bits.
            Products of digits add up in 64 bits over the whole block, many rows to an instruction.
in whole    Elsewhere the processor's multiplication gives the 106 bits of each product, and those go to the limbs.

Overlapping limbs are those of the small superaccumulator of Neal (2015, "Fast exact summation using small and large
superaccumulators"), to which doubles are added; cutting numbers by the block's largest is that of Ozaki, Ogita, Oishi
and Rump (2012, "Error-free transformations of matrix multiplication by using fast routines of matrix multiplication").
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import types
from numpy.typing import NDArray

from handgrad.backends.kernels.compiling import compiled, inner
from handgrad.backends.kernels.lanes import operation

#: Bits from one limb to the next.
LIMB_BITS = 32
#: Limbs of a sum: 2²¹⁴⁸ and more for the parts below 1, 2²⁰⁴⁸ for those above, and room for 2⁶⁰ rows and the sign.
LIMBS = 134
#: Rows to a block. A whole product adds less than 2⁵² + 2³² to a limb: 2¹⁰ of them stay within 63 bits. So do the
#: products of digits of a block, of which 2⁹ · 3 make a sum.
BLOCK_ROWS = 512
#: Digits of a number, and bits of each: 53 of the mantissa, and 25 by which the exponents of a block may differ.
DIGITS, DIGIT_BITS = 3, 26
#: Bits of a mantissa, and of the part of a product that is added first.
MANTISSA_BITS = 53
#: The exponent field of what is not finite, and that of 2⁰ with the mantissa as a whole number.
NOT_FINITE, OF_ONE = 2047, 1075

Bits = NDArray[Any]


@operation
def upper_half(context: Any, a: Any, b: Any) -> Any:
    """The upper 64 of the 128 bits of a product of two signed whole numbers of 64."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        wide = ir.IntType(128)
        product = builder.mul(*(builder.sext(value, wide) for value in values))
        return builder.trunc(builder.ashr(product, wide(64)), ir.IntType(64))

    return types.int64(types.int64, types.int64), generate


@inner
def taken_apart(table: Bits, first: int, rows: int, mantissas: Bits, exponents: Bits) -> int:
    """The doubles of some rows of a table (n, k), given by their bits, as mantissas · 2^(exponents − 1075), (k, rows).

    Returns 2047 where one is not finite, and else less.
    """
    largest = 0
    for column in range(table.shape[1]):
        for i in range(rows):
            bits = table[first + i, column]
            field = (bits >> 52) & NOT_FINITE
            size = bits & ((1 << 52) - 1)
            if field:
                size |= 1 << 52
            sign = bits >> 63
            mantissas[column, i] = (size ^ sign) - sign
            exponents[column, i] = max(field, 1)
            largest = max(largest, field)
    return largest


@inner
def put(value: int, power: int, limbs: Bits) -> None:
    """Adds value · 2^power, a whole number of 53 bits and a sign, to limbs (LIMBS,)."""
    limb, shift = power >> 5, power & (LIMB_BITS - 1)
    limbs[limb] += (value << shift) & ((1 << LIMB_BITS) - 1)  # what the shift loses stands in the next
    limbs[limb + 1] += value >> (LIMB_BITS - shift)


@inner
def add_products(m: Bits, e: Bits, other_m: Bits, other_e: Bits, rows: int, limbs: Bits) -> None:
    """Adds the products of two columns to limbs (LIMBS,), which count in 2⁻²¹⁴⁸."""
    for i in range(rows):
        power = e[i] + other_e[i] - 2
        low, high = m[i] * other_m[i], upper_half(m[i], other_m[i])
        put(low & ((1 << MANTISSA_BITS) - 1), power, limbs)
        put((high << (64 - MANTISSA_BITS)) | ((low >> MANTISSA_BITS) & 2047), power + MANTISSA_BITS, limbs)


@inner
def put_sum(total: int, power: int, limbs: Bits) -> None:
    """Adds total · 2^power, a whole number of 63 bits and a sign, to limbs (LIMBS,), of less than 2³³ to each."""
    put(total & ((1 << LIMB_BITS) - 1), power, limbs)
    put(total >> LIMB_BITS, power + LIMB_BITS, limbs)


@inner
def cut(m: Bits, e: Bits, rows: int, digits: Bits) -> int:
    """A column's numbers as digits (DIGITS, rows) · 2^(base + 26 k); returns the base, or −1: too far apart."""
    lowest, highest = OF_ONE * 2, 0
    for i in range(rows):
        lowest = min(lowest, e[i] if m[i] else OF_ONE * 2)
        highest = max(highest, e[i] if m[i] else 0)
    if highest - lowest > DIGITS * DIGIT_BITS - MANTISSA_BITS:
        return -1
    for i in range(rows):
        sign = m[i] >> 63
        size, shift = (m[i] ^ sign) - sign, max(e[i] - lowest, 0) & 31
        digits[0, i] = (((size << shift) & (1 << DIGIT_BITS) - 1) ^ sign) - sign
        digits[1, i] = (((size >> (DIGIT_BITS - shift)) & (1 << DIGIT_BITS) - 1) ^ sign) - sign
        digits[2, i] = ((size >> (2 * DIGIT_BITS - shift)) ^ sign) - sign
    return lowest


@inner
def add_numbers(m: Bits, e: Bits, rows: int, limbs: Bits) -> None:
    """Adds a column to limbs (LIMBS,), which count in 2⁻²¹⁴⁸."""
    for i in range(rows):
        put(m[i], e[i] + OF_ONE - 2, limbs)


@inner
def add_digits(a: Bits, rows: int, base: int, limbs: Bits) -> None:
    """Adds a column in digits (DIGITS, rows) to limbs (LIMBS,), which count in 2⁻²¹⁴⁸."""
    s0, s1, s2 = 0, 0, 0
    for i in range(rows):
        s0 += a[0, i]
        s1 += a[1, i]
        s2 += a[2, i]
    power = base + OF_ONE - 2
    put_sum(s0, power, limbs)
    put_sum(s1, power + DIGIT_BITS, limbs)
    put_sum(s2, power + 2 * DIGIT_BITS, limbs)


@inner
def add_digit_products(a: Bits, b: Bits, rows: int, power: int, limbs: Bits) -> None:
    """Adds the products of two columns in digits (DIGITS, rows) to limbs (LIMBS,)."""
    s0, s1, s2, s3, s4 = 0, 0, 0, 0, 0
    for i in range(rows):
        s0 += a[0, i] * b[0, i]
        s1 += a[0, i] * b[1, i] + a[1, i] * b[0, i]
        s2 += a[0, i] * b[2, i] + a[1, i] * b[1, i] + a[2, i] * b[0, i]
        s3 += a[1, i] * b[2, i] + a[2, i] * b[1, i]
        s4 += a[2, i] * b[2, i]
    put_sum(s0, power, limbs)
    put_sum(s1, power + DIGIT_BITS, limbs)
    put_sum(s2, power + 2 * DIGIT_BITS, limbs)
    put_sum(s3, power + 3 * DIGIT_BITS, limbs)
    put_sum(s4, power + 4 * DIGIT_BITS, limbs)


@inner
def carry(limbs: Bits) -> None:
    """Leaves 32 bits in each limb (LIMBS,) but the last, which has the sign."""
    for k in range(LIMBS - 1):
        limbs[k + 1] += limbs[k] >> LIMB_BITS
        limbs[k] &= (1 << LIMB_BITS) - 1


@inner
def add_column(j: int, rows: int, mantissas: Bits, exponents: Bits, digits: Bits, bases: Any, limbs: Bits) -> None:
    """Adds a column, and its products with itself and those behind it, to limbs (k − j + 1, LIMBS)."""
    m, e = mantissas[j], exponents[j]
    if bases[j] < 0:
        add_numbers(m, e, rows, limbs[0])
        carry(limbs[0])
    else:
        add_digits(digits[j], rows, bases[j], limbs[0])
    for k in range(j, len(mantissas)):
        own = limbs[k - j + 1]
        if bases[j] < 0 or bases[k] < 0:
            add_products(m, e, mantissas[k], exponents[k], rows, own)
            carry(own)
        else:
            add_digit_products(digits[j], digits[k], rows, bases[j] + bases[k] - 2, own)


@compiled
def add_block(X: Bits, y: Bits, mantissas: Bits, exponents: Bits, digits: Bits, bases: Bits, limbs: Bits) -> int:
    """Adds the sums of the columns of [X y], X (n, d) and y (n, 1), and of their products, to limbs (sums, LIMBS).

    The doubles are given by their bits, as int64; n is at most 2¹⁶. In the limbs each of the k = d + 1 columns comes as
    Σ z, then as its products with itself and with those behind it. Mantissas and exponents (k, BLOCK_ROWS), bases (k),
    all int64, and digits (k, DIGITS, BLOCK_ROWS), int32, are to work in. Stops at what is not finite: returns 2047.
    """
    columns, largest = len(mantissas), 0
    for first in range(0, len(y), BLOCK_ROWS):
        rows, at = min(BLOCK_ROWS, len(y) - first), 0
        largest = taken_apart(X, first, rows, mantissas, exponents)
        largest = max(largest, taken_apart(y, first, rows, mantissas[columns - 1 :], exponents[columns - 1 :]))
        if largest == NOT_FINITE:
            return largest
        for j in range(columns):
            bases[j] = cut(mantissas[j], exponents[j], rows, digits[j])
        for j in range(columns):
            add_column(j, rows, mantissas, exponents, digits, bases, limbs[at:])
            at += columns - j + 1
    for k in range(len(limbs)):
        carry(limbs[k])
    return largest
