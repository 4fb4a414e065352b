"""Softmax, logsumexp and square roots with certified digits: every double is told from both ends of an enclosure.

Roots are taken of integers, with a remainder that decides. Exponentials and logarithms are those of Python's `decimal`,
whose documentation promises them correctly rounded in any number of digits, so the error of a sum of them is known
beforehand: with p digits ε = 10^(1−p), and

    eⱼ = exp(xⱼ − m)(1 + θ),   |θ| ≤ (|xⱼ − m| + 2) ε        S = Σ eⱼ, a sum of n positive terms: n ε more

If both ends of what that leaves open round to one double, that is the double nearest to the exact number; otherwise
digits are doubled. This ends: by the theorem of Lindemann and Weierstrass softmax and logsumexp of two numbers and more
are transcendental, or for softmax of equal numbers 1/n, and never halfway between two doubles.
"""

from __future__ import annotations

import math
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal, InvalidOperation, Overflow

import numpy as np

from handgrad.backends.interface import FloatArray
from handgrad.compare.functions.exact import Exact, Rationals, as_arrays, nearest_and_rest

#: Digits to begin with; a double has 17, and what it leaves is told with the others.
DIGITS = 40

#: How precisely a number is known in the end, so that what its double leaves is known to many digits.
PRECISE = Decimal("1e-30")

#: exp(−1500) is below 10⁻⁶⁵¹: half the smallest double is 10⁻³²⁴.
NEGLIGIBLE = Decimal(-1500)

#: More than a million terms that are held at that can add, or their absence take.
OMITTED = Decimal("1e-600")

#: Bits of a root beyond its double.
ROOT_BITS = 192

#: A number, and how far from it the exact one can be.
Uncertain = tuple[Decimal, Decimal]


def roots(squares: Rationals) -> Exact:
    """The square roots of rational numbers, none negative."""
    pairs = [_root(n, squares.denominator) for n in squares.numerators.ravel().tolist()]
    return Exact(*as_arrays(pairs, squares.numerators.shape))


def softmax(rows: FloatArray) -> Exact:
    """exp(xᵢ) / Σⱼ exp(xⱼ), (m, n), of every row of x (m, n), finite."""
    pairs = [pair for row in rows.tolist() for pair in _softmax_of(row)]
    return Exact(*as_arrays(pairs, rows.shape))


def logsumexp(rows: FloatArray) -> Exact:
    """log Σⱼ exp(xⱼ), (m,), of every row of x (m, n), finite."""
    return Exact(*as_arrays([_logsumexp_of(row) for row in rows.tolist()], rows.shape[:1]))


def shares(rows: FloatArray) -> FloatArray:
    """Softmax of every row of x (m, n) as it comes in float64, for the size of a bound."""
    with np.errstate(under="ignore"):
        powers = np.exp(rows - rows.max(axis=1, keepdims=True))
    found: FloatArray = powers / powers.sum(axis=1, keepdims=True)
    return found


def _root(numerator: int, denominator: int) -> tuple[float, float]:
    """The nearest double, and what it leaves: the root lies between two integers over 2ˢ that follow one another."""
    if not numerator:
        return 0.0, 0.0
    shift = max(0, ROOT_BITS + (denominator.bit_length() - numerator.bit_length()) // 2)
    while True:
        square, left = divmod(numerator << 2 * shift, denominator)
        below = math.isqrt(square)
        low = nearest_and_rest(below, 1 << shift)
        if not left and below * below == square:
            return low
        # the root is above `below`, so a tie at the lower end is none
        high = nearest_and_rest(below + 1, 1 << shift)
        if low[0] == high[0]:
            return nearest_and_rest(2 * below + 1, 2 << shift)
        shift *= 2


def _softmax_of(row: list[float]) -> list[tuple[float, float]]:
    if min(row) == max(row):
        return [nearest_and_rest(1, len(row))] * len(row)
    digits, known = DIGITS, list(map(_told, _softmax_in(row, DIGITS)))
    while None in known:
        digits *= 2
        again = _softmax_in(row, digits)
        known = [one or _told(value) for one, value in zip(known, again, strict=True)]
    return [one for one in known if one is not None]


def _logsumexp_of(row: list[float]) -> tuple[float, float]:
    if len(row) == 1:
        return row[0], 0.0
    digits = DIGITS
    while (known := _told(_logsumexp_in(row, digits))) is None:
        digits *= 2
    return known


def _told(value: Uncertain) -> tuple[float, float] | None:
    """The double nearest to an uncertain number, and what it leaves; None where the number may be nearer to another."""
    number, reach = value
    context = _context(len(number.as_tuple().digits) + 20)
    low, high = float(context.subtract(number, reach)), float(context.add(number, reach))
    if low != high or (low and reach > number.copy_abs() * PRECISE):
        return None
    if math.isinf(low):
        return low, 0.0
    return low, float(context.subtract(number, Decimal(low)))


def _softmax_in(row: list[float], digits: int) -> list[Uncertain]:
    context = _context(digits)
    terms, total, error = _powers(row, context)
    quotients = [context.divide(term, total) for term in terms]
    return [(quotient, context.multiply(quotient, error)) for quotient in quotients]


def _logsumexp_in(row: list[float], digits: int) -> Uncertain:
    """m + log S: a relative error of S is an absolute one of log S."""
    context = _context(digits)
    _, total, error = _powers(row, context)
    logarithm = context.ln(total)
    found = context.add(Decimal(max(row)), logarithm)
    rounded = context.multiply(context.add(logarithm.copy_abs(), found.copy_abs()), _epsilon(context))
    return found, context.add(error, rounded)


def _powers(row: list[float], context: Context) -> tuple[list[Decimal], Decimal, Decimal]:
    """exp(xⱼ − m), their sum, and the largest relative error of a quotient of two of these."""
    largest = Decimal(max(row))
    below = [context.subtract(Decimal(x), largest) for x in row]
    terms = [context.exp(max(b, NEGLIGIBLE)) for b in below]
    total = Decimal(0)
    for term in terms:
        total = context.add(total, term)
    # ten times what was derived: the errors' products, and terms held at exp(−1500)
    roundings = Decimal(10 * (2 * (-int(NEGLIGIBLE) + 2) + len(row) + 2))
    return terms, total, context.add(context.multiply(roundings, _epsilon(context)), OMITTED)


def _epsilon(context: Context) -> Decimal:
    return Decimal((0, (1,), 1 - context.prec))


def _context(digits: int) -> Context:
    return Context(prec=digits, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[InvalidOperation, Overflow])
