"""What the walk tells at each of its stops, held against the definitions."""

from __future__ import annotations

import numpy as np
import pytest

from handgrad.compare.side_by_side.prepare import Options
from handgrad.compare.side_by_side.side_by_side import side_by_side
from handgrad.compare.side_by_side.walk import MOST_STOPS, stops
from handgrad.data.dataset import Dataset


def table(features: int) -> Dataset:
    random = np.random.default_rng(4)
    X = random.normal(size=(30, features)) * np.arange(1, features + 1)
    return Dataset.from_arrays(X, X @ np.arange(1, features + 1) + 2 + random.normal(size=30))


@pytest.fixture(scope="module", params=[1, 3])
def found(request: pytest.FixtureRequest):
    dataset = table(request.param)
    options = Options(backends=["python"], epochs=100, learning_rate=0.1, budget_seconds=0.0, standardize=False)
    return dataset, side_by_side(dataset, options)


def test_gradient_excess_and_step_are_those_of_the_parameters(found) -> None:
    dataset, comparison = found
    walk, path = comparison.problem.walk, comparison.backends["python"].trajectory
    lowest = comparison.problem.destination
    directions = np.array(walk.plane.directions)
    for stop, epoch in list(enumerate(walk.epochs))[:20]:
        place = path.epochs.index(epoch)
        weights, bias = np.array(path.weights[place]), path.biases[place]
        residual = dataset.X @ weights + bias - dataset.y
        gradient = np.append(2 * dataset.X.T @ residual / dataset.rows, 2 * residual.mean())
        assert walk.gradients[stop] == pytest.approx(gradient, rel=1e-9, abs=1e-9)
        assert walk.excess[stop] == pytest.approx((residual**2).mean() - lowest.loss, rel=1e-6, abs=1e-9)
        assert walk.steps[stop] == pytest.approx(-0.1 * directions @ gradient, rel=1e-9, abs=1e-9)
        apart = np.append(weights, bias) - np.append(lowest.weights, lowest.bias)
        assert walk.points[stop] == pytest.approx(directions @ apart, rel=1e-9, abs=1e-9)
        assert walk.expected[stop] == pytest.approx(walk.excess[stop], rel=1e-6, abs=1e-12)
        shown = comparison.problem.sample
        for row, predicted in zip(walk.rows, walk.predictions[stop] if walk.rows else (), strict=True):
            [at] = np.flatnonzero(dataset.y == shown.y[row])
            assert predicted == pytest.approx(dataset.X[at] @ weights + bias)


def test_the_plane_is_of_w_and_b_or_of_the_extreme_eigenvectors(found) -> None:
    dataset, comparison = found
    plane = comparison.problem.walk.plane
    Z = np.column_stack([dataset.X, np.ones(dataset.rows)])
    curved = 2 / dataset.rows * Z.T @ Z
    directions = np.array(plane.directions)
    assert directions @ curved @ directions.T == pytest.approx(np.array(plane.hessian), rel=1e-9, abs=1e-9)
    assert plane.of_parameters == (dataset.features == 1)
    if dataset.features > 1:
        assert (plane.hessian[1][1], plane.hessian[0][0]) == pytest.approx(np.linalg.eigvalsh(curved)[[0, -1]])


@pytest.mark.parametrize(("count", "features"), [(1, 1), (61, 1), (500, 1), (1000, 200)])
def test_stops_are_few_and_hold_both_ends(count: int, features: int) -> None:
    chosen = stops(count, features)
    assert (chosen[0], chosen[-1]) == (0, count - 1)
    assert len(chosen) <= MOST_STOPS
    assert (np.diff(chosen) > 0).all()
    assert len(chosen) * (features + 1) <= max(3100, 8 * (features + 1) + 1)


def test_a_run_that_diverges_is_followed_as_far_as_a_picture_goes() -> None:
    options = Options(backends=["python"], epochs=3000, learning_rate=3.0, budget_seconds=0.0, standardize=False)
    walk = side_by_side(table(1), options).problem.walk
    assert walk is not None
    assert 1e6 * walk.excess[0] < max(walk.excess) < 1e12 * max(walk.excess[0], 1e3)
    assert walk.excess[-1] > walk.excess[0]
