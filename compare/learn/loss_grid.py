"""The loss over a rectangle of the (W, b) plane, as the contour maps show it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from handgrad.backends.interface import FloatArray, Trainer
from handgrad.compare.judge.hessian import Hessian
from handgrad.compare.results.learn.descent import LossGrid

#: Points of the loss's surface along each axis.
GRID_POINTS = 61


def spread(weights: Sequence[float], biases: Sequence[float], hessian: Hessian) -> tuple[FloatArray, FloatArray]:
    """Axes (k,), k = `GRID_POINTS`, that hold all points with a margin and show the loss's curvature along both.

    Where the points hardly move along one parameter, its axis gets the width at which the loss rises as it does along
    the other: the widths are at least in the proportion of √H of the other parameter.
    """
    low, high = np.array([min(weights), min(biases)]), np.array([max(weights), max(biases)])
    curved = along_axes(hessian)
    rise = float((curved * (high - low)).max())
    half = np.maximum((high - low) / 2, 0.1 * rise / curved) * 1.4
    middle = (low + high) / 2
    first, second = (np.linspace(middle[k] - half[k], middle[k] + half[k], GRID_POINTS) for k in (0, 1))
    return first, second


def along_axes(hessian: Hessian) -> FloatArray:
    """(2,): √H of the loss along the weight's axis and along the bias's, from the Hessian's diagonal."""
    vectors, values = hessian.eigenvectors, hessian.eigenvalues
    curved: FloatArray = np.sqrt(np.diag(vectors * values @ vectors.T))
    return curved


def loss_grid(trainer: Trainer, weights: FloatArray, biases: FloatArray) -> LossGrid:
    """The loss at every pair of `weights` (k,) and `biases` (m,), (m, k), from the backend itself."""
    losses = [tuple(trainer.loss_at([w], b) for w in weights.tolist()) for b in biases.tolist()]
    return LossGrid(tuple(weights.tolist()), tuple(biases.tolist()), tuple(losses))
