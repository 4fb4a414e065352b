"""Where a run has come to, as facts: how far it is from the least-squares solution, or why it left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ArrivalState = Literal["yes", "not yet", "diverged"]


@dataclass(frozen=True)
class Divergence:
    """Why a run did not stay finite.

    Attributes:
        epoch: The first whose loss is not finite.
        learning_rate: That of the run.
        limit: 2/λ_max, below which full-batch descent converges.
        converging_rate: One that converges.
        predicted_epoch: When the loss was expected to overflow at this rate; null where it was not.
        dtype: The format whose range was left.
        standardized: Whether the features were, which allows larger rates.
    """

    epoch: int
    learning_rate: float
    limit: float
    converging_rate: float
    predicted_epoch: int | None
    dtype: str
    standardized: bool


@dataclass(frozen=True)
class Arrival:
    """How far a run has come on its way to the least-squares solution, and what its Hessian had predicted.

    Attributes:
        state: "yes": every parameter has six digits or more. "not yet": fewer. "diverged": it left the dtype's range.
        epochs: The last recorded one, after which all this is true.
        digits: Of the worst parameter in the user's units, 0 to 16; null where it diverged.
        loss_ratio: The last loss over the lowest that there is; null where one of them is 0 or not finite.
        epochs_for: Digits ("6", "9", "12") and the full-batch epochs after which every parameter would have so many if
            nothing were rounded; null: never at this rate.
        contraction: By which an epoch shrank the error ‖θ − θ*‖, as observed; null where too few epochs lie above
            rounding, or the run diverged.
        predicted_contraction: The slowest component's, max |1 − ηλ|; 1 or more: it does not converge.
        learning_rate: η.
        limit: 2/λ_max, below which full-batch descent converges.
        full_batch: Whether an update saw all rows; mini-batches keep moving around the solution.
        nearest_to_start: Whether there are many solutions, of which the one nearest to the start is meant.
        dtype: The format of the run.
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
