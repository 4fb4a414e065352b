"""A digit is shown when the spread supports it, and not otherwise."""

from __future__ import annotations

import math
import random
from decimal import Decimal

import pytest

from handgrad.reports.look import numbers


@pytest.mark.parametrize(
    ("value", "low", "high", "expected"),
    [
        (1.2346e-5, 1.2295e-5, 1.2395e-5, "12.35 µs"),  # ± 0.05 µs: hundredths
        (1.2345e-5, 1.18e-5, 1.29e-5, "12.3 µs"),  # ± 0.55 µs: tenths
        (1.2345e-5, 0.9e-5, 1.6e-5, "12 µs"),  # ± 3.5 µs: whole ones
        (1.2345e-5, 0.1e-5, 4e-5, "10 µs"),  # ± 20 µs: not even the first digit is sure
        (1.23456789, 1.234567, 1.234568, "1.235 s"),  # never more than four
        (9.9999e-4, 9.9e-4, 1.01e-3, "1.00 ms"),  # rounding moves it into the next unit
        (9.999e-7, None, None, "1.0 µs"),
        (1.5e-10, None, None, "0.15 ns"),
        (90.0, None, None, "90 s"),
        (0.0, 0.0, 0.0, "0 ns"),
        (None, None, None, "–"),
        (math.nan, None, None, "–"),
    ],
)
def test_seconds_show_the_digits_that_the_interval_supports(value, low, high, expected):
    assert numbers.seconds(value, low, high) == expected


@pytest.mark.parametrize("value", [3e-9, 4.4e-7, 8.1e-5, 0.0123, 7.7])
@pytest.mark.parametrize("relative", [1e-6, 1e-3, 0.02, 0.3, 2.0])
def test_seconds_shown_lie_within_a_unit_of_the_last_supported_place(value, relative):
    half_width = value * relative
    text = numbers.seconds(value, value - half_width, value + half_width)
    figure, unit = text.split()
    scale = {"s": 1, "ms": 1e-3, "µs": 1e-6, "ns": 1e-9}[unit]
    assert abs(float(figure) * scale - value) <= max(half_width, value * 5e-4)


def test_an_interval_has_the_unit_and_the_digits_of_its_median():
    assert numbers.seconds_between(6.42e-6, 6.2916e-6, 6.5484e-6) == "6.3–6.5 µs"
    assert numbers.seconds_between(1.1e-3, 0.85e-3, 1.3e-3) == "0.8–1.3 ms"
    assert numbers.seconds_between(1.234e-6, 1.209e-6, 1.259e-6) == "1.21–1.26 µs"


@pytest.mark.parametrize(
    ("value", "low", "high", "figure", "interval"),
    [
        (54e-6, 52e-6, 79e-6, "50 µs", "50–80 µs"),  # seen: 50 µs, 52–79
        (90.2e-6, 12.2e-6, 7969e-6, "90 µs", "12 µs–8.0 ms"),  # seen: 90 µs, 12–7969
        (503e-6, 107e-6, 20199e-6, "500 µs", "110 µs–20 ms"),  # seen: 500 µs, 107–20199
        (94e-6, 93e-6, 8e-3, "90 µs", "90 µs–8.0 ms"),  # the low end, too, is no nearer than the figure shows
        (9.6e-6, 0.1e-6, 9.7e-6, "10 µs", "100 ns–10 µs"),
        (995e-6, 984e-6, 1.006e-3, "1.00 ms", "0.98–1.01 ms"),
        (12e-6, 0.3e-6, 24e-6, "10 µs", "300 ns–24 µs"),
        (0.0, 0.0, 1e-6, "0 ns", "0 ns–1.0 µs"),
        (1.5, 1.2, math.inf, "1.5 s", "–"),
    ],
)
def test_an_interval_holds_its_figure_and_a_wide_one_is_shown_as_wide(value, low, high, figure, interval):
    assert numbers.seconds(value, low, high) == figure
    assert numbers.seconds_between(value, low, high) == interval


def amounts(text: str) -> list[Decimal]:
    """What is shown, read again: both ends of an interval or one figure, in seconds or as a pure number."""
    scales = {"s": 0, "ms": -3, "µs": -6, "ns": -9, "": 0}
    parts = [part.replace(",", "").partition(" ") for part in text.split("–")]
    unit = parts[-1][2]
    return [Decimal(figure).scaleb(scales[own or unit]) for figure, _, own in parts]


@pytest.mark.parametrize("pure", [False, True])
@pytest.mark.parametrize("seed", range(40))
def test_what_is_shown_of_an_interval_always_holds_what_is_shown_of_its_figure(seed: int, pure: bool):
    draw = random.Random(seed)
    show, between = (numbers.ratio, numbers.ratio_between) if pure else (numbers.seconds, numbers.seconds_between)
    for _ in range(250):
        value = 10 ** draw.uniform(-11, 7)
        below = draw.choice([0.0, draw.random(), 1 - 10 ** draw.uniform(-6, 0), 10 ** draw.uniform(-8, 0)])
        above = draw.choice([1e-6, draw.random(), 10 ** draw.uniform(-8, 6)])
        low, high = value * (1 - below), value * (1 + above)
        (figure,) = amounts(show(value, low, high))
        shown_low, shown_high = amounts(between(value, low, high))
        assert shown_low <= figure <= shown_high, (value, low, high)
        for shown, end in ((shown_low, low), (shown_high, high)):  # no end is moved farther than the spread excuses
            assert abs(float(shown) - end) <= max((high - low) / 2 * 1.01, 6e-2 * value if pure else 6e-4 * value), (
                value,
                low,
                high,
            )
        assert shown_low > 0 or low < 1e-12


