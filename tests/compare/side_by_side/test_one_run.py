"""`handgrad train`'s work: one run, and its gradient checked where it starts and where it ends."""

from __future__ import annotations

import math

import numpy as np
import pytest

from handgrad.backends.numpy import NumPyTrainer
from handgrad.compare.side_by_side.one_run import derivative, history_csv, train_one
from handgrad.compare.side_by_side.prepare import Options
from handgrad.data import builtin_sets
from handgrad.data.dataset import Dataset


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", ["norris", "longley", "diabetes"])
def test_a_right_gradient_passes_at_both_ends(name: str, dtype: str) -> None:
    found = train_one(builtin_sets.load(name), "numpy", Options(dtype=dtype, epochs=30), check=True)
    assert [check.when for check in found.checks] == ["before training", "after training"]
    for check in found.checks:
        assert check.passed
        assert [one.name for one in check.parameters] == [*builtin_sets.load(name).feature_names, "bias"]
        assert all(one.passed and one.difference <= one.tolerance for one in check.parameters)


def test_a_derivative_that_is_off_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    right = NumPyTrainer.gradient

    def off(self, X, y, weights, bias):
        gradient = right(self, X, y, weights, bias)
        return gradient._replace(bias=gradient.bias * (1 + 1e-9))

    monkeypatch.setattr(NumPyTrainer, "gradient", off)
    found = train_one(builtin_sets.load("diabetes"), "numpy", Options(epochs=3), check=True)
    for check in found.checks:
        assert not check.passed
        assert [one.name for one in check.parameters if not one.passed] == ["bias"]


def test_the_check_is_that_of_gradcheck_and_sees_what_differences_cannot() -> None:
    check = train_one(builtin_sets.load("norris"), "numpy", Options(epochs=3), check=True).checks[0].check
    assert [method.method for method in check.methods] == ["quadratic"]
    assert check.bound_ratio is not None
    assert check.bound_ratio <= 1
    assert check.sweeps == ()


def test_a_run_that_diverged_is_checked_where_it_started() -> None:
    found = train_one(builtin_sets.load("norris"), "numpy", Options(learning_rate=1.5, epochs=2000), check=True)
    assert found.training.diverged_at is not None
    assert [check.when for check in found.checks] == ["before training"]


def test_nothing_is_checked_unasked() -> None:
    assert train_one(builtin_sets.load("norris"), "numpy", Options(epochs=3)).checks == ()


def test_what_is_not_finite_never_passes() -> None:
    assert not derivative("a", math.nan, 1.0, 1.0).passed
    assert not derivative("a", 1.0, 1.0, math.nan).passed
    assert derivative("a", 0.0, 0.0, 0.0) == ("a", 0.0, 0.0, 0.0, 0.0, 0.0, True)


def test_the_history_has_a_line_for_each_recorded_epoch_in_the_users_units() -> None:
    x = np.arange(6.0)
    found = train_one(Dataset.from_arrays(x, 3 * x + 1), "numpy", Options(epochs=40))
    head, *lines = history_csv(found).decode().splitlines()
    assert head.split(",")[:2] == ["epoch", "loss"]
    assert len(lines) == 41
    last = [float(cell) for cell in lines[-1].split(",")]
    assert last == pytest.approx([40, 0, 3, 1], abs=1e-9)
