"""Scaling and the condition number: one feature on four scales, and κ of the built-in tables."""

from __future__ import annotations

import math

import numpy as np

from handgrad.backends.interface import FloatArray, Plan
from handgrad.backends.numpy import NumPyTrainer
from handgrad.compare.judge.closed_form import solve
from handgrad.compare.judge.hessian import Hessian, hessian
from handgrad.compare.judge.table import CheckedTable
from handgrad.compare.learn.loss_grid import GRID_POINTS, along_axes, loss_grid
from handgrad.compare.learn.one_feature import DIGITS, OneFeature
from handgrad.compare.results.learn.descent import FeatureScales, LossGrid, TableCondition, Variant
from handgrad.data import builtin_sets
from handgrad.data.standardize import Standardization

#: Epochs of the runs.
LONG_EPOCHS = 10_000


def scaling(table: OneFeature) -> FeatureScales:
    """The table's feature as it is, in another unit, from another zero, and standardised."""
    column = table.x[:, np.newaxis].astype(np.float64)
    standard = Standardization.fit(column).apply(column)[:, 0]
    deviation = float(table.x.std())
    variants = {
        "standardised": standard,
        "as it is": table.x,
        "a tenth of the unit": 10 * table.x,
        "another zero": table.x + 10 * deviation,
    }
    made = tuple(variant(name, x, table.y) for name, x in variants.items())
    shifted = valley(variants["another zero"], table.y)
    return FeatureScales(made, tuple(map(condition_of, builtin_sets.names())), (valley(standard, table.y), shifted))


def variant(name: str, x: FloatArray, y: FloatArray) -> Variant:
    """A long run at the best rate for this feature, x (n,) and y (n,)."""
    table = CheckedTable.of(x, y)
    solution = solve(table)
    goal = np.array([*solution.weights, solution.bias])
    training = NumPyTrainer(x, y).train(Plan(table.hessian.best_rate, LONG_EPOCHS, record=range(LONG_EPOCHS)))
    errors = np.column_stack([training.recorded_weights, training.recorded_biases]) - goal
    left = 0.5 * ((errors @ table.hessian.eigenvectors) ** 2 @ table.hessian.eigenvalues)
    sizes = np.linalg.norm(errors, axis=1)
    reached = np.flatnonzero(sizes <= 10.0**-DIGITS * sizes[0])
    kept = spaced(len(sizes) - 1)
    return Variant(
        name=name,
        condition=table.hessian.condition,
        rate=table.hessian.best_rate,
        promised=epochs_at_best(table.hessian),
        seen=int(reached[0]) if len(reached) else None,
        epochs=tuple(kept),
        excess=tuple((left[kept] / left[0]).tolist()),
    )


def spaced(last: int) -> list[int]:
    """All epochs up to 200, then evenly on a logarithmic axis, up to the last."""
    later = np.geomspace(200, last, 150).round().astype(int).tolist() if last > 200 else [last]
    return [*range(min(200, last)), *later]


def valley(x: FloatArray, y: FloatArray) -> LossGrid:
    """The loss of x (n,) and y (n,) around its minimum, along both parameters so far that it rises alike."""
    table = CheckedTable.of(x, y)
    solution = solve(table)
    weight, bias = float(solution.weights[0]), solution.bias
    reach = 1.5 * np.sqrt(table.exact.loss_at([0.0], 0.0)) / along_axes(table.hessian)
    return loss_grid(
        NumPyTrainer(x, y),
        np.linspace(weight - reach[0], weight + reach[0], GRID_POINTS),
        np.linspace(bias - reach[1], bias + reach[1], GRID_POINTS),
    )


def condition_of(name: str) -> TableCondition:
    """κ of a built-in table."""
    dataset = builtin_sets.load(name)
    raw = hessian(dataset.X)
    standard = hessian(Standardization.fit(dataset.X).apply(dataset.X))
    return TableCondition(
        name, dataset.features, raw.condition, standard.condition, *map(epochs_at_best, (raw, standard))
    )


def epochs_at_best(found: Hessian) -> int:
    """The epochs for six digits at the best rate, where −ln ρ = ln (κ + 1)/(κ − 1) = 2 artanh(1/κ).

    In this form no digit is lost where ρ is so near to 1 that it rounds to it.
    """
    if found.condition == 1:
        return 1
    return max(1, math.ceil(DIGITS * math.log(10) / (2 * math.atanh(1 / found.condition))))
