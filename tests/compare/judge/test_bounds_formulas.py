"""The bounds are those of the formulas in `bounds`, term by term, where each of the terms is the one that counts."""

from __future__ import annotations

import math

import numpy as np
import pytest

from handgrad.compare.judge.bounds import Magnitudes, Sizes, likely_growth, smallest, ulps, worst_growth

#: Few rows, so that n + 2 is not n, and three features; of X, and of y and the parameters. Where these are small,
#: float32's underflow counts as much.
SCALES = {"ordinary": (1.0, 1.0), "near underflow": (1e-22, 1e-22), "a small target": (1.0, 1e-40)}
W, B = [1.5, -0.25, 0.5], 0.75


def made(of_x, of_y):
    rng = np.random.default_rng(5)
    X, y = rng.normal(size=(4, 3)), rng.normal(size=4)
    return X * of_x, y * of_y, [w * of_y / of_x for w in W], B * of_y


def of_roundings(k, dtype):
    """γ_k, the docstring's own."""
    u = 2.0**-53 if dtype == "float64" else 2.0**-24
    return k * u / (1 - k * u)


def lost(dtype, flushed):
    return {
        ("float64", False): 2.0**-1074, ("float64", True): 2.0**-1022,
        ("float32", False): 2.0**-149, ("float32", True): 2.0**-126,
    }[dtype, flushed]  # fmt: skip


def by_rows(X, y, weights, bias, dtype, flushed):
    """Loss, dW, db: the formulas of the docstring, a row at a time."""
    n, d = X.shape
    of_sum, of_residual, eta = of_roundings(n + 2, dtype), of_roundings(d + 2, dtype), lost(dtype, flushed)
    slopes, loss = [0.0] * (d + 1), 0.0
    for row, target in zip(X.tolist(), y.tolist(), strict=True):
        r = abs(math.fsum([*(x * w for x, w in zip(row, weights, strict=True)), bias, -target]))
        size = sum(abs(x * w) for x, w in zip(row, weights, strict=True)) + abs(bias) + abs(target)
        delta = of_residual * size
        for j, x in enumerate([*row, 1.0]):
            slopes[j] += abs(x) * (of_sum * (r + delta) + delta) + eta * (1 + (d + 1) * abs(x))
        loss += of_sum * (r + delta) ** 2 + 2 * r * delta + delta**2
    return [loss / n + 2 * eta, *(2 / n * slope + eta for slope in slopes)]


@pytest.mark.parametrize("flushed", [False, True])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("scale", SCALES)
def test_the_bound_at_a_point_is_the_formula_row_by_row(scale, dtype, flushed):
    X, y, weights, bias = made(*SCALES[scale])
    found = Magnitudes.at(X, y, weights, bias).tolerance(dtype, worst_growth, flushed)
    expected = by_rows(X, y, weights, bias, dtype, flushed)
    np.testing.assert_allclose([found.loss, *found.weights, found.bias], expected, rtol=1e-12)


def test_numbers_below_the_normal_ones_are_kept_unless_it_is_said():
    at = Magnitudes.at(*made(1e-22, 1e-22))
    plain, flushed = (at.tolerance("float32", worst_growth, f) for f in (False, True))
    assert at.tolerance("float32", worst_growth).loss == plain.loss < flushed.loss
    assert smallest("float32") == 2.0**-149
    assert smallest("float32", flushed=True) == 2.0**-126


def slopes_by_sizes(X, y, point, loss, dtype):
    """d + 1 bounds: Σ|xᵢⱼ||rᵢ| by Cauchy and Schwarz from the loss, or by the terms where these are smaller."""
    n, d = X.shape
    of_sum, of_residual, eta = of_roundings(n + 2, dtype), of_roundings(d + 2, dtype), lost(dtype, False)
    found = []
    for column in np.column_stack([X, np.ones(n)]).T:
        rows = zip(np.abs(X) @ np.abs(point[:-1]) + abs(point[-1]) + np.abs(y), np.abs(column), strict=True)
        terms = sum(size * x for size, x in rows)
        residual = min(math.sqrt(n * loss) * math.sqrt((column**2).sum()), terms)
        error = of_residual * terms
        under = eta * (n + (d + 1) * np.abs(column).sum())
        found.append(2 / n * (of_sum * (residual + error) + error + under) + eta)
    return found


def loss_by_sizes(X, y, point, loss, dtype, flushed):
    n, d = X.shape
    of_sum, of_residual = of_roundings(n + 2, dtype), of_roundings(d + 2, dtype)
    sizes = np.abs(X) @ np.abs(point[:-1]) + abs(point[-1]) + np.abs(y)
    error = of_residual * math.sqrt((sizes**2).sum())
    shifted = 2 * math.sqrt(n * loss) * error + error**2
    return (of_sum * (n * loss + shifted) + shifted) / n + 2 * lost(dtype, flushed)


@pytest.mark.parametrize("share", [1e-6, 1.0, 1e6])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("scale", SCALES)
def test_the_bounds_by_sizes_are_the_formula_whatever_the_loss(scale, dtype, share):
    X, y, weights, bias = made(*SCALES[scale])
    point, loss = np.array([*weights, bias]), share * SCALES[scale][1] ** 2
    sizes, points, losses = Sizes.of(X, y), point[np.newaxis], np.array([loss])
    found = sizes.slopes(points, losses, dtype, worst_growth)[0]
    np.testing.assert_allclose(found, slopes_by_sizes(X, y, point, loss, dtype), rtol=1e-12)
    for flushed in (False, True):
        of_loss = sizes.losses(points, losses, dtype, worst_growth, flushed)[0]
        assert of_loss == pytest.approx(loss_by_sizes(X, y, point, loss, dtype, flushed), rel=1e-12, abs=0)
    assert sizes.losses(points, losses, dtype, worst_growth) == sizes.losses(points, losses, dtype, worst_growth, False)


