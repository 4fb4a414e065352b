"""What a report is told of a problem: where descent is heading, and what the trained model predicts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from handgrad.compare.side_by_side.describe import with_trained
from handgrad.compare.side_by_side.prepare import Options, prepare
from handgrad.data import builtin_sets
from handgrad.data.metrics import r2
from handgrad.data.tables import load_table
from tests.reports.conftest import backend

SPECIMENS = Path(__file__).parents[2] / "data" / "specimens"


def test_the_sample_holds_what_the_trained_model_predicts_and_how_well() -> None:
    longley = builtin_sets.load("longley")
    problem = prepare(longley, Options()).problem
    trained = replace(backend("numpy"), weights=(0.0,) * 6, bias=65_000.0)
    sample = with_trained(problem, {"python": backend("python"), "numpy": trained}, longley).sample
    assert sample is not None
    assert sample.trained_by == "numpy"
    assert set(sample.trained) == {65_000.0}
    assert sample.r2 == pytest.approx(r2(longley.y, np.full(16, 65_000.0)))
    assert sample.best_r2 == pytest.approx(0.9955, abs=1e-4)
    nothing = with_trained(problem, {"numpy": replace(trained, status="diverged")}, longley).sample
    assert nothing is not None
    assert (nothing.trained, nothing.trained_by, nothing.r2) == ((), None, None)


def test_the_solution_that_descent_goes_to_is_told_beside_least_squares() -> None:
    table = load_table(SPECIMENS / "collinear_dummies.csv")
    found = prepare(table, Options()).problem.destination
    assert found is not None
    assert found.nearest is not None
    assert found.nearest == pytest.approx((27 / 11, 5 / 11, -28 / 11, 0.5, 116 / 11), abs=1e-12)
    assert (*found.weights, found.bias) == pytest.approx((5, 3, 0, 0.5, 8), abs=1e-12)
    alone = prepare(builtin_sets.load("longley"), Options()).problem.destination
    assert alone is not None
    assert alone.nearest is None


def test_numbers_at_the_edge_of_the_range_are_computed_with() -> None:
    """A slope of 2e300 is a double like others, though it cannot be cut into halves as it is."""
    found = prepare(load_table(SPECIMENS / "k30_x1e-160_y1e140.csv"), Options())
    assert found.problem.destination is not None
    assert found.problem.destination.weights == pytest.approx((1.99143e300,), rel=1e-5)
    ((slope,),), (bias,) = found.back([found.forecast.goal.weights.tolist()], [found.forecast.goal.bias])
    assert slope == pytest.approx(found.problem.destination.weights[0], rel=1e-14)
    assert bias == pytest.approx(found.problem.destination.bias, rel=1e-13)
