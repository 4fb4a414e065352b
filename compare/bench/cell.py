"""One cell of a sweep: so many rows and features in a dtype, timed on all backends in one process of each.

The reference backend takes part twice, in two processes (an A/A run), and so does the machine itself, which reads as
many bytes as X and y have: in the same rounds, so that both are compared with the backends under the same conditions.
"""

from __future__ import annotations

import contextlib
import math
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from handgrad.backends.interface import DType, FloatArray, Plan, steady
from handgrad.compare.judge.bounds import gradient_tolerances, unit_roundoff
from handgrad.compare.timing.clocks import MACHINE, Asked, epochs_clock, plan_fields, reading_clock
from handgrad.compare.timing.measure import CONFIRMED, Clock, Contestant, calibrate, calibrated, evened, measure
from handgrad.compare.timing.process import WorkerError

#: The contestant that is the reference once more.
AGAIN = "(again)"

#: So many epochs are compared with the reference's.
CHECKED_EPOCHS = 2

#: Epochs that a cell costs in each process besides its timed rounds: first call, gradient, check, calibration.
EPOCHS_BESIDES = 2 + CHECKED_EPOCHS + CONFIRMED


@dataclass(frozen=True, order=True)
class Size:
    """A cell's place in the grid."""

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
class Problem:
    """X (n, d) and y (n,) of the dtype, and how to descend on them."""

    X: FloatArray
    y: FloatArray
    plan: Plan

    @contextlib.contextmanager
    def file(self) -> Iterator[str]:
        """A file with X and y for the workers; gone afterwards."""
        with tempfile.TemporaryDirectory(prefix="handgrad-") as folder:
            path = Path(folder, "data.npz")
            np.savez(path, X=self.X, y=self.y)
            yield str(path)


def problem(size: Size, seed: int) -> Problem:
    """Normal features, y = Σ x + 1 with noise, and a rate at which descent surely converges.

    The eigenvalues of XᵀX/n of normal columns end at (1 + √(d/n))² (Marchenko and Pastur 1967); the Hessian's are twice
    that, and the rate is half of the limit 2/λ_max.
    """
    n, d = size.rows, size.features
    random = np.random.default_rng([seed, n, d])
    X = random.standard_normal((n, d), dtype=size.dtype)
    y = X.sum(axis=1) + 1 + random.standard_normal(n, dtype=size.dtype)
    rate = 0.5 / (1 + math.sqrt((d + 1) / n)) ** 2
    return Problem(X, y, Plan(learning_rate=rate, epochs=CHECKED_EPOCHS, dtype=size.dtype, record=(0, 1)))


def measured(
    size: Size,
    workers: Mapping[str, Asked],
    reference: str,
    budget_seconds: float,
    precision: float,
    rounds_at_least: int,
    seed: int,
    epochs: Mapping[str, int],
) -> dict[str, dict[str, Any]]:
    """What each worker answered, as JSON: its samples and its memory, or why there are none.

    Args:
        size: The cell.
        workers: One living process of each contestant, with its library loaded.
        reference: The backend that the others' numbers are held against.
        budget_seconds: Clock time for all contestants together.
        precision: See `measure`.
        rounds_at_least: See `measure`.
        seed: Of the data and of the order in each round.
        epochs: Epochs per sample where an earlier process has found them.
    """
    made = problem(size, 0)
    found: dict[str, dict[str, Any]] = {name: {} for name in workers}
    with made.file() as data:
        for name, worker in workers.items():
            if name != MACHINE:
                guarded(found[name], lambda worker=worker: warmed(worker, data, made.plan))  # type: ignore[misc]
    check(found, reference, made)
    clocks = {
        name: reading_clock(worker, size.bytes) if name == MACHINE else clock(worker, made.plan, found[name])
        for name, worker in workers.items()
        if "reason" not in found[name]
    }
    contestants = calibrated(clocks, epochs)
    if reference in contestants and AGAIN in contestants:
        contestants |= calibrated({AGAIN: clocks[AGAIN]}, {AGAIN: contestants[reference].epochs})
    contestants = evened(contestants)
    check_timed(found, contestants, made)
    timings = measure(contestants, budget_seconds, precision=precision, rounds_at_least=rounds_at_least, seed=seed)
    for name, timed in timings.items():
        found[name] |= {
            "samples": list(timed.samples),
            "epochs": timed.epochs_per_sample,
            "changed_answers": timed.changed_answers,
            "largest_change": timed.largest_change,
        }
        if name != MACHINE:
            guarded(found[name], lambda name=name: workers[name].ask("memory"))  # type: ignore[misc]
    return found


def guarded(found: dict[str, Any], ask: Callable[[], dict[str, Any]]) -> None:
    """Adds the answer, or why there is none."""
    try:
        found.update(ask())
    except WorkerError as error:
        found.update(status=error.status, reason=str(error))


def warmed(worker: Asked, data: str, plan: Plan) -> dict[str, Any]:
    """Data bound, everything compiled; the gradient at the start, and the parameters after the first epochs."""
    answer = worker.ask("bind", data=data, dtype=plan.dtype)
    answer |= worker.ask("first_call", plan=plan_fields(plan))
    ended = worker.ask("time", plan=plan_fields(steady(plan, CHECKED_EPOCHS)), epochs=CHECKED_EPOCHS)
    worker.rest()
    return answer | {"parameters": [*ended["weights"], ended["bias"]]}


