"""How well predictions ŷ meet the truth y: mean squared error, mean absolute error, R².

NaN and infinity in the predictions go through to the result: a diverged model has no finite error.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from handgrad.data.arrays import FloatArray
from handgrad.data.errors import DataError


def mse(y: ArrayLike, predicted: ArrayLike) -> float:
    """(1/n) Σ (ŷ − y)², in units of y².

    Args:
        y: (n,), the truth.
        predicted: (n,).

    Raises:
        DataError: If the shapes are not (n,) and (n,), n ≥ 1.
    """
    residual = _residual(y, predicted)
    return float(np.mean(residual * residual))


def mae(y: ArrayLike, predicted: ArrayLike) -> float:
    """(1/n) Σ |ŷ − y|, in units of y.

    Args:
        y: (n,), the truth.
        predicted: (n,).

    Raises:
        DataError: If the shapes are not (n,) and (n,), n ≥ 1.
    """
    return float(np.mean(np.abs(_residual(y, predicted))))


def r2(y: ArrayLike, predicted: ArrayLike) -> float:
    """R² = 1 − Σ (ŷ − y)² / Σ (y − ȳ)²: 1 is perfect, 0 as good as the mean, negative worse than it.

    NaN where y is constant: there is nothing to explain, so R² is undefined, neither 1 nor 0.

    Args:
        y: (n,), the truth.
        predicted: (n,).

    Raises:
        DataError: If the shapes are not (n,) and (n,), n ≥ 1.
    """
    residual = _residual(y, predicted)
    truth = np.asarray(y, dtype=np.float64)
    if truth.min() == truth.max():
        return math.nan
    centred = truth - truth.mean()
    return float(1 - (residual @ residual) / (centred @ centred))


def _residual(y: ArrayLike, predicted: ArrayLike) -> FloatArray:
    """ŷ − y, (n,). A column (n, 1) is refused: against (n,) it would become n × n."""
    truth, guess = np.asarray(y, dtype=np.float64), np.asarray(predicted, dtype=np.float64)
    if truth.ndim != 1 or truth.shape != guess.shape or truth.size == 0:
        raise DataError(
            f"metrics: expected y and predictions of shape (n,), n ≥ 1, got {truth.shape} and {guess.shape}"
        )
    residual: FloatArray = guess - truth
    return residual
