"""What trainers are given becomes arrays of one dtype, without a number changed; the contract holds what is refused."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pytest

from handgrad.backends.inputs import InputError, check_data, check_parameters
from handgrad.data.errors import DataError


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_arrays_of_the_dtype_are_not_copied(dtype: Any) -> None:
    X, y = np.ones((3, 2), dtype), np.ones(3, dtype)
    for given, checked in zip((X, y), check_data(X, y, dtype), strict=True):
        assert np.shares_memory(given, checked)


@pytest.mark.parametrize(
    "column",
    [
        [Decimal("0.5"), Fraction(1, 4), np.bool_(True)],
        np.ma.masked_equal([0.5, 0.25, 1.0], 7.0),
        pd.array([0.5, 0.25, 1], dtype="Float64"),
        np.array([0.5, 0.25, 1.0], dtype=">f4"),
        np.array([0.5, 0.25, 1.0], dtype=np.longdouble),
    ],
    ids=str,
)
def test_numbers_of_any_kind_are_numbers(column: Any) -> None:
    X, _ = check_data(column, [1, 2, 3], "float64")
    assert X.tolist() == [[0.5], [0.25], [1.0]]


@pytest.mark.parametrize("integers", [np.array([1, 2**53 + 1]), [1, 2**70 + 1], np.array([2**64 - 1, 1], np.uint64)])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_an_integer_that_float64_would_change_is_refused(integers: Any, dtype: Any) -> None:
    with pytest.raises(InputError, match=r"^y at row [01]: '\d+' has more digits than float64 holds"):
        check_data([1, 2], integers, dtype)
    check_data([1, 2], [2**53, 2**70], dtype)


@pytest.mark.parametrize(
    ("X", "said"),
    [
        ([[1, 2], [3, None]], "X: expected finite float64 numbers, got None at row 1, column 1 (1 such in all)"),
        (pd.DataFrame({"a": [1, None]}, dtype="Int64"), "X: expected finite float64 numbers, got "),
        ([["1.5"], ["2"]], "X: expected numbers, got '1.5' (str) at row 0, column 0; turn it into numbers"),
        (np.array([[1, "two"]], dtype=object), "X: expected numbers, got 'two' (str) at row 0, column 1"),
        ("rows", "X: expected numbers, got 'rows' (str); turn"),
        ([b"1", b"2"], "X: expected numbers, got \"b'1'\" (bytes) at row 0"),
        ([["x" * 1000]], "X: expected numbers, got 'xxx"),
    ],
)  # fmt: skip
def test_what_is_no_number_is_told_with_its_place(X: Any, said: str) -> None:
    with pytest.raises(InputError) as caught:
        check_data(X, [1, 2], "float64")
    assert str(caught.value).startswith(said)
    assert len(str(caught.value)) < 250


def test_a_start_of_large_integers_is_refused_as_data_is() -> None:
    with pytest.raises(InputError, match="weights at row 0: '9007199254740993' has more digits"):
        check_parameters([2**53 + 1], 0.0, 1, "float64")
    assert check_parameters([2**53], 2**60, 1, "float64").bias == 2.0**60


def test_who_catches_data_that_cannot_be_used_catches_it_here_too() -> None:
    assert issubclass(InputError, DataError)
