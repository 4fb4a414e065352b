"""The curvature: eigenvalues against 60 digits, and what they predict against what happens."""

from __future__ import annotations

import math

import mpmath
import nist
import numpy as np
import pytest

from handgrad.backends.exact import ExactTrainer
from handgrad.backends.interface import Parameters, Plan
from handgrad.backends.numpy import NumPyTrainer
from handgrad.compare.judge.closed_form import solve
from handgrad.compare.judge.hessian import (
    Hessian,
    centre,
    exact_centre,
    exact_hessian,
    exact_triangle,
    hessian,
    triangle,
)
from handgrad.compare.judge.table import CheckedTable
from handgrad.compare.judge.trajectory import true_run


def three_tables():
    rng = np.random.default_rng(1)
    norris, longley = nist.table("Norris"), nist.table("Longley")
    X = rng.normal(size=(200, 2)) @ [[1.0, 0.4], [0.0, 0.7]]
    return {
        "norris": (norris.X / 100, norris.y),
        "longley": (nist.standardized(longley.X), longley.y),
        "synthetic": (X, X @ [2.0, -1.0] + 1 + rng.normal(size=200)),
    }


TABLES = three_tables()


@pytest.mark.parametrize("name", nist.NAMES)
@pytest.mark.parametrize("standardize", [False, True])
def test_every_eigenvalue_is_right_to_ten_digits_however_ill_conditioned(name, standardize):
    X = nist.table(name).X
    X = nist.standardized(X) if standardize else X
    with mpmath.workdps(80):
        table = mpmath.matrix(np.column_stack([X, np.ones(len(X))]).tolist())
        true = sorted(mpmath.eigsy(table.T * table * 2 / len(X), eigvals_only=True), reverse=True)
        found = hessian(X).eigenvalues.tolist()
        assert max(abs(float(f / t - 1)) for f, t in zip(found, true, strict=True)) < 1e-10


def test_limit_best_rate_and_condition_follow_from_two_known_eigenvalues():
    found = hessian([[-3.0], [3.0]])  # H = diag(18, 2)
    np.testing.assert_allclose(found.eigenvalues, [18, 2], rtol=1e-14)
    assert found.limit == pytest.approx(2 / 18)
    assert found.best_rate == pytest.approx(0.1)
    assert found.condition == pytest.approx(9)
    assert found.contraction(0.1) == pytest.approx(0.8)
    assert found.epochs_for(3, 0.1) == math.ceil(3 * math.log(10) / -math.log(0.8))
    assert found.epochs_for(3, found.limit * 1.01) is None


@pytest.mark.parametrize("name", TABLES)
def test_predicted_and_observed_contraction_agree_within_one_percent(name):
    X, y = TABLES[name]
    eigen, solution = hessian(X), solve(CheckedTable.of(X, y))
    goal = np.array([*solution.weights, solution.bias])
    rate = 0.7 * eigen.best_rate
    # along the slowest direction, so that it is this one that is seen from the first epoch on
    slowest = int(np.argmax(np.abs(1 - rate * eigen.eigenvalues)))
    start = goal + np.abs(goal).max() * eigen.eigenvectors[:, slowest]
    training = NumPyTrainer(X, y).train(Plan(rate, 50, start=Parameters(start[:-1], float(start[-1]))))
    away = np.column_stack([training.recorded_weights, training.recorded_biases]) - goal
    along = np.abs(away @ eigen.eigenvectors[:, slowest])
    observed = (along[50] / along[0]) ** (1 / 50)
    predicted = eigen.contraction(rate)
    assert -math.log(observed) == pytest.approx(-math.log(predicted), rel=0.01)


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_predicted_and_observed_overflow_agree_within_one_percent(name, dtype):
    X, y = TABLES[name]
    X, y = X.astype(dtype), y.astype(dtype)
    eigen, solution = hessian(X), solve(CheckedTable.of(X, y))
    rate = 1.02 * eigen.limit
    error = eigen.components(-np.array([*solution.weights, solution.bias]))[0]
    predicted = eigen.overflow_epoch(rate, error, dtype)
    training = NumPyTrainer(X, y, dtype).train(Plan(rate, 20_000, dtype=dtype))
    assert training.diverged_at is not None
    assert predicted == pytest.approx(training.diverged_at, rel=0.01)


