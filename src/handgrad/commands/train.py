"""`handgrad train`: one backend, one model, its history."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from handgrad.commands.shared.cluster import cluster_of, on_cluster
from handgrad.commands.shared.completion import complete_backend
from handgrad.commands.shared.device import DeviceName, DeviceOption
from handgrad.commands.shared.lock import locked
from handgrad.commands.shared.options import (
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
    Memory,
    Order,
    OrderName,
    Scheduler,
    Seed,
    Separator,
    Standardize,
    Target,
    names,
    rate,
)
from handgrad.commands.shared.output import SHOWN, exit_unless, print_json, show_lines
from handgrad.commands.shared.runs import progress_bar
from handgrad.commands.shared.tables import FileOptions, given_or_generated, memory_bytes, read_file, stream_of

if TYPE_CHECKING:
    from handgrad.backends.catalogue import Entry
    from handgrad.compare.side_by_side.one_run import CheckedDerivative, RunCheck, TrainedModel
    from handgrad.compare.side_by_side.prepare import Options
    from handgrad.compare.timing.progress import Progress
    from handgrad.data.dataset import Dataset
    from handgrad.data.stream.pieces import TableStream


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
    given: Annotated[
        str | None,
        typer.Option(
            "--with", metavar="FILE[:NAME]", help="Your own in its place, as for compare.", show_default=False
        ),
    ] = None,
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
    memory: Memory = None,
    scheduler: Scheduler = None,
    device: DeviceOption = DeviceName.cpu,
    out: Annotated[Path, typer.Option(help="Folder for model, loss curve and history.")] = Path("models"),
    model_format: Annotated[
        ModelFormat, typer.Option(help="A pickle holds plain built-in types only.")
    ] = ModelFormat.json,
    json_output: Json = False,
) -> None:
    """Train one model on one backend. Writes the model, the loss curve (PNG) and the history (CSV)."""
    from handgrad.backends.given import entry_of, of_text
    from handgrad.compare.side_by_side.prepare import Options

    path, how = given_or_generated(file, data_dir, "train.csv"), FileOptions(separator, encoding, drop_missing)
    limit = memory_bytes(memory)
    chosen = entry_of(backend) if given is None else of_text(given)
    check_known(chosen, device)
    stream = stream_of(path, target, names(features), how, limit)
    table = stream or read_file(path, target, names(features), how)
    options = Options(
        learning_rate=rate(learning_rate),
        epochs=epochs,
        batch_size=batch_size,
        order=order.value,
        seed=seed,
        dtype=dtype.value,
        standardize=standardize,
        device=device.value,
    )
    with locked(out), cluster_of([chosen], scheduler):
        with told_of(stream is not None or on_cluster(chosen)) as progress:
            trained = trained_on(table, chosen, options, grad_check, limit, progress)
        files = write_files(trained, out, model_format)
    if json_output:
        print_json(as_json(trained, table, files))
    else:
        show_lines([*lines(trained, table), *(f"Wrote:  {file}" for file in files)])
    exit_unless(trained.training.diverged_at is None and all(check.passed for check in trained.checks))


@contextlib.contextmanager
def told_of(long: bool) -> Iterator[Progress]:
    """What says what is going on in a job that may be long; of any other, nothing is said."""
    from handgrad.compare.timing.progress import silent

    with progress_bar() if long else contextlib.nullcontext(silent) as progress:
        yield progress


def check_known(backend: Entry, device: DeviceName) -> None:
    """Refuses a device that the backend does not know, with the names of those that do."""
    from handgrad.backends.catalogue import catalogue

    if device != DeviceName.cpu and device not in backend.devices:
        known = ", ".join(name for name, one in catalogue().items() if device in one.devices)
        raise typer.BadParameter(f"--device {device}: {backend.name} computes on the CPU alone; on {device}: {known}")


def trained_on(
    table: Dataset | TableStream,
    backend: Entry,
    options: Options,
    grad_check: bool,
    memory: int,
    progress: Progress,
) -> TrainedModel:
    """The run on a table in memory, or block by block on one that is not."""
    from handgrad.compare.side_by_side.one_run import train_one
    from handgrad.data.dataset import Dataset

    if isinstance(table, Dataset):
        return train_one(table, backend, options, grad_check, progress)
    if options.device != "cpu":
        raise typer.BadParameter(f"--device {options.device} needs a table that is not larger than --memory")
    if grad_check:
        raise typer.BadParameter("--grad-check needs all rows in memory, and the table is larger than --memory")
    from handgrad.compare.scale.run import train_streamed

    return train_streamed(table, backend, options, memory, progress)


def write_files(trained: TrainedModel, folder: Path, model_format: ModelFormat) -> list[Path]:
    """Writes the model, its history and its loss curve; returns their paths."""
    from handgrad.compare.results.files import write_whole
    from handgrad.compare.side_by_side.one_run import history_csv
    from handgrad.data.model_file import save
    from handgrad.reports.train.figures import loss_curve

    model, history, curve = folder / f"model.{model_format.value}", folder / "history.csv", folder / "loss_curve.png"
    save(trained.model, model, format=model_format.value)
    write_whole(history, history_csv(trained))
    return [model, history, loss_curve(trained.training.losses.tolist(), trained.backend, curve)]


def lines(trained: TrainedModel, table: Dataset | TableStream) -> Iterator[str]:
    """The outcome, a line each."""
    yield from data_lines(trained, table)
    for check in trained.checks:
        yield from check_lines(check)
    yield loss_line(trained)
    yield from parameter_lines(trained, table)
    if why := divergence(trained):
        yield f"{'Grows:  ' if trained.training.diverged_at is None else 'Failed: '}{why}"


def data_lines(trained: TrainedModel, table: Dataset | TableStream) -> Iterator[str]:
    """What was trained on, and at which rate."""
    from handgrad.compare.results.reasons import brief
    from handgrad.data.errors import cut

    prepared, limit = trained.prepared, trained.prepared.forecast.table.hessian.limit
    yield from (f"Note:   {note}" for note in table.notes)
    many = "s" if table.features > 1 else ""
    yield f"Data:   {prepared.problem.rows} rows, {table.features} feature{many}, target {cut(table.target_name)}"
    if trained.passes is not None:
        passes = f"{trained.passes:,} pass{'es' if trained.passes > 1 else ''}"
        yield f"Read:   block by block, in {passes}; no gradient was held against the exact one"
    if trained.where is not None:
        yield f"Where:  {trained.where}, rows held: {held(trained.held_bytes)}"
    if trained.device is not None:
        yield f"Device: {cut(trained.device)}"
    yield f"Rate:   {brief(prepared.plan.learning_rate, 6)} (stable below {brief(limit, 4)})"


def held(bytes_each: tuple[int, ...]) -> str:
    """What each worker holds; of many alike, the ends."""
    from handgrad.reports.look.numbers import size

    least, most = size(min(bytes_each)), size(max(bytes_each))
    return least if least == most else f"{least} to {most}"


def loss_line(trained: TrainedModel) -> str:
    """The loss at both ends of the run."""
    from handgrad.compare.results.reasons import brief

    losses = trained.training.losses
    epochs = len(losses) - 1
    counted = f"{epochs:,} epoch{'s' if epochs != 1 else ''}"
    return f"Loss:   {brief(losses[0], 6)} at the start, {brief(losses[-1], 6)} after {counted} (MSE)"


def parameter_lines(trained: TrainedModel, table: Dataset | TableStream) -> Iterator[str]:
    """The weights, as many as a terminal shows, and the bias, in the user's units."""
    from handgrad.compare.results.reasons import brief
    from handgrad.data.errors import cut

    for name, weight in list(zip(table.feature_names, trained.model.weights.tolist(), strict=True))[:SHOWN]:
        yield f"Weight: {brief(weight, 8):<14} {cut(name, 40)}"
    if table.features > SHOWN:
        yield f"        … {table.features - SHOWN} more in the model file"
    yield f"Bias:   {brief(trained.model.bias, 8)}"


