"""What the lessons of `handgrad learn` measured: frozen types, one for each chapter. Nothing here computes.

Units: losses are in those of y², residuals in those of y, weights in y per unit of the feature, seconds are seconds.
"""

from __future__ import annotations

from dataclasses import dataclass

from handgrad.compare.results.bench import Cell, Crossover, FastestRange
from handgrad.compare.results.environment import Environment
from handgrad.compare.results.explanation import Explanation


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
    bounds: tuple[float, float] | None
    raw_condition: float
    x: tuple[float, ...]
    y: tuple[float, ...]
    minimum: tuple[float, float]
    lowest: float


@dataclass(frozen=True)
class LossGrid:
    """The loss over a rectangle of parameters: `losses[i][j]` at `biases[i]` and `weights[j]`."""

    weights: tuple[float, ...]
    biases: tuple[float, ...]
    losses: tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class DescentPath:
    """Where a run was after each epoch, the start included; all three (epochs + 1,)."""

    weights: tuple[float, ...]
    biases: tuple[float, ...]
    losses: tuple[float, ...]


@dataclass(frozen=True)
class Surface:
    """Chapter 1: the loss over both parameters, and the backends' ways down.

    Attributes:
        grid: The loss around the paths.
        paths: By backend.
        missing: Backends that cannot run here, with what to do.
        rate: The learning rate of all.
        epochs: Of all.
        apart: The largest difference of a parameter between two backends at the same epoch, over the way from the
            start to the minimum.
    """

    grid: LossGrid
    paths: dict[str, DescentPath]
    missing: dict[str, str]
    rate: float
    epochs: int
    apart: float


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
    """Chapters 2 and 3: the chain rule at a point, by hand and on a tape.

    Attributes:
        weight: Of the point.
        bias: Of the point.
        few: The first rows there, with every number of the forward pass, the chain rule and the tape.
        pulls: (rows,) each: 2 r x and 2 r of every row; their means are dW and db.
        found: What each backend gives for all rows.
        exact: The exact loss, dW and db, rounded once.
    """

    weight: float
    bias: float
    few: Explanation
    pulls: tuple[tuple[float, ...], tuple[float, ...]]
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
    """Chapter 4: error over step for dW at the point of chapter 2.

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
class RateRun:
    """One learning rate: what was predicted from the eigenvalues, and what was seen.

    Attributes:
        name: "too small", "best", "just below" or "just over" (the limit).
        rate: η.
        contraction: Predicted: what an epoch leaves of the slowest part of the error.
        observed: The same, observed; None where no epoch was left to see it in.
        path: Of the run.
        excess: (epochs + 1,), the loss above the minimum.
        diverged_at: The epoch at which numbers left float64's range, in a run that was long enough; None: never.
        overflow: Predicted.
        epochs_for_six: Until six digits of the error's size are gone; None: never.
    """

    name: str
    rate: float
    contraction: float
    observed: float | None
    path: DescentPath
    excess: tuple[float, ...]
    diverged_at: int | None
    overflow: int | None
    epochs_for_six: int | None


@dataclass(frozen=True)
class Rates:
    """Chapter 5: the learning rate. `grid` is the surface around the start and the minimum."""

    largest: float
    smallest: float
    limit: float
    best: float
    grid: LossGrid
    runs: tuple[RateRun, ...]


@dataclass(frozen=True)
class Variant:
    """One feature on one of its scales: its κ, its best rate, and the loss above the minimum over the epochs.

    `promised` are the epochs for six digits at the best rate, `seen` those after which they were seen (None: not
    within the run); `excess` is the loss above the minimum over that of the start, at `epochs`.
    """

    name: str
    condition: float
    rate: float
    promised: int
    seen: int | None
    epochs: tuple[int, ...]
    excess: tuple[float, ...]


@dataclass(frozen=True)
class TableCondition:
    """κ of a built-in table, as it is and standardised; `epochs` for six digits at the best rate, in both cases."""

    name: str
    features: int
    raw: float
    standardized: float
    raw_epochs: int
    standardized_epochs: int


@dataclass(frozen=True)
class FeatureScales:
    """Chapter 6: scaling and the condition number."""

    variants: tuple[Variant, ...]
    tables: tuple[TableCondition, ...]
    grids: tuple[LossGrid, LossGrid]


@dataclass(frozen=True)
class SinglePrecision:
    """One backend in float32: its relative error of the loss, and its gradient's error over the √n bound."""

    loss_error: float
    gradient_ratio: float


@dataclass(frozen=True)
class Summation:
    """Chapter 7: the same float32 numbers, added up in different orders.

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
    """Chapters 8 and 9: what an epoch costs, one feature, float64, all rows at once.

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
    summation: Summation
    costs: EpochCosts
    excerpts: dict[str, tuple[Excerpt, ...]]
    exercises: tuple[CourseExercise, ...]
    environment: Environment
    seed: int
