"""Where a run is heading and where it has come to, as facts: the least-squares solution, how far it is, why it left."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from handgrad.compare.results.shapes import at_least_one, known, length, same_length

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


@dataclass(frozen=True)
class Plane:
    """A plane through the least-squares solution in the space of the parameters as they are trained.

    Attributes:
        directions: Two unit vectors (d + 1,), the bias last: for one feature W and b, for more the eigenvectors of the
            largest and of the smallest eigenvalue that is not 0.
        hessian: (2, 2): the loss lies ½ p Hp above the lowest at a point p of the plane.
        of_parameters: Whether the directions are W and b themselves.
    """

    directions: tuple[tuple[float, ...], tuple[float, ...]]
    hessian: tuple[tuple[float, float], tuple[float, float]]
    of_parameters: bool


@dataclass(frozen=True)
class Walk:
    """The way of one backend at some of its recorded epochs, for a picture that moves; one entry of each per epoch.

    Attributes:
        backend: Whose way it is.
        epochs: Ascending, the first and the last recorded one among them.
        gradients: (d + 1,) each, the bias last: of all rows, in the units that are trained in.
        excess: By how much the loss lies above the lowest, in units of y²; computed from the error of the parameters,
            so that it is right where both losses have the same digits.
        expected: What the Hessian says that it is, if nothing were rounded; none for mini-batches.
        digits: Of the worst parameter, 0 to 16; see `Arrival.digits`.
        plane: The plane in which the points lie, or into which they are projected.
        points: Two coordinates each, from the least-squares solution.
        steps: By which the update of a full batch moves from each of them, in that plane.
        rows: For more than one feature, the places of some rows in the problem's sample.
        predictions: Of those rows; nothing for one feature.
    """

    backend: str
    epochs: tuple[int, ...]
    gradients: tuple[tuple[float, ...], ...]
    excess: tuple[float, ...]
    expected: tuple[float, ...]
    digits: tuple[float, ...]
    plane: Plane
    points: tuple[tuple[float, float], ...]
    steps: tuple[tuple[float, float], ...]
    rows: tuple[int, ...] = ()
    predictions: tuple[tuple[float, ...], ...] = ()

    def __post_init__(self) -> None:
        """Holds that there is one of each at every epoch."""
        given = {"gradients": self.gradients, "excess": self.excess, "digits": self.digits, "points": self.points}
        same_length(epochs=self.epochs, steps=self.steps, **given)
        for name, some in (("expected", self.expected), ("predictions", self.predictions)):
            length(name, len(self.epochs), *([some] if some else []))
        length("predictions", len(self.rows), *self.predictions)
        at_least_one("epochs of the walk", self.epochs)

    def check(self, features: int, sampled: int, recorded: Collection[int]) -> None:
        """Holds that the walk is one of this problem, at epochs that its backend has recorded.

        Raises:
            ValueError: If it is not.
        """
        length("parameters of the walk", features + 1, *self.gradients, *self.plane.directions)
        known("row of the walk", map(str, self.rows), list(map(str, range(sampled))))
        known("epoch of the walk", map(str, self.epochs), set(map(str, recorded)))
        if features > 1 and not self.rows:
            raise ValueError("rows of the walk: expected at least one, got none")
