"""`handgrad evaluate`: how good a saved model is on data that it has not seen."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from handgrad.commands.options import DataDir, DropMissing, Encoding, Json, Separator

if TYPE_CHECKING:
    from handgrad.compare.side_by_side.evaluation import Evaluation
    from handgrad.data.dataset import Dataset
    from handgrad.data.model_file import Model
    from handgrad.data.synthetic import Truth


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
    from handgrad.data.errors import UnknownColumn
    from handgrad.data.model_file import load
    from handgrad.data.synthetic import read_truth
    from handgrad.data.tables import load_table
    from handgrad.reports.compare.training import predictions

    path = file if file is not None else data_dir / "test.csv"
    if file is None and not path.exists():
        raise typer.BadParameter(
            f"{path}: no such file; run `handgrad generate --data-dir {data_dir}`, or name a table"
        )
    loaded = load(model)
    try:
        table = load_table(
            path,
            loaded.target_name,
            list(loaded.feature_names),
            separator=separator,
            encoding=encoding,
            drop_missing=drop_missing,
            to_fit=False,
        )
    except UnknownColumn as error:
        raise UnknownColumn(lacking(path, error.there, model, loaded), error.there) from error
    truth = read_truth(path.parent / "truth.json") if compare else None
    found = evaluate_model(loaded, table)
    folder = out if out is not None else model.parent
    plot = predictions(
        table.y.tolist(), found.predicted.tolist(), table.target_name, found.r2, folder / "predictions.png"
    )
    plots = [plot, *([against_truth(loaded, table, truth, folder)] if truth is not None else [])]
    if json_output:
        typer.echo(json.dumps(as_json(loaded, table, found, truth, plots), indent=1))
        return
    for note in [*table.notes, *warnings_of(loaded)]:
        typer.echo(f"Note:   {note}")
    typer.echo(f"Rows:   {table.rows} of {table.source}")
    typer.echo(f"MSE:    {found.mse:.6g}   (mean squared error, units of {table.target_name} squared)")
    typer.echo(f"MAE:    {found.mae:.6g}   (mean absolute error, units of {table.target_name})")
    typer.echo(f"R²:     {coefficient_of_determination(found.r2, table.rows)}")
    if found.mse_to_truth is not None:
        typer.echo(f"Truth:  {found.mse_to_truth:.6g} mean squared distance from the target without noise")
    for line in parameter_lines(loaded, truth):
        typer.echo(line)
    for written in plots:
        typer.echo(f"Wrote:  {written}")


def coefficient_of_determination(r2: float, rows: int) -> str:
    """R² as it is shown; or why there is none."""
    if not math.isnan(r2):
        return f"{r2:.6g}"
    return "undefined: one row has no spread to explain" if rows == 1 else "undefined: the target is constant"


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


def warnings_of(model: Model) -> list[str]:
    """What must be said of a model before its numbers are believed."""
    end = model.details.get("diverged_at")
    return [] if end is None else [f"the model's training diverged at epoch {end}; train again with a smaller rate"]


def parameter_lines(model: Model, truth: Truth | None) -> list[str]:
    """Each learned parameter, beside the true one where that is known; at most twenty."""
    from handgrad.data.errors import cut

    learned = [*zip(model.feature_names, model.weights.tolist(), strict=True), ("bias", model.bias)]
    true = [None] * len(learned) if truth is None else [*truth.weights, truth.bias]
    lines = []
    for (name, value), goal in list(zip(learned, true, strict=True))[:20]:
        beside = "" if goal is None else f"   true {goal:<12.6g} difference {value - goal:+.3g}"
        lines.append(f"  {cut(name, 24):<24} {value:<14.8g}{beside}".rstrip())
    return lines + ([f"  … {len(learned) - 20} more in the model file"] if len(learned) > 20 else [])


def against_truth(model: Model, table: Dataset, truth: Truth, folder: Path) -> Path:
    """The plot of the learned against the true function: two lines, or all parameters for more features."""
    from handgrad.reports.compare.training import learned_against_true, learned_weights_against_true

    if len(truth.weights) != len(model.weights):
        raise typer.BadParameter(
            f"--compare: the truth has {len(truth.weights)} weights, the model {len(model.weights)}; "
            "use the model that was trained on this folder's data"
        )
    path = folder / "learned_against_true.png"
    if len(model.weights) > 1:
        names = [*model.feature_names, "bias"]
        return learned_weights_against_true(
            names, [*model.weights.tolist(), model.bias], [*truth.weights, truth.bias], path
        )
    return learned_against_true(
        table.X[:, 0].tolist(),
        table.y.tolist(),
        (float(model.weights[0]), model.bias),
        (truth.weights[0], truth.bias),
        (model.feature_names[0], table.target_name),
        path,
    )


def as_json(
    model: Model, table: Dataset, found: Evaluation, truth: Truth | None, plots: list[Path]
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
        "files": [str(path) for path in plots],
    }
