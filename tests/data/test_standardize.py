"""Standardising: centred, of unit spread, and the same predictions on both sides, at any offset and scale."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from handgrad.data import standardize
from handgrad.data.dataset import DataError
from handgrad.data.standardize import (
    SpreadPoint,
    Standardization,
    is_far,
    merged_spreads,
    nearer,
    spread_sums,
    standardization_of,
)

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
    mean = Fraction(sum(map(int, np.ldexp(column, 60).tolist())), 2**60 * len(column))
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
    weights, biases = rng.normal(size=(5, 3)), rng.normal(size=5)
    back, back_biases = fitted.weights_back(weights, biases)
    for k in range(5):
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


@pytest.mark.parametrize("shape", [(0, 2), (3,), (2, 2, 2)])
def test_what_is_no_table_of_rows_is_refused(shape):
    with pytest.raises(DataError, match=r"X of shape \(n, d\) with n ≥ 1"):
        Standardization.fit(np.zeros(shape))


def test_a_single_row_is_constant():
    with pytest.raises(DataError, match="is constant"):
        Standardization.fit(np.array([[1.0, 2.0]]))


def test_the_identity_is_that_in_every_feature():
    assert not Standardization(np.array([0.0, 1.0]), np.ones(2)).is_identity
    assert not Standardization(np.zeros(2), np.array([1.0, 2.0])).is_identity
    assert Standardization(np.zeros(2), np.ones(2)).is_identity


@pytest.mark.parametrize("scale", [np.inf, np.nan, -1.0])
def test_a_scale_that_is_none_is_refused(scale):
    with pytest.raises(DataError, match="positive scales"):
        Standardization(np.zeros(2), np.array([1.0, scale]))


@pytest.mark.parametrize("mean", [1.1e301, -3.3e307, 5e-324])
def test_a_mean_of_any_size_is_moved_into_the_bias(mean):
    weights, bias = Standardization(means=[mean, 1.0], scales=[1.0, 1.0]).weights_back([1.7, 0.3], 0.25)
    assert float(bias) == float(Fraction(0.25) - Fraction(1.7) * Fraction(mean) - Fraction(0.3))
    assert weights.tolist() == [1.7, 0.3]


def test_a_sum_that_leaves_the_range_is_told():
    fitted = Standardization(means=[4e307, 4e307], scales=[1.0, 1.0])
    for weights in ([4.0, 4.0], [-4.0, -4.0], [[1.0, 1.0], [4.0, 4.0]]):
        with pytest.raises(DataError, match="overflow"):
            fitted.weights_back(weights, np.zeros(np.shape(weights)[:-1]))


def test_products_are_exact():
    pairs = np.random.default_rng(3).normal(size=(2, 1000)) * 10.0 ** np.random.default_rng(4).integers(-9, 9, 1000)
    for mean, weight in pairs.T.tolist():
        _, bias = Standardization(means=[mean], scales=[1.0]).weights_back([weight], weight * mean)
        assert float(bias) == float(Fraction(weight * mean) - Fraction(weight) * Fraction(mean))


@pytest.mark.parametrize("power", [-300, 0, 900, 1000])
def test_the_bias_is_rounded_once_whatever_the_size_of_the_weights(power):
    fitted = Standardization(means=[1 / 3, -1 / 7], scales=[1.0, 3.0])
    weights, bias = fitted.weights_back(np.ldexp([1.1, -2.3], power), np.ldexp(0.7, power))
    exact = Fraction(np.ldexp(0.7, power)) - sum(
        Fraction(w) * Fraction(m) for w, m in zip(weights.tolist(), fitted.means.tolist(), strict=True)
    )
    assert float(bias) == float(exact)


@pytest.mark.parametrize(
    "column", [[-8.0, 1.0], [-1.0, 8.0], [-8.0, -1.0], [1.0, 8.0], [-(2.0**-1000), 8.0], [-8.0, 2.0**-1000]]
)
def test_the_largest_number_may_be_negative(column):
    fitted = Standardization.fit(np.ldexp(np.array(column)[:, np.newaxis], 1018))
    half = (column[1] - column[0]) / 2
    assert fitted.means[0] == np.ldexp((column[0] + column[1]) / 2, 1018)
    assert fitted.scales[0] == np.ldexp(half, 1018)


def test_one_of_many_parameters_that_leaves_the_range_is_told():
    fitted = Standardization(means=[1e300, 0.0], scales=[1.0, 1.0])
    with pytest.raises(DataError, match="overflow"):
        fitted.weights_back([1e300, 1.0], 0.0)
    with pytest.raises(DataError, match="overflow"):
        fitted.weights_back([[1.0, 1.0], [1e300, 1.0]], [0.0, 0.0])


def test_one_of_many_weights_that_leaves_the_range_is_told():
    fitted = Standardization(means=[0.0, 0.0], scales=[1e-310, 1.0])
    for weights in ([1.0, 1.0], [[0.0, 1.0], [1.0, 1.0]]):
        with pytest.raises(DataError, match="overflow"):
            fitted.weights_back(weights, np.zeros(np.shape(weights)[:-1]))
    with pytest.raises(DataError, match="overflow"):
        Standardization(means=[0.0, 0.0], scales=[1.0, 1e300]).weights_forward([1.0, 1e300], 0.0)


def test_a_spread_that_rounding_makes_negative_is_the_least_positive_scale():
    sums = np.array([[1.0], [np.nextafter(0.1, 0)], [0.0], [1.0]])
    fitted = standardization_of(sums, 10, SpreadPoint(np.zeros(1), np.zeros(1, dtype=np.int64)), ["a"])
    assert (fitted.means.tolist(), fitted.scales.tolist()) == ([0.1], [5e-324])


def test_a_feature_far_from_zero_costs_no_warning():
    weights, bias = Standardization(means=[1e300], scales=[2.0]).weights_back([4.0], 0.0)
    assert (weights.tolist(), float(bias)) == ([2.0], -2e300)


def test_a_parameter_that_leaves_the_range_on_the_way_forth_is_told():
    with pytest.raises(DataError, match="overflow"):
        Standardization(means=[0.0], scales=[1e300]).weights_forward([1e300], 0.0)


@pytest.mark.parametrize("column", [[-np.inf, 1.0], [1.0, np.inf], [np.nan, 1.0], [-1e308, 1.0]])
def test_what_is_beyond_the_range_on_either_side_is_refused(column):
    with pytest.raises(DataError, match="within ±4e307"):
        Standardization.fit(np.array(column)[:, np.newaxis])


def test_a_table_of_another_shape_cannot_be_standardised():
    for X in (np.zeros((4, 2, 1)), np.zeros((2, 4))):
        with pytest.raises(DataError, match=r"\(n, 2\)"):
            Standardization.identity(2).apply(X)


def test_means_and_scales_are_its_own_arrays_of_one_axis():
    made = Standardization([1.0, 2.0], [3.0, 4.0])
    assert (made.means.tolist(), made.scales.tolist()) == ([1, 2], [3, 4])
    assert not made.means.flags.writeable
    assert not made.scales.flags.writeable
    for means, scales in (([[1.0]], [[1.0]]), ([1.0, np.nan], [1.0, 1.0])):
        with pytest.raises(DataError, match="means"):
            Standardization(means, scales)
    with pytest.raises(DataError, match=r"weights \(2,\)"):
        made.weights_back(np.zeros((1, 1, 2)), np.zeros((1, 1)))


def test_a_column_may_reach_to_a_quarter_of_the_largest_double():
    fitted = Standardization.fit(np.array([[-(2.0**1022)], [2.0**1022]]))
    assert (fitted.means[0], fitted.scales[0]) == (0, 2.0**1022)
    for beyond in (np.nextafter(2.0**1022, np.inf), -np.nextafter(2.0**1022, np.inf)):
        with pytest.raises(DataError, match=r"column 'a' within ±4e307, got .*give it in a larger unit"):
            Standardization.fit(np.array([[beyond], [0.0]]), ["a"])


@pytest.mark.parametrize(
    ("sums", "squares", "far"),
    [
        ([0.0], [1.0], False), ([3.0], [1.0], False), ([-3.1], [1.0], True), ([3.1], [1.1], False),
        ([0.0, 3.1], [1.0, 1.0], True), ([np.nan], [np.nan], False), ([0.0], [0.0], False),
    ],
)  # fmt: skip
def test_a_centre_is_far_where_most_of_the_squares_are_its_distance(sums, squares, far):
    assert is_far(np.array([sums, squares]), 10) is far


@pytest.mark.parametrize(("first", "passes"), [(0.0, 2), (5.0, 1)])
def test_a_second_pass_is_taken_where_the_first_rows_are_far_from_the_others(monkeypatch, first, passes):
    taken = []
    spread = standardize._spread_of
    monkeypatch.setattr(standardize, "BLOCK_ROWS", 16)
    monkeypatch.setattr(standardize, "_spread_of", lambda X, about: taken.append(about) or spread(X, about))
    column = 5 + 0.01 * np.random.default_rng(1).normal(size=4000)
    column[:16] += first - 5
    fitted = Standardization.fit(column[:, np.newaxis])
    mean, variance = exact_moments(column)
    assert len(taken) == passes
    assert abs(Fraction(fitted.means[0]) / mean - 1) < Fraction(1, 2**52)
    assert abs(Fraction(fitted.scales[0]) ** 2 / variance - 1) < Fraction(1, 2**49)


# -- from block to block -----------------------------------------------------------------------------------------------

#: Two columns of whole numbers, of which every sum is exact, and those about 2⁻³ (3, 8), 2⁻⁶ (−5, 60).
BLOCKED = np.array([[1, 2, 6, 3, -8, 0, 5, 7, 4.0], [-50, 30, 10, -10, 63, 5, 8, 2, 1.0]])


@pytest.mark.parametrize("first", range(1, 9))
def test_sums_of_two_blocks_are_those_of_all_rows(first):
    about = SpreadPoint(np.array([3 / 16, -5 / 64]), np.array([4, 6]))
    apart = BLOCKED / [[16], [64]] - about.centre[:, np.newaxis]
    expected = [
        apart.sum(axis=1),
        (apart**2).sum(axis=1),
        -BLOCKED.min(axis=1) / [16, 64],
        BLOCKED.max(axis=1) / [16, 64],
    ]
    np.testing.assert_array_equal(spread_sums(list(BLOCKED), about), expected)
    parts = [spread_sums(list(part), about) for part in (BLOCKED[:, :first], BLOCKED[:, first:])]
    np.testing.assert_array_equal(merged_spreads(*parts), expected)
    np.testing.assert_array_equal(merged_spreads(*parts[::-1]), expected)
    there = nearer(np.array(expected), 9, about)
    np.testing.assert_allclose(there.centre * [16, 64], BLOCKED.mean(axis=1), rtol=1e-15)
    np.testing.assert_array_equal(there.exponents, about.exponents)
    fitted = standardization_of(merged_spreads(*parts), 9, about, "ab")
    np.testing.assert_allclose(fitted.means, BLOCKED.mean(axis=1), rtol=1e-15)
    np.testing.assert_allclose(fitted.scales, BLOCKED.std(axis=1), rtol=1e-15)


def test_the_point_is_the_mean_of_the_first_block_by_the_largest_of_all_rows(monkeypatch):
    monkeypatch.setattr(standardize, "BLOCK_ROWS", 4)
    about = SpreadPoint.near(list(BLOCKED), np.array([8.0, 63.0]))
    assert about.exponents.tolist() == [4, 6]
    np.testing.assert_array_equal(about.centre, [3 / 16, -5 / 64])


@pytest.mark.parametrize("block", [1, 2, 4, 16])
def test_blocks_of_any_length_give_the_moments(monkeypatch, block):
    monkeypatch.setattr(standardize, "BLOCK_ROWS", block)
    fitted = Standardization.fit(BLOCKED.T)
    np.testing.assert_allclose(fitted.means, BLOCKED.mean(axis=1), rtol=1e-15)
    np.testing.assert_allclose(fitted.scales, BLOCKED.std(axis=1), rtol=1e-15)


@pytest.mark.parametrize(
    ("column", "told"),
    [
        ([3.0, 3.0], r"column 'b' is constant \(3\)"),
        ([1.0, 5e307], "column 'b' within"),
        ([-5e307, 1.0], "column 'b' within"),
        ([1.0, np.inf], "column 'b' within"),
        ([np.nan, 1.0], "column 'b' within"),
    ],
)
def test_what_cannot_be_standardised_is_told_by_its_sums_too(column, told):
    about = SpreadPoint(np.zeros(2), np.array([1, 1024]))
    with np.errstate(invalid="ignore"):
        sums = spread_sums([np.array([1.0, 2.0]), np.array(column)], about)
    with pytest.raises(DataError, match=told):
        standardization_of(sums, 2, about, "ab")
