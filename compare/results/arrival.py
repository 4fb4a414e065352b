"""Where a run is heading and where it has come to, as facts: the least-squares solution, how far it is, why it left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ArrivalState = Literal["yes", "not yet", "diverged"]


@dataclass(frozen=True)
class Dependence:
    """One column that adds nothing: `column` is a linear combination of `others` (a constant one: of none)."""

    column: str
    others: tuple[str, ...]


@dataclass(frozen=True)
class Destination:
    """Where the descent is heading: the least-squares solution, in the user's units.

    Attributes:
        weights: (d,).
        bias: As the weights, rounded once where the method is exact.
        loss: The lowest that there is, in units of y²: that of the solution before it is rounded.
        method: How it was found, in words.
        notes: What is to be said of it.
        dependent: The columns that others make redundant; the solution is then the one of minimum norm.
        loss_error: By how much `loss` may lie above the lowest at most; null where it is exact, rounded once.
        nearly_dependent: The columns that float64 cannot tell from a combination of others, though they are none.
        nearest: (d + 1,), the bias last: of the many solutions of dependent columns the one nearest to the start, in
            the units in which was trained, to which descent goes; null where there is one solution.
    """

    weights: tuple[float, ...]
    bias: float
    loss: float
    method: str
    notes: tuple[str, ...] = ()
    dependent: tuple[Dependence, ...] = ()
    loss_error: float | None = None
    nearly_dependent: tuple[Dependence, ...] = ()
    nearest: tuple[float, ...] | None = None


@dataclass(frozen=True)
class Divergence:
    """Why a run did not stay finite, or will not.

    Attributes:
        epoch: The first whose loss is not finite; null where all are as yet, and the loss grows.
        learning_rate: That of the run.
        limit: 2/λ_max, below which full-batch descent converges.
        converging_rate: One that converges; with mini-batches, one at which no batch can drive it out of range.
        predicted_epoch: When the loss was expected to overflow at this rate; null where it was not.
        dtype: The format whose range was left.
        standardized: Whether the features were, which allows larger rates.
        full_batch: Whether an update saw all rows.
    """

    epoch: int | None
    learning_rate: float
    limit: float
    converging_rate: float
    predicted_epoch: int | None
    dtype: str
    standardized: bool
    full_batch: bool = True


@dataclass(frozen=True)
class Remedy:
    """One thing to change so that a run arrives.

    Attributes:
        kind: "epochs": more of them at this rate. "rate": the best fixed one. "standardize": the features, and then
            their best rate. "full batch": in place of mini-batches, at the best rate. "smaller rate": it brings
            mini-batches nearer; from `learning_rate` on none can drive them out of range. "float64": in place of
            float32, whose rounding stops the run.
        learning_rate: With which the epochs are counted; null where the kind has none.
        epochs: For six digits; null where nobody can promise any.
    """

    kind: Literal["epochs", "rate", "standardize", "full batch", "smaller rate", "float64"]
    learning_rate: float | None = None
    epochs: int | None = None


@dataclass(frozen=True)
class Arrival:
    """How far a run has come on its way to the least-squares solution, and what its Hessian had predicted.

    Attributes:
        state: "yes": every parameter has six digits or more. "not yet": fewer. "diverged": it left the dtype's range,
            or its loss grows and will.
        epochs: The last recorded one, after which all this is true.
        digits: Of the worst parameter in the user's units, 0 to 16; null where it diverged. Of a parameter whose goal
            is 0 up to rounding, they are counted behind the point of what its feature can move the prediction by.
        loss_ratio: The last loss over the lowest that there is; null where one of them is 0 or not finite.
        epochs_for: Digits ("6", "9", "12") and the full-batch epochs after which every parameter would have so many if
            nothing were rounded; null: never at this rate.
        contraction: By which an epoch shrank the error ‖θ − θ*‖, as observed; null where too few epochs lie above
            rounding, or the run diverged.
        predicted_contraction: The slowest component's, max |1 − ηλ|; 1 or more: it does not converge.
        learning_rate: η.
        limit: 2/λ_max, below which full-batch descent converges.
        full_batch: Whether an update saw all rows; mini-batches keep moving around the solution, unless all share it.
        nearest_to_start: Whether there are many solutions, of which the one nearest to the start is meant.
        dtype: The format of the run.
        window: The first and the last of the epochs over which the contraction was observed.
        expected_contraction: The mean factor over these epochs that the Hessian predicts.
        loss: The last one, in units of y²; null where it is not finite.
        lowest_loss: The least that there is.
        condition: κ = λ_max/λ_min of the Hessian.
        best_rate: The best fixed one, 2/(λ_max + λ_min).
        best_contraction: The slowest component's at that rate; 1: in float64, no rate converges.
        stopped_by_rounding: Whether the run has had the epochs for six digits and does not have them.
        remedies: What to change, for a run that has not arrived.
    """

    state: ArrivalState
    epochs: int
    digits: float | None
    loss_ratio: float | None
    epochs_for: dict[str, int | None]
    contraction: float | None
    predicted_contraction: float
    learning_rate: float
    limit: float
    full_batch: bool
    nearest_to_start: bool
    dtype: str
    window: tuple[int, int] | None = None
    expected_contraction: float | None = None
    loss: float | None = None
    lowest_loss: float | None = None
    condition: float | None = None
    best_rate: float | None = None
    best_contraction: float | None = None
    stopped_by_rounding: bool = False
    remedies: tuple[Remedy, ...] = ()
