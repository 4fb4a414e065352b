"""`handgrad train`: one backend, one model, its history."""

from __future__ import annotations

import json
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from handgrad.commands.options import (
    BatchSize,
    DataDir,
    DropMissing,
    DType,
    DTypeName,
    Encoding,
    Epochs,
    Features,
    Json,
    LearningRate,
    Order,
    OrderName,
    Seed,
    Separator,
    Standardize,
    Target,
    complete_backend,
    names,
    rate,
)

if TYPE_CHECKING:
    from handgrad.compare.side_by_side.single import GradientCheck, Trained
    from handgrad.data.dataset import Dataset

CHECK_FAILED = 1

#: Parameters that the terminal shows; the files hold all.
SHOWN = 20


class ModelFormat(StrEnum):
    """How the model is kept."""

    json = "json"
    pickle = "pickle"


def train(
    file: Annotated[
        Path | None, typer.Argument(help="A table to train on. [default: train.csv in --data-dir]", show_default=False)
    ] = None,
    data_dir: DataDir = Path("data"),
    target: Target = None,
    features: Features = None,
    backend: Annotated[
        str, typer.Option(help="Its name; see `handgrad backends`.", autocompletion=complete_backend)
    ] = "numpy",
    learning_rate: LearningRate = "0.01",
    epochs: Epochs = 100,
    batch_size: BatchSize = None,
    order: Order = OrderName.shuffled,
    dtype: DType = DTypeName.float64,
    seed: Seed = 0,
    standardize: Standardize = False,
    grad_check: Annotated[
        bool, typer.Option("--grad-check", help="Hold the gradient against numerical ones, before and after.")
    ] = False,
    separator: Separator = None,
    encoding: Encoding = None,
    drop_missing: DropMissing = False,
    out: Annotated[Path, typer.Option(help="Folder for model, loss curve and history.")] = Path("models"),
    model_format: Annotated[
        ModelFormat, typer.Option(help="A pickle holds plain built-in types only.")
    ] = ModelFormat.json,
    json_output: Json = False,
) -> None:
    """Train one model on one backend. Writes the model, the loss curve (PNG) and the history (CSV)."""
    from handgrad.backends.catalogue import canonical
    from handgrad.compare.results.files import write_whole
    from handgrad.compare.side_by_side.prepare import Options
    from handgrad.compare.side_by_side.single import history_csv, train_one
    from handgrad.data.model_file import save
    from handgrad.data.tables import load_table
    from handgrad.reports.compare.training import loss_curve

    path = file if file is not None else data_dir / "train.csv"
    if file is None and not path.exists():
        raise typer.BadParameter(
            f"{path}: no such file; run `handgrad generate --data-dir {data_dir}`, or name a table"
        )
    table = load_table(path, target, names(features), separator=separator, encoding=encoding, drop_missing=drop_missing)
    options = Options(
        learning_rate=rate(learning_rate),
        epochs=epochs,
        batch_size=batch_size,
        order=order.value,
        seed=seed,
        dtype=dtype.value,
        standardize=standardize,
    )
    trained = train_one(table, canonical(backend), options, grad_check)
    files = [out / f"model.{model_format.value}", out / "history.csv"]
    save(trained.model, files[0], format=model_format.value)
    write_whole(files[1], history_csv(trained))
    files.append(loss_curve(trained.training.losses.tolist(), trained.backend, out / "loss_curve.png"))
    if json_output:
        typer.echo(json.dumps(as_json(trained, table, files), indent=1))
    else:
        for line in [*lines(trained, table), *(f"Wrote:  {file}" for file in files)]:
            typer.echo(line)
    if trained.training.diverged_at is not None or not all(check.passed for check in trained.checks):
        raise typer.Exit(CHECK_FAILED)


def lines(trained: Trained, table: Dataset) -> Iterator[str]:
    """The outcome, a line each."""
    from handgrad.data.errors import cut

    run, plan = trained.training, trained.prepared.plan
    yield from (f"Note:   {note}" for note in table.notes)
    many = "s" if table.features > 1 else ""
    yield f"Data:   {table.rows} rows, {table.features} feature{many}, target {cut(table.target_name)}"
    yield f"Rate:   {plan.learning_rate:.6g} (stable below {trained.prepared.curvature.limit:.4g})"
    for check in trained.checks:
        yield from check_lines(check)
    epochs = len(run.losses) - 1
    counted = f"{epochs:,} epoch{'s' if epochs != 1 else ''}"
    yield f"Loss:   {run.losses[0]:.6g} at the start, {run.losses[-1]:.6g} after {counted} (MSE)"
    for name, weight in list(zip(table.feature_names, trained.model.weights.tolist(), strict=True))[:SHOWN]:
        yield f"Weight: {weight:<14.8g} {cut(name, 40)}"
    if table.features > SHOWN:
        yield f"        … {table.features - SHOWN} more in the model file"
    yield f"Bias:   {trained.model.bias:.8g}"
    if run.diverged_at is not None:
        yield f"Failed: {divergence(trained)}"


def divergence(trained: Trained) -> str | None:
    """Why the run did not stay finite; None if it did."""
    from handgrad.compare.side_by_side.convergence import predicted_overflow

    end, prepared = trained.training.diverged_at, trained.prepared
    if end is None:
        return None
    return f"diverged at epoch {end:,}: {prepared.divergence(predicted_overflow(prepared))}"


def check_lines(check: GradientCheck) -> Iterator[str]:
    """A gradient check as a small table: the worst parameters first where there are many."""
    from handgrad.data.errors import cut

    yield f"Gradient check {check.when}: analytic against central differences"
    yield f"  {'parameter':<18} {'analytic':>16} {'numerical':>16} {'difference':>11} {'allowed':>9}"
    worst = sorted(check.parameters, key=lambda one: one.difference / one.tolerance, reverse=True)[:SHOWN]
    for one in check.parameters if len(check.parameters) <= SHOWN else worst:
        verdict = "ok" if one.passed else "WRONG"
        yield (
            f"  {cut(one.name, 18):<18} {one.analytic:>16.9g} {one.numerical:>16.9g} {one.difference:>11.2e} "
            f"{one.tolerance:>9.1e} {verdict}"
        )


def as_json(trained: Trained, table: Dataset, files: list[Path]) -> dict[str, object]:
    """The outcome as one object."""
    run, plan = trained.training, trained.prepared.plan
    return {
        "backend": trained.backend,
        "rows": table.rows,
        "features": list(table.feature_names),
        "target": table.target_name,
        "learning_rate": plan.learning_rate,
        "epochs": len(run.losses) - 1,
        "weights": trained.model.weights.tolist(),
        "bias": trained.model.bias,
        "losses": run.losses.tolist(),
        "diverged_at": run.diverged_at,
        "reason": divergence(trained),
        "gradient_checks": [
            {
                "when": check.when,
                "passed": check.passed,
                "parameters": [
                    {
                        "name": one.name,
                        "analytic": one.analytic,
                        "numerical": one.numerical,
                        "difference": one.difference,
                        "relative": one.relative,
                        "tolerance": one.tolerance,
                        "passed": one.passed,
                    }
                    for one in check.parameters
                ],
            }
            for check in trained.checks
        ],
        "notes": list(table.notes),
        "files": [str(file) for file in files],
    }
