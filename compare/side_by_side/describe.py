"""The problem as a report tells it: the table, the run, its Hessian, and the least-squares solution."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING

import numpy as np

from handgrad.backends.interface import FloatArray
from handgrad.compare.judge.closed_form import ClosedForm
from handgrad.compare.results import reasons
from handgrad.compare.results.comparison import Curvature, Destination, Problem, Sample
from handgrad.compare.side_by_side.forecast import Forecast
from handgrad.data.dataset import Dataset
from handgrad.data.metrics import mse

if TYPE_CHECKING:
    from handgrad.compare.side_by_side.prepare import Options

#: Rows shown in the figures.
SAMPLE_ROWS = 300

#: Digits for which the report says how many epochs they need.
DIGITS = (3, 6, 9)


def describe(dataset: Dataset, options: Options, forecast: Forecast, solution: ClosedForm) -> Problem:
    """The problem as the report tells it; `solution` is in the user's units."""
    plan, standardization = forecast.plan, forecast.standardization
    predicted = dataset.X @ solution.weights + solution.bias
    dependent = reasons.of_dependences(solution.dependent)
    return Problem(
        name=PurePath(dataset.source).name or dataset.source,
        rows=dataset.rows,
        features=dataset.feature_names,
        target=dataset.target_name,
        source=dataset.source,
        loss="mse",
        learning_rate=plan.learning_rate,
        learning_rate_choice="auto" if options.learning_rate is None else "given",
        epochs=plan.epochs,
        batch_size=plan.batch_size,
        dtype=plan.dtype,
        seed=plan.seed,
        order=plan.order,
        standardized=options.standardize,
        means=tuple(map(float, standardization.means)),
        scales=tuple(map(float, standardization.scales)),
        curvature=curvature(forecast),
        sample=sample(dataset, predicted),
        destination=destination(solution, mse(dataset.y, predicted)),
        notes=(*dataset.notes, *([dependent] if dependent else [])),
    )


def curvature(forecast: Forecast) -> Curvature:
    """The Hessian as the report tells it, at the rate of the plan."""
    hessian = forecast.table.hessian
    return Curvature(
        largest=hessian.largest,
        smallest=hessian.smallest,
        condition=hessian.condition,
        limit=hessian.limit,
        best_rate=hessian.best_rate,
        contraction=forecast.contraction,
        epochs_for={str(digits): forecast.epochs_for[digits] for digits in DIGITS},
    )


def destination(solution: ClosedForm, loss: float) -> Destination:
    """The least-squares solution as the report tells it."""
    return Destination(
        weights=tuple(map(float, solution.weights)),
        bias=solution.bias,
        loss=loss,
        method=reasons.of_method(solution.method),
        notes=(dependent,) if (dependent := reasons.of_dependences(solution.dependent)) else (),
        dependent=solution.dependent,
    )


def sample(dataset: Dataset, predicted: FloatArray) -> Sample:
    """Evenly spread rows for the figures, with what the best model predicts: `predicted` is (n,)."""
    rows = np.unique(np.linspace(0, dataset.rows - 1, min(dataset.rows, SAMPLE_ROWS)).round().astype(int))
    return Sample(
        x=tuple(map(float, dataset.X[rows, 0])) if dataset.features == 1 else None,
        y=tuple(map(float, dataset.y[rows])),
        y_true=None if dataset.y_true is None else tuple(map(float, dataset.y_true[rows])),
        predicted=tuple(map(float, predicted[rows])),
    )
