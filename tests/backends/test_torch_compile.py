"""torch-compile, held to the heart of the contract; a program for each shape of all its cases would take minutes."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from handgrad.backends.catalogue import entry, load
from handgrad.backends.interface import Parameters, Plan, Trainer
from handgrad.contract.bounds import bound_at, exact_gradient, fractions

if (missing := entry("torch-compile").reason()) is not None:
    pytest.skip(missing, allow_module_level=True)
if shutil.which("g++") is None and shutil.which("clang++") is None:
    pytest.skip("torch.compile needs a C++ compiler, g++ or clang++", allow_module_level=True)

RANDOM = np.random.default_rng(8)
#: No batch of one row, for which another program is compiled.
X = RANDOM.normal(0.7, 1.3, (100, 3))
Y = X @ np.array([1.0, -2.0, 0.5]) - 0.9 + 0.5 * RANDOM.normal(size=100)
START = Parameters(np.array([0.3, -0.1, 0.7]), 0.25)


@pytest.fixture(scope="module")
def trainer() -> Trainer:
    return load("torch-compile")(X, Y)


def test_loss_and_gradient_lie_within_the_rounding_bound(trainer: Trainer) -> None:
    from fractions import Fraction

    got = trainer.gradient_at(*START)
    exact = exact_gradient(X, Y, fractions(START.weights), Fraction(START.bias))
    bound = bound_at(X, Y, START.weights, START.bias, "float64")
    off = np.array([abs(float(Fraction(g) - e)) for g, e in zip(got.weights.tolist(), exact.weights, strict=True)])
    assert (off <= bound.weights).all()
    assert abs(float(Fraction(got.bias) - exact.bias)) <= bound.bias
    assert abs(float(Fraction(got.loss) - exact.loss)) <= bound.loss


def test_full_batches_and_mini_batches_take_numpys_way(trainer: Trainer) -> None:
    for batch_size in (None, 30):
        plan = Plan(0.05, 6, batch_size, START, seed=3)
        ours, theirs = trainer.train(plan), load("numpy")(X, Y).train(plan)
        np.testing.assert_allclose(ours.recorded_weights, theirs.recorded_weights, rtol=1e-12)
        np.testing.assert_allclose(ours.losses, theirs.losses, rtol=1e-12)


def test_a_second_run_gives_the_same_bits(trainer: Trainer) -> None:
    plan = Plan(0.05, 6, start=START)
    first, second = trainer.train(plan), trainer.train(plan)
    np.testing.assert_array_equal(first.recorded_weights, second.recorded_weights, strict=True)


def test_the_arrays_given_stay_as_they_are(trainer: Trainer) -> None:
    before = X.copy(), Y.copy()
    trainer.gradient_at(*START)
    np.testing.assert_array_equal(X, before[0])
    np.testing.assert_array_equal(Y, before[1])
