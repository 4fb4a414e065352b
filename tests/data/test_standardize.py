"""Standardising: centred, of unit spread, and the same predictions on both sides, at any offset and scale."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from handgrad.data.dataset import DataError
from handgrad.data.standardize import Standardization

rng = np.random.default_rng(11)
X = rng.normal(size=(101, 3)) * [1, 100, 0.01] + [0, 1e6, -5]


def exact_moments(column: np.ndarray) -> tuple[Fraction, Fraction]:
    values = [Fraction(v) for v in column.tolist()]
    mean = sum(values) / len(values)
    return mean, sum((v - mean) ** 2 for v in values) / len(values)


@pytest.mark.parametrize("offset", [0.0, 1.0, 1e6, 1e9, 1e15, -1e300])
@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e5])
def test_means_and_scales_are_exact_to_the_last_digits_at_any_offset(offset, scale):
    column = offset + scale * rng.normal(size=997)
    if column.min() == column.max():
        column[::2] = np.nextafter(column[0], 0)
    fitted = Standardization.fit(column[:, np.newaxis])
    mean, variance = exact_moments(column)
    assert abs(Fraction(fitted.means[0]) - mean) <= 2 * Fraction(np.spacing(np.abs(column).max()))
    assert abs(Fraction(fitted.scales[0]) ** 2 / variance - 1) < Fraction(1, 10**12)


@pytest.mark.parametrize("offset", [1e6, 1e9])
def test_the_mean_of_many_rows_far_from_zero_is_the_nearest_double(offset):
    column = offset + np.random.default_rng(0).normal(size=100_000)
    mean, _ = exact_moments(column)
    found = Standardization.fit(column[:, np.newaxis]).means[0]
    assert abs(Fraction(found) - mean) <= Fraction(np.spacing(found)) * Fraction(51, 100)


@pytest.mark.parametrize("exponent", [-1060, -1000, -500, 0, 500, 1000])
def test_a_power_of_two_as_unit_changes_nothing(exponent):
    column = np.arange(1.0, 21)
    plain = Standardization.fit(column[:, np.newaxis])
    scaled = Standardization.fit(np.ldexp(column, exponent)[:, np.newaxis])
    np.testing.assert_allclose(
        np.ldexp(scaled.scales, -exponent), plain.scales, rtol=1e-2 if exponent < -1040 else 1e-15
    )
    np.testing.assert_allclose(np.ldexp(scaled.means, -exponent), plain.means, rtol=1e-3 if exponent < -1040 else 1e-15)
    Z = scaled.apply(np.ldexp(column, exponent)[:, np.newaxis])
    assert abs(Z.mean()) < 1e-2
    assert np.isfinite(Z).all()


def test_the_result_is_centred_and_of_unit_spread():
    Z = Standardization.fit(X).apply(X)
    np.testing.assert_allclose(Z.mean(axis=0), 0, atol=1e-9)
    np.testing.assert_allclose(Z.std(axis=0), 1, rtol=1e-12)


def test_a_constant_column_is_found_where_its_variance_is_not_zero():
    column = np.full(20, 0.1)
    assert np.var(column) > 0
    with pytest.raises(DataError, match="column 'b' is constant"):
        Standardization.fit(np.c_[np.arange(20), column], ["a", "b"])


@pytest.mark.parametrize("value", [1e308, np.inf, np.nan])
def test_a_column_beyond_the_range_is_refused(value):
    with pytest.raises(DataError, match="4e307"):
        Standardization.fit(np.array([[1.0], [value]]))


def test_parameters_predict_the_same_on_both_sides():
    fitted = Standardization.fit(X)
    on_Z, bias = rng.normal(size=3), 4.5
    weights, user_bias = fitted.weights_back(on_Z, bias)
    np.testing.assert_allclose(X @ weights + user_bias, fitted.apply(X) @ on_Z + bias, rtol=1e-9)
    forth, forth_bias = fitted.weights_forward(weights, user_bias)
    np.testing.assert_allclose(forth, on_Z, rtol=1e-14)
    assert forth_bias == pytest.approx(bias, abs=1e-8)


def test_the_bias_in_the_users_units_is_rounded_once():
    fitted = Standardization(means=np.array([1e9 + 0.1, -3e7, 1 / 3]), scales=np.array([7.0, 1e-3, 11.0]))
    on_Z = [1.1, 2.2, 3.3]
    nearly_all = float(np.dot(np.divide(on_Z, fitted.scales), fitted.means))  # cancels to what rounding left over
    for start in (0.7, nearly_all):
        weights, bias = fitted.weights_back(on_Z, start)
        exact = Fraction(start) - sum(Fraction(w) * Fraction(m) for w, m in zip(weights, fitted.means, strict=True))
        assert float(bias) == float(exact) != 0


def test_whole_trajectories_go_back_at_once():
    fitted = Standardization.fit(X)
    weights, biases = rng.normal(size=(7, 3)), rng.normal(size=7)
    back, back_biases = fitted.weights_back(weights, biases)
    for k in range(7):
        one, one_bias = fitted.weights_back(weights[k], biases[k])
        np.testing.assert_array_equal(back[k], one)
        assert back_biases[k] == one_bias


def test_the_identity_changes_nothing():
    identity = Standardization.identity(3)
    assert identity.is_identity
    assert not Standardization.fit(X).is_identity
    np.testing.assert_array_equal(identity.apply(X), X)
    weights, bias = identity.weights_back([1.0, 2, 3], 4.0)
    np.testing.assert_array_equal(weights, [1, 2, 3])
    assert bias == 4


def test_a_weight_beyond_the_range_is_refused():
    fitted = Standardization(means=[0.0], scales=[1e-310])
    with pytest.raises(DataError, match="overflow"):
        fitted.weights_back([1.0], 0.0)


@pytest.mark.parametrize(
    ("action", "says"),
    [
        (lambda s: s.apply(X[:, :2]), r"\(n, 3\)"),
        (lambda s: s.weights_back([1.0], 0.0), r"weights \(3,\)"),
        (lambda s: s.weights_back([[1.0, 2, 3]], 0.0), r"weights \(3,\)"),
        (lambda s: Standardization([1.0], [0.0]), "positive scales"),
        (lambda s: Standardization([1.0], [1.0, 2]), "means"),
        (lambda s: Standardization([np.nan], [1.0]), "finite means"),
    ],
)
def test_wrong_shapes_and_values_are_refused(action, says):
    with pytest.raises(DataError, match=says):
        action(Standardization.fit(X))
