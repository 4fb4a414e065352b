"""A saved model against data that it has not seen, and against the true function where that is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from handgrad.data.arrays import FloatArray
from handgrad.data.dataset import DataError, Dataset
from handgrad.data.metrics import mae, mse, r2
from handgrad.data.model_file import Model


@dataclass(frozen=True)
class Evaluation:
    """What a model does on a table.

    Attributes:
        predicted: (n,), in units of the target.
        mse: In units of the target squared.
        mae: In units of the target.
        r2: NaN where the target is constant.
        mse_to_truth: Mean squared distance of the predictions from the target without noise; None where not known.
    """

    predicted: FloatArray
    mse: float
    mae: float
    r2: float
    mse_to_truth: float | None


def evaluate_model(model: Model, dataset: Dataset) -> Evaluation:
    """Predicts and measures.

    Raises:
        DataError: If the table lacks a feature of the model, or has another target, or if the errors leave float64's
            range, as those of a diverged model do.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        predicted = model.predict(model.align(dataset))
        loss = mse(dataset.y, predicted)
    if not np.isfinite(loss):
        raise DataError(
            f"{dataset.source}: expected a finite error, but the model's predictions leave float64's range (the "
            f"largest weight is {np.abs(model.weights).max():.3g}); did its training diverge? train at a smaller rate"
        )
    return Evaluation(
        predicted=predicted,
        mse=loss,
        mae=mae(dataset.y, predicted),
        r2=r2(dataset.y, predicted),
        mse_to_truth=None if dataset.y_true is None else mse(dataset.y_true, predicted),
    )
