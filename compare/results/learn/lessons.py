"""What the lessons of `handgrad learn` measured: frozen types, one for each chapter. Nothing here computes.

Units: losses are in those of y², residuals in those of y, weights in y per unit of the feature, seconds are seconds.
"""

from __future__ import annotations

from dataclasses import dataclass

from handgrad.compare.results.bench import Cell, Crossover, FastestRange
from handgrad.compare.results.environment import Environment
from handgrad.compare.results.explanation import Explanation
from handgrad.compare.results.learn.descent import FeatureScales, MiniBatches, Rates, Surface


@dataclass(frozen=True)
class Excerpt:
    """Functions of this project as they stand in its source."""

    file: str
    code: str


@dataclass(frozen=True)
class CourseExercise:
    """An exercise of `handgrad exercise`, by its number and its name, and the chapter that it belongs to."""

    number: int
    name: str
    chapter: str


@dataclass(frozen=True)
class Subject:
    """The table that the chapters are about: one feature, a target.

    Attributes:
        source: Where it came from.
        feature: Its name.
        target: Its name.
        rows: How many are used.
        rows_of: How many the table has.
        features_of: How many features the table has.
        bounds: The smallest and the largest value of the feature, when it was brought to the range from 0 to 1;
            None when it is used as it is.
        raw_condition: κ of the feature as it came.
        x: (rows,), the feature.
        y: (rows,), the target.
        minimum: Weight and bias of the least-squares solution.
        lowest: The loss there.
    """

    source: str
    feature: str
    target: str
    rows: int
    rows_of: int
    features_of: int
    bounds: tuple[float, float] | None
    raw_condition: float
    x: tuple[float, ...]
    y: tuple[float, ...]
    minimum: tuple[float, float]
    lowest: float


@dataclass(frozen=True)
class Slopes:
    """Loss and gradient from one backend; the errors are in ULPs of the exact values."""

    loss: float
    weight: float
    bias: float
    weight_ulps: float
    bias_ulps: float


@dataclass(frozen=True)
class ByHand:
    """The chain rule at a point, by hand and on a tape.

    Attributes:
        weight: Of the point.
        bias: Of the point.
        few: The first rows there, with every number of the forward pass, the chain rule and the tape.
        pulls: (rows,) each: 2 r x and 2 r of every row; their means are dW and db.
        sums: n, Σ x, Σ y, Σ x² and Σ x y of all rows.
        from_sums: The gradient from these five numbers alone; its loss is the exact one.
        found: What each backend gives for all rows.
        exact: The exact loss, dW and db, rounded once.
    """

    weight: float
    bias: float
    few: Explanation
    pulls: tuple[tuple[float, ...], tuple[float, ...]]
    sums: tuple[int, float, float, float, float]
    from_sums: Slopes
    found: dict[str, Slopes]
    exact: tuple[float, float, float]


@dataclass(frozen=True)
class CheckMethod:
    """A way to check a derivative: its step, its result, and the distance from the exact derivative."""

    name: str
    step: float
    result: float
    error: float


@dataclass(frozen=True)
class Checking:
    """Error over step for dW at the point of `ByHand`.

    Attributes:
        exact: dW.
        steps: (k,), ascending.
        forward: (k,), error of the forward difference.
        central: (k,), of the central one.
        truncation: (k,), h λ/2 with λ = ∂²L/∂W².
        left: The exponent p of error ~ hᵖ on the forward curve's left arm, from a fit; None with too few steps.
        right: On its right arm.
        central_left: The same for the central difference, over all steps.
        best: The step with the smallest forward error.
        predicted: 2 √(ε L / λ), where noise and truncation balance.
        methods: What each method gives at the step that suits it.
        roundoff: ε of float64 times the loss: the noise of one loss.
    """

    exact: float
    steps: tuple[float, ...]
    forward: tuple[float, ...]
    central: tuple[float, ...]
    truncation: tuple[float, ...]
    left: float | None
    right: float | None
    central_left: float | None
    best: float
    predicted: float
    methods: tuple[CheckMethod, ...]
    roundoff: float


@dataclass(frozen=True)
class SinglePrecision:
    """One backend in float32: its relative error of the loss, and its gradient's error over the √n bound."""

    loss_error: float
    gradient_ratio: float


@dataclass(frozen=True)
class Summation:
    """Float32 numbers, added up in different orders.

    Attributes:
        rows: (k,), how many numbers.
        errors: By order: (k,), relative to the exact sum of the same numbers.
        worst: (k,), the worst case γₙ.
        likely: (k,), 6 √n u.
        swallowed: (k,), how many of the numbers left the running total as it was, one after the other.
        backends: In float32, on as many rows as `backend_rows`.
        backend_rows: n.
    """

    rows: tuple[int, ...]
    errors: dict[str, tuple[float, ...]]
    worst: tuple[float, ...]
    likely: tuple[float, ...]
    swallowed: tuple[int, ...]
    backends: dict[str, SinglePrecision]
    backend_rows: int


@dataclass(frozen=True)
class Start:
    """What a backend costs once: its library's import and its first epoch, compiled code being on disk."""

    import_seconds: float
    first_seconds: float


@dataclass(frozen=True)
class EpochCosts:
    """What an epoch costs, one feature, float64, all rows at once.

    Attributes:
        cells: One for each number of rows, ascending.
        begun: By backend: seconds for taking in the data of the last cell and one epoch, all code being loaded.
        starts: By backend that ran.
        crossovers: Between the backends that go through all rows in every epoch.
        fastest_ranges: Among them: which is the fastest from where to where.
        missing: Backends that cannot run here, or did not start, with the reason.
        threads: What each was given.
        cpu: The processor's name.
    """

    cells: tuple[Cell, ...]
    begun: dict[str, float]
    starts: dict[str, Start]
    crossovers: tuple[Crossover, ...]
    fastest_ranges: tuple[FastestRange, ...]
    missing: dict[str, str]
    threads: int
    cpu: str


@dataclass(frozen=True)
class Lessons:
    """A finished course: everything that its page shows. `excerpts` are by chapter, `exercises` in their order."""

    subject: Subject
    surface: Surface
    by_hand: ByHand
    checking: Checking
    rates: Rates
    scaling: FeatureScales
    mini_batches: MiniBatches
    summation: Summation
    costs: EpochCosts
    excerpts: dict[str, tuple[Excerpt, ...]]
    exercises: tuple[CourseExercise, ...]
    environment: Environment
    seed: int
