"""A saved model against data that it has not seen, and against the true function where that is known."""

from __future__ import annotations

from dataclasses import dataclass

from handgrad.data.arrays import FloatArray
from handgrad.data.dataset import Dataset
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
        DataError: If the table lacks a feature of the model, or has another target.
    """
    predicted = model.predict(model.align(dataset))
    return Evaluation(
        predicted=predicted,
        mse=mse(dataset.y, predicted),
        mae=mae(dataset.y, predicted),
        r2=r2(dataset.y, predicted),
        mse_to_truth=None if dataset.y_true is None else mse(dataset.y_true, predicted),
    )
