"""Numbers as a reader can use them: the digits that are supported, a unit that fits, and "–" for what is not known.

A digit is shown only when the spread supports it: the last one stands where the half-width of the interval has its
first (*Guide to the Expression of Uncertainty in Measurement*, JCGM 100:2008, 7.2.6). The interval is rounded at the
figure's place, so that what is shown holds what is shown: low ≤ figure ≤ high. Powers of ten have one form everywhere,
`1.2e-8` and `-3e6`: short, and fit to be pasted into a program. Only formulas are set as in a book.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from handgrad.compare.results.reasons import tidy

MISSING = "–"

#: In place of an error in ULPs that would alarm for nothing, and from how many ULPs on.
NEAR_ZERO = "near 0"
ALARMING_ULPS = 1e6

#: Significant digits where no interval says how many there are.
UNSUPPORTED_DIGITS = 2
#: And never more than so many, however narrow the interval is.
MOST_DIGITS = 4
#: Of a pure number there are fewer, as a column of ratios is read by their size; fewest where it is a power of ten.
MOST_RATIO_DIGITS = 3

_SECONDS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))
_BYTES = ((2**40, "TiB"), (2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB"), (1, "B"))


# -- a figure and its interval -----------------------------------------------------------------------------------------


def rounded_to_spread(value: float, low: float | None, high: float | None, most: int) -> tuple[float, int]:
    """The value as it is shown, and with how many significant digits: those that its interval supports.

    There are 1 to `most` of them, and `UNSUPPORTED_DIGITS` without an interval.
    """
    if value == 0 or not math.isfinite(value):
        return value, 1
    half_width = (high - low) / 2 if low is not None and high is not None else 0.0
    if not 0 < half_width < math.inf:
        return _rounded(value, UNSUPPORTED_DIGITS), UNSUPPORTED_DIGITS
    last = _exponent(half_width)
    if last > _exponent(value):  # not even the first digit is sure
        return _rounded(value, 1), 1
    shown = round(value, -last)
    digits = _exponent(shown) - last + 1
    return (shown, digits) if digits <= most else (_rounded(value, most), most)


def seconds(value: float | None, low: float | None = None, high: float | None = None) -> str:
    """Seconds with the unit that fits, as in ``12.3 µs``; with an interval, to the digits that it supports."""
    if value is None or not math.isfinite(value):
        return MISSING
    return _in_unit(*rounded_to_spread(value, low, high, MOST_DIGITS), _SECONDS)


def seconds_between(value: float, low: float, high: float) -> str:
    """The interval around a median: ``11.8–12.9 µs``, to the place at which `seconds` ends; never without the median.

    Where it spans decades, each end has two digits and its own unit, as in ``12 µs–8.0 ms``: at the median's place,
    the one end would be nothing and the other a row of digits that nobody knows.
    """
    return _between(value, low, high, _SECONDS)


def ratio(value: float | None, low: float | None = None, high: float | None = None) -> str:
    """A pure number: ``0.031``, ``2.1``, ``340``, ``1.2e-8``; two digits, or those that its interval supports."""
    if value is None or math.isnan(value):
        return MISSING
    return _pure(*rounded_to_spread(value, low, high, _most_of_ratio(value)))


def ratio_between(value: float, low: float, high: float) -> str:
    """The interval around a pure number, by the rule of `seconds_between`: ``2.08–2.14``."""
    return _between(value, low, high, None)


def times(value: float | None, low: float | None = None, high: float | None = None) -> str:
    """A ratio of two like things: ``2.1×``; with an interval, to the digits that it supports."""
    return MISSING if value is None or math.isnan(value) else f"{ratio(value, low, high)}×"


def percent(fraction: float | None, low: float | None = None, high: float | None = None) -> str:
    """A fraction in hundredths: ``43 %``, ``0.31 %``; with an interval, to the digits that it supports."""
    if fraction is None or math.isnan(fraction):
        return MISSING
    return f"{ratio(100 * fraction, *(None if end is None else 100 * end for end in (low, high)))} %"


_Units = tuple[tuple[float, str], ...]


def _between(value: float, low: float, high: float, units: _Units | None) -> str:
    """The interval of a value that is shown in those units; without any, of a pure number."""
    if not high > low or not all(math.isfinite(end) for end in (value, low, high)):
        return MISSING
    figure, digits = rounded_to_spread(value, low, high, MOST_DIGITS if units else _most_of_ratio(value))
    place = _exponent(figure) - digits + 1
    if _spans_decades(value, low, high, place):
        return _joined(*_ends_apart(figure, low, high, units))
    scale = _unit(figure, units)[0] if units else 1.0
    return _joined(*(_at_place(end, place, scale, figure, units) for end in (low, high)))


def _spans_decades(value: float, low: float, high: float, place: int) -> bool:
    """Whether an interval does not fit its figure's last place: that one is unsure, or an end vanishes there."""
    return value == 0 or _exponent((high - low) / 2) > _exponent(value) or (low > 0 and round(low, -place) == 0)


