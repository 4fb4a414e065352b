"""The judge itself: held against the definition in fractions, row by row."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from handgrad.backends.exact import ExactTrainer, rounded
from handgrad.backends.exact_sums import ROWS_AT_ONCE, sliced
from handgrad.backends.interface import Parameters, Plan, batches


def by_definition(X, y, weights, bias):
    """Loss, dW and db from (1/n) Σ r², each operation exact."""
    n = len(y)
    w, b = [Fraction(float(v)) for v in weights], Fraction(float(bias))
    rows = [[Fraction(float(v)) for v in row] for row in X]
    residuals = [sum(map(Fraction.__mul__, row, w), b) - Fraction(float(t)) for row, t in zip(rows, y, strict=True)]
    slopes = [2 * sum(row[j] * r for row, r in zip(rows, residuals, strict=True)) / n for j in range(len(w))]
    return sum(r * r for r in residuals) / n, slopes, 2 * sum(residuals) / n


@pytest.mark.parametrize("scale", [1.0, 1e290, 1e-300, 5e-324, 2.0**1023])
@pytest.mark.parametrize(("n", "d"), [(1, 1), (2, 3), (53, 2)])
def test_loss_and_gradient_are_exact_over_the_whole_range_of_doubles(n, d, scale):
    rng = np.random.default_rng([n, d])
    X, y = rng.uniform(-1, 1, (n, d)), rng.uniform(-1, 1, n)
    X[:, 0] *= scale
    y[::2] *= scale
    weights, bias = rng.normal(size=d), 0.3
    found = ExactTrainer(X, y).exactly_at(weights, bias)
    assert (found.loss, found.weights, found.bias) == by_definition(X, y, weights, bias)


def test_rows_beyond_one_block_are_all_counted():
    rng = np.random.default_rng(1)
    n = 2 * ROWS_AT_ONCE + 7
    X, y = rng.normal(size=(n, 1)) * 10.0 ** rng.integers(-8, 8, (n, 1)), rng.normal(size=n)
    found = ExactTrainer(X, y).exactly_at([1.5], -0.25)
    assert (found.loss, found.weights, found.bias) == by_definition(X, y, [1.5], -0.25)


def test_every_product_sum_that_blas_meets_is_a_whole_number_that_float64_holds():
    largest = np.full((ROWS_AT_ONCE, 1), np.nextafter(1.0, 0.0))
    for _, part in sliced(largest):
        assert np.abs(part).max() < 2**20
        assert float((np.abs(part).T @ np.abs(part))[0, 0]) <= 2**53
        assert (part == np.trunc(part)).all()


def test_slices_add_up_to_the_table():
    rng = np.random.default_rng(2)
    table = rng.normal(size=(50, 3)) * 10.0 ** rng.integers(-300, 300, (50, 3))
    total = [[Fraction(0)] * 3 for _ in range(50)]
    for power, part in sliced(table):
        for i, j in np.ndindex(50, 3):
            total[i][j] += Fraction(part[i, j]) * Fraction(2) ** power
    assert total == [[Fraction(v) for v in row] for row in table.tolist()]


def test_the_gradient_is_rounded_once_to_the_nearest_double():
    rng = np.random.default_rng(3)
    X, y = rng.normal(size=(20, 2)), rng.normal(size=20)
    trainer = ExactTrainer(X, y)
    given, exact = trainer.gradient_at([0.1, 0.2], 0.3), trainer.exactly_at([0.1, 0.2], 0.3)
    for value, true in zip(
        [given.loss, *given.weights, given.bias], [exact.loss, *exact.weights, exact.bias], strict=True
    ):
        below, above = math.nextafter(float(value), -math.inf), math.nextafter(float(value), math.inf)
        assert abs(Fraction(float(value)) - true) <= min(abs(Fraction(below) - true), abs(Fraction(above) - true))


def test_float32_is_rounded_from_the_exact_value_and_not_twice():
    # 1 + 2⁻²⁴ + 2⁻⁶⁰ is above the middle of two floats; by way of a double it would be a tie, and go down.
    numerator, denominator = 2**60 + 2**36 + 1, 2**60
    assert np.float32(numerator / denominator) == 1
    assert rounded(numerator, denominator, "float32") == 1 + 2**-23
    assert rounded(-numerator, denominator, "float32") == -(1 + 2**-23)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_what_leaves_the_range_is_infinite_with_its_sign(dtype):
    assert rounded(10**400, 1, dtype) == math.inf
    assert rounded(-(10**400), 1, dtype) == -math.inf
    assert rounded(-1, 10**400, dtype) == 0


@pytest.mark.parametrize("batch_size", [None, 3])
def test_training_follows_the_path_in_fractions(batch_size):
    rng = np.random.default_rng(4)
    X, y = rng.normal(size=(7, 2)), rng.normal(size=7)
    plan = Plan(0.1, 4, batch_size=batch_size, seed=5, start=Parameters(np.array([0.5, -1.0]), 0.25))
    weights, bias, rate = [Fraction(1, 2), Fraction(-1)], Fraction(1, 4), Fraction(0.1)
    for epoch in range(plan.epochs):
        order = [np.arange(7)] if batch_size is None else list(batches(7, plan, epoch))
        for rows in order:
            n = len(rows)
            r = [
                sum(Fraction(float(X[i, j])) * weights[j] for j in range(2)) + bias - Fraction(float(y[i]))
                for i in rows
            ]
            slopes = [2 * sum(Fraction(float(X[i, j])) * q for i, q in zip(rows, r, strict=True)) / n for j in range(2)]
            weights = [w - rate * s for w, s in zip(weights, slopes, strict=True)]
            bias -= rate * 2 * sum(r) / n
    found = ExactTrainer(X, y).train(plan)
    assert found.weights.tolist() == [float(w) for w in weights]
    assert found.bias == float(bias)
    assert found.losses[-1] == float(by_definition_loss(X, y, weights, bias))


def by_definition_loss(X, y, weights, bias):
    residuals = [
        sum(Fraction(float(v)) * w for v, w in zip(row, weights, strict=True)) + bias - Fraction(float(t))
        for row, t in zip(X, y, strict=True)
    ]
    return sum(r * r for r in residuals) / len(y)


def test_a_float32_run_uses_the_learning_rate_that_float32_holds():
    X, y = np.array([[1.0]]), np.array([1.0])
    found = ExactTrainer(X, y, "float32").train(Plan(0.1, 1, dtype="float32"))
    assert found.bias == np.float32(2 * Fraction(float(np.float32(0.1))))
    assert float(np.float32(0.1)) != 0.1


def test_a_run_that_diverges_stops_where_the_loss_leaves_the_range():
    training = ExactTrainer([[1.0], [2.0]], [1.0, 3.0]).train(Plan(10.0, 500))
    assert training.diverged_at is not None
    assert np.isfinite(training.losses).all()


def test_the_arrays_given_stay_as_they_are():
    X, y = np.arange(6.0).reshape(3, 2), np.arange(3.0)
    X.setflags(write=False)
    y.setflags(write=False)
    ExactTrainer(X, y).train(Plan(0.01, 2))
    assert X.tolist() == [[0, 1], [2, 3], [4, 5]]


def test_predictions_are_exact():
    trainer = ExactTrainer([[0.1, 0.2]], [0.0])
    parameters = trainer.to_own(np.array([3.0, 7.0]), 0.5)
    assert trainer.predict(trainer.data[0], *parameters) == [Fraction(0.1) * 3 + Fraction(0.2) * 7 + Fraction(1, 2)]
