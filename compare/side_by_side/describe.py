"""The problem as a report tells it: the table, the run, its Hessian, and the least-squares solution."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import PurePath
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from handgrad.backends.interface import FloatArray
from handgrad.compare.judge.closed_form import ClosedForm, near_dependences
from handgrad.compare.judge.table import CheckedTable
from handgrad.compare.results import reasons
from handgrad.compare.results.comparison import BackendResult, Curvature, Destination, Problem, Sample
from handgrad.compare.side_by_side.forecast import Forecast
from handgrad.data.dataset import Dataset
from handgrad.data.metrics import r2

if TYPE_CHECKING:
    from handgrad.compare.side_by_side.prepare import Options

#: Rows shown in the figures.
SAMPLE_ROWS = 300

#: With more features nobody asks for the true weights; a target is made of a plane that lies so near to it, relatively.
MOST_TRUE_WEIGHTS, SAME_TRUTH = 100, 1e-9

#: Digits for which the report says how many epochs they need.
DIGITS = (3, 6, 9)


def describe(dataset: Dataset, options: Options, forecast: Forecast, solution: ClosedForm) -> Problem:
    """The problem as the report tells it; `solution` is in the user's units."""
    plan, standardization = forecast.plan, forecast.standardization
    predicted = dataset.X @ solution.weights + solution.bias
    dependent = reasons.of_dependences(solution.dependent)
    true_weights, true_bias = truth(dataset) or (None, None)
    return Problem(
        name=PurePath(dataset.source).name or dataset.source,
        rows=dataset.rows,
        features=dataset.feature_names,
        target=dataset.target_name,
        source=dataset.source,
        loss="mse",
        learning_rate=plan.learning_rate,
        learning_rate_choice="auto" if options.learning_rate is None else "example" if options.is_example else "given",
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
        destination=destination(solution, forecast, dataset.feature_names),
        true_weights=true_weights,
        true_bias=true_bias,
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


def destination(solution: ClosedForm, forecast: Forecast, names: Sequence[str]) -> Destination:
    """The least-squares solution as the report tells it; names (d,) are of the features."""
    deficient = forecast.table.hessian.deficient
    table = forecast.table if deficient and not solution.dependent else None
    nearly = near_dependences(table, names) if isinstance(table, CheckedTable) else ()
    told = (reasons.of_dependences(solution.dependent), reasons.of_near_dependences(nearly))
    return Destination(
        weights=tuple(map(float, solution.weights)),
        bias=solution.bias,
        loss=solution.loss,
        method=reasons.of_method(solution.method),
        notes=tuple(note for note in told if note),
        dependent=solution.dependent,
        loss_error=solution.loss_error,
        nearly_dependent=nearly,
        nearest=tuple(map(float, forecast.own_goal)) if deficient else None,
    )


def with_trained(problem: Problem, results: Mapping[str, BackendResult], dataset: Dataset) -> Problem:
    """The problem, its sample with what the trained model predicts of each row, and R² of that and of the best one.

    One backend stands for all: NumPy's where it ran to its end, or else the first that did.
    """
    ended = [name for name, r in results.items() if r.status == "ok" and r.weights and r.bias is not None]
    if problem.sample is None or problem.destination is None or not ended:
        return problem
    name = "numpy" if "numpy" in ended else ended[0]
    model, best = results[name], problem.destination
    with np.errstate(over="ignore", invalid="ignore"):
        trained = dataset.X @ np.array(model.weights) + (model.bias or 0.0)
        fitted = dataset.X @ np.array(best.weights) + best.bias
        scores = [or_none(r2(dataset.y, predicted)) for predicted in (trained, fitted)]
    rows = shown_rows(dataset.rows)
    if not np.isfinite(trained[rows]).all():
        return problem
    shown = tuple(map(float, trained[rows]))
    filled = replace(problem.sample, trained=shown, trained_by=name, r2=scores[0], best_r2=scores[1])
    return replace(problem, sample=filled)


def truth(dataset: Dataset) -> tuple[tuple[float, ...], float] | None:
    """The weights (d,) and the bias of the target without noise, where that is known and lies on a plane."""
    if dataset.y_true is None or dataset.features > MOST_TRUE_WEIGHTS:
        return None
    rows = shown_rows(dataset.rows)
    found, _, rank, _ = np.linalg.lstsq(np.column_stack([dataset.X[rows], np.ones(len(rows))]), dataset.y_true[rows])
    off = np.abs(dataset.X @ found[:-1] + found[-1] - dataset.y_true)
    if rank <= dataset.features or not off.max() <= SAME_TRUTH * np.abs(dataset.y_true).max():
        return None
    return tuple(map(float, found[:-1])), float(found[-1])


def or_none(value: float) -> float | None:
    """The number; None for one that is not finite."""
    return value if math.isfinite(value) else None


def shown_rows(count: int) -> NDArray[np.int64]:
    """Evenly spread rows (k,) of so many, for the figures."""
    spread: NDArray[np.int64] = np.unique(np.linspace(0, count - 1, min(count, SAMPLE_ROWS)).round().astype(np.int64))
    return spread


def sample(dataset: Dataset, predicted: FloatArray) -> Sample:
    """Evenly spread rows for the figures, with what the best model predicts: `predicted` is (n,)."""
    rows = shown_rows(dataset.rows)
    return Sample(
        x=tuple(map(float, dataset.X[rows, 0])) if dataset.features == 1 else None,
        y=tuple(map(float, dataset.y[rows])),
        y_true=None if dataset.y_true is None else tuple(map(float, dataset.y_true[rows])),
        predicted=tuple(map(float, predicted[rows])),
    )
