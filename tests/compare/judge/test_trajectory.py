"""The true trajectory: against the exact backend step by step, and against arithmetic in fractions."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from handgrad.backends.exact import ExactTrainer
from handgrad.backends.interface import InputError, Parameters, Plan
from handgrad.compare.judge.table import CheckedTable
from handgrad.compare.judge.trajectory import true_run, two_doubles

RNG = np.random.default_rng(1)
X, Y = RNG.normal(size=(30, 2)) + 1, RNG.normal(size=30)
START = Parameters(np.array([0.3, -0.7]), 0.1)


def in_fractions(plan, rate, epochs):
    """The parameters after so many full-batch epochs, by rational arithmetic."""
    w, b = [Fraction(float(v)) for v in plan.start.weights], Fraction(plan.start.bias)
    rows, targets = [[Fraction(v) for v in row] for row in X.tolist()], [Fraction(v) for v in Y.tolist()]
    for _ in range(epochs):
        r = [row[0] * w[0] + row[1] * w[1] + b - t for row, t in zip(rows, targets, strict=True)]
        slopes = [Fraction(2, 30) * sum(row[j] * q for row, q in zip(rows, r, strict=True)) for j in range(2)]
        w, b = [v - rate * s for v, s in zip(w, slopes, strict=True)], b - rate * Fraction(2, 30) * sum(r)
    return [*w, b]


def test_the_trajectory_is_that_of_rational_arithmetic_to_thirty_digits():
    plan = Plan(0.1, 5, start=START)
    found = true_run(CheckedTable.of(X, Y, plan.dtype), plan)
    for value, rest, true in zip(
        found.parameters[-1], found.rest[-1], in_fractions(plan, Fraction(0.1), 5), strict=True
    ):
        assert abs((Fraction(value) + Fraction(rest)) / true - 1) < Fraction(1, 10**30)


@pytest.mark.parametrize("order", ["shuffled", "file"])
@pytest.mark.parametrize("batch_size", [None, 7])
def test_it_is_the_exact_backends_own_run_to_the_bit(batch_size, order):
    plan = Plan(0.05, 12, batch_size=batch_size, start=START, seed=3, order=order)
    found, run = true_run(CheckedTable.of(X, Y, plan.dtype), plan), ExactTrainer(X, Y).train(plan)
    assert (found.parameters[:, :-1] == run.recorded_weights).all()
    assert (found.parameters[:, -1] == run.recorded_biases).all()
    assert (found.losses == run.losses).all()


def test_in_the_files_order_every_row_steps_in_its_turn():
    rate, w, b = Fraction(0.05), [Fraction(float(v)) for v in START.weights], Fraction(START.bias)
    for x, t in zip(X.tolist(), Y.tolist(), strict=True):
        r = 2 * (sum(Fraction(v) * u for v, u in zip(x, w, strict=True)) + b - Fraction(t))
        w, b = [u - rate * r * Fraction(v) for v, u in zip(x, w, strict=True)], b - rate * r
    found = true_run(CheckedTable.of(X, Y), Plan(0.05, 1, batch_size=1, start=START, order="file"))
    assert found.parameters[-1].tolist() == [*map(float, w), float(b)]


def test_a_jump_over_many_epochs_ends_where_single_epochs_do():
    every = true_run(CheckedTable.of(X, Y), Plan(0.05, 90, start=START))
    few = true_run(CheckedTable.of(X, Y), Plan(0.05, 90, start=START, record=(0, 13, 50)))
    assert few.epochs.tolist() == [0, 13, 50, 90]
    assert (few.parameters == every.parameters[few.epochs]).all()
    assert (few.losses == every.losses[few.epochs]).all()


def test_data_start_and_rate_are_those_that_float32_holds():
    plan = Plan(0.1, 3, start=START, dtype="float32")
    held = Plan(float(np.float32(0.1)), 3, start=Parameters(START.weights.astype(np.float32), float(np.float32(0.1))))
    as_float32 = true_run(CheckedTable.of(X, Y, plan.dtype), plan)
    as_float64 = true_run(CheckedTable.of(X.astype(np.float32), Y.astype(np.float32)), held)
    assert (as_float32.parameters == as_float64.parameters).all()
    assert (as_float32.parameters != true_run(CheckedTable.of(X, Y), Plan(0.1, 3, start=START)).parameters).any()


@pytest.mark.parametrize("batch_size", [None, 10])
def test_a_diverging_run_ends_with_its_last_finite_loss(batch_size):
    found = true_run(CheckedTable.of(X, Y), Plan(10.0, 2000, batch_size=batch_size))
    assert np.isfinite(found.losses).all()
    assert np.isfinite(found.parameters).all()
    assert found.losses[-1] > 1e290
    assert len(found.epochs) == len(found.losses) == len(found.parameters) < 2000


def test_two_doubles_hold_what_one_leaves():
    units = (1 << 1280) // 3
    high, low = two_doubles(units)
    assert high == 1 / 3
    assert abs(Fraction(high) + Fraction(low) - Fraction(1, 3)) < Fraction(1, 10**32)


def test_wrong_data_is_refused():
    with pytest.raises(InputError, match="as many rows"):
        CheckedTable.of(X, Y[:-1])
