"""At the edges of the range numbers underflow where nothing else is wrong: nobody is accused of it."""

from __future__ import annotations

import numpy as np
import pytest

from handgrad.backends.catalogue import load
from handgrad.backends.interface import Plan
from handgrad.compare.judge.judge import Observed, judge
from handgrad.compare.judge.table import CheckedTable

BACKENDS = ["python", "numpy", "numba", "numba-tiled", "tape"]
PLAIN = np.arange(1.0, 7.0)[:, np.newaxis]
#: The features as they are, and standardised.
FEATURES = {"plain": PLAIN, "standardized": (PLAIN - PLAIN.mean()) / PLAIN.std()}
Y = np.array([3.1, 4.9, 7.2, 8.8, 11.1, 13.0])


def reasons(X, y, dtype):
    """What is said of each backend that did not pass."""
    table = CheckedTable.of(X, y, dtype)
    plan = Plan(table.hessian.best_rate, 50, dtype=dtype)
    seen = {}
    for name in BACKENDS:
        trainer = load(name)(table.X, table.y, dtype)
        seen[name] = Observed(trainer.gradient_at(np.zeros(table.features), 0.0), trainer.train(plan))
    return {name: found.reason for name, found in judge(table, plan, seen).items() if not found.passed}


@pytest.mark.parametrize("features", FEATURES)
@pytest.mark.parametrize(
    ("of_x", "of_y"),
    [(149, -149), (0, -149), (-149, -149), (0, -160), (0, -200), (0, -308), (0, -310), (100, -200), (-100, -200),
     (150, -20), (0, 150), (-160, 140), (-150, 150), (140, -310)],
)  # fmt: skip
def test_nobody_is_accused_at_the_edges_of_float64(of_x, of_y, features):
    assert reasons(FEATURES[features] * 10.0**of_x, Y * 10.0**of_y, "float64") == {}


@pytest.mark.parametrize("features", FEATURES)
@pytest.mark.parametrize(
    ("of_x", "of_y"),
    [(0, -20), (0, -23), (0, -38), (0, -42), (-20, -20), (18, -20), (15, -25)],
)
def test_nobody_is_accused_at_the_edges_of_float32(of_x, of_y, features):
    assert reasons(FEATURES[features] * 10.0**of_x, Y * 10.0**of_y, "float32") == {}


def test_a_wrong_one_is_still_seen_there():
    table = CheckedTable.of(FEATURES["standardized"] * 1.0, Y * 1e-149)
    plan = Plan(table.hessian.best_rate, 50)
    trainer = load("numpy")(table.X, table.y)
    gradient, training = trainer.gradient_at([0.0], 0.0), trainer.train(plan)
    training.recorded_weights[3] *= 1 + 1e-13
    found = judge(table, plan, {"x": Observed(gradient, training)})["x"]
    assert "the parameters after epoch 3 are" in found.reason
