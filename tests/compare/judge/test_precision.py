"""Where digits are lost between float32 and float64, and what preparing the columns saves."""

from __future__ import annotations

import math

import nist
import numpy as np
import pytest

from handgrad.compare.judge.precision import correct_digits, precision
from handgrad.compare.judge.table import CheckedTable


def rows(X, y, epochs=200):
    return {(row.dtype, row.preparation): row for row in precision(CheckedTable.of(X, y), epochs).rows}


def test_every_dtype_stands_beside_every_preparation():
    X, y, _ = nist.table("Norris")
    assert len(rows(X, y)) == 6


def test_float32_never_keeps_more_digits_of_the_data_than_it_has():
    X, y, _ = nist.table("Longley")
    found = rows(X, y)
    assert found["float64", "standardised"].data_digits == -math.log10(2.0**-53)
    assert 7 <= found["float32", "standardised"].data_digits <= -math.log10(2.0**-24)


def test_standardising_lowers_the_condition_number_of_longley_by_seven_orders():
    X, y, _ = nist.table("Longley")
    found = rows(X, y)
    assert found["float64", "as given"].condition == pytest.approx(4.86e9, rel=1e-2)
    assert found["float64", "standardised"].condition == pytest.approx(math.sqrt(12_220), rel=1e-3)


def test_standardising_saves_digits_of_normal_equations_and_qr_keeps_more_than_they_do():
    X, y, _ = nist.table("Longley")
    found = rows(X, y)
    raw, standard = found["float64", "as given"], found["float64", "standardised"]
    assert standard.normal_digits > raw.normal_digits + 2
    assert standard.qr_digits > standard.normal_digits
    assert raw.qr_digits > raw.normal_digits


def test_descent_on_norris_arrives_only_when_standardised_and_float32_ends_at_four_digits():
    X, y, _ = nist.table("Norris")
    found = rows(X, y)
    assert found["float64", "standardised"].descent_digits > 10
    assert found["float64", "as given"].descent_digits < 1
    assert 3 < found["float32", "standardised"].descent_digits < 5


def test_dependent_columns_have_no_condition_number():
    x = np.arange(10.0)
    found = rows(np.column_stack([x, 2 * x]), x + 1, epochs=10)
    assert found["float64", "as given"].condition is None


def test_digits_count_the_worst_number():
    assert correct_digits([1.0, 2.002], [1.0, 2.0], "float64") == pytest.approx(3)
    assert correct_digits([1.0], [1.0], "float32") == -math.log10(2.0**-24)
    assert correct_digits([math.nan], [1.0], "float64") == 0
    assert correct_digits([5.0], [1.0], "float64") == 0
    assert correct_digits([0.0, 1.0], [0.0, 1.0], "float64") == -math.log10(2.0**-53)