@pytest.mark.parametrize(
    ("value", "low", "high", "figure", "interval"),
    [
        (33.46, 33.21, 33.72, "33.5", "33.2–33.7"),
        (2.14, 1.6, 2.7, "2.1", "1.6–2.7"),
        (2.14, 0.02, 60.0, "2", "0.020–60"),
        (12345.0, 12300.0, 12400.0, "12,300", "12,300–12,400"),
        (1.234e-8, 0.98e-8, 1.5e-8, "1.2e-8", "1.0e-8–1.5e-8"),
        (1.234e6, 1.23e6, 1.24e6, "1.2e6", "1.2e6–1.2e6"),
    ],
)
def test_a_ratio_has_the_digits_that_its_interval_supports(value, low, high, figure, interval):
    assert numbers.ratio(value, low, high) == figure
    assert numbers.times(value, low, high) == f"{figure}×"
    assert numbers.ratio_between(value, low, high) == interval


def test_hundredths_have_the_digits_of_their_interval():
    assert numbers.percent(0.4312) == "43 %"
    assert numbers.percent(0.4312, 0.4302, 0.4322) == "43.1 %"
    assert numbers.percent(None) == "–"


def test_one_sample_has_no_interval():
    assert numbers.seconds_between(1.1e-3, 1.1e-3, 1.1e-3) == "–"
    assert numbers.seconds_between(1.1e-3, math.nan, 1.3e-3) == "–"


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (200 << 20, "200 MiB"), (8 << 30, "8.0 GiB"), (None, "–")],
)
def test_sizes_are_in_binary_units(value, expected):
    assert numbers.size(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, "0"),
        (0.5, "0.50"),
        (1, "1"),
        (2.04, "2"),
        (12.3, "12"),
        (99.7, "100"),
        (1234.4, "1,234"),
        (4.1e10, "4.1e10"),
    ],
)
def test_ulps_are_short_and_never_hide_that_they_are_not_zero(value, expected):
    assert numbers.ulps(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, "0"),
        (0.031, "0.031"),
        (2.14, "2.1"),
        (343, "340"),
        (99999, "100,000"),
        (1.2e-8, "1.2e-8"),
        (8.1e8, "8.1e8"),
    ],
)
def test_ratios_have_two_digits(value, expected):
    assert numbers.ratio(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.0, "0"),
        (2.0, "2.00000"),
        (-334.56713852, "-334.567"),
        (1.2e-7, "1.20000e-7"),
        (5e12, "5.00000e12"),
        (123456789.0, "123456789"),
        (math.inf, "∞"),
        (-math.inf, "-∞"),
        (math.nan, "–"),
        (None, "–"),
    ],
)
def test_parameters_have_six_digits(value, expected):
    assert numbers.number(value) == expected


@pytest.mark.parametrize("value", [0.1 + 0.2, 1 / 3, -5e-324, 1.7976931348623157e308])
def test_all_digits_give_the_same_double_back(value):
    assert float(numbers.full(value)) == value


@pytest.mark.parametrize(
    "show", [numbers.ratio, numbers.ulps, numbers.times, numbers.brief, numbers.full, numbers.size]
)
def test_what_is_not_known_is_a_dash(show):
    assert show(None) == numbers.MISSING
    assert show(math.nan) == numbers.MISSING


def test_decimal_points_of_a_column_stand_in_line():
    cells = numbers.aligned(["36", "1.0", "0.19", "–"])
    width = max(map(len, cells))
    points = {cell.rjust(width).find(".") for cell in cells if "." in cell}
    assert len(points) == 1
    assert cells[0].rjust(width).rstrip().endswith("36")
    assert len(cells[0].rjust(width).rstrip()) == points.pop()


def test_columns_of_unlike_units_stay_as_they_are():
    assert numbers.aligned(["1.2 µs", "3 ms"]) == ["1.2 µs", "3 ms"]


@pytest.mark.parametrize(
    ("exponent", "expected"), [(0, "1"), (1, "10"), (2, "100"), (-3, "0.001"), (-4, "1e-4"), (-13, "1e-13")]
)
def test_powers_of_ten_are_written_as_everywhere(exponent, expected):
    assert numbers.power_of_ten(exponent) == expected


@pytest.mark.parametrize(
    ("ulps", "bound_ratio", "expected"),
    [
        (1.2e15, 0.3, "near 0"),
        (math.inf, 0.3, "near 0"),
        (1e6, 1.0, "near 0"),
        (9.9e5, 0.3, "990,000"),
        (1.2e15, 1.01, "1.2e15"),  # beyond the bound: nothing excuses it
        (1.2e15, math.nan, "1.2e15"),
        (1.2e15, None, "1.2e15"),
        (None, 0.3, "–"),
        (math.nan, 0.3, "–"),
        (0.5, 0.3, "0.50"),
    ],
)
def test_only_an_error_that_rounding_explains_is_said_to_be_near_zero(ulps, bound_ratio, expected):
    assert numbers.ulps_within(ulps, bound_ratio) == expected


def test_words_in_a_column_leave_its_points_in_line():
    assert numbers.aligned(["1.25", "near 0", "3", "–"]) == ["1.25", "near 0", "3   ", "–"]


def test_a_plain_number_has_no_fewer_digits_than_its_integer_part():
    assert numbers.number(-2107922.756) == "-2107923"
    assert numbers.number(1234567890.0) == "1.23457e9"
    assert numbers.number(65.0) == "65.0000"


@pytest.mark.parametrize(
    ("value", "told"), [(0.52, "0.52"), (0.995479, "0.9955"), (1.0, "1.00"), (-3.25, "-3.25"), (-1e9, "-1.0e9")]
)
def test_r2_shows_two_digits_of_what_it_lacks(value, told):
    assert numbers.r2(value) == told
