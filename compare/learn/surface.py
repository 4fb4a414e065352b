"""The loss is a surface: every backend's way down, on one table of one feature."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from handgrad.backends.interface import FloatArray, Plan
from handgrad.compare.learn.one_feature import OneFeature
from handgrad.compare.learn.runs import path_of, ready
from handgrad.compare.results.learn.descent import DescentPath, Surface

#: The share of the best rate at which the walk goes: there a path bends instead of going to and fro.
GENTLE = 1 / 3
#: How many epochs it shows at most.
WALK_EPOCHS = 500


def surface(table: OneFeature) -> Surface:
    """Every backend's path from zero, until three digits are there."""
    rate = GENTLE * table.checked.hessian.best_rate
    plan = Plan(rate, epochs=min(WALK_EPOCHS, table.checked.hessian.epochs_for(3, rate) or WALK_EPOCHS))
    backends, missing = ready()
    paths = {name: path_of(made(table.x, table.y).train(plan)) for name, made in backends.items()}
    return Surface(
        grid=table.grid(list(paths.values())),
        paths=paths,
        missing=missing,
        rate=plan.learning_rate,
        epochs=plan.epochs,
        apart=apart(list(paths.values()), table.minimum),
    )


def apart(paths: Sequence[DescentPath], minimum: FloatArray) -> float:
    """The largest difference of a parameter at the same epoch, over the larger parameter of the minimum (2,)."""
    points = np.array([[path.weights, path.biases] for path in paths])
    return float(np.ptp(points, axis=0).max() / np.abs(minimum).max())
