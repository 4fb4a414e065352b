"""`handgrad compare`: the main job."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from handgrad.commands.shared.cluster import cluster_of
from handgrad.commands.shared.device import DeviceName, DeviceOption
from handgrad.commands.shared.exports import Formats, Markdown, show_wanted, wanted
from handgrad.commands.shared.options import (
    All,
    Backends,
    BatchSize,
    BuiltIn,
    Compensated,
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
    Resume,
    Scheduler,
    Seed,
    Separator,
    Standardize,
    Table,
    Target,
    Threads,
    Timeout,
    With,
    chosen,
    names,
    rate,
)
from handgrad.commands.shared.output import exit_unless, show_run
from handgrad.commands.shared.runs import check_resume, progress_bar, resumable, run_folder
from handgrad.commands.shared.tables import FileOptions, memory_bytes, not_both, read_table, stream_of

if TYPE_CHECKING:
    from handgrad.compare.results.comparison import Comparison
    from handgrad.compare.side_by_side.prepare import Options
    from handgrad.compare.timing.progress import Progress
    from handgrad.data.dataset import Dataset
    from handgrad.data.stream.pieces import TableStream


#: Of the example that is compared when no table is named: its best rate would arrive in one step, and show nothing.
EXAMPLE_RATE = 0.15


def compare(
    file: Table = None,
    dataset: BuiltIn = None,
    target: Target = None,
    features: Features = None,
    backends: Backends = None,
    given: With = None,
    everyone: All = False,
    learning_rate: LearningRate = "auto",
    epochs: Epochs = 100,
    batch_size: BatchSize = None,
    order: Order = OrderName.shuffled,
    dtype: DType = DTypeName.float64,
    seed: Seed = 0,
    standardize: Standardize = True,
    threads: Threads = None,
    scheduler: Scheduler = None,
    device: DeviceOption = DeviceName.cpu,
    timeout: Timeout = 600.0,
    budget: Annotated[float, typer.Option(min=0.0, help="Seconds of steady epochs timed, per backend.")] = 0.1,
    slowest_share: Annotated[
        float | None,
        typer.Option(
            min=0.0,
            max=1.0,
            help="Leave out a backend that would take a larger share of the time. [default: 0.25; 1 for named ones]",
            show_default=False,
        ),
    ] = None,
    separator: Separator = None,
    encoding: Encoding = None,
    drop_missing: DropMissing = False,
    memory: Memory = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder for the report; an earlier run in it moves to earlier/. [default: runs/TIME-NAME]",
            show_default=False,
        ),
    ] = None,
    compensated: Compensated = False,
    self_test: Annotated[
        bool, typer.Option("--self-test", help="Put known faults into a backend; report the smallest that is caught.")
    ] = False,
    precision_table: Annotated[
        bool, typer.Option("--precision-table", help="Set float32 beside float64: the digits that each keeps.")
    ] = False,
    resume: Resume = False,
    exports: Formats = None,
    markdown: Markdown = False,
    json_output: Json = False,
) -> None:
    """Train on every backend side by side. Judges gradients, parameters and speed; writes a report."""
    from handgrad.compare.side_by_side.prepare import Options
    from handgrad.reports.compare.text import text

    example = file is None and dataset is None and learning_rate == "auto"
    asked = chosen(backends, given, everyone, compensated)
    options = Options(
        backends=asked,
        learning_rate=EXAMPLE_RATE if example else rate(learning_rate),
        is_example=example,
        epochs=epochs,
        batch_size=batch_size,
        order=order.value,
        seed=seed,
        dtype=dtype.value,
        standardize=standardize,
        threads=threads,
        timeout_seconds=timeout,
        budget_seconds=budget,
        slowest_share=share_allowed(slowest_share, backends),
        resume=resume,
        self_test=self_test,
        precision_table=precision_table,
        device=device.value,
    )
    check_resume(resume, out)
    shown = wanted(exports, markdown, json_output)
    how = FileOptions(separator, encoding, drop_missing)
    not_both(file, dataset)
    limit = memory_bytes(memory)
    stream = None if file is None else stream_of(file, target, names(features), how, limit)
    table = stream or read_table(file, dataset, target, names(features), how, seed)
    with (
        run_folder(out, table.source) as folder,
        cluster_of(asked, scheduler, options.thread_count()),
        progress_bar() as progress,
        resumable(folder),
    ):
        comparison = compared(table, options, limit, folder, progress, named=backends is not None)
        progress("writing the report", 1, 1)
        write_report(comparison, folder)
    show_wanted(shown, comparison, lambda: show_run(comparison, text, folder, json_output))
    exit_unless(comparison.verdict.passed)


def compared(
    table: Dataset | TableStream, options: Options, memory: int, folder: Path, progress: Progress, named: bool
) -> Comparison:
    """The comparison on a table in memory, or block by block on one that is not."""
    from handgrad.compare.side_by_side.side_by_side import side_by_side
    from handgrad.data.dataset import Dataset

    meanwhile = {"matplotlib": load_figures}
    if isinstance(table, Dataset):
        return side_by_side(table, options, folder, progress, meanwhile)
    if options.device != "cpu":
        raise typer.BadParameter(f"--device {options.device} needs a table that is not larger than --memory")
    if options.self_test or options.precision_table:
        raise typer.BadParameter("--self-test and --precision-table need a table that is not larger than --memory")
    from handgrad.compare.scale.side_by_side import side_by_side_streamed

    return side_by_side_streamed(table, options, memory, folder, progress, meanwhile, named)


def share_allowed(given: float | None, backends: str | None) -> float | None:
    """That of --slowest-share; where backends were added to the usual ones, nobody has named these."""
    from handgrad.compare.side_by_side.prepare import USUAL_SHARE

    return USUAL_SHARE if given is None and backends is None else given


def load_figures() -> None:
    """Imports what draws the report, which takes about a second, while there is a core to spare."""
    importlib.import_module("handgrad.reports.compare.html")


def write_report(comparison: Comparison, folder: Path) -> None:
    """The run's folder, without importing matplotlib before it is needed."""
    from handgrad.reports.compare.html import write

    write(comparison, folder)
