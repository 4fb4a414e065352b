"""What a comparison found: frozen types that turn into JSON (`result.json`, schema 1) and back without loss.

Every float is written with the digits that give the same double back; what is not finite is written as null. Nothing
here computes: `compare` fills these in, `reports` shows them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from handgrad.compare.results.arrival import Arrival, Divergence, Walk
from handgrad.compare.results.arrival import Dependence as Dependence
from handgrad.compare.results.arrival import Destination as Destination
from handgrad.compare.results.checks import PointChecks, Precision, SelfTest
from handgrad.compare.results.environment import Environment
from handgrad.compare.results.environment import Source as Source
from handgrad.compare.results.shapes import at_least_one, known, length, same_length
from handgrad.compare.results.timing import DeviceUse, LapEnds, SlowRun, Speed
from handgrad.compare.results.verdict import Verdict
from handgrad.compare.results.violations import Bound, Remark, Violation

if TYPE_CHECKING:
    import pandas as pd

SCHEMA = 1

Status = Literal["ok", "unavailable", "skipped", "failed", "diverged", "timeout"]


@dataclass(frozen=True)
class Curvature:
    """The Hessian H = (2/n) X̃ᵀX̃ of the problem as it was trained: what rate is stable, and how fast it goes.

    `limit` is 2/λ_max, `best_rate` 2/(λ_max + λ_min), `contraction` the factor of the slowest error at the rate used.
    `epochs_for` maps digits ("3", "6", "9") to the epochs that they need at that rate; null: never.
    """

    largest: float
    smallest: float
    condition: float | None
    limit: float
    best_rate: float
    contraction: float
    epochs_for: dict[str, int | None]


@dataclass(frozen=True)
class Sample:
    """At most some hundred rows of the table, for the figures, in the user's units.

    Attributes:
        x: The feature's value for one feature, null for more.
        y: The target.
        y_true: The target without noise, where that is known.
        predicted: What the least-squares solution predicts.
        trained: What the trained model of the backend that stands for all predicts; empty where none is finite, and in
            files of earlier versions.
        trained_by: That backend.
        r2: R² of the trained model on the whole table; null where the target is constant, or there is no such model.
        best_r2: R² of the least-squares solution.
    """

    x: tuple[float, ...] | None
    y: tuple[float, ...]
    y_true: tuple[float, ...] | None
    predicted: tuple[float, ...]
    trained: tuple[float, ...] = ()
    trained_by: str | None = None
    r2: float | None = None
    best_r2: float | None = None

    def __post_init__(self) -> None:
        at_least_one("rows", self.y)
        drawn = (self.x, self.y_true, self.predicted, self.trained or None)
        length("rows of the sample", len(self.y), *(part for part in drawn if part is not None))


@dataclass(frozen=True)
class Problem:
    """What was trained, the same for every backend.

    `means` and `scales` are of the standardisation (zeros and ones without it); learning rate, curvature and start
    gradients are those of the standardised problem, weights and losses those of the user's units.
    """

    name: str
    rows: int
    features: tuple[str, ...]
    target: str
    source: str
    loss: str
    learning_rate: float
    learning_rate_choice: Literal["auto", "given", "example"]
    epochs: int
    batch_size: int | None
    dtype: str
    seed: int
    standardized: bool
    means: tuple[float, ...]
    scales: tuple[float, ...]
    curvature: Curvature | None = None
    sample: Sample | None = None
    destination: Destination | None = None
    true_weights: tuple[float, ...] | None = None
    true_bias: float | None = None
    notes: tuple[str, ...] = ()
    order: Literal["shuffled", "file"] = "shuffled"
    walk: Walk | None = None

    def __post_init__(self) -> None:
        at_least_one("features", self.features)
        parts = [part for part in (self.means, self.scales) if part]
        parts += [] if self.true_weights is None else [self.true_weights]
        length("features", len(self.features), *parts, *([self.destination.weights] if self.destination else []))


@dataclass(frozen=True)
class StartGradient:
    """The gradient at the start, in the units of the standardised problem, held against the exact one.

    `max_ulp` is the largest error in units in the last place of the exact value; `bound_ratio` the largest error over
    its √n rounding-error bound (1 and below: correct), `worst_case_ratio` over the rigorous bound. null: not finite.
    """

    loss: float | None
    weights: tuple[float | None, ...]
    bias: float | None
    max_ulp: float | None = None
    max_relative: float | None = None
    bound_ratio: float | None = None
    worst_case_ratio: float | None = None


@dataclass(frozen=True)
class ParameterAccuracy:
    """The parameters at the recorded epochs, held against the exact trajectory.

    `max_ulp`, `max_relative` and `bound_ratio` are of the last epoch; `first_epoch_apart` is the first recorded epoch
    at which a parameter's bits differ from the reference backend's, null when they never do.
    """

    max_ulp: float | None = None
    max_relative: float | None = None
    first_epoch_apart: int | None = None
    bound_ratio: float | None = None


@dataclass(frozen=True)
class EpochErrors:
    """One row per recorded epoch: the error of the parameters against the exact trajectory."""

    epochs: tuple[int, ...]
    max_ulp: tuple[float | None, ...]
    max_relative: tuple[float | None, ...]
    bound_ratio: tuple[float | None, ...]

    def __post_init__(self) -> None:
        same_length(epochs=self.epochs, ulps=self.max_ulp, relative=self.max_relative, ratios=self.bound_ratio)


@dataclass(frozen=True)
class Pair:
    """One backend against another: their start gradients over the sum of both bounds, and where they part.

    `apart_by` is the largest relative difference of a parameter at `first_epoch_apart`, `final_apart` at the end.
    """

    reference: str
    gradient_ratio: float | None
    first_epoch_apart: int | None
    apart_by: float | None
    final_apart: float | None
    parameter_ratio: float | None = None


@dataclass(frozen=True)
class Accuracy:
    """How right a backend is, and why it differs. `explanation` was established by repeating the sum, or is null.

    `bound` says which one decides, `violations` what lies outside; `reason` is the same in a sentence.
    """

    start_gradient: StartGradient
    parameters: ParameterAccuracy
    epochs: EpochErrors | None = None
    pairs: tuple[Pair, ...] = ()
    explanation: str | None = None
    passed: bool = True
    reason: str = ""
    bound: Bound = "likely"
    violations: tuple[Violation, ...] = ()


@dataclass(frozen=True)
class Trajectory:
    """Parameters at the recorded epochs, in the user's units: `weights` one row per epoch."""

    epochs: tuple[int, ...]
    weights: tuple[tuple[float, ...], ...]
    biases: tuple[float, ...]

    def __post_init__(self) -> None:
        same_length(epochs=self.epochs, weights=self.weights, biases=self.biases)


