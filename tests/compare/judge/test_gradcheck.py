"""Checking methods: each as good as its theory says, and the bound where relative errors mean nothing."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from handgrad.backends.catalogue import catalogue, load
from handgrad.backends.exact import ExactTrainer
from handgrad.backends.interface import InputError
from handgrad.compare.judge.closed_form import solve
from handgrad.compare.judge.faults import Scaled, SwappedSign, with_fault
from handgrad.compare.judge.gradcheck import METHODS, complex_gradient, gradcheck, numerical_gradient
from handgrad.compare.judge.table import CheckedTable

BACKENDS = [name for name, entry in catalogue().items() if entry.reason() is None and entry.by_default]
RNG = np.random.default_rng(1)
X = RNG.normal(size=(60, 2)) + 1
Y = X @ [2.0, -1.0] + 1 + 0.5 * RNG.normal(size=60)
SOLUTION = solve(CheckedTable.of(X, Y))
POINTS = {"start": (np.zeros(2), 0.0), "optimum": (SOLUTION.weights, SOLUTION.bias)}


@cache
def checked(point, backend="numpy", dtype="float64", sweep=False):
    return gradcheck(load(backend)(X, Y, dtype), CheckedTable.of(X, Y, dtype), *POINTS[point], sweep=sweep)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("point", POINTS)
def test_every_method_agrees_with_every_correct_backend(point, dtype, backend):
    found = checked(point, backend, dtype)
    assert found.passed, found
    assert {m.method for m in found.methods} == {*METHODS, "complex"}


def worst(found, method):
    return max(next(m for m in found.methods if m.method == method).errors)


def test_a_large_step_is_best_on_a_quadratic_and_central_beats_forward():
    found = checked("start")
    assert worst(found, "quadratic") < 1e-14
    assert worst(found, "complex") < 1e-14
    assert worst(found, "quadratic") < worst(found, "central") < worst(found, "forward")
    assert 1e-10 < worst(found, "forward") < 1e-5


def test_at_the_optimum_relative_errors_are_large_and_the_bound_still_says_right():
    found = checked("optimum")
    assert max(value for value in next(m for m in found.methods if m.method == "central").against_analytic) > 0.1
    assert found.passed


@pytest.mark.parametrize("fault", [lambda: Scaled(1e-10), SwappedSign])
def test_a_wrong_gradient_fails(fault):
    found = gradcheck(with_fault(load("numpy"), fault)(X, Y), CheckedTable.of(X, Y), *POINTS["start"], sweep=False)
    assert not found.passed


def test_a_gradient_off_by_a_tenth_is_seen_by_every_method_and_by_the_remainder():
    wrong = with_fault(load("numpy"), lambda: Scaled(0.1))(X, Y)
    found = gradcheck(wrong, CheckedTable.of(X, Y), *POINTS["start"], sweep=False)
    assert all(method.bound_ratio > 1 for method in found.methods)
    assert found.taylor.order < 1.9


def test_the_remainder_of_a_right_gradient_falls_with_the_square_of_the_step():
    assert checked("start").taylor.order == pytest.approx(2, abs=0.01)


def test_the_sweep_is_a_v_whose_right_arm_is_the_truncation_and_whose_foot_is_where_predicted():
    sweep = checked("start", sweep=True).sweeps[0]
    steps, forward, truncation = (np.array(v) for v in (sweep.steps, sweep.forward, sweep.truncation))
    right_arm = steps > 1e-3
    np.testing.assert_allclose(forward[right_arm], truncation[right_arm], rtol=1e-3)
    assert forward[0] > forward.min() * 100
    assert 1 / 30 < sweep.best_forward / sweep.predicted_forward < 30
    assert sweep.best_central > sweep.best_forward


#: √ε H/2; then the noise ε L / h at h = ε^⅓, ε^⅕ and 1.
ERRORS = {"forward": 2e-7, "central": 1e-9, "richardson": 1e-11, "quadratic": 1e-14}


@pytest.mark.parametrize("method", METHODS)
def test_the_numerical_gradient_is_as_close_as_the_theory_of_its_method(method):
    exact = ExactTrainer(X, Y).gradient_at([0.3, 0.4], 0.5)
    found = numerical_gradient(load("numpy")(X, Y), [0.3, 0.4], 0.5, method)
    error = np.abs(np.array([*found.weights, found.bias]) - [*exact.weights, exact.bias]).max()
    assert error < ERRORS[method]


def test_a_step_is_measured_as_it_was_rounded():
    # 1 + 0.1 is no double: dividing by 0.1 in place of the distance moved would leave an error of 1e-16 / h
    found = numerical_gradient(load("numpy")([[1.0]], [0.0]), [1.0], 0.0, "central", h=1e-9)
    assert found.weights[0] == pytest.approx(2.0, abs=1e-6)


def test_the_complex_step_is_the_exact_gradient():
    exact = ExactTrainer(X, Y).gradient_at([0.3, 0.4], 0.5)
    found = complex_gradient(X, Y, [0.3, 0.4], 0.5)
    np.testing.assert_allclose([*found.weights, found.bias], [*exact.weights, exact.bias], rtol=1e-14)


def test_a_step_that_is_rounded_away_and_an_unknown_method_are_told():
    trainer = load("numpy")(X, Y)
    with pytest.raises(InputError, match="rounded away"):
        numerical_gradient(trainer, [1.0, 1.0], 1.0, h=1e-20)
    with pytest.raises(InputError, match="expected one of"):
        numerical_gradient(trainer, [1.0, 1.0], 1.0, "backward")
