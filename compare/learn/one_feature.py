"""The table of the chapters up to mini-batches: one feature of a dataset, and what is known about the loss on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from handgrad.backends.interface import FloatArray
from handgrad.backends.numpy import NumPyTrainer
from handgrad.compare.judge.closed_form import solve
from handgrad.compare.judge.hessian import hessian
from handgrad.compare.judge.table import CheckedTable
from handgrad.compare.learn.loss_grid import loss_grid, spread
from handgrad.compare.results.learn.descent import DescentPath, LossGrid
from handgrad.compare.results.learn.lessons import Subject
from handgrad.data.dataset import DataError, Dataset

#: Through two points there is always a line.
LEAST_ROWS = 3

#: More rows than these teach nothing more, and every chapter waits for them.
MOST_ROWS = 2000

#: Digits for which the chapters on the rate and on scaling promise a number of epochs.
DIGITS = 6

#: A feature whose κ is larger makes a valley in which nothing can be seen; it is brought to the range from 0 to 1.
LARGEST_CONDITION = 100.0


@dataclass(frozen=True, eq=False)
class OneFeature:
    """The data of the chapters up to mini-batches, and what is known about the loss on it.

    Attributes:
        x: (n,), the feature.
        y: (n,), the target.
        subject: The same as results have it, with the minimum.
        checked: The same x and y, with what the judge works out of them.
    """

    x: FloatArray
    y: FloatArray
    subject: Subject
    checked: CheckedTable

    @classmethod
    def of(cls, dataset: Dataset) -> OneFeature:
        """One feature, and at most `MOST_ROWS` rows, evenly taken.

        Raises:
            DataError: If there are fewer than three rows, or nothing to learn, because features or target are constant,
                or the line that fits best is zero everywhere.
        """
        _check(dataset)
        rows = np.unique(np.linspace(0, dataset.rows - 1, min(dataset.rows, MOST_ROWS)).round().astype(int))
        column = best_feature(dataset)
        raw, y = dataset.X[rows, column], dataset.y[rows]
        x, bounds = _in_sight(raw)
        checked = CheckedTable.of(x, y)
        solution = solve(checked)
        weight, bias = float(solution.weights[0]), solution.bias
        if weight == bias == 0:
            raise DataError(f"{dataset.source}: expected a line to find, but the best one is 0 where descent starts")
        subject = Subject(
            source=dataset.source,
            feature=dataset.feature_names[column],
            target=dataset.target_name,
            rows=len(y),
            rows_of=dataset.rows,
            features_of=dataset.features,
            bounds=bounds,
            raw_condition=hessian(raw).condition,
            x=tuple(x.tolist()),
            y=tuple(y.tolist()),
            minimum=(weight, bias),
            lowest=checked.exact.loss_at([weight], bias),
        )
        return cls(x, y, subject, checked)

    @cached_property
    def numpy(self) -> NumPyTrainer:
        """The table in NumPy's hands."""
        return NumPyTrainer(self.x, self.y)

    @property
    def minimum(self) -> FloatArray:
        """(2,): weight and bias."""
        return np.array(self.subject.minimum)

    def point(self) -> tuple[float, float]:
        """Half of the way from zero to the minimum, in round numbers: a place at which dW is not 0 by chance.

        Where the best line is level, half of the bias stands for the weight, too.
        """
        weight, bias = (float(f"{value / 2:.1g}") for value in self.minimum)
        return weight or bias, bias

    def grid(self, paths: Sequence[DescentPath]) -> LossGrid:
        """The loss around the minimum and all points of the paths."""
        weights = [self.minimum[0], *(w for path in paths for w in path.weights)]
        biases = [self.minimum[1], *(b for path in paths for b in path.biases)]
        return loss_grid(self.numpy, *spread(weights, biases, self.checked.hessian))


def _check(dataset: Dataset) -> None:
    if dataset.rows < LEAST_ROWS:
        raise DataError(f"{dataset.source}: expected at least {LEAST_ROWS} rows to learn from, got {dataset.rows}")
    if dataset.y.min() == dataset.y.max():
        raise DataError(f"{dataset.source}: expected a target that varies, got {dataset.y[0]:g} in every row")


def _in_sight(raw: FloatArray) -> tuple[FloatArray, tuple[float, float] | None]:
    """The feature (n,) as it is, or brought to the range 0 to 1 where κ is too large to see; then with its bounds."""
    if hessian(raw).condition <= LARGEST_CONDITION:
        return raw, None
    low, high = float(raw.min()), float(raw.max())
    return (raw - low) / (high - low), (low, high)


def best_feature(dataset: Dataset) -> int:
    """The column with the largest correlation with the target.

    Raises:
        DataError: If every feature is constant.
    """
    varied = [j for j in range(dataset.features) if np.ptp(dataset.X[:, j]) > 0]
    if not varied:
        raise DataError(f"{dataset.source}: expected a feature that varies, got constant columns only")
    centred = dataset.y - dataset.y.mean()
    columns = {j: dataset.X[:, j] - dataset.X[:, j].mean() for j in varied}
    return max(varied, key=lambda j: abs(float(columns[j] @ centred)) / float(np.linalg.norm(columns[j])))
