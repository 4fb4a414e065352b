"""The moments are right wherever a pass over the rows would be, though they cancel where it does not."""

from __future__ import annotations

import os
import subprocess
import sys
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from handgrad.backends import moments as own
from handgrad.backends.interface import DType, Plan
from handgrad.backends.kernels.gram_pass import BLOCK_ROWS, CHUNK_ROWS
from handgrad.backends.moments import SAMPLE_ROWS, MomentsTrainer
from handgrad.backends.numpy import NumPyTrainer
from handgrad.contract.bounds import bound_at, exact_gradient, fractions


def assert_within_the_bound(trainer: MomentsTrainer, X: np.ndarray, y: np.ndarray, theta: np.ndarray) -> None:
    """Loss and gradient at theta (d + 1,), bias last, are as near to the exact ones as a pass over the rows must be."""
    weights, bias = theta[:-1], float(theta[-1])
    got = trainer.gradient_at(weights, bias)
    exact = exact_gradient(X, y, fractions(weights), Fraction(bias))
    bound = bound_at(X, y, weights.astype(float), bias, trainer.dtype)
    off = [abs(float(Fraction(g) - e)) for g, e in zip(got.weights.tolist(), exact.weights, strict=True)]
    assert (np.array(off) <= bound.weights).all(), f"dW off by {off}, allowed {bound.weights}"
    assert abs(float(Fraction(got.bias) - exact.bias)) <= bound.bias
    assert abs(float(Fraction(got.loss) - exact.loss)) <= bound.loss


def least_squares(X: np.ndarray, y: np.ndarray) -> np.ndarray:
    """(d + 1,), bias last, of the dtype; found centred, where no digits are lost."""
    centre = X.mean(axis=0, dtype=float)
    weights = np.linalg.lstsq(X - centre, y - y.mean(dtype=float))[0]
    return np.append(weights, y.mean(dtype=float) - centre @ weights).astype(X.dtype)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("features", [1, 4])
@pytest.mark.parametrize("offset", [0.0, 1e5])
@pytest.mark.parametrize("noise", [0.0, 1e-3, 1.0])
def test_no_digit_is_lost_far_from_zero_or_near_a_perfect_fit(
    features: int, offset: float, noise: float, dtype: DType
) -> None:
    rng = np.random.default_rng(1)
    X = (rng.normal(size=(509, features)) + offset).astype(dtype)
    truth = rng.normal(size=features + 1)
    y = (X @ truth[:-1] + truth[-1] + noise * rng.normal(size=509)).astype(dtype)
    trainer = MomentsTrainer(X, y, dtype)
    best = least_squares(X, y)
    for theta in (np.zeros_like(best), truth.astype(dtype), best, best * best.dtype.type(0.99), -1000 * best):
        assert_within_the_bound(trainer, X, y, theta)


def polynomial(dtype: DType) -> tuple[np.ndarray, np.ndarray]:
    x = np.linspace(0, 1, 101)
    X = np.column_stack([x, x**2, x**3, x + x**2, 1 - x]).astype(dtype)
    return X, (np.exp(x) + 0.01 * np.sin(40 * x)).astype(dtype)


def correlated(dtype: DType) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(8)
    a = rng.normal(size=101)
    X = np.column_stack([a, a + 0.1 * rng.normal(size=101), a - 0.2 * rng.normal(size=101)]).astype(dtype)
    return X, (a + 0.2 * rng.normal(size=101)).astype(dtype)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("table", "apart"), [(polynomial, False), (correlated, True)])
def test_columns_that_hang_together_cost_no_digits(table: Any, apart: bool, dtype: DType) -> None:
    X, y = table(dtype)
    trainer = MomentsTrainer(X, y, dtype)
    assert (trainer.moments.factor.shape == (4, 4)) if apart else trainer.moments is None
    run = trainer.train(Plan(0.1, 200, dtype=dtype))
    for weights, bias in zip(run.recorded_weights[::40], run.recorded_biases[::40], strict=True):
        assert_within_the_bound(trainer, X, y, np.append(weights, bias).astype(dtype))


@pytest.mark.parametrize("exponent", range(1, 9))
@pytest.mark.parametrize("noise", [0.0, 0.2])
def test_the_more_columns_hang_together_the_less_is_lost(exponent: int, noise: float) -> None:
    for rows, features in ((30, 2), (1025, 5)):
        rng = np.random.default_rng([rows, exponent])
        a = rng.normal(size=(rows, 1))
        X = np.hstack([a, a + 10.0**-exponent * rng.normal(size=(rows, features - 1))])
        y = X.sum(axis=1) + 1 + noise * rng.normal(size=rows)
        trainer = MomentsTrainer(X, y)
        for theta in (np.zeros(features + 1), np.ones(features + 1)):
            assert_within_the_bound(trainer, X, y, theta)


@pytest.mark.parametrize(("dtype", "scale"), [("float64", 1e-160), ("float64", 1e160), ("float32", 1e-23)])
def test_squares_beyond_the_range_are_not_taken(dtype: DType, scale: float) -> None:
    rng = np.random.default_rng(9)
    X = (scale * rng.normal(size=(50, 2))).astype(dtype)
    trainer = MomentsTrainer(X, rng.normal(size=50).astype(dtype), dtype)
    assert trainer.moments is None


