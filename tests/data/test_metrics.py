"""Errors and R², against numbers worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from handgrad.data.dataset import DataError
from handgrad.data.metrics import mae, mse, r2

Y = [1.0, 2.0, 3.0, 6.0]
GUESS = [1.5, 2.0, 2.0, 7.0]


def test_the_numbers_of_a_small_example():
    assert mse(Y, GUESS) == (0.25 + 0 + 1 + 1) / 4
    assert mae(Y, GUESS) == (0.5 + 0 + 1 + 1) / 4
    assert r2(Y, GUESS) == pytest.approx(1 - 2.25 / 14)


def test_r2_is_one_for_the_truth_zero_for_the_mean_and_negative_below():
    assert r2(Y, Y) == 1
    assert r2(Y, [3.0] * 4) == 0
    assert r2(Y, [6.0, 3, 2, 1]) < 0


@pytest.mark.parametrize("value", [7.0, 0.1, 0.0])
def test_r2_of_a_constant_is_undefined_whatever_the_predictions(value):
    y = np.full(20, value)
    assert math.isnan(r2(y, y))
    assert math.isnan(r2(y, y + 1))


def test_r2_keeps_its_digits_far_from_zero():
    y = np.array([1.0, 2, 3, 6])
    assert r2(y + 2.0**40, np.array(GUESS) + 2.0**40) == pytest.approx(1 - 2.25 / 14, rel=1e-14)


@pytest.mark.parametrize("metric", [mse, mae, r2])
@pytest.mark.parametrize(("y", "guess"), [([1, 2], [1]), ([[1], [2]], [1, 2]), ([1, 2], [[1], [2]]), ([], []), (1, 1)])
def test_shapes_that_do_not_fit_are_refused(metric, y, guess):
    with pytest.raises(DataError, match="shape"):
        metric(y, guess)


def test_a_diverged_prediction_is_not_hidden():
    assert math.isnan(mse(Y, [1, 2, 3, math.nan]))
    assert mae(Y, [1, 2, 3, math.inf]) == math.inf