def test_a_rate_below_the_limit_does_not_overflow():
    assert hessian([[-3.0], [3.0]]).overflow_epoch(0.1, 1.0, "float64") is None


@pytest.mark.parametrize("name", TABLES)
def test_the_path_in_the_eigenbasis_is_the_true_trajectory(name):
    X, y = TABLES[name]
    eigen, solution = hessian(X), solve(CheckedTable.of(X, y))
    goal = np.array([*solution.weights, solution.bias])
    plan = Plan(eigen.best_rate, 200)
    true = true_run(CheckedTable.of(X, y, plan.dtype), plan)
    path = goal + eigen.path(-goal, plan.learning_rate, true.epochs)
    assert np.abs(path - true.parameters).max() < 1e-8 * np.abs(true.parameters).max()
    above = true.losses - true.losses.min()
    predicted = eigen.losses(-goal, plan.learning_rate, true.epochs)
    np.testing.assert_allclose(
        predicted[:20] - predicted[-1], (above - above[-1])[:20], rtol=1e-6, atol=1e-9 * above[0]
    )


def test_longley_needs_the_published_number_of_epochs_for_twelve_digits():
    X, y, _ = nist.table("Longley")
    Z = nist.standardized(X)
    eigen, solution = hessian(Z), solve(CheckedTable.of(Z, y))
    goal = np.array([*solution.weights, solution.bias])
    assert eigen.condition == pytest.approx(12_220, rel=1e-4)
    assert eigen.epochs_until(np.zeros(7), goal, 12, eigen.best_rate) == 183_039
    assert eigen.epochs_until(np.zeros(7), goal, 12, 2 * eigen.limit) is None
    assert eigen.epochs_until(goal, goal, 12, eigen.best_rate) == 0


def test_norris_arrives_in_one_epoch():
    X, y, _ = nist.table("Norris")
    eigen = hessian(nist.standardized(X))
    solution = solve(CheckedTable.of(nist.standardized(X), y))
    goal = np.array([*solution.weights, solution.bias])
    assert eigen.epochs_until(np.zeros(2), goal, 12, eigen.best_rate) == 1


def test_dependent_columns_leave_the_smallest_eigenvalue_that_is_not_zero():
    x = np.array([1.0, 2.0, 4.0])
    found = hessian(np.column_stack([x, 2 * x + 3]))
    assert found.deficient
    assert found.rank == 2
    assert found.eigenvalues[-1] == 0
    table = np.column_stack([x, 2 * x + 3, np.ones(3)])
    assert found.smallest == pytest.approx(np.linalg.eigvalsh(2 / 3 * table.T @ table)[1])


def test_neither_units_nor_an_offset_count_as_dependence():
    assert not hessian(np.column_stack([1e9 + np.arange(20) % 7, 1e-9 * np.arange(20) ** 2])).deficient


def test_a_constant_column_is_found_by_its_range_and_not_by_its_variance():
    means, scales = centre(np.full((20, 1), 0.1))
    assert means.tolist() == [0.1]
    assert scales.tolist() == [1.0]
    assert hessian(np.full(20, 0.1)).rank == 1


def test_blocks_of_rows_give_the_curvature_of_the_whole():
    X = np.random.default_rng(2).normal(size=(40_000, 2)) + 3
    table = np.column_stack([X, np.ones(len(X))]).T
    gram = [[math.fsum(left * right) for right in table] for left in table]  # BLAS's sums are only good to 2e-11 here
    expected = np.linalg.eigvalsh(2 / len(X) * np.array(gram))[::-1]
    np.testing.assert_allclose(hessian(X).eigenvalues, expected, rtol=1e-12)


@pytest.mark.parametrize("X", [np.empty((0, 2)), [[np.nan]], np.zeros((2, 2, 2))])
def test_what_is_no_table_of_numbers_is_refused(X):
    with pytest.raises(ValueError, match="expected"):
        hessian(X)