def test_the_pass_works_in_memory_that_lives_as_long_as_it_does() -> None:
    code = (
        "import numpy as np; from handgrad.backends.moments import MomentsTrainer as M; from handgrad.backends.numpy "
        "import NumPyTrainer as N; r = np.random.default_rng(1); X, y = r.normal(size=(310, 300)), r.normal(size=310)\n"
        "for X in (X, X[:, :3]): a, b = (t(X, y).gradient_at(np.zeros(X.shape[1]), 0.0) for t in (M, N)); "
        "assert abs(a.loss / b.loss - 1) < 1e-12"
    )
    spoilt = {"MALLOC_PERTURB_": "165", "MALLOC_MMAP_THRESHOLD_": "16384"}  # freed memory is overwritten, or is gone
    subprocess.run([sys.executable, "-c", code], env=os.environ | spoilt, check=True)


def test_rows_that_the_sample_misses_are_fitted_in_a_second_pass() -> None:
    n = 16 * SAMPLE_ROWS
    rng = np.random.default_rng(4)
    rare = np.where(np.arange(n) % 16 == 5, rng.normal(size=n), 0)  # the sample has every 16th row, from 0 on
    X = np.column_stack([rng.normal(size=n), rare])
    truth = np.array([2.0, 1e6, 1.0])
    y = X @ truth[:-1] + truth[-1]
    assert_within_the_bound(MomentsTrainer(X, y), X, y, truth)


@pytest.mark.parametrize("features", [1, 2, 3, 4])
@pytest.mark.parametrize(
    "rows", [6, BLOCK_ROWS - 1, BLOCK_ROWS, BLOCK_ROWS + 1, CHUNK_ROWS + 1, 64 * CHUNK_ROWS + 65], ids=str
)
def test_every_end_of_a_block_is_summed_once(rows: int, features: int) -> None:
    rng = np.random.default_rng(rows)
    X = rng.integers(-8, 8, size=(rows, features)).astype(float)
    found = MomentsTrainer(X, X @ np.arange(features) + rng.integers(-8, 8, size=rows)).moments
    z = np.column_stack([np.ones(rows), X - found.centre])
    if not found.factor.size:  # whole numbers and halves: every sum is exact
        np.testing.assert_array_equal(found.gram, z.T @ z)
    assert found.factor.size == 0 or rows == 6


@pytest.mark.parametrize("features", [1, 3])
def test_threads_and_no_threads_give_the_same_bits(features: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(5)
    X = rng.normal(size=(5 * CHUNK_ROWS + 3, features))
    y = X.sum(axis=1) + rng.normal(size=len(X))
    found = []
    for least in (0, 10**12):
        monkeypatch.setattr("handgrad.backends.numba_tiled.THREADED_FROM_BYTES", least)
        trainer = MomentsTrainer(X, y)
        assert trainer.threaded == (least == 0)
        found.append([part.tobytes() for part in trainer.moments])
    assert found[0] == found[1]


def test_the_bound_data_is_not_read_again_by_an_epoch() -> None:
    rng = np.random.default_rng(2)
    X = rng.normal(size=(300, 2))
    trainer = MomentsTrainer(X, X.sum(axis=1))
    plan = Plan(learning_rate=0.1, epochs=5)
    before = trainer.train(plan)
    X_own, y_own = trainer.data
    for array in (X_own.tiles, y_own):
        array[...] = np.nan
    np.testing.assert_array_equal(trainer.train(plan).losses, before.losses)


def test_a_constant_column_and_a_constant_target_are_no_obstacle() -> None:
    X = np.column_stack([np.full(50, 0.1), np.arange(50.0)])
    for y in (np.full(50, 0.7), 3 * X[:, 1]):
        trainer = MomentsTrainer(X, y)
        for theta in (np.zeros(3), np.array([1.0, 3.0, -0.1])):
            assert_within_the_bound(trainer, X, y, theta)


def test_fewer_rows_than_parameters_are_gone_through(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own, "moments_of", None)
    rng = np.random.default_rng(6)
    X, y = rng.normal(size=(5, 4)), rng.normal(size=5)
    ours, theirs = (t(X, y).train(Plan(0.1, 9)) for t in (MomentsTrainer, NumPyTrainer))
    np.testing.assert_allclose(ours.losses, theirs.losses, rtol=1e-13)


def test_mini_batches_are_gone_through() -> None:
    rng = np.random.default_rng(3)
    X = rng.normal(size=(103, 2))
    y = X.sum(axis=1) + 0.1 * rng.normal(size=103)
    plan = Plan(learning_rate=0.05, epochs=4, batch_size=16)
    ours, theirs = MomentsTrainer(X, y).train(plan), NumPyTrainer(X, y).train(plan)
    np.testing.assert_allclose(ours.recorded_weights, theirs.recorded_weights, rtol=1e-13)
