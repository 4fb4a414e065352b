"""The table of a cell: random numbers, so many rows and features in a dtype, and a rate at which descent converges."""

from __future__ import annotations

import contextlib
import math
from dataclasses import dataclass

import numpy as np

from handgrad.backends.interface import DType, FloatArray, Plan
from handgrad.compare.data_file import data_file
from handgrad.compare.timing.laps import LapPlans

#: So many epochs are compared with the reference's.
CHECKED_EPOCHS = 2


@dataclass(frozen=True, order=True)
class Size:
    """A cell's place in the grid: its number of features, its dtype, its number of rows."""

    features: int
    dtype: DType
    rows: int

    @property
    def bytes(self) -> int:
        """Of X and y."""
        return np.dtype(self.dtype).itemsize * self.rows * (self.features + 1)

    def __str__(self) -> str:
        return f"{self.rows} × {self.features} {self.dtype}"


@dataclass(frozen=True)
class CellProblem:
    """X (n, d) and y (n,) of the dtype, and how to descend on them."""

    X: FloatArray
    y: FloatArray
    plan: Plan

    @property
    def laps(self) -> LapPlans:
        """The laps of a clock: from starts about as large as the solution; the rate is half of the limit 2/λ_max."""
        return LapPlans(self.plan, len(self.y), np.ones(self.X.shape[1] + 1), 1 / self.plan.learning_rate)

    def file(self) -> contextlib.AbstractContextManager[str]:
        """A file with X and y for the workers; gone afterwards."""
        return data_file(self.X, self.y)


def problem(size: Size, seed: int) -> CellProblem:
    """Normal features, y = Σ x + 1 with noise, and a rate at which descent surely converges.

    The eigenvalues of XᵀX/n of normal columns end at (1 + √(d/n))² (Marchenko and Pastur 1967); the Hessian's are twice
    that, and the rate is half of the limit 2/λ_max.
    """
    n, d = size.rows, size.features
    random = np.random.default_rng([seed, n, d])
    X = random.standard_normal((n, d), dtype=size.dtype)
    y = X.sum(axis=1) + 1 + random.standard_normal(n, dtype=size.dtype)
    rate = 0.5 / (1 + math.sqrt((d + 1) / n)) ** 2
    return CellProblem(X, y, Plan(learning_rate=rate, epochs=CHECKED_EPOCHS, dtype=size.dtype, record=(0, 1)))
