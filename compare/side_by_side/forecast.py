"""A run as its Hessian foresees it: where it starts, where it is heading, and how many epochs it takes to get there."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from handgrad.backends.interface import FloatArray, Parameters, Plan
from handgrad.compare.judge.table import CheckedTable
from handgrad.data.standardize import Standardization

#: Digits for which the epochs that they need are told.
DIGITS = (3, 6, 9, 12)


@dataclass(frozen=True, eq=False)
class Forecast:
    """The way of a plan on a table, from its start to the least-squares solution.

    Attributes:
        table: X and y as they are trained on, standardised where asked for.
        plan: The run.
        standardization: Between the units of the table and the user's.
        solution: (d + 1,), the least-squares solution in the user's units, the bias last; of dependent columns, any.
    """

    table: CheckedTable
    plan: Plan
    standardization: Standardization
    solution: FloatArray

    @cached_property
    def start(self) -> Parameters:
        """Where the run starts, as float64; zero where the plan does not say."""
        if self.plan.start is None:
            return Parameters(np.zeros(self.table.features), 0.0)
        return Parameters(np.asarray(self.plan.start.weights, dtype=np.float64), float(self.plan.start.bias))

    @cached_property
    def goal(self) -> Parameters:
        """The least-squares solution that the run is heading to, in the units of the table.

        Where columns are dependent there are many; as no step moves along the directions in which the loss does not
        change, the run is heading to the one nearest to its start.
        """
        hessian = self.table.hessian
        solution = np.append(*self.standardization.weights_forward(self.solution[:-1], float(self.solution[-1])))
        flat = hessian.eigenvectors[:, hessian.rank :]
        solution += flat @ (flat.T @ (np.append(*self.start) - solution))
        return Parameters(solution[:-1], float(solution[-1]))

    @cached_property
    def own_goal(self) -> FloatArray:
        """(d + 1,): the goal in the user's units, the bias last."""
        if not self.table.hessian.deficient:
            return self.solution
        return np.append(*self.standardization.weights_back(*self.goal))

    @cached_property
    def own_units(self) -> FloatArray:
        """(d + 1, d + 1): parameters θ of the table are θ @ this in the user's units."""
        one_each = np.eye(self.table.features + 1)
        return np.column_stack(self.standardization.weights_back(one_each[:, :-1], one_each[:, -1]))

    @cached_property
    def epochs_for(self) -> dict[int, int | None]:
        """By digits (`DIGITS`), the full-batch epochs after which every parameter has so many; None: never."""
        return {digits: self.epochs_needed(digits) for digits in DIGITS}

    def epochs_needed(self, digits: float) -> int | None:
        """The full-batch epochs after which every parameter in the user's units has so many digits; None: never.

        That is more than the slowest error's shrinking by 10^−digits takes: of parameters that nearly cancel, each is
        off by many times its own size on the way.
        """
        return self.table.hessian.epochs_until(
            np.append(*self.start),
            np.append(*self.goal),
            digits,
            self.plan.learning_rate,
            back=self.own_units,
        )

    @property
    def contraction(self) -> float:
        """By which an epoch shrinks the slowest component of the error; 1 or more: it does not converge."""
        return self.table.hessian.contraction(self.plan.learning_rate)

    @property
    def rounding(self) -> float:
        """About the error ‖θ − θ*‖ below which rounding stops the descent."""
        size = float(np.linalg.norm(np.append(*self.goal)))
        return float(np.finfo(self.plan.dtype).eps) * max(size, float(np.linalg.norm(self.start.weights)))

    @property
    def full_batch(self) -> bool:
        """Whether an update sees all rows."""
        return self.plan.batch_size is None or self.plan.batch_size >= self.table.rows

    @property
    def overflow_epoch(self) -> int | None:
        """The epoch at which the loss is expected to overflow at the plan's rate; None if the run converges."""
        hessian = self.table.hessian
        top = float(hessian.components(np.append(*self.start) - np.append(*self.goal))[0])
        return hessian.overflow_epoch(self.plan.learning_rate, top, self.plan.dtype)

    @property
    def converging_rate(self) -> float:
        """A rate that converges: the best one, where it can be told from the limit in the digits shown."""
        hessian = self.table.hessian
        return min(hessian.best_rate, 0.9 * hessian.limit)  # for a huge κ, the best rate is the limit in 4 digits
