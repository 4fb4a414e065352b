"""What the chapters on descent measured: surface, rate, scaling, mini-batches. Frozen types; nothing here computes.

Units: losses are in those of y², weights in y per unit of the feature.
"""

from __future__ import annotations

from dataclasses import dataclass


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
    """The loss over both parameters, and the backends' ways down.

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
class RateRun:
    """One learning rate: what was predicted from the eigenvalues, and what was seen.

    Attributes:
        name: "too small", "best", "just below" or "just over" (the limit).
        rate: η.
        contraction: What an epoch leaves of the slowest part of the error, from the eigenvalues.
        expected: What an epoch leaves of the whole error, in the mean over the epochs that were looked at, likewise.
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
    expected: float | None
    observed: float | None
    path: DescentPath
    excess: tuple[float, ...]
    diverged_at: int | None
    overflow: int | None
    epochs_for_six: int | None


@dataclass(frozen=True)
class Bowl:
    """The whole surface in seven numbers: L = lowest + ½ eᵀ H e with e = (W, b) − minimum.

    Attributes:
        curvature: ∂²L/∂W², ∂²L/∂W∂b and ∂²L/∂b², the entries of H.
        minimum: W and b.
        lowest: The loss there.
    """

    curvature: tuple[float, float, float]
    minimum: tuple[float, float]
    lowest: float


@dataclass(frozen=True)
class Rates:
    """The learning rate. `grid` is the surface around the start and the minimum, `bowl` the same in a few numbers."""

    largest: float
    smallest: float
    limit: float
    best: float
    grid: LossGrid
    bowl: Bowl
    runs: tuple[RateRun, ...]


@dataclass(frozen=True)
class BatchRun:
    """Descent on mini-batches of one size.

    Attributes:
        size: Rows to a batch.
        steps: In an epoch.
        predicted_spread: The standard deviation of a batch's dW at the start, from those of the rows' pulls.
        seen_spread: The same, of batches that were drawn.
        excess: (epochs + 1,), the loss above the minimum after each epoch.
        final: Its mean over the last epochs.
    """

    size: int
    steps: int
    predicted_spread: float
    seen_spread: float
    excess: tuple[float, ...]
    final: float


@dataclass(frozen=True)
class MiniBatches:
    """Mini-batches: the same table, rate and epochs, in batches of different size; the whole table comes first.

    Attributes:
        rate: η of all runs.
        epochs: Of all runs.
        averaged: So many of the last epochs are averaged in `final`.
        drawn: Batches of each size whose dW was looked at.
        runs: By size, the largest first.
        slower: The smallest size again at a quarter of the rate.
        slower_rate: That rate.
    """

    rate: float
    epochs: int
    averaged: int
    drawn: int
    runs: tuple[BatchRun, ...]
    slower: BatchRun
    slower_rate: float


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
    """Scaling and the condition number."""

    variants: tuple[Variant, ...]
    tables: tuple[TableCondition, ...]
    grids: tuple[LossGrid, LossGrid]
