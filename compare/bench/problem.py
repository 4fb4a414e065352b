"""The table of a cell, and a rate at which descent converges on it: random numbers, or a table that was given."""

from __future__ import annotations

import contextlib
import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike

from handgrad.backends.interface import DType, FloatArray, Plan
from handgrad.compare.data_file import data_file
from handgrad.compare.judge.bounds import Magnitudes, gradient_tolerances, likely_growth
from handgrad.compare.timing.laps import LapPlans
from handgrad.data.dataset import Dataset
from handgrad.data.standardize import Standardization

#: So many epochs are compared with the reference's.
CHECKED_EPOCHS = 2

#: Of columns that are about 1 in size, no parameter of a lap is larger: starts and solution are not.
LARGEST = 2.0


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


@dataclass(frozen=True, eq=False)
class TimedProblem(ABC):
    """The rows of a cell, how to descend on them, and what is asked of them to tell whether what is timed is right.

    Attributes:
        plan: The rate is half of the limit 2/λ_max.
    """

    plan: Plan

    #: Whether memory does not hold them, so that they are read in each pass.
    streamed: ClassVar[bool] = False

    @property
    @abstractmethod
    def rows(self) -> int:
        """n."""

    @property
    @abstractmethod
    def features(self) -> int:
        """d."""

    @property
    @abstractmethod
    def laps(self) -> LapPlans:
        """The laps of a clock."""

    @abstractmethod
    def file(self) -> contextlib.AbstractContextManager[str]:
        """A file with the rows, or with where they are, for the workers; gone afterwards."""

    @abstractmethod
    def products(self) -> FloatArray:
        """ZᵀZ (d + 2, d + 2), Z = [X 1 y]."""

    @abstractmethod
    def slope_error(self, at: FloatArray) -> float:
        """The norm of what rounding explains of the gradient at weights and bias (d + 1,)."""

    @abstractmethod
    def lap_error(self) -> float:
        """The norm of what rounding explains of a gradient wherever a lap may be."""


@dataclass(frozen=True, eq=False)
class CellProblem(TimedProblem):
    """X (n, d) and y (n,) of the dtype, of about 1 in size.

    Attributes:
        spread: How far from zero laps start at most, in each parameter.
    """

    X: FloatArray
    y: FloatArray
    spread: float = 1.0

    @property
    def rows(self) -> int:
        """n."""
        return len(self.y)

    @property
    def features(self) -> int:
        """d."""
        return int(self.X.shape[1])

    @property
    def laps(self) -> LapPlans:
        """The laps of a clock: from starts about as large as the solution; the rate is half of the limit 2/λ_max."""
        return LapPlans(self.plan, self.rows, np.full(self.features + 1, self.spread), 1 / self.plan.learning_rate)

    def file(self) -> contextlib.AbstractContextManager[str]:
        """A file with X and y for the workers; gone afterwards."""
        return data_file(self.X, self.y)

    def products(self) -> FloatArray:
        """ZᵀZ (d + 2, d + 2), Z = [X 1 y]: columns are of one size, so that it has the digits that laps need."""
        Z = np.column_stack([self.X, np.ones(self.rows), self.y]).astype(np.float64, copy=False)
        return np.asarray(Z.T @ Z)

    def slope_error(self, at: FloatArray) -> float:
        """The norm of what rounding explains of the gradient at weights and bias (d + 1,)."""
        likely = gradient_tolerances(self.X, self.y, at[:-1], float(at[-1]), self.plan.dtype).likely
        return norm(np.append(likely.weights, likely.bias))

    def lap_error(self) -> float:
        """The norm of what rounding explains of a gradient wherever a lap may be (see `LARGEST`)."""
        sums = Magnitudes.at(self.X, self.y, np.full(self.features, LARGEST), LARGEST)
        bound = replace(sums, with_residual=sums.with_terms).tolerance(self.plan.dtype, likely_growth)
        return norm(np.append(bound.weights, bound.bias))


def norm(vector: ArrayLike) -> float:
    """The Euclidean norm of a vector (k,)."""
    return float(np.linalg.norm(vector))


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
    return CellProblem(plan_of(rate, size.dtype), X, y)


def plan_of(rate: float, dtype: DType) -> Plan:
    """The epochs that are checked, at a rate."""
    return Plan(learning_rate=rate, epochs=CHECKED_EPOCHS, dtype=dtype, record=(0, 1))


def given_problem(dataset: Dataset, dtype: DType) -> CellProblem:
    """A table that was given, its features and its target centred and scaled, which changes the time of no epoch.

    A lap ends at (1 − ηH)ᵏ θ₀ and where it would end from zero, no farther than ‖∇L(0)‖/λ_max ≤ √(2 Σy²/(n λ_max)).
    λ_max is at least 2 here, so that from a start of a norm of at most 1 no parameter is beyond `LARGEST`.

    Raises:
        DataError: If a feature is constant.
    """
    X = Standardization.fit(dataset.X, dataset.feature_names).apply(dataset.X).astype(dtype)
    spread = float(dataset.y.std())
    y = ((dataset.y - dataset.y.mean()) / (spread or 1.0)).astype(dtype)
    made = CellProblem(plan_of(1.0, dtype), X, y, 1 / math.sqrt(X.shape[1] + 1))
    return replace(made, plan=plan_of(1 / curvature(made.products()), dtype))


def curvature(products: FloatArray) -> float:
    """λ_max of the Hessian (2/n) [X 1]ᵀ[X 1], from ZᵀZ (d + 2, d + 2), Z = [X 1 y]."""
    return float(2 / products[-2, -2] * np.linalg.eigvalsh(products[:-1, :-1])[-1])
