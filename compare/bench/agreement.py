"""Whether what is timed in a cell is also right: held against the reference backend, and against the true path.

All differences are Euclidean norms, in units of what rounding explains; above 1 they are no rounding any more.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from handgrad.backends.interface import FloatArray
from handgrad.compare.bench.problem import CHECKED_EPOCHS, CellProblem
from handgrad.compare.bench.records import ContestantRecord
from handgrad.compare.judge.bounds import gradient_tolerances, unit_roundoff
from handgrad.compare.judge.hessian import Hessian
from handgrad.compare.timing.clocks import MACHINE
from handgrad.compare.timing.measure import Contestant
from handgrad.compare.timing.messages import GradientMessage


def check(found: Mapping[str, ContestantRecord], reference: str, made: CellProblem) -> None:
    """Holds every gradient and every parameter against the reference's, in units of what rounding explains.

    Both lie within `tolerance` of the truth, so they lie within twice that of each other. An epoch adds the error of
    its gradient, times the rate, and three roundings of the step; at our rate descent stretches no error. What is not
    finite has no ratio (None), and counts as wrong.
    """
    truth = found.get(reference)
    if truth is None or truth.gradient is None or truth.parameters is None:
        return
    points = [np.zeros(made.X.shape[1] + 1), np.array(truth.parameters, dtype=np.float64)]
    bounds = [norm_of_tolerance(made, at) for at in points]
    steps = CHECKED_EPOCHS * (
        made.plan.learning_rate * max(bounds) + 3 * unit_roundoff(made.plan.dtype) * norm(points[1])
    )
    for name, record in found.items():
        if name not in (MACHINE, reference) and record.gradient is not None:
            apart = norm(both(record.gradient) - both(truth.gradient))
            moved = norm(np.array(record.parameters, dtype=np.float64) - points[1])
            record.gradient_ratio, record.parameters_ratio = ratio(apart, 2 * bounds[0]), ratio(moved, 2 * steps)


def check_timed(
    found: Mapping[str, ContestantRecord], contestants: Mapping[str, Contestant], made: CellProblem
) -> None:
    """Holds what the epochs of a sample led to against the truth; whatever other samples gave is held against that.

    An epoch adds an error (see `check`), and of those before it leaves at most 1 − ηλ_min.
    """
    slope, hessian = slope_and_hessian(made)
    for name, contestant in contestants.items():
        if name == MACHINE:
            continue
        true = hessian.moved(slope, made.plan.learning_rate, contestant.epochs)
        bound = max(norm_of_tolerance(made, at) for at in (np.zeros_like(true), true))
        step = made.plan.learning_rate * bound + 3 * unit_roundoff(made.plan.dtype) * norm(true)
        off = norm(np.array(contestant.answer, dtype=np.float64) - true)
        found[name].timed_ratio = ratio(off, step * hessian.lasting(made.plan.learning_rate, contestant.epochs))


def slope_and_hessian(made: CellProblem) -> tuple[FloatArray, Hessian]:
    """∇L(0) (d + 1,), and the Hessian, from the Gram matrix: a cell's columns are of one size, and hardly depend."""
    table = np.column_stack([made.X, np.ones(len(made.y))]).astype(np.float64, copy=False)
    values, vectors = np.linalg.eigh(2 / len(table) * (table.T @ table))
    slope: FloatArray = -2 / len(table) * (table.T @ made.y.astype(np.float64))
    return slope, Hessian(values[::-1], vectors[:, ::-1], rank=min(table.shape), rows=len(table))


def norm_of_tolerance(made: CellProblem, at: FloatArray) -> float:
    """The norm of what rounding explains of the gradient at weights and bias (d + 1,)."""
    likely = gradient_tolerances(made.X, made.y, at[:-1], float(at[-1]), made.plan.dtype).likely
    return norm(np.append(likely.weights, likely.bias))


def both(gradient: GradientMessage) -> FloatArray:
    """DW and db as one (d + 1,)."""
    return np.array([*gradient.weights, gradient.bias], dtype=np.float64)


def norm(vector: FloatArray) -> float:
    """The Euclidean one."""
    return float(np.linalg.norm(vector))


def ratio(error: float, bound: float) -> float | None:
    """error/bound, null where it is not finite."""
    found = error / bound if bound > 0 else (0.0 if error == 0 else math.inf)
    return found if math.isfinite(found) else None