def test_where_a_residual_is_a_large_share_of_the_bound_its_own_error_counts_as_well():
    """In float32 with 10⁶ rows γ is no longer small, so that a product of two such is seen."""
    rows = 3_000_000
    X, y = np.ones((rows, 1)), np.zeros(rows)
    found = Magnitudes.at(X, y, [1.0], 0.0).tolerance("float32", worst_growth)
    of_sum, delta = of_roundings(rows + 2, "float32"), of_roundings(3, "float32")
    assert found.bias == pytest.approx(2 * (of_sum * (1 + delta) + delta), rel=1e-9)
    assert found.loss == pytest.approx(of_sum * (1 + delta) ** 2 + 2 * delta + delta**2, rel=1e-9)
    assert of_sum > 0.2


def coarse(k, dtype):
    """A growth so large that no power of it is lost beside another."""
    return k / 16


def test_every_power_of_the_growth_counts():
    X, y, weights, bias = made(1.0, 1.0)
    n, d = X.shape
    point = np.array([*weights, bias])
    of_sum, of_residual = coarse(n + 2, ""), coarse(d + 2, "")
    r = np.abs(X @ weights + bias - y)
    delta = of_residual * (np.abs(X) @ np.abs(weights) + abs(bias) + np.abs(y))
    found = Magnitudes.at(X, y, weights, bias).tolerance("float64", coarse)
    columns = np.column_stack([np.abs(X), np.ones(n)])
    slopes = 2 / n * (columns.T @ (of_sum * (r + delta) + delta))
    np.testing.assert_allclose([*found.weights, found.bias], slopes, rtol=1e-13)
    assert found.loss == pytest.approx((of_sum * (r + delta) ** 2 + 2 * r * delta + delta**2).mean(), rel=1e-13)
    loss, sizes = float((r**2).mean()), Sizes.of(X, y)
    of_loss = sizes.losses(point[np.newaxis], np.array([loss]), "float64", coarse)[0]
    error = math.sqrt((delta**2).sum())
    shifted = 2 * math.sqrt(n * loss) * error + error**2
    assert of_loss == pytest.approx((of_sum * (n * loss + shifted) + shifted) / n, rel=1e-13)
    with_delta = columns.T @ delta
    with_residual = np.minimum(math.sqrt(n * loss) * np.sqrt((columns**2).sum(axis=0)), with_delta / of_residual)
    expected = 2 / n * (of_sum * (with_residual + with_delta) + with_delta)
    np.testing.assert_allclose(
        sizes.slopes(point[np.newaxis], np.array([loss]), "float64", coarse)[0], expected, rtol=1e-13
    )


def test_a_loss_of_zero_may_have_lost_what_is_below_the_smallest_number():
    X, y, weights, bias = made(1e-150, 1e-150)
    sizes, points = Sizes.of(X, y), np.array([[*weights, bias]])
    exact_fit = sizes.slopes(points, np.array([0.0]), "float64", likely_growth)
    assert np.isfinite(exact_fit).all()
    least = 2 / 4 * likely_growth(6, "float64") * math.sqrt(4 * 2.0**-1074) * math.sqrt(4)
    assert exact_fit[0, -1] >= least


@pytest.mark.parametrize("size", [1e160, 1e308])
def test_what_leaves_the_range_is_bounded_by_infinity_without_a_warning(size):
    X, y, point = np.full((3, 1), size), np.full(3, size), np.array([[1.0, size]])
    assert Magnitudes.at(X, y, [1.0], size).tolerance("float64", worst_growth).loss == math.inf
    assert Sizes.of(X, y).losses(point, np.array([1.0]), "float64", worst_growth)[0] == math.inf


def test_without_a_rest_the_exact_value_is_the_double():
    assert ulps(1.0, 1.0, "float64") == 0
    assert ulps([1.0, -1.0], [1.0, 1.0 + 2**-51], "float64", [0.0, 0.0]).tolist() == [0.0, 2**53 + 2]


def test_a_sum_that_leaves_the_range_only_by_its_rounding_is_bounded_by_infinity_without_a_warning():
    largest = math.sqrt(np.finfo(np.float64).max) * (1 - 1e-9)
    at = Magnitudes.at(np.zeros((1, 1)), np.array([largest]), [0.0], 0.0)
    assert math.isfinite(at.squares[0])
    assert at.tolerance("float64", lambda k, dtype: 2.0).loss == math.inf


def test_losses_whose_sum_leaves_the_range_are_bounded_by_infinity_without_a_warning():
    X, y, weights, bias = made(1.0, 1.0)
    found = Sizes.of(X, y).losses(np.array([[*weights, bias]]), np.array([1.7e308]), "float64", worst_growth)
    assert found[0] == math.inf


def test_what_the_double_leaves_of_the_exact_value_is_part_of_it():
    assert ulps(1 + 2**-52, 1.0, "float64", rest=2**-54) == 0.75
    assert ulps(1 + 2**-52, 1.0, "float64", rest=-(2**-54)) == 1.25


def test_whatever_is_not_finite_is_infinitely_far_away():
    assert ulps([math.inf, 1.0, math.nan, 1.0], [1.0, math.inf, 1.0, math.nan], "float64").tolist() == [math.inf] * 4
