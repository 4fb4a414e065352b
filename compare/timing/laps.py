"""The laps of a clock: where each starts, how far it steps, and where it ended.

Each lap starts at a point of its own, so that one who remembers where another ended gains nothing by it. And each takes
so short steps that its whole way is about as long as one step at 1/λ_max: a run that had long arrived would end at the
minimum, wherever it starts, and one that only knows the minimum would be right. An epoch costs the same at any rate.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from handgrad.backends.interface import FloatArray, Parameters, Plan, steady


class LapEnd(NamedTuple):
    """A lap's plan, and the parameters (d + 1) after it, the bias last (None: not finite)."""

    plan: Plan
    parameters: tuple[float | None, ...]


@dataclass(frozen=True, eq=False)
class LapPlans:
    """The plans of a backend's laps, which depend on the seed of the run's plan and on the lap's number alone.

    Attributes:
        plan: The run.
        rows: n.
        spread: (d + 1,), the bias last: how far from zero laps start, at most.
        largest: At least the largest eigenvalue of the Hessian, of any batch.
    """

    plan: Plan
    rows: int
    spread: FloatArray
    largest: float

    @classmethod
    def of(cls, plan: Plan, X: FloatArray, y: FloatArray, largest: float) -> LapPlans:
        """For X (n, d) and y (n,): from any start that it draws, predictions are no larger than the largest of |y|."""
        if plan.batch_size is not None and plan.batch_size < len(y):
            largest = 2 * float((X.astype(np.float64) ** 2).sum(axis=1).max() + 1)  # one row is the worst batch
        return cls.within(plan, len(y), np.abs(X).max(axis=0).astype(np.float64), float(np.abs(y).max()), largest)

    @classmethod
    def within(cls, plan: Plan, rows: int, width: FloatArray, most: float, largest: float) -> LapPlans:
        """For so many rows whose features are of magnitudes up to `width` (d,), and the target up to `most`."""
        height = most or 1.0
        with np.errstate(over="ignore", divide="ignore"):
            spread = np.append(height / width, height) / (len(width) + 1)
        spread[~np.isfinite(spread) | (spread > float(np.finfo(plan.dtype).max))] = 0.0
        return cls(plan, rows, spread, largest)

    def lap(self, epochs: int, number: int) -> Plan:
        """The plan of a lap of so many epochs."""
        chance = np.random.default_rng([self.plan.seed, number])
        *weights, bias = chance.uniform(-1, 1, len(self.spread)) * self.spread
        start = Parameters(np.array(weights).astype(self.plan.dtype), float(np.dtype(self.plan.dtype).type(bias)))
        return replace(steady(self.plan, epochs), start=start, learning_rate=self.rate(epochs))

    def rate(self, epochs: int) -> float:
        """1/λ_max, shared among the steps of a lap; a number that the dtype holds without loss of digits."""
        batches = math.ceil(self.rows / min(self.plan.batch_size or self.rows, self.rows))
        least = float(np.finfo(self.plan.dtype).tiny)
        return max(1 / self.largest / (epochs * batches), least)
