"""What is said about a run's way to the least-squares solution, held to runs that go there."""

from __future__ import annotations

import re

import numpy as np
import pytest

from handgrad.backends.catalogue import load
from handgrad.compare.results.comparison import Trajectory
from handgrad.compare.side_by_side.convergence import Convergence, convergence
from handgrad.compare.side_by_side.prepare import Options, Prepared, prepare
from handgrad.data import builtin_sets
from handgrad.data.dataset import Dataset


def judged(dataset: Dataset, options: Options) -> tuple[Convergence, Prepared]:
    """The verdict on NumPy's run."""
    prepared = prepare(dataset, options)
    run = load("numpy")(prepared.X, prepared.y, prepared.plan.dtype).train(prepared.plan)
    weights, biases = prepared.back(run.recorded_weights.tolist(), run.recorded_biases.tolist())
    epochs = tuple(run.recorded_epochs.tolist())
    return convergence(Trajectory(epochs, weights, biases), prepared), prepared


def nearly_dependent() -> Dataset:
    """Two columns that nearly cancel: on the way to 1 and 1 their weights are off by many times their size."""
    a = np.sin(np.arange(40.0))
    b = a + 0.05 * np.cos(3.0 * np.arange(40.0))
    return Dataset.from_arrays(np.column_stack([a, b]), 30 * a - 29 * b + 5)


def test_the_promised_epochs_are_those_that_it_takes() -> None:
    promised = prepare(nearly_dependent(), Options()).epochs_needed(6)
    assert promised is not None
    just, _ = judged(nearly_dependent(), Options(epochs=promised))
    before, _ = judged(nearly_dependent(), Options(epochs=promised - max(2, promised // 100)))
    assert just.digits == pytest.approx(6, abs=0.01)
    assert just.digits >= 6 > before.digits


def test_the_epochs_are_told_in_the_users_units() -> None:
    """12 digits of Longley are known to take 183,039; the error alone would shrink as far in 168,826."""
    prepared = prepare(builtin_sets.load("longley"), Options())
    assert prepared.epochs_needed(6) == pytest.approx(98_307, abs=2)
    assert prepared.epochs_needed(12) == pytest.approx(183_039, abs=2)
    assert prepared.problem.curvature is not None
    assert prepared.problem.curvature.epochs_for["6"] == prepared.epochs_needed(6)
    assert "takes about 98,30" in judged(builtin_sets.load("longley"), Options(epochs=5))[0].said


def test_what_rounding_stops_is_not_promised_to_arrive_in_epochs_already_done() -> None:
    verdict, _ = judged(builtin_sets.load("norris"), Options(dtype="float32"))
    assert not verdict.converged
    assert "takes" not in verdict.said
    assert "without rounding in float32" in verdict.said
    assert "12 digits" not in verdict.said


def test_descent_on_dependent_columns_converges_to_the_solution_nearest_to_its_start() -> None:
    table = Dataset.from_arrays([[1, 2, 3], [2, 4, 5], [3, 6, 1], [4, 8, 0], [5, 10, 7]], [1.0, 2.0, 4.0, 3.0, 7.0])
    verdict, prepared = judged(table, Options(epochs=100))
    assert verdict.converged
    assert verdict.said.startswith("converged: ")
    assert "nearest to the start" in verdict.said
    assert verdict.contraction == pytest.approx(
        prepared.table.hessian.contraction(prepared.plan.learning_rate), rel=0.02
    )


def test_a_contraction_next_to_1_is_told_by_what_it_takes_away() -> None:
    said = judged(builtin_sets.load("longley"), Options(epochs=50))[0].said
    assert re.search(r"predicted 1 − 0\.000164\)", said), said