@pytest.mark.parametrize(("rows", "features"), [(50, 1), (40, 5), (6, 8)])
@pytest.mark.parametrize("epochs", [0, 1, 7, 5000])
def test_the_way_from_a_gradient_is_that_of_descent(rows: int, features: int, epochs: int) -> None:
    random = np.random.default_rng(rows)
    table = np.column_stack([random.standard_normal((rows, features)), np.ones(rows)])
    y = random.standard_normal(rows)
    found = hessian(table[:, :-1])
    rate, at = 0.4 / found.largest, np.zeros(features + 1)
    slope = -2 / rows * (table.T @ y)
    for _ in range(epochs):
        at = at - rate * 2 / rows * (table.T @ (table @ at - y))
    assert found.moved(slope, rate, epochs) == pytest.approx(at, rel=1e-9, abs=1e-12)
    assert 0 <= found.lasting(rate, epochs) <= epochs


def test_the_way_keeps_its_digits_where_the_solution_is_far_away() -> None:
    thin = Hessian(np.array([1.0, 1e-13]), np.eye(2), rank=2, rows=10)
    assert thin.moved([1.0, 1.0], 0.5, 3)[1] == pytest.approx(-1.5, rel=1e-12)
    assert thin.path([-1.0, -1e13], 0.5, [3])[0][1] + 1e13 != pytest.approx(1.5, rel=1e-4)


def columns_of(kind):
    """X of one kind, (60, 4)."""
    X = np.random.default_rng(11).normal(size=(60, 4))
    if kind == "offsets and units":
        X = X * [1e-6, 1.0, 1e4, 1e6] + [1e-5, 1e3, 0.0, 3e6]
    elif kind == "a constant column":
        X[:, 1] = 0.1
    elif kind == "a sum of two":
        X[:, 2] = X[:, 0] + X[:, 1]
    elif kind == "twice another":
        X[:, 3] = 2 * X[:, 0]
    elif kind == "all subnormal":
        X = np.round(X * 1000) * 5e-324
    return X


@pytest.mark.parametrize(
    "kind", ["normal", "offsets and units", "a constant column", "a sum of two", "twice another", "all subnormal"]
)
def test_exact_inner_products_give_what_a_factorisation_of_the_rows_does(kind):
    X = columns_of(kind)
    moments = ExactTrainer(X, np.zeros(60)).moments
    means, scales = exact_centre(moments)
    for given, expected in zip((means, scales), centre(X), strict=True):
        np.testing.assert_allclose(given, expected, rtol=1e-12, atol=1e-15 * np.abs(X).max())
    R, expected = exact_triangle(moments, means, scales), triangle(X, means, scales)
    np.testing.assert_allclose(R.T @ R, expected.T @ expected, atol=1e-12 * 60)
    found, known = exact_hessian(moments), hessian(X)
    assert (found.rank, found.rows) == (known.rank, 60)
    np.testing.assert_allclose(found.eigenvalues[: found.rank], known.eigenvalues[: known.rank], rtol=1e-9)


def test_a_constant_column_is_told_exactly_from_one_that_nearly_is():
    X = np.column_stack([np.full(20, 0.1), np.full(20, 0.1)])
    X[7, 1] = np.nextafter(0.1, 1)
    means, scales = exact_centre(ExactTrainer(X, np.zeros(20)).moments)
    assert (means[0], scales[0]) == (0.1, 1.0)
    assert 0 < scales[1] < 1e-17


def test_a_large_table_is_passed_over_once_for_all_of_it(monkeypatch):
    monkeypatch.setattr("handgrad.compare.judge.table.LARGE_ROWS", 60)
    monkeypatch.setattr("handgrad.compare.judge.table.hessian", None)
    monkeypatch.setattr("handgrad.compare.judge.table.centre", None)
    X = columns_of("normal")
    table = CheckedTable.of(X, X[:, 0])
    np.testing.assert_allclose(table.hessian.eigenvalues, hessian(X).eigenvalues, rtol=1e-12)
    np.testing.assert_allclose(table.centre, centre(X), rtol=1e-12, atol=1e-15)
