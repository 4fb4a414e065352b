"""Synthetic data: the truth is what it says."""

from __future__ import annotations

import numpy as np
import pytest

from handgrad.data.dataset import DataError
from handgrad.data.synthetic import split, synthetic


def test_one_feature_is_two_x_plus_one_and_noise_of_the_size_asked_for():
    dataset, truth = synthetic(num_samples=20_000, noise=0.3, seed=5)
    np.testing.assert_array_equal(dataset.y_true, 2 * dataset.X[:, 0] + 1)
    assert np.std(dataset.y - dataset.y_true) == pytest.approx(0.3, rel=0.02)
    assert (truth.weights, truth.bias, truth.noise, truth.seed) == ((2.0,), 1.0, 0.3, 5)


def test_without_noise_the_target_is_the_truth():
    dataset, _ = synthetic(50, noise=0)
    np.testing.assert_array_equal(dataset.y, dataset.y_true)


def test_more_features_follow_the_weights_told():
    dataset, truth = synthetic(200, features=4, noise=0)
    X1 = np.c_[dataset.X, np.ones(200)]
    found = np.linalg.lstsq(X1, dataset.y, rcond=None)[0]
    np.testing.assert_allclose(found, [*truth.weights, truth.bias], rtol=1e-12)
    assert dataset.feature_names == ("X1", "X2", "X3", "X4")


def test_the_seed_decides_everything():
    first, second, other = (synthetic(30, 2, seed=s)[0] for s in (1, 1, 2))
    np.testing.assert_array_equal(first.X, second.X)
    np.testing.assert_array_equal(first.y, second.y)
    assert not np.array_equal(first.X, other.X)


@pytest.mark.parametrize(("features", "condition"), [(2, 1), (2, 10), (5, 1e4), (3, 1e8)])
def test_the_condition_number_is_the_one_asked_for(features, condition):
    dataset, truth = synthetic(101, features, condition=condition)
    centred = dataset.X - dataset.X.mean(axis=0)
    assert np.linalg.cond(centred) == pytest.approx(condition, rel=1e-15 * condition + 1e-12)
    assert truth.condition == condition


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"num_samples": 1}, "2 or more"),
        ({"num_samples": 2.5}, "whole number"),
        ({"features": 0}, "1 or more"),
        ({"noise": -1}, "0 or more"),
        ({"noise": float("nan")}, "0 or more"),
        ({"seed": -1}, "seed"),
        ({"features": 3, "condition": 0.5}, "from 1 to"),
        ({"features": 3, "condition": 1e13}, "from 1 to"),
        ({"features": 3, "condition": float("nan")}, "from 1 to"),
        ({"condition": 5}, "one feature"),
        ({"features": 10**20}, "at most 1,125,899,906,842,624 numbers"),
        ({"num_samples": 3, "features": 3, "condition": 5}, "more samples than features"),
    ],
)
def test_nonsense_is_refused(options, says):
    with pytest.raises(DataError, match=says):
        synthetic(**options)


def test_a_split_keeps_every_row_once_and_rows_together():
    dataset, _ = synthetic(101, 2)
    train, test = split(dataset, 0.8, seed=3)
    assert (train.rows, test.rows) == (81, 20)
    both = np.r_[np.c_[train.X, train.y, train.y_true], np.c_[test.X, test.y, test.y_true]]
    whole = np.c_[dataset.X, dataset.y, dataset.y_true]
    np.testing.assert_array_equal(both[np.lexsort(both.T)], whole[np.lexsort(whole.T)])
    assert not np.array_equal(train.X, dataset.X[:81])


@pytest.mark.parametrize("share", [0, 1, -0.1, 1.5, float("nan"), 0.01, 0.99])
def test_a_split_with_an_empty_part_is_refused(share):
    with pytest.raises(DataError, match="train split"):
        split(synthetic(10)[0], share)