@dataclass(frozen=True)
class BackendResult:
    """What one backend did. `weights`, `bias` and `losses` carry all digits; all are empty unless it ran.

    `arrival` says how far its run has come, `divergence` why it did not stay finite, and `reason` that in a sentence.
    `slow` is of a run that was skipped, since it would have taken most of the time; `device` is where it computed.
    Files of earlier versions have a sentence, `convergence`, in the place of `arrival`.
    """

    status: Status
    gradient: Literal["manual", "autodiff", "exact"]
    summary: str = ""
    reason: str | None = None
    version: str | None = None
    weights: tuple[float, ...] = ()
    bias: float | None = None
    losses: tuple[float, ...] = ()
    diverged_at: int | None = None
    trajectory: Trajectory | None = None
    convergence: str | None = None
    accuracy: Accuracy | None = None
    speed: Speed | None = None
    source: Source | None = None
    arrival: Arrival | None = None
    divergence: Divergence | None = None
    lap_ends: LapEnds | None = None
    remarks: tuple[Remark, ...] = ()
    slow: SlowRun | None = None
    device: str | None = None


@dataclass(frozen=True)
class Comparison:
    """A finished comparison: everything that a report shows.

    `gradchecks` hold one backend's gradient against every checking method, at the start and at the optimum, where that
    is cheap; `self_test` says what the judge can see, and `precision` sets float32 beside float64, where that was asked
    for. `device` is the one on which those backends computed that name one.
    """

    environment: Environment
    problem: Problem
    backends: dict[str, BackendResult]
    verdict: Verdict
    schema: int = SCHEMA
    gradchecks: tuple[PointChecks, ...] = ()
    self_test: SelfTest | None = None
    precision: Precision | None = None
    device: DeviceUse | None = None

    def __post_init__(self) -> None:
        for found in self.backends.values():
            paths = [] if found.trajectory is None else found.trajectory.weights
            starts = [] if found.accuracy is None else [found.accuracy.start_gradient.weights]
            length("weights", len(self.problem.features), *([found.weights] if found.weights else []), *paths, *starts)
        points = [check.point for point in self.gradchecks for check in point.checks.values()]
        length("parameters of a gradient check", len(self.problem.features) + 1, *points)
        known("backend", self._named(), self.backends)
        if (walk := self.problem.walk) is not None:
            path, sample = self.backends[walk.backend].trajectory, self.problem.sample
            walk.check(len(self.problem.features), len(sample.y) if sample else 0, path.epochs if path else ())

    def _named(self) -> Iterator[str | None]:
        """The backends that parts of the result are about."""
        verdict = self.verdict
        yield from (objection.backend for objection in verdict.objections)
        yield from (() if verdict.arrived is None else verdict.arrived.states)
        yield None if self.problem.walk is None else self.problem.walk.backend
        yield from (() if verdict.choice is None else (cost.backend for cost in verdict.choice.costs))
        yield from (name for point in self.gradchecks for name in point.checks)
        yield from (() if self.precision is None else self.precision.gradients)

    def ran(self) -> dict[str, BackendResult]:
        """The backends that have results, in the order of tables."""
        return {name: result for name, result in self.backends.items() if result.losses}

    def frame(self) -> pd.DataFrame:
        """One row per backend: status, parameters, final loss, accuracy and speed."""
        import pandas as pd

        rows = {name: _row(result, self.problem.features) for name, result in self.backends.items()}
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("backend")

    def __repr__(self) -> str:
        problem = self.problem
        lines = [
            f"Comparison of {len(self.backends)} backends on {problem.name}: {problem.rows} rows, "
            f"{len(problem.features)} feature{'s' if len(problem.features) != 1 else ''}, {problem.epochs} epochs",
            *(f"  {name:<14} {result.status:<12} {_outcome(result)}" for name, result in self.backends.items()),
            f"  {'agree' if self.verdict.passed else 'do not agree'}: {'; '.join(self.verdict.reasons)}",
        ]
        return "\n".join(lines)


