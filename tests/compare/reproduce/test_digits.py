"""What printed digits say."""

from __future__ import annotations

from fractions import Fraction

import pytest

from handgrad.compare.reproduce.digits import agreement, count, decimal, root, settled, shared


@pytest.mark.parametrize(
    ("printed", "digits"),
    [("0", 1), ("0.01", 1), ("0.0397", 3), ("4.00000", 6), ("7.93e+04", 3), ("9.95e-03", 3), ("-65.328", 5), ("10", 2)],
)
def test_leading_zeros_are_no_digits_and_trailing_ones_are(printed: str, digits: int) -> None:
    assert count(printed) == digits


@pytest.mark.parametrize(
    ("value", "printed", "digits"),
    [
        ("1.2345", "1.2345", 5),
        ("1.23454", "1.2345", 5),
        ("1.23455", "1.2345", 5),  # half a unit is within
        ("1.234551", "1.2345", 4),
        ("1.2339", "1.2345", 3),
        ("1.9", "1.2345", 0),
        ("-1.2345", "1.2345", 0),
        ("0.9996", "1.000", 4),
        ("0.4", "0", 1),
        ("0.6", "0", 0),
        ("79274.8", "7.93e+04", 3),
        ("79200", "7.93e+04", 2),
    ],
)
def test_digits_hold_to_half_a_unit_each(value: str, printed: str, digits: int) -> None:
    assert shared(Fraction(value), printed) == digits


@pytest.mark.parametrize(("rounding", "digits"), [(0.0, 4), (4.9e-4, 4), (5.1e-4, 3), (0.049, 2), (0.4, 1), (4.0, 0)])
def test_rounding_settles_the_digits_whose_half_unit_is_larger(rounding: float, digits: int) -> None:
    assert settled(Fraction(rounding), "1.234") == digits


@pytest.mark.parametrize(
    ("value", "exact", "rounding", "told"),
    [
        ("1.2344", "1.2344", "0", "same"),
        ("1.2352", "1.2352", "0", "different"),  # another last digit, and no rounding to explain it
        ("1.2352", "1.2352", "0.001", "rounding"),
        ("1.2352", "1.2300", "0.001", "different"),  # the answer is too far from the exact one
        ("1.2402", "1.2402", "0.001", "different"),  # the printed number is
        ("1.2390", "1.2341", "0.001", "different"),  # the printed number is near, the answer is not
        ("1.2345", "1.2345", "0", "same"),  # half a unit
        ("1.2344", "9", "0", "same"),  # what is printed is what is printed
    ],
)
def test_an_answer_agrees_by_its_digits_or_because_rounding_explains_it(
    value: str, exact: str, rounding: str, told: str
) -> None:
    assert agreement(Fraction(value), "1.234", Fraction(exact), Fraction(rounding)) == told


def test_an_exact_answer_is_told_to_25_digits() -> None:
    assert decimal(Fraction(1, 3)) == "0." + "3" * 25
    assert decimal(Fraction(-2, 3), 4) == "-0.6667"
    assert decimal(Fraction(0)) == "0"


def test_a_root_is_right_to_more_digits_than_are_told() -> None:
    found = root(Fraction(2))
    assert abs(found * found - 2) < Fraction(1, 10**45)
