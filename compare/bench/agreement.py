"""Whether what is timed in a cell is also right: held against the reference backend, and against the true path.

All differences are Euclidean norms, in units of what rounding explains; above 1 they are no rounding any more.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from msgspec import UNSET

from handgrad.backends.interface import DType, FloatArray
from handgrad.compare.bench.problem import CHECKED_EPOCHS, TimedProblem, norm
from handgrad.compare.bench.records import ContestantRecord, Ratio
from handgrad.compare.judge.bounds import unit_roundoff
from handgrad.compare.judge.hessian import Hessian
from handgrad.compare.judge.trajectory import as_held
from handgrad.compare.timing.clocks import MACHINE
from handgrad.compare.timing.laps import LapEnd
from handgrad.compare.timing.messages import GradientMessage

#: The true end of a lap is worked out in float64, whose eigenvectors are right to so many roundings for each column.
ROUNDINGS_OF_TRUTH = 8


def check(found: Mapping[str, ContestantRecord], reference: str, made: TimedProblem) -> None:
    """Holds every gradient and every parameter against the reference's, in units of what rounding explains.

    Both lie within `tolerance` of the truth, so they lie within twice that of each other. An epoch adds the error of
    its gradient, times the rate, and three roundings of the step; at our rate descent stretches no error. What is not
    finite has no ratio (None), and counts as wrong.
    """
    truth = found.get(reference)
    if truth is None or truth.gradient is None or truth.parameters is None:
        return
    points = [np.zeros(made.features + 1), np.array(truth.parameters, dtype=np.float64)]
    bounds = [made.slope_error(at) for at in points]
    steps = CHECKED_EPOCHS * (
        made.plan.learning_rate * max(bounds) + 3 * unit_roundoff(made.plan.dtype) * norm(points[1])
    )
    for name, record in found.items():
        if name not in (MACHINE, reference) and record.gradient is not None:
            apart = norm(both(record.gradient) - both(truth.gradient))
            moved = norm(np.array(record.parameters, dtype=np.float64) - points[1])
            record.gradient_ratio, record.parameters_ratio = ratio(apart, 2 * bounds[0]), ratio(moved, 2 * steps)


@dataclass(frozen=True, eq=False)
class LapTruth:
    """Where the laps on a cell's table truly end, and what rounding explains.

    Attributes:
        slope: ∇L(0), (d + 1,).
        hessian: From the Gram matrix: a lap's whole way is one step at 1/λ_max, to which small eigenvalues add little.
        gradient_error: The norm of what rounding explains of a gradient wherever a lap may be.
        dtype: The format in which the backends compute.
    """

    slope: FloatArray
    hessian: Hessian
    gradient_error: float
    dtype: DType

    @classmethod
    def of(cls, made: TimedProblem) -> LapTruth:
        """For a cell's table."""
        products = 2 / made.rows * made.products()
        values, vectors = np.linalg.eigh(products[:-1, :-1])
        found = Hessian(values[::-1], vectors[:, ::-1], rank=min(made.rows, made.features + 1), rows=made.rows)
        return cls(-products[:-1, -1], found, made.lap_error(), made.plan.dtype)

    def ratio(self, lap: LapEnd) -> float | None:
        """A lap's end from the true one, in norms, over what rounding explains.

        An epoch adds an error (see `check`), and of those before it leaves at most 1 − ηλ_min.
        """
        plan = as_held(lap.plan, len(self.slope) - 1)
        assert plan.start is not None
        start, rate = np.append(*plan.start), plan.learning_rate
        from_start = self.slope + self.hessian.eigenvectors @ (
            self.hessian.eigenvalues * self.hessian.components(start)
        )
        true = start + self.hessian.moved(from_start, rate, plan.epochs)
        largest = max(norm(start), norm(true))
        step = rate * self.gradient_error + 3 * unit_roundoff(self.dtype) * largest
        own = ROUNDINGS_OF_TRUTH * len(start) * unit_roundoff("float64") * largest
        off = norm(np.array(lap.parameters, dtype=np.float64) - true)
        return ratio(off, step * self.hessian.lasting(rate, plan.epochs) + own)

    def held_by(self, found: ContestantRecord) -> Callable[[LapEnd], str | None]:
        """What holds the end of each lap against the truth: the worst is noted in `found`, and told if it is wrong."""

        def why(lap: LapEnd) -> str | None:
            off, before = self.ratio(lap), found.timed_ratio
            found.timed_ratio = max(off, before) if isinstance(off, float) and isinstance(before, float) else off
            return beyond(off, "parameters after a timed run", "are", "differ from the true ones")

        return why


def beyond(ratio: Ratio, what: str, are: str, differ: str) -> str | None:
    """That a difference is beyond its bound; None where it is not, or where nothing was compared."""
    if ratio is UNSET:
        return None
    if ratio is None:
        return f"its {what} {are} not finite"
    if ratio <= 1:
        return None
    return f"its {what} {differ} by {ratio:.3g} times what rounding explains; its time is that of something else"


def both(gradient: GradientMessage) -> FloatArray:
    """DW and db as one (d + 1,)."""
    return np.array([*gradient.weights, gradient.bias], dtype=np.float64)


def ratio(error: float, bound: float) -> float | None:
    """error/bound, null where it is not finite."""
    found = error / bound if bound > 0 else (0.0 if error == 0 else math.inf)
    return found if math.isfinite(found) else None
