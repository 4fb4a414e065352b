"""Printed numbers: what their digits say, and how many of them an answer agrees with.

A number p printed with its last digit in the place 10ᵉ says p − 10ᵉ/2 ≤ value ≤ p + 10ᵉ/2. An answer agrees with the
first k significant digits where it is within half a unit of the k-th.
"""

from __future__ import annotations

from decimal import Decimal, localcontext
from fractions import Fraction

from handgrad.compare.results.reproduction import Agreement

#: Significant digits that an exact answer is told with.
TOLD_DIGITS = 25


def count(printed: str) -> int:
    """How many significant digits are printed; 0 itself has one."""
    return len(Decimal(printed).as_tuple().digits)


def unit(printed: str, digits: int) -> Fraction:
    """The place of a printed number's so-many-th significant digit, a power of ten."""
    return Fraction(10) ** (Decimal(printed).adjusted() - digits + 1)


def settled(distance: Fraction, printed: str) -> int:
    """How many of the printed digits hold of every value within that distance of the printed one."""
    for digits in range(count(printed), 0, -1):
        if 2 * distance <= unit(printed, digits):
            return digits
    return 0


def shared(value: Fraction, printed: str) -> int:
    """How many of the printed digits an answer agrees with."""
    return settled(abs(value - Fraction(printed)), printed)


def agreement(value: Fraction, printed: str, exact: Fraction, rounding: Fraction) -> Agreement:
    """Whether an answer is the printed number.

    Args:
        value: The answer.
        printed: The number as it is printed.
        exact: The exact answer.
        rounding: How far a correct program may be from it: so far may the answer be, and the printed number, too.
    """
    half = unit(printed, count(printed)) / 2
    apart = abs(value - Fraction(printed))
    if apart <= half:
        return "same"
    explained = abs(value - exact) <= rounding and abs(Fraction(printed) - exact) <= rounding + half
    return "rounding" if explained else "different"


def decimal(value: Fraction, digits: int = TOLD_DIGITS) -> str:
    """The fraction to so many significant digits."""
    with localcontext(prec=digits):
        return str(Decimal(value.numerator) / Decimal(value.denominator))


def root(value: Fraction) -> Fraction:
    """The square root of 0 or more, to twice the digits that are told."""
    with localcontext(prec=2 * TOLD_DIGITS):
        return Fraction((Decimal(value.numerator) / Decimal(value.denominator)).sqrt())