def divergence(trained: TrainedModel) -> str | None:
    """Why the run did not stay finite, or is on its way out of range; None if neither."""
    from handgrad.compare.results import reasons
    from handgrad.compare.side_by_side.arrival import divergence as facts
    from handgrad.compare.side_by_side.arrival import is_growing

    end, prepared = trained.training.diverged_at, trained.prepared
    if end is not None:
        return f"diverged at epoch {end:,}: {reasons.of_divergence(facts(end, prepared))}"
    if not is_growing(trained.training.losses.tolist(), prepared):
        return None
    why = reasons.of_divergence(facts(None, prepared))
    return f"the loss grows and will leave the range of {prepared.plan.dtype}: {why}"


def check_lines(check: RunCheck) -> Iterator[str]:
    """A gradient check as a small table: the worst parameters first where there are many."""
    yield f"Gradient check {check.when}: analytic against central differences"
    yield f"  {'parameter':<18} {'analytic':>16} {'numerical':>16} {'difference':>11} {'allowed':>9}"
    worst = sorted(check.parameters, key=lambda one: one.difference / one.tolerance, reverse=True)[:SHOWN]
    yield from map(check_line, check.parameters if len(check.parameters) <= SHOWN else worst)


def check_line(one: CheckedDerivative) -> str:
    """A derivative by both ways, how far they are apart, and how far they may be."""
    from handgrad.data.errors import cut

    verdict = "ok" if one.passed else "WRONG"
    numbers = f"{one.analytic:>16.9g} {one.numerical:>16.9g} {one.difference:>11.2e} {one.tolerance:>9.1e}"
    return f"  {cut(one.name, 18):<18} {numbers} {verdict}"


def as_json(trained: TrainedModel, table: Dataset | TableStream, files: list[Path]) -> dict[str, object]:
    """The outcome as one object."""
    run = trained.training
    return {
        "backend": trained.backend,
        "device": trained.device,
        "rows": trained.prepared.problem.rows,
        "features": list(table.feature_names),
        "target": table.target_name,
        "learning_rate": trained.prepared.plan.learning_rate,
        "epochs": len(run.losses) - 1,
        "weights": trained.model.weights.tolist(),
        "bias": trained.model.bias,
        "losses": run.losses.tolist(),
        "diverged_at": run.diverged_at,
        "reason": divergence(trained),
        "passes": trained.passes,
        "where": trained.where,
        "held_bytes": list(trained.held_bytes),
        "gradient_checks": list(map(check_as_json, trained.checks)),
        "notes": list(table.notes),
        "files": list(map(str, files)),
    }


def check_as_json(check: RunCheck) -> dict[str, object]:
    """A gradient check, with a row for each parameter."""
    fields = ("name", "analytic", "numerical", "difference", "relative", "tolerance", "passed")
    rows = [{field: getattr(one, field) for field in fields} for one in check.parameters]
    return {"when": check.when, "passed": check.passed, "parameters": rows}
