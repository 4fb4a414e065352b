"""Whether a timed lap ended where it must: what is fast because it did something else is no time of the backend's.

Full batch, an epoch is one matrix over v = (W, b, −1) (see `trajectory`), and k of them its k-th power. It is taken by
squaring, in long double where the platform has one; with n = d + 2 and u that format's roundoff, the computed power is
within k (n + 1) u |M|ᵏ of the true one, entry by entry (Higham 2002, *Accuracy and Stability of Numerical Algorithms*,
chapters 3 and 18), whatever units the columns have. A lap steps so little that |M|ᵏ stays small (see `laps`). Beyond
`POWERED` features the eigenbasis serves, and norms are compared. With mini-batches, laps run again here, by NumPy in
float64.

What rounding explains of a backend's own error is `drift`, between start and end.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field, replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from handgrad.backends.catalogue import load
from handgrad.backends.interface import FloatArray, Plan
from handgrad.compare.judge.bounds import Growth, likely_growth, over, unit_roundoff, worst_growth
from handgrad.compare.judge.drift import drift
from handgrad.compare.judge.table import CheckedTable, two_parts
from handgrad.compare.judge.trajectory import TrueRun, as_held, step_matrix, two_doubles
from handgrad.compare.judge.violations import or_none
from handgrad.compare.results.timing import LapEnds
from handgrad.compare.timing.laps import LapEnd

#: The widest table whose power of M is taken; a square of it takes about 10 ms.
POWERED = 128

Long = NDArray[np.longdouble]


@dataclass(frozen=True)
class LapPath:
    """A lap's true end (d + 1,), as doubles and what they leave, and how far (d + 1,) both may be off themselves."""

    end: FloatArray
    rest: FloatArray
    uncertainty: FloatArray