@dataclass(frozen=True)
class GradientChecks:
    """What `handgrad gradcheck` found: every backend's gradient at the points, by every method.

    Gradients and points are those of the problem as it was checked, standardised where it says so.

    Attributes:
        environment: Where it ran.
        problem: The table. Its learning rate and epochs play no part here.
        points: In the order asked for.
        left_out: Why a backend could not be asked, by name.
        passed: Whether every check passed.
    """

    environment: Environment
    problem: Problem
    points: tuple[PointChecks, ...]
    left_out: dict[str, str]
    passed: bool
    schema: int = SCHEMA

    def __post_init__(self) -> None:
        points = [check.point for point in self.points for check in point.checks.values()]
        length("parameters of a gradient check", len(self.problem.features) + 1, *points)


def _row(result: BackendResult, features: tuple[str, ...]) -> dict[str, object]:
    accuracy, speed = result.accuracy, result.speed
    weights = result.weights or (math.nan,) * len(features)
    return {
        "status": result.status,
        **{f"weight {name}": weight for name, weight in zip(features, weights, strict=True)},
        "bias": result.bias,
        "loss": result.losses[-1] if result.losses else None,
        "gradient_max_ulp": accuracy.start_gradient.max_ulp if accuracy else None,
        "gradient_bound_ratio": accuracy.start_gradient.bound_ratio if accuracy else None,
        "import_seconds": speed.import_seconds if speed else None,
        "first_call_seconds": speed.first_call_seconds if speed else None,
        "epoch_seconds": speed.epoch_seconds.median if speed else None,
        "relative": speed.relative if speed else None,
    }


def _outcome(result: BackendResult) -> str:
    if not result.losses:
        return result.reason or ""
    epoch = f", {result.speed.epoch_seconds.median:.3g} s per epoch" if result.speed else ""
    return f"loss {result.losses[-1]:.6g}{epoch}"