def _ends_apart(figure: float, low: float, high: float, units: _Units | None) -> Iterator[str]:
    """Both ends to two digits, in units of their own; one that rounding would leave beyond the figure is the figure."""
    for end in (min(_rounded(low, UNSUPPORTED_DIGITS), figure), max(_rounded(high, UNSUPPORTED_DIGITS), figure)):
        yield _in_unit(end, UNSUPPORTED_DIGITS, units) if units else _pure(end, UNSUPPORTED_DIGITS)


def _at_place(end: float, place: int, scale: float, figure: float, units: _Units | None) -> str:
    """An end of an interval rounded to a decimal place, in the unit (or the notation) of the figure."""
    rounded = round(end, -place)  # the figure's place: what is rounded there keeps its order
    if units is None and not _is_plain(figure):
        return _scientific(rounded, max(_exponent(rounded) - place + 1, 1))
    places = max(round(math.log10(scale)) - place, 0)
    return f"{rounded / scale:,.{places}f}" + (f" {_unit(figure, units)[1]}" if units else "")


def _joined(low: str, high: str) -> str:
    """``12–15 µs``, or ``12 µs–8.0 ms`` where the units differ."""
    (start, _, unit), (_, _, other) = low.partition(" "), high.partition(" ")
    return f"{start if unit == other else low}–{high}"


# -- other numbers -----------------------------------------------------------------------------------------------------


def size(value: float | None) -> str:
    """Bytes with a binary unit, at least two digits: ``312 MiB``, ``1.2 GiB``."""
    if value is None or not math.isfinite(value):
        return MISSING
    scale, unit = _unit(value, _BYTES)
    return f"{value:.0f} B" if unit == "B" else f"{_significant(value / scale, 2)} {unit}"


def count(value: int | None) -> str:
    """A whole number with its thousands apart: ``1,000,000``."""
    return MISSING if value is None else f"{value:,}"


def about(value: int) -> str:
    """A whole number to two digits, with its thousands apart: ``1,300``."""
    return count(int(_rounded(float(value), 2)))


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


def relative_within(value: float | None, bound_ratio: float | None) -> str:
    """A relative error beside its error / bound: ``near 0`` for one of 1 and more that rounding explains all the same.

    As in `ulps_within`, the exact value is then nearly 0 beside the terms that it is the sum of.
    """
    explained = bound_ratio is not None and bound_ratio <= 1
    return NEAR_ZERO if explained and value is not None and value >= 1 else ratio(value)


def r2(value: float) -> str:
    """A coefficient of determination: what it lacks of 1 to two digits, as in ``0.52`` and ``0.9955``."""
    lacks = abs(1 - value)
    places = 2 if lacks == 0 or lacks >= 1 else min(1 - _exponent(lacks), 12)
    return f"{value:.{places}f}" if abs(value) < 1e5 else _scientific(value, 2)


def digits(value: float | None) -> str:
    """A number of correct decimal digits: ``15.3``."""
    return MISSING if value is None or math.isnan(value) else f"{value:.1f}"


def number(value: float | None, digits: int = 6) -> str:
    """A parameter or a loss for reading: `digits` significant ones, as a plain decimal where that is short.

    A plain decimal has no fewer digits than its integer part: ``-2107923`` of −2107922.756, not ``-2107920``.
    """
    if value is None or math.isnan(value):
        return MISSING
    if math.isinf(value):
        return _infinite(value)
    if value == 0:
        return "0"
    if not 1e-4 <= abs(value) < 10 ** (digits + 3):
        return _scientific(value, digits)
    digits = max(digits, _exponent(value) + 1)
    return _significant(_rounded(value, digits), digits)


def brief(value: float | None, digits: int = 6) -> str:
    """A setting that a person chose or reads aloud: at most so many digits, no zeros at the end: ``0.01``."""
    if value is None or math.isnan(value):
        return MISSING
    return tidy(f"{value:.{digits}g}") if math.isfinite(value) else _infinite(value)


def full(value: float | None) -> str:
    """All the digits that give the same double back."""
    return MISSING if value is None or not math.isfinite(value) else tidy(repr(value))


def power_of_ten(exponent: int) -> str:
    """``1e-6``; a decimal from ``0.001`` to ``1000``; for the ticks of an axis."""
    return brief(10.0**exponent) if abs(exponent) <= 3 else f"1e{exponent}"


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


def _in_unit(rounded: float, digits: int, units: _Units) -> str:
    """A value of so many digits with the unit that fits it."""
    scale, unit = _unit(rounded, units)
    return f"{_significant(rounded / scale, digits)} {unit}"


def _pure(rounded: float, digits: int) -> str:
    """A pure number of so many digits, as a decimal where that is short."""
    if rounded == 0 or math.isinf(rounded):
        return "0" if rounded == 0 else _infinite(rounded)
    if not _is_plain(rounded):
        return _scientific(rounded, digits)
    return f"{rounded:,.{max(digits - 1 - _exponent(rounded), 0)}f}"


def _most_of_ratio(value: float) -> int:
    return MOST_RATIO_DIGITS if _is_plain(value) else UNSUPPORTED_DIGITS


def _infinite(value: float) -> str:
    return "∞" if value > 0 else "-∞"


def _is_plain(value: float) -> bool:
    """Whether a pure number is short as a decimal."""
    return 1e-4 <= abs(value) <= 1e5


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
    return tidy(f"{value:.{digits - 1}e}")
