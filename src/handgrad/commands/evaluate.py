"""`handgrad evaluate`: how good a saved model is on data that it has not seen."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from handgrad.commands.shared.lock import locked
from handgrad.commands.shared.options import DataDir, DropMissing, Encoding, Json, Separator
from handgrad.commands.shared.output import SHOWN, print_json, show_lines
from handgrad.commands.shared.tables import FileOptions, given_or_generated, read_file

if TYPE_CHECKING:
    from handgrad.compare.side_by_side.evaluation import Evaluation
    from handgrad.data.dataset import Dataset
    from handgrad.data.model_file import Model
    from handgrad.data.synthetic import GroundTruth


def evaluate(
    file: Annotated[
        Path | None, typer.Argument(help="A table to test on. [default: test.csv in --data-dir]", show_default=False)
    ] = None,
    data_dir: DataDir = Path("data"),
    model: Annotated[Path, typer.Option(help="What `train` wrote, JSON or pickle.")] = Path("models/model.json"),
    compare: Annotated[
        bool, typer.Option("--compare", help="Hold the learned function against the true one, from truth.json.")
    ] = False,
    separator: Separator = None,
    encoding: Encoding = None,
    drop_missing: DropMissing = False,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the plots. [default: the model's]", show_default=False)
    ] = None,
    json_output: Json = False,
) -> None:
    """Find MSE, MAE and R² of a saved model on test data. Also plots its predictions."""
    from handgrad.compare.side_by_side.evaluation import evaluate_model
    from handgrad.data.generated import read_truth
    from handgrad.data.model_file import load

    path = given_or_generated(file, data_dir, "test.csv")
    loaded = load(model)
    table = read_for(loaded, model, path, FileOptions(separator, encoding, drop_missing))
    truth = read_truth(path.with_name("truth.json")) if compare else None
    found = evaluate_model(loaded, table)
    folder = out if out is not None else model.parent
    with locked(folder):
        plots = draw(loaded, table, found, truth, folder)
    if json_output:
        print_json(as_json(loaded, table, found, truth, plots))
    else:
        show_lines(lines(loaded, table, found, truth, plots))


def read_for(model: Model, model_path: Path, path: Path, options: FileOptions) -> Dataset:
    """The columns of a table that the model was trained on.

    Raises:
        UnknownColumn: If it lacks one; the message names the model, too.
        DataError: If it cannot be used otherwise.
    """
    from handgrad.data.errors import UnknownColumn

    try:
        return read_file(path, model.target_name, list(model.feature_names), options, to_fit=False)
    except UnknownColumn as error:
        raise UnknownColumn(lacking(path, error.there, model_path, model), error.there) from error


def lacking(path: Path, there: Sequence[str], model_path: Path, model: Model) -> str:
    """What a table has not got of what its model was trained on, and what to do."""
    from handgrad.data.errors import listed

    features = [name for name in model.feature_names if name not in there]
    missing = [f"feature{'s' if len(features) > 1 else ''} {listed(features)}"] if features else []
    missing += [f"target {listed([model.target_name])}"] if model.target_name not in there else []
    return (
        f"{path}: the model {model_path} was trained on {' and '.join(missing)}, which this table lacks; it has "
        f"{listed(there)}: name its columns as the model does, or train a model on such a table"
    )


def lines(
    model: Model, table: Dataset, found: Evaluation, truth: GroundTruth | None, plots: list[Path]
) -> Iterator[str]:
    """The outcome, a line each."""
    from handgrad.compare.results.reasons import brief

    yield from (f"Note:   {note}" for note in [*table.notes, *warnings_of(model)])
    yield f"Rows:   {table.rows} of {table.source}"
    yield f"MSE:    {brief(found.mse, 6)}   (mean squared error, units of {table.target_name} squared)"
    yield f"MAE:    {brief(found.mae, 6)}   (mean absolute error, units of {table.target_name})"
    yield f"R²:     {coefficient_of_determination(found.r2, table.rows)}"
    if found.mse_to_truth is not None:
        yield f"Truth:  {brief(found.mse_to_truth, 6)} mean squared distance from the target without noise"
    yield from parameter_lines(model, truth)
    yield from (f"Wrote:  {path}" for path in plots)


def coefficient_of_determination(r2: float, rows: int) -> str:
    """R² as it is shown; or why there is none."""
    if not math.isnan(r2):
        return f"{r2:.6g}"
    return "undefined: one row has no spread to explain" if rows == 1 else "undefined: the target is constant"


def warnings_of(model: Model) -> list[str]:
    """What must be said of a model before its numbers are believed."""
    end = model.details.get("diverged_at")
    return [] if end is None else [f"the model's training diverged at epoch {end}; train again with a smaller rate"]


def parameter_lines(model: Model, truth: GroundTruth | None) -> Iterator[str]:
    """The learned parameters, as many as a terminal shows, beside the true ones where those are known."""
    learned = [*zip(model.feature_names, model.weights.tolist(), strict=True), ("bias", model.bias)]
    true = [None] * len(learned) if truth is None else [*truth.weights, truth.bias]
    for (name, value), goal in list(zip(learned, true, strict=True))[:SHOWN]:
        yield parameter_line(name, value, goal)
    if len(learned) > SHOWN:
        yield f"  … {len(learned) - SHOWN} more in the model file"


def parameter_line(name: str, value: float, goal: float | None) -> str:
    """A learned parameter, and how far it is from the true one."""
    from handgrad.compare.results.reasons import brief, tidy
    from handgrad.data.errors import cut

    beside = "" if goal is None else f"   true {brief(goal, 6):<12} difference {tidy(f'{value - goal:+.3g}')}"
    return f"  {cut(name, 24):<24} {brief(value, 8):<14}{beside}".rstrip()


def draw(model: Model, table: Dataset, found: Evaluation, truth: GroundTruth | None, folder: Path) -> list[Path]:
    """Writes the plots; returns their paths."""
    from handgrad.reports.train.figures import predictions

    y, predicted = table.y.tolist(), found.predicted.tolist()
    written = [predictions(y, predicted, table.target_name, found.r2, folder / "predictions.png")]
    if truth is not None:
        check_as_many_weights(model, truth)
        path = folder / "learned_against_true.png"
        draw_against = draw_line_against_truth if len(model.weights) == 1 else draw_weights_against_truth
        written.append(draw_against(model, table, truth, path))
    return written


def check_as_many_weights(model: Model, truth: GroundTruth) -> None:
    """Refuses to hold a model against the truth of other data."""
    if len(truth.weights) != len(model.weights):
        raise typer.BadParameter(
            f"--compare: the truth has {len(truth.weights)} weights, the model {len(model.weights)}; "
            "use the model that was trained on this folder's data"
        )


def draw_line_against_truth(model: Model, table: Dataset, truth: GroundTruth, path: Path) -> Path:
    """The plot of the learned and the true line over the one feature."""
    from handgrad.reports.train.figures import learned_against_true

    return learned_against_true(
        table.X[:, 0].tolist(),
        table.y.tolist(),
        (float(model.weights[0]), model.bias),
        (truth.weights[0], truth.bias),
        (model.feature_names[0], table.target_name),
        path,
    )


def draw_weights_against_truth(model: Model, table: Dataset, truth: GroundTruth, path: Path) -> Path:
    """The plot of every learned parameter beside the true one."""
    from handgrad.reports.train.figures import learned_weights_against_true

    learned = [*model.weights.tolist(), model.bias]
    return learned_weights_against_true([*model.feature_names, "bias"], learned, [*truth.weights, truth.bias], path)


def as_json(
    model: Model, table: Dataset, found: Evaluation, truth: GroundTruth | None, plots: list[Path]
) -> dict[str, object]:
    """The outcome as one object; R² is null where it is undefined."""
    return {
        "rows": table.rows,
        "source": table.source,
        "mse": found.mse,
        "mae": found.mae,
        "r2": None if math.isnan(found.r2) else found.r2,
        "mse_to_truth": found.mse_to_truth,
        "weights": model.weights.tolist(),
        "bias": model.bias,
        "true_weights": None if truth is None else list(truth.weights),
        "true_bias": None if truth is None else truth.bias,
        "notes": [*table.notes, *warnings_of(model)],
        "files": list(map(str, plots)),
    }
