"""The moments are exact enough that nothing which they replace is missed."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from handgrad.backends.interface import DType, Parameters, Plan
from handgrad.backends.moments import CHUNK_ROWS, MomentsTrainer
from handgrad.backends.numpy import NumPyTrainer

#: Half of float64's machine epsilon.
UNIT = Fraction(1, 2**53)


def exact_gradient(X: np.ndarray, y: np.ndarray, at: Parameters) -> tuple[list[Fraction], Fraction]:
    """∂L/∂(W, b) and L as rational numbers."""
    rows = [[*map(Fraction, row), Fraction(1)] for row in X.tolist()]
    theta = [*map(Fraction, np.asarray(at.weights).tolist()), Fraction(at.bias)]
    r = [
        sum(x * t for x, t in zip(row, theta, strict=True)) - Fraction(v)
        for row, v in zip(rows, y.tolist(), strict=True)
    ]
    sums = [sum(row[j] * e for row, e in zip(rows, r, strict=True)) for j in range(len(theta))]
    return [2 * s / len(y) for s in sums], sum(e * e for e in r) / len(y)


@pytest.mark.parametrize("features", [1, 4])
@pytest.mark.parametrize("offset", [0.0, 1e6])
@pytest.mark.parametrize("noise", [0.0, 0.1])
def test_no_digit_is_lost_far_from_zero_or_at_a_perfect_fit(features: int, offset: float, noise: float) -> None:
    rng = np.random.default_rng(1)
    X = rng.normal(size=(509, features)) + offset
    weights = rng.normal(size=features)
    y = X @ weights + 1 + noise * rng.normal(size=509)
    at = Parameters(weights, 1.0)
    got = MomentsTrainer(X, y).gradient_at(*at)
    gradient, loss = exact_gradient(X, y, at)
    # Roundings of the sum, of 2/n and of their product; and pairs of numbers: n u² of the terms that cancel.
    size = np.abs(X) @ np.abs(weights) + 1 + np.abs(y)
    terms = [*(np.abs(X) * size[:, np.newaxis]).mean(axis=0), size.mean()]
    for value, exact, term in zip([*got.weights.tolist(), got.bias], gradient, terms, strict=True):
        assert abs(Fraction(value) - exact) <= 4 * UNIT * abs(exact) + 509 * UNIT**2 * Fraction(float(term))
    assert abs(Fraction(got.loss) - loss) <= 4 * UNIT * loss + 509 * UNIT**2 * Fraction(float((size * size).mean()))


@pytest.mark.parametrize("rows", [1, 63, 65, 1025, CHUNK_ROWS + 1])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_every_end_of_a_block_is_summed_once(rows: int, dtype: DType) -> None:
    rng = np.random.default_rng(rows)
    X = (rng.integers(-8, 8, size=(rows, 3))).astype(dtype)
    y = (rng.integers(-8, 8, size=rows)).astype(dtype)
    trainer = MomentsTrainer(X, y, dtype)
    Z = np.column_stack([X, y, np.ones(rows)]).astype(np.float64)
    np.testing.assert_array_equal(trainer.moments.high, Z.T @ Z)  # whole numbers: exact in both formats
    assert not trainer.moments.low.any()


def test_the_bound_data_is_not_read_again_by_an_epoch() -> None:
    rng = np.random.default_rng(2)
    X = rng.normal(size=(300, 2))
    y = X.sum(axis=1)
    trainer = MomentsTrainer(X, y)
    plan = Plan(learning_rate=0.1, epochs=5)
    before = trainer.train(plan)
    X[:] = np.nan
    np.testing.assert_array_equal(trainer.train(plan).losses, before.losses)


def test_mini_batches_take_moments_of_their_own_rows() -> None:
    rng = np.random.default_rng(3)
    X = rng.normal(size=(103, 2))
    y = X.sum(axis=1) + 0.1 * rng.normal(size=103)
    plan = Plan(learning_rate=0.05, epochs=4, batch_size=16)
    ours, theirs = MomentsTrainer(X, y).train(plan), NumPyTrainer(X, y).train(plan)
    np.testing.assert_allclose(ours.recorded_weights, theirs.recorded_weights, rtol=1e-13)