def clock(worker: Asked, plan: Plan, found: dict[str, Any]) -> Clock:
    """Times epochs in a worker; why it stopped, if it does, is noted in `found`."""

    def stopped(error: WorkerError) -> None:
        found.update(status=error.status, reason=f"could not be timed: {error}")

    return epochs_clock(worker, plan, stopped)


def steady_seconds(worker: Asked, plan: Plan) -> float | None:
    """A first figure for a steady epoch, from one sample."""
    lap = clock(worker, plan, {})
    found = calibrate(lap)
    return None if found is None else lap(found.epochs).seconds / found.epochs


def check(found: dict[str, dict[str, Any]], reference: str, made: Problem) -> None:
    """Holds every gradient and every parameter against the reference's, in units of what rounding explains.

    Both lie within `tolerance` of the truth, so they lie within twice that of each other. An epoch adds the error of
    its gradient, times the rate, and three roundings of the step; at our rate descent stretches no error. Compared in
    the Euclidean norm. What is not finite has no ratio (null), and counts as wrong.
    """
    truth = found.get(reference, {})
    if "gradient" not in truth:
        return
    points = [np.zeros(made.X.shape[1] + 1), np.array(truth["parameters"], dtype=np.float64)]
    bounds = [norm_of_tolerance(made, at) for at in points]
    steps = CHECKED_EPOCHS * (
        made.plan.learning_rate * max(bounds) + 3 * unit_roundoff(made.plan.dtype) * norm(points[1])
    )
    for name, answer in found.items():
        if name not in (MACHINE, reference) and "gradient" in answer:
            apart = norm(both(answer["gradient"]) - both(truth["gradient"]))
            moved = norm(np.array(answer["parameters"], dtype=np.float64) - points[1])
            answer["gradient_ratio"], answer["parameters_ratio"] = ratio(apart, 2 * bounds[0]), ratio(moved, 2 * steps)


def check_timed(found: Mapping[str, dict[str, Any]], contestants: Mapping[str, Contestant], made: Problem) -> None:
    """Holds what the epochs of a sample led to against the truth; whatever other samples gave is held against that.

    An epoch adds an error (see `check`), and of those before it leaves at most 1 − ηλ_min.
    """
    truth = Descent.of(made)
    for name, contestant in contestants.items():
        if name == MACHINE:
            continue
        true = truth.after(contestant.epochs)
        bound = max(norm_of_tolerance(made, at) for at in (np.zeros_like(true), true))
        step = made.plan.learning_rate * bound + 3 * unit_roundoff(made.plan.dtype) * norm(true)
        off = norm(np.array(contestant.answer, dtype=np.float64) - true)
        found[name]["timed_ratio"] = ratio(off, step * truth.lasting(contestant.epochs))


@dataclass(frozen=True)
class Descent:
    """The path of full-batch descent from zero, in H's eigenbasis: θₖ = V (1 − (1 − ηλ)ᵏ)/λ Vᵀ (−∇L(0))."""

    eigenvalues: FloatArray
    eigenvectors: FloatArray
    components: FloatArray
    rate: float

    @classmethod
    def of(cls, made: Problem) -> Descent:
        """That of a cell's problem, whose columns are independent, in float64."""
        table = np.column_stack([made.X, np.ones(len(made.y))]).astype(np.float64, copy=False)
        values, vectors = np.linalg.eigh(2 / len(table) * (table.T @ table))
        slope = 2 / len(table) * (table.T @ made.y.astype(np.float64))
        return cls(values, vectors, vectors.T @ slope, made.plan.learning_rate)

    def after(self, epochs: int) -> FloatArray:
        """Weights, then the bias (d + 1,)."""
        steps = self.rate * np.maximum(self.eigenvalues, 1e-12 / self.rate)  # ηλ; that of columns that depend is 0
        left = np.where(steps < 0.5, np.exp(epochs * np.log1p(-np.minimum(steps, 0.5))), (1 - steps) ** epochs)
        gone = np.where(steps < 0.5, -np.expm1(epochs * np.log1p(-np.minimum(steps, 0.5))), 1 - left)
        grown = gone * self.rate / steps
        found: FloatArray = self.eigenvectors @ (grown * self.components)
        return found

    def lasting(self, epochs: int) -> float:
        """How many epochs' errors are left after so many, at most: Σ (1 − ηλ_min)ᵏ."""
        shrink = self.rate * max(float(self.eigenvalues.min()), 0.0)
        return float(epochs) if shrink * epochs < 1 else 1 / shrink


def norm_of_tolerance(made: Problem, at: FloatArray) -> float:
    """The norm of what rounding explains of the gradient at weights and bias (d + 1,)."""
    likely = gradient_tolerances(made.X, made.y, at[:-1], float(at[-1]), made.plan.dtype).likely
    return norm(np.append(likely.weights, likely.bias))


def both(gradient: Mapping[str, Any]) -> FloatArray:
    """DW and db as one (d + 1,)."""
    return np.array([*gradient["weights"], gradient["bias"]], dtype=np.float64)


def norm(vector: FloatArray) -> float:
    """The Euclidean one."""
    return float(np.linalg.norm(vector))


def ratio(error: float, bound: float) -> float | None:
    """error/bound, null where it is not finite."""
    found = error / bound if bound > 0 else (0.0 if error == 0 else math.inf)
    return found if math.isfinite(found) else None
