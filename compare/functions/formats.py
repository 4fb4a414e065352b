"""Binary floating-point formats, and arithmetic in them, to nearest and ties to even (IEEE 754-2019, section 4.3).

Numbers of every format are carried as float64, which holds all of them. An operation in a format is the same operation
in float64, rounded once more: for +, −, ×, ÷ and √ of numbers of p bits the first rounding does no harm where
53 ≥ 2p + 2 (Figueroa 1995, "When is double rounding innocuous?"), and float32 has p = 24.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from handgrad.backends.interface import FloatArray, InputError
from handgrad.compare.judge.fused import added_to_odd, fused_multiply_add


@dataclass(frozen=True)
class Format:
    """A binary floating-point format.

    Attributes:
        name: As NumPy, PyTorch and JAX call it.
        precision: p, the bits of the significand, with the one that is not stored.
        largest_exponent: Of the largest finite number, (2 − 2^(1−p)) 2^e.
    """

    name: str
    precision: int
    largest_exponent: int

    @property
    def unit_roundoff(self) -> float:
        """u = 2⁻ᵖ: half the distance from 1 to the next number."""
        return 2.0**-self.precision

    @property
    def last_place(self) -> int:
        """The exponent of the smallest positive number, 2^(1 − e_max − p + 1); all are whole multiples of it."""
        return 2 - self.largest_exponent - self.precision

    @property
    def smallest(self) -> float:
        """The smallest positive (subnormal) number: more than underflow can take."""
        return float(np.ldexp(1.0, self.last_place))

    @property
    def smallest_normal(self) -> float:
        """What is below it has fewer bits; some hardware takes it for 0."""
        return float(np.ldexp(1.0, 1 - self.largest_exponent))

    @property
    def largest(self) -> float:
        """The largest finite number."""
        return float(np.ldexp(2.0 - 2.0 ** (1 - self.precision), self.largest_exponent))

    def spacing(self, values: FloatArray) -> FloatArray:
        """A unit in the last place of each value (float64, any shape); of infinity, the largest number's."""
        _, exponents = np.frexp(np.minimum(np.abs(values), self.largest))
        # frexp has 0.5 ≤ m < 1, so a number of exponent e has its last place at e − p
        exponents = np.where(values == 0, self.last_place, exponents - self.precision)
        places: FloatArray = np.ldexp(1.0, np.maximum(exponents, self.last_place))
        return places

    def round(self, values: FloatArray) -> FloatArray:
        """The numbers of the format nearest to values (float64, any shape); infinite beyond its range."""
        if self.precision == 53:
            return values
        with np.errstate(over="ignore", invalid="ignore", under="ignore"):
            if self.name != "bfloat16":  # NumPy has the others, and rounds from float64 to them at once
                return values.astype(self.name).astype(np.float64)
            place = self.spacing(values)
            near: FloatArray = np.where(np.isfinite(values), np.rint(values / place) * place, values)
            return np.where(np.abs(near) > self.largest, np.copysign(np.inf, near), near)

    def round_sum(self, high: FloatArray, low: FloatArray) -> FloatArray:
        """The numbers of the format nearest to high + low, where high is the double nearest to that sum."""
        return high if self.precision == 53 else self.round(added_to_odd(high, low))

    def total(self, terms: FloatArray) -> FloatArray:
        """The sums (q,) of terms (n, q), from the first to the last, every addition rounded."""
        if self.name != "bfloat16":
            with np.errstate(over="ignore", invalid="ignore"):
                last: FloatArray = np.add.accumulate(terms.astype(self.name), axis=0)[-1].astype(np.float64)
            return last
        total: FloatArray = terms[0]
        for row in terms[1:]:
            total = self.round(total + row)
        return total

    def fused(self, a: FloatArray, b: FloatArray, c: FloatArray) -> FloatArray:
        """A b + c, elementwise and rounded once."""
        if self.precision == 53:
            return fused_multiply_add(a, b, c)
        rounded: FloatArray = self.round(added_to_odd(a * b, c))  # such a product is exact in float64
        return rounded


FORMATS = {
    one.name: one
    for one in (Format("float64", 53, 1023), Format("float32", 24, 127), Format("bfloat16", 8, 127),
                Format("float16", 11, 15))
}  # fmt: skip

#: Bits of the integer types, by NumPy's name: beyond them they wrap around.
INTEGER_BITS = {"bool": 1} | {f"{sign}int{bits}": bits for sign in ("", "u") for bits in (8, 16, 32, 64)}


def format_named(name: str) -> Format:
    """The format of that name.

    Raises:
        InputError: If there is none.
    """
    if name not in FORMATS:
        raise InputError(f"format: expected one of {', '.join(FORMATS)}, got {name!r}")
    return FORMATS[name]
