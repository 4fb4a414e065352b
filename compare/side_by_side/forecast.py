"""A run as its Hessian foresees it: where it starts, where it is heading, and how many epochs it takes to get there."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from handgrad.backends.interface import FloatArray, Parameters, Plan
from handgrad.compare.judge.hessian import Hessian
from handgrad.data.standardize import Standardization

#: Digits for which the epochs that they need are told.
DIGITS = (3, 6, 9, 12)

#: A parameter of so many ε of what it could be at most is 0 up to rounding.
ZERO = 16.0


class TableFacts(Protocol):
    """What is known of a table without a look at its rows."""

    @property
    def rows(self) -> int:
        """n."""

    @property
    def features(self) -> int:
        """d."""

    @property
    def hessian(self) -> Hessian:
        """Of the loss, in its eigenbasis."""

    @property
    def centre(self) -> tuple[FloatArray, FloatArray]:
        """Means (d,) and scales (d,) of the columns."""

    @property
    def target(self) -> tuple[float, float]:
        """Mean and standard deviation of y."""

    @property
    def longest_row(self) -> float:
        """max (1 + ‖xᵢ‖²), or more."""


@dataclass(frozen=True, eq=False)
class Forecast:
    """The way of a plan on a table, from its start to the least-squares solution.

    Attributes:
        table: What is known of X and y as they are trained on, standardised where asked for.
        plan: The run.
        standardization: Between the units of the table and the user's.
        solution: (d + 1,), the least-squares solution in the user's units, the bias last; of dependent columns, any.
    """

    table: TableFacts
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
            sizes=self.digit_sizes,
        )

    @cached_property
    def reach(self) -> FloatArray:
        """(d + 1,): how large each parameter in the user's units could be, if it alone moved the prediction.

        That is the prediction's own movement S = Σ|wⱼ|sⱼ + s_y over the column's, sⱼ; sⱼ and s_y are root mean squares
        about the mean, in whatever units. Of the bias, whose part offsets cancel in: S + |ȳ| + Σ|wⱼ x̄ⱼ|.
        """
        means, scales = self.standardization.means, self.standardization.scales
        own_means, moves = self.table.centre
        own_means, moves = means + own_means * scales, moves * scales
        (mean, deviation), weights = self.table.target, np.abs(self.own_goal[:-1])
        with np.errstate(over="ignore"):
            moved = float(weights @ moves) + deviation
            offset = moved + abs(mean) + float(weights @ np.abs(own_means))
            return np.append(moved / moves, offset)

    @cached_property
    def digit_sizes(self) -> FloatArray:
        """(d + 1,): over what the errors of parameters in the user's units count as digits: |goal|.

        A goal that is 0 up to rounding, below `ZERO` ε of the parameter's `reach`, has no digits of its own; its error
        counts over that reach.
        """
        goal, reach = np.abs(self.own_goal), self.reach
        nearly_zero = goal <= ZERO * float(np.finfo(self.plan.dtype).eps) * reach
        return np.where(nearly_zero, np.where(reach > 0, reach, 1.0), goal)

    @property
    def contraction(self) -> float:
        """By which an epoch shrinks the slowest component of the error; 1 or more: it does not converge."""
        return self.table.hessian.contraction(self.plan.learning_rate)

    @property
    def rounding(self) -> float:
        """About the error ‖θ − θ*‖, in the units of the table, below which nothing but rounding is seen.

        Rounding stops the descent near ε‖θ‖. And an error is seen by way of the user's units, in which offsets cancel:
        each parameter θⱼ there, right to ε|θⱼ|, puts as much as ε|θⱼ| hypot(sⱼ, mⱼ) into it, the bias ε|b|.
        """
        size, start = (math.hypot(*np.append(*point).tolist()) for point in (self.goal, self.start))
        back = np.append(np.hypot(self.standardization.scales, self.standardization.means), 1.0)
        seen = float(np.finfo(np.float64).eps * (np.abs(self.own_goal) @ back))
        return float(np.finfo(self.plan.dtype).eps) * max(size, start) + seen

    def contraction_between(self, first: int, last: int) -> float | None:
        """The mean factor per epoch by which ‖θ − θ*‖ shrinks between two epochs; None where it is 0 at the first."""
        error = np.append(*self.start) - np.append(*self.goal)
        with np.errstate(over="ignore"):
            path = self.table.hessian.path(error, self.plan.learning_rate, [first, last])
            before, after = np.linalg.norm(path, axis=1).tolist()
        return float((after / before) ** (1 / (last - first))) if before > 0 else None

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
        """A rate that converges: the best one, where it can be told from the limit in the digits shown.

        With mini-batches, one at which no update makes an error larger: λ_max of any batch is at most 2 max ‖x̃ᵢ‖².
        """
        hessian = self.table.hessian
        if not self.full_batch:
            return min(hessian.best_rate, 0.9 / self.table.longest_row)
        return min(hessian.best_rate, 0.9 * hessian.limit)  # for a huge κ, the best rate is the limit in 4 digits
