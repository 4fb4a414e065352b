"""Numbers near the ends of a format: no library's own error, nobody accused falsely, no figure without a meaning."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

import handgrad as hg
from handgrad.compare.judge.hessian import centre, hessian
from handgrad.compare.side_by_side.prepare import Options, prepare
from handgrad.data.dataset import Dataset
from handgrad.reports.compare.figures.drawings import drawings
from handgrad.reports.compare.tables import accuracy

X = np.array([1.0, 2.0, 4.0, 7.0, 3.0, 5.0])
Y = np.array([3.0, 5.0, 9.0, 15.5, 7.0, 12.0])


@pytest.mark.parametrize("power", [-1074 + 10, -1000, -600, -540, 0, 490, 511])
def test_scales_are_those_of_the_numbers_in_another_unit(power: int) -> None:
    means, scales = centre(np.ldexp(X, power)[:, np.newaxis])
    mean = sum(map(Fraction, np.ldexp(X, power).tolist())) / len(X)
    squares = sum((Fraction(x) - mean) ** 2 for x in np.ldexp(X, power).tolist()) / len(X)
    assert abs(Fraction(float(means[0])) - mean) <= Fraction(2) ** -52 * mean + Fraction(2) ** -1074
    assert abs(Fraction(float(scales[0])) ** 2 / squares - 1) < (1e-15 if power > -1020 else 1e-2)


@pytest.mark.parametrize("size", [5e-324, 1e-320, 1e-310, 1e-300, 1e-200, 1e-160, 1e-150, 1e149])
def test_a_hessian_of_numbers_of_any_size_is_finite(size: float) -> None:
    found = hessian(X * size)
    assert np.isfinite(found.eigenvalues).all()
    assert np.isfinite(found.eigenvectors).all()
    if size < 1:  # X as good as 0 beside the ones of the bias
        assert found.largest == pytest.approx(2)


@pytest.mark.parametrize(("size_x", "size_y"), [(1e-300, 1.0), (1e-200, 1e30), (1e-320, 1e-100)])
def test_tiny_features_that_are_left_as_they_are_are_told(size_x: float, size_y: float) -> None:
    with pytest.raises(hg.DataError, match=r"standardise|slope|larger unit|float64"):
        hg.side_by_side(X * size_x, Y * size_y, "python", epochs=3, budget_seconds=0, standardize=False)


@pytest.mark.parametrize(("size_x", "size_y"), [(1e-300, 1.0), (1e-150, 1e-100), (1e148, 1e148)])
def test_features_of_any_size_that_are_standardised_agree(size_x: float, size_y: float) -> None:
    found = hg.side_by_side(X * size_x, Y * size_y, ["numpy", "python"], epochs=3, budget_seconds=0)
    assert found.verdict.passed, found.verdict.reasons


@pytest.mark.parametrize("size", [1e18, 1e30])
def test_squares_beyond_float32_are_told_before_anybody_is_accused(size: float) -> None:
    with pytest.raises(hg.InputError, match=r"^float32: the squared residuals at the start add up to .*larger unit"):
        prepare(Dataset.from_arrays(X, Y * size), Options(dtype="float32"))
    prepare(Dataset.from_arrays(X, Y * size), Options())


def test_a_start_beyond_float64_is_told() -> None:
    with pytest.raises(hg.InputError, match=r"^float64: the squared residuals .*start nearer to 0$"):
        hg.side_by_side(X, Y, "python", weights=[1e200], standardize=False)


def test_no_count_of_ulps_is_shown_of_what_is_nearly_zero() -> None:
    found = hg.side_by_side(X, np.full(6, 5.0), ["numpy", "python"], epochs=5, budget_seconds=0)
    assert found.verdict.passed
    table = accuracy(found)
    ends = [row[3:5] for row in table.rows]
    assert any(cell.strip() == "near 0" for row in ends for cell in row)
    told = " ".join([*(cell for row in table.rows for cell in row), *(drawn.alt for drawn in drawings(found))])
    assert "e+" not in told
    assert "⁺" not in told
    assert "10³" not in told