@dataclass(eq=False)
class LapJudge:
    """Holds the ends of laps on one table against the true ones; what laps of as many epochs share is kept.

    Args:
        table: X and y as the backends hold them.
    """

    table: CheckedTable
    powers: dict[tuple[float, int], tuple[Long, Long]] = field(default_factory=dict)

    def ratio(self, lap: LapEnd) -> float | None:
        """The error of an end over what rounding explains; None where it is not finite."""
        sent, parameters = lap
        end = np.array([np.nan if value is None else value for value in parameters])
        if not np.isfinite(end).all():
            return None
        plan = replace(as_held(sent, self.table.features), dtype=sent.dtype)
        compared = self.over_drift if self.table.exact.takes_all(plan) else self.over_rerun
        found = compared(end, plan, likely_growth)
        found = found if found <= 1 else compared(end, plan, self.growth(plan, end))
        return or_none(found)

    def growth(self, plan: Plan, end: FloatArray) -> Growth:
        """The bound that decides on a lap; see `handgrad.compare.judge.judge`."""
        assert plan.start is not None
        trusted = self.table.plain_sum_is_likely(*plan.start) and self.table.plain_sum_is_likely(end[:-1], end[-1])
        return likely_growth if trusted else worst_growth

    # -- full batch ----------------------------------------------------------------------------------------------------

    def over_drift(self, end: FloatArray, plan: Plan, growth: Growth) -> float:
        """The error of an end (d + 1,) over the drift of a correct run, and over what is not known of the true end."""
        assert plan.start is not None
        start = np.append(*plan.start)
        wide = self.table.features > POWERED
        path = self.by_eigenvectors(plan, start) if wide else self.by_powers(plan, start)
        run = TrueRun(
            epochs=np.array([0, plan.epochs]),
            parameters=np.array([start, path.end]),
            rest=np.array([np.zeros_like(start), path.rest]),
            losses=np.array([self.loss(start), self.loss(path.end)]),
        )
        allowed = drift(self.table, plan, run, growth)[1] + path.uncertainty
        error = (end - path.end) - path.rest
        if wide:
            error, allowed = np.atleast_1d(np.linalg.norm(error)), np.atleast_1d(np.linalg.norm(allowed))
        return float(over(error, allowed).max())

    def loss(self, parameters: FloatArray) -> float:
        """The exact loss at parameters (d + 1,), rounded once."""
        return float(two_parts([self.table.exact.exactly_at(parameters[:-1], float(parameters[-1])).loss])[0][0])

    def by_powers(self, plan: Plan, start: FloatArray) -> LapPath:
        """Mᵏ v."""
        power, sizes = self.power(plan)
        v = np.append(start, -1.0).astype(np.longdouble)
        end = (power @ v)[:-1]
        unit = plan.epochs * (len(v) + 1) * float(np.finfo(np.longdouble).eps) / 2
        nearest = end.astype(np.float64)
        return LapPath(
            nearest,
            (end - nearest).astype(np.float64),
            (unit * (sizes @ np.abs(v))[:-1]).astype(np.float64),
        )

    def power(self, plan: Plan) -> tuple[Long, Long]:
        """Mᵏ and |M|ᵏ (d + 2, d + 2)."""
        key = plan.learning_rate, plan.epochs
        if key not in self.powers:
            exact = step_matrix(self.table.exact.moments, Fraction(plan.learning_rate))
            step = np.array([[long(unit) for unit in row] for row in exact.tolist()], dtype=np.longdouble)
            self.powers[key] = matrix_power(step, plan.epochs), matrix_power(np.abs(step), plan.epochs)
        return self.powers[key]

    def by_eigenvectors(self, plan: Plan, start: FloatArray) -> LapPath:
        """θ₀ + `Hessian.moved`; what the eigenbasis is off by is the same share of the way in all directions."""
        exact = self.table.exact.exactly_at(start[:-1], float(start[-1]))
        slope, _ = two_parts([*exact.weights, exact.bias])
        way = self.table.hessian.moved(slope, plan.learning_rate, plan.epochs)
        most = plan.learning_rate * plan.epochs * float(np.linalg.norm(slope))
        off = 8 * len(start) * unit_roundoff("float64") * (most + float(np.linalg.norm(start)))
        return LapPath(start + way, np.zeros_like(start), np.full_like(start, off / np.sqrt(len(start))))

    # -- mini-batches --------------------------------------------------------------------------------------------------

    def over_rerun(self, end: FloatArray, plan: Plan, growth: Growth) -> float:
        """The distance of an end (d + 1,) from that of the same lap in float64, over what rounding explains.

        A step at the rate of a lap stretches no error's norm, so the errors of all steps add up at most. One by one,
        they spread by exp(c B) at most, c = steps · η, B = 2 m mᵀ with m the largest |xⱼ|: that is ≥ |H| of any batch.
        """
        trainer = load("numpy")(self.table.X, self.table.y)
        reached, _ = trainer.run(trainer.start(replace(plan, dtype="float64")), plan, 0, plan.epochs)
        other = np.append(*trainer.to_numpy(*reached))
        error, largest = np.abs(end - other), self.largest()
        added = self.steps_error(other, plan, growth)
        with np.errstate(over="ignore", invalid="ignore"):
            share = plan.learning_rate * self.steps(plan) * 2 * float(largest @ largest)
            spread = added + math.expm1(min(share, 700.0)) * largest * ((largest @ added) / (largest @ largest))
        in_norm = over(np.linalg.norm(error), np.linalg.norm(added))
        return max(float(in_norm), float(over(error, spread).max()))

    def steps(self, plan: Plan) -> int:
        """Of a lap with mini-batches."""
        assert plan.batch_size is not None
        return plan.epochs * -(-self.table.rows // plan.batch_size)

    def largest(self) -> FloatArray:
        """The largest |xⱼ| (d + 1,), the bias's 1 last."""
        return np.append(np.abs(self.table.X).max(axis=0).astype(np.float64), 1.0)

    def steps_error(self, end: FloatArray, plan: Plan, growth: Growth) -> FloatArray:
        """The errors (d + 1,) of all steps of two runs: each as on a batch of the largest rows (see `bounds`)."""
        assert plan.start is not None
        assert plan.batch_size is not None
        X = self.largest()
        theta = np.abs(np.append(*plan.start)) + 2 * np.abs(end)  # on all of the way
        terms = float(X @ theta) + float(np.abs(self.table.y).max())
        of_sum, of_residual = growth(plan.batch_size + 2, plan.dtype), growth(len(X) + 1, plan.dtype)
        slopes = 2 * X * terms * (of_sum + 2 * of_residual)
        step: FloatArray = plan.learning_rate * slopes + 3 * unit_roundoff(plan.dtype) * theta
        return 2 * self.steps(plan) * step


@dataclass(eq=False)
class HeldLaps:
    """The laps of one backend, held against the truth as they come.

    Full batch, each is; with mini-batches the first, as it is short, and one that is drawn from all others.

    Args:
        judge: The judge of all laps on the table.
        full: Whether a step takes all rows.
    """

    judge: LapJudge
    full: bool
    laps: int = 0
    drawn: LapEnd | None = None
    chance: random.Random = field(default_factory=lambda: random.Random(0))
    ratios: list[tuple[int, float | None]] = field(default_factory=list)

    def add(self, lap: LapEnd) -> LapEnds | None:
        """Takes in one more; what is wrong with it, if it was held against the truth and is wrong."""
        self.laps += 1
        if self.laps == 1 or self.full:
            self.hold(lap)
            found = self.found()
            return None if found.right else found
        if self.chance.randrange(self.laps - 1) == 0:
            self.drawn = lap
        return None

    def hold(self, lap: LapEnd) -> None:
        """Notes how far its end is from the truth."""
        self.ratios.append((lap[0].epochs, self.judge.ratio(lap)))

    def end(self) -> LapEnds | None:
        """The worst of all; None where there was no lap."""
        if self.drawn is not None:
            self.hold(self.drawn)
            self.drawn = None
        return self.found() if self.ratios else None

    def found(self) -> LapEnds:
        """The worst so far."""
        epochs, ratio = max(self.ratios, key=lambda held: math.inf if held[1] is None else held[1])
        return LapEnds(self.laps, len(self.ratios), "true path" if self.full else "float64 run", epochs, ratio)


def long(units: int) -> np.longdouble:
    """A number of units as a long double, from the two doubles that stand for it."""
    nearest, rest = two_doubles(units)
    return np.longdouble(nearest) + np.longdouble(rest)


def matrix_power(matrix: Long, exponent: int) -> Long:
    """A matrix to the power of 1 or more, by repeated squaring."""
    if exponent == 1:
        return matrix
    half = matrix_power(matrix, exponent // 2)
    squared: Long = half @ half
    return squared if exponent % 2 == 0 else squared @ matrix
