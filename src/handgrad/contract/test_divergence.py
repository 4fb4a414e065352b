"""A run that leaves the finite numbers: where exact descent does, with a finite history, and it says so."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from numpy.typing import NDArray

from handgrad.backends.interface import DType, Parameters, Plan, Trainer, Training
from handgrad.contract.bounds import exact_gradient
from handgrad.contract.cases import (
    DTYPES,
    problem,
    train,
)


def test_a_run_that_diverges_stops_at_the_epoch_where_exact_descent_leaves_float64(
    backend: type[Trainer],
) -> None:
    """Each epoch multiplies the loss by about 10¹⁶, so no rounding moves the epoch at which it overflows."""
    X, y = np.array([[1e3], [-2e3], [3e3]]), np.array([1.0, 2.0, -1.0])
    losses = overflowing(X, y, rate=10.0, epochs=40)
    overflow = next(k for k, loss in enumerate(losses) if loss > Fraction(np.finfo(np.float64).max))
    assert losses[overflow - 1] * 1000 < Fraction(np.finfo(np.float64).max) < losses[overflow] / 1000
    run = backend(X, y).train(Plan(10.0, 40, record=range(0, 41, 3)))
    assert run.diverged_at == overflow
    assert run.losses == pytest.approx([float(loss) for loss in losses[:overflow]], rel=1e-9)
    assert_finite_history(run, list(range(0, 41, 3)))


def overflowing(X: NDArray[np.float64], y: NDArray[np.float64], rate: float, epochs: int) -> list[Fraction]:
    """The exact losses of a full-batch descent from zero on one feature; they grow without limit."""
    weight, bias, losses = Fraction(0), Fraction(0), []
    for _ in range(epochs + 1):
        loss, (d_weight,), d_bias = exact_gradient(X, y, [weight], bias)
        losses.append(loss)
        weight, bias = weight - Fraction(rate) * d_weight, bias - Fraction(rate) * d_bias
    return losses


def assert_finite_history(run: Training, marks: list[int]) -> None:
    """What is kept of a run that has left the finite numbers, at the marks as far as it came."""
    assert np.isfinite(run.losses).all()
    assert np.isfinite(run.recorded_weights).all()
    assert np.isfinite(run.recorded_biases).all()
    assert run.recorded_epochs.tolist() == marks[: len(run.recorded_epochs)]
    assert len(run.recorded_epochs) == len(run.recorded_weights) == len(run.recorded_biases) >= 1
    assert run.recorded_epochs[-1] <= run.diverged_at
    np.testing.assert_array_equal(run.weights, run.recorded_weights[-1])
    assert run.bias == run.recorded_biases[-1]
    assert "diverged" in repr(run)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("batch_size", [None, 2])
def test_a_run_that_diverges_keeps_a_finite_history_and_says_so(
    backend: type[Trainer], batch_size: int | None, dtype: DType
) -> None:
    """In both formats, with batches and without."""
    given = problem(5, 16, dtype)
    run = train(backend, given, learning_rate=1e4, epochs=200, batch_size=batch_size)
    assert run.diverged_at is not None
    assert len(run.losses) <= run.diverged_at
    assert_finite_history(run, list(range(201)))


def test_a_start_whose_loss_is_beyond_float64_is_a_run_without_losses_that_says_so(
    backend: type[Trainer],
) -> None:
    """Its loss is infinite from the start."""
    run = backend([[1.0], [2.0]], [1.0, 2.0]).train(Plan(0.01, 3, start=Parameters([1e200], 0.0)))
    assert run.diverged_at == 0
    assert len(run.losses) == 0
    assert "diverged" in repr(run)
