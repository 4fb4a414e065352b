"""Numbers as a reader can use them: the digits that are supported, a unit that fits, and "–" for what is not known.

A digit is shown only when the spread supports it: the last one stands where the half-width of the interval has its
first (*Guide to the Expression of Uncertainty in Measurement*, JCGM 100:2008, 7.2.6). Signs and exponents are ASCII,
so that what is read can be pasted into a program.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

MISSING = "–"

#: In place of an error in ULPs that would alarm for nothing, and from how many ULPs on.
NEAR_ZERO = "near 0"
ALARMING_ULPS = 1e6

#: Significant digits where no interval says how many there are.
UNSUPPORTED_DIGITS = 2
#: And never more than so many, however narrow the interval is.
MOST_DIGITS = 4

_SECONDS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))
_BYTES = ((2**40, "TiB"), (2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB"), (1, "B"))
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def supported_digits(value: float, low: float, high: float) -> int:
    """How many significant digits of `value` the interval from `low` to `high` supports: 1 to `MOST_DIGITS`."""
    half_width = (high - low) / 2
    if not half_width > 0 or value == 0:
        return UNSUPPORTED_DIGITS if value else 1
    last = _exponent(half_width)
    shown = round(value, -last) or value  # 9.999 ± 0.01 is shown as 10.00, which has a digit more
    return min(max(_exponent(shown) - last + 1, 1), MOST_DIGITS)


def seconds(value: float | None, low: float | None = None, high: float | None = None) -> str:
    """Seconds with the unit that fits, as in ``12.3 µs``; with an interval, to the digits that it supports."""
    if value is None or not math.isfinite(value):
        return MISSING
    digits = UNSUPPORTED_DIGITS if low is None or high is None else supported_digits(value, low, high)
    rounded = _rounded(value, digits)
    scale, unit = _unit(rounded, _SECONDS)
    return f"{_significant(rounded / scale, digits)} {unit}"


def seconds_between(value: float, low: float, high: float) -> str:
    """The interval around a median in the median's unit and to its digits, as in ``12.1–12.6 µs``."""
    if not high > low or not all(math.isfinite(end) for end in (value, low, high)):
        return MISSING
    digits = supported_digits(value, low, high)
    rounded = _rounded(value, digits)
    scale, unit = _unit(rounded, _SECONDS)
    places = max(digits - 1 - _exponent(rounded / scale), 0)
    return f"{low / scale:.{places}f}–{high / scale:.{places}f} {unit}"


def size(value: float | None) -> str:
    """Bytes with a binary unit, at least two digits: ``312 MiB``, ``1.2 GiB``."""
    if value is None or not math.isfinite(value):
        return MISSING
    scale, unit = _unit(value, _BYTES)
    return f"{value:.0f} B" if unit == "B" else f"{_significant(value / scale, 2)} {unit}"


def count(value: int | None) -> str:
    """A whole number with its thousands apart: ``1,000,000``."""
    return MISSING if value is None else f"{value:,}"


def ulps(value: float | None) -> str:
    """An error in units in the last place: two digits below 100, a whole number up to a million, then a power."""
    if value is None or math.isnan(value):
        return MISSING
    if value == 0:
        return "0"
    if value < 100:
        return _significant(_rounded(value, 2), 2).removesuffix(".0")
    return f"{value:,.0f}" if value < 1e6 else _scientific(value, 2)


def ulps_within(value: float | None, bound_ratio: float | None) -> str:
    """An error in ULPs beside its error / bound: ``near 0`` for many ULPs that rounding explains all the same.

    An error within its bound is small beside the terms of the sum. It is a million ULPs of the exact value only where
    these terms cancel: the value is nearly 0, and the distance to the next number with it.
    """
    explained = bound_ratio is not None and bound_ratio <= 1
    return NEAR_ZERO if explained and value is not None and value >= ALARMING_ULPS else ulps(value)


def ratio(value: float | None) -> str:
    """A pure number to two digits: ``0.031``, ``2.1``, ``340``, ``1.2e-08``."""
    if value is None or math.isnan(value):
        return MISSING
    if value == 0:
        return "0"
    if not 1e-4 <= abs(value) < 1e5:
        return _scientific(value, 2)
    rounded = _rounded(value, 2)
    return f"{rounded:,.0f}" if abs(rounded) >= 10 else _significant(rounded, 2)


def times(value: float | None) -> str:
    """A ratio of two like things: ``2.1×``."""
    return MISSING if value is None or math.isnan(value) else f"{ratio(value)}×"


def digits(value: float | None) -> str:
    """A number of correct decimal digits: ``15.3``."""
    return MISSING if value is None or math.isnan(value) else f"{value:.1f}"


def number(value: float | None, digits: int = 6) -> str:
    """A parameter or a loss for reading: `digits` significant ones, as a plain decimal where that is short."""
    if value is None or math.isnan(value):
        return MISSING
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    if value == 0:
        return "0"
    if not 1e-4 <= abs(value) < 10 ** (digits + 3):
        return _scientific(value, digits)
    return _significant(_rounded(value, digits), digits)


def brief(value: float | None) -> str:
    """A setting that a person chose or reads aloud: at most six digits, no zeros at the end: ``0.01``."""
    return MISSING if value is None or math.isnan(value) else f"{value:.6g}"


def full(value: float | None) -> str:
    """All the digits that give the same double back."""
    return MISSING if value is None or not math.isfinite(value) else repr(value)


def power_of_ten(exponent: int) -> str:
    """``10⁻³``, and ``1`` and ``10`` for the first two; for the ticks of an axis."""
    return {0: "1", 1: "10"}.get(exponent, f"10{str(exponent).translate(_SUPERSCRIPTS)}")


def aligned(cells: Sequence[str]) -> list[str]:
    """The cells of one column, padded with spaces on the right so that their decimal points stand in line.

    Where a unit or an exponent differs there is nothing to align: such a column comes back as it was. Words in place
    of a number stay at the right.
    """
    words = (MISSING, NEAR_ZERO)
    if any(" " in cell or "e" in cell for cell in cells if cell not in words):
        return list(cells)
    tails = [len(cell) - cell.index(".") if "." in cell else 0 for cell in cells]
    longest = max(tails, default=0)
    return [cell if cell in words else cell + " " * (longest - tail) for cell, tail in zip(cells, tails, strict=True)]


def _exponent(value: float) -> int:
    """The power of ten of the first digit."""
    return int(f"{abs(value):e}".partition("e")[2])


def _rounded(value: float, digits: int) -> float:
    return float(f"{value:.{digits - 1}e}")


def _unit(value: float, units: tuple[tuple[float, str], ...]) -> tuple[float, str]:
    """The largest unit of which there is at least one; the smallest for what is less."""
    for scale, unit in units:
        if abs(value) >= scale * (1 - 1e-12):  # 1e-6 / 1e-6 may be a bit below 1
            return scale, unit
    return units[-1]


def _significant(value: float, digits: int) -> str:
    if value == 0:
        return "0"
    return f"{value:.{max(digits - 1 - _exponent(value), 0)}f}"


def _scientific(value: float, digits: int) -> str:
    return f"{value:.{digits - 1}e}"
