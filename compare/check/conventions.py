"""The losses whose gradients courses ask for: c Σ r² with c = 1/n, 1/(2n), 1 or ½; dW = 2c Xᵀ r and db = 2c Σ r.

The factor of each is told relative to the mean squared error (1/n) Σ r², in which all recipes are written. That of the
most attended course (Ng, *Machine Learning Specialization*, 2022, week 1) is (1/2n) Σ r².
"""

from __future__ import annotations

from typing import Literal, get_args

from handgrad.backends.adapters.losses import LOSSES
from handgrad.compare.check.recipes import Recipe, Scale
from handgrad.compare.results.diagnosis import LossName

#: A loss that is declared; "any" of the four; None where nothing is.
LossChoice = LossName | Literal["any"] | None

#: Loss and gradient over those of the mean squared error.
FACTORS: dict[LossName, Scale] = {name: Scale(LOSSES[name].constant, LOSSES[name].rows) for name in get_args(LossName)}

#: What the gradients of other losses lack for that of the mean squared error, by the keys of these mistakes.
LACKING: dict[LossName, set[str]] = {
    "half-sum": {"two-missing", "sum-instead-of-mean"},
    "half-mse": {"two-missing"},
    "sum": {"sum-instead-of-mean"},
}


def right_recipe(loss: LossName) -> Recipe:
    """How the gradient of that loss, and the loss itself, are computed without a mistake."""
    return Recipe(scale_weights=FACTORS[loss], scale_bias=FACTORS[loss])


def is_mean(loss: LossName) -> bool:
    """Whether it is divided by the number of rows."""
    return FACTORS[loss].rows == 0
