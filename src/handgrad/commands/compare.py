"""`handgrad compare`: the main job."""

from __future__ import annotations

import contextlib
import importlib
import itertools
import re
import shlex
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from handgrad.commands.options import (
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
    Order,
    OrderName,
    Resume,
    Seed,
    Separator,
    Standardize,
    Table,
    Target,
    Threads,
    Timeout,
    chosen,
    names,
    rate,
)

if TYPE_CHECKING:
    from handgrad.compare.results.comparison import Comparison
    from handgrad.data.dataset import Dataset

CHECK_FAILED = 1


def compare(
    file: Table = None,
    dataset: BuiltIn = None,
    target: Target = None,
    features: Features = None,
    backends: Backends = None,
    learning_rate: LearningRate = "auto",
    epochs: Epochs = 100,
    batch_size: BatchSize = None,
    order: Order = OrderName.shuffled,
    dtype: DType = DTypeName.float64,
    seed: Seed = 0,
    standardize: Standardize = True,
    threads: Threads = None,
    timeout: Timeout = 600.0,
    budget: Annotated[float, typer.Option(min=0.0, help="Seconds of steady epochs timed, per backend.")] = 0.1,
    separator: Separator = None,
    encoding: Encoding = None,
    drop_missing: DropMissing = False,
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
    json_output: Json = False,
) -> None:
    """Train on every backend side by side. Judges gradients, parameters and speed; writes a report."""
    from handgrad.compare.results.files import to_json
    from handgrad.compare.side_by_side.prepare import Options
    from handgrad.compare.side_by_side.side_by_side import side_by_side

    options = Options(
        backends=chosen(backends, compensated),
        learning_rate=rate(learning_rate),
        epochs=epochs,
        batch_size=batch_size,
        order=order.value,
        seed=seed,
        dtype=dtype.value,
        standardize=standardize,
        threads=threads,
        timeout_seconds=timeout,
        budget_seconds=budget,
        resume=resume,
        self_test=self_test,
        precision_table=precision_table,
    )
    if resume and out is None:
        raise typer.BadParameter("--resume needs --out, the folder of the run to go on with")
    table = read_table(file, dataset, target, names(features), separator, encoding, drop_missing, seed)
    with run_folder(out, table.source) as folder, progress_bar() as progress, resumable(folder):
        comparison = side_by_side(table, options, folder, progress, {"matplotlib": load_figures})
        progress("writing the report", 1, 1)
        write_report(comparison, folder)
    if json_output:
        sys.stdout.buffer.write(to_json(comparison) + b"\n")
    else:
        show(comparison)
        typer.echo(f"Report: {folder / 'report.html'}")
    if not comparison.verdict.passed:
        raise typer.Exit(CHECK_FAILED)


def load_figures() -> None:
    """Imports what draws the report, which takes about a second, while there is a core to spare."""
    importlib.import_module("handgrad.reports.compare.html")


def write_report(comparison: Comparison, folder: Path) -> None:
    """The run's folder, without importing matplotlib before it is needed."""
    from handgrad.reports.compare.html import write

    write(comparison, folder)


def read_table(
    file: Path | None,
    dataset: str | None,
    target: str | None,
    features: list[str] | None,
    separator: str | None,
    encoding: str | None,
    drop_missing: bool,
    seed: int,
) -> Dataset:
    """The table of a file, the built-in one, or the default synthetic one."""
    from handgrad.data import builtin_sets
    from handgrad.data.synthetic import synthetic
    from handgrad.data.tables import load_table

    if file is not None and dataset is not None:
        raise typer.BadParameter("give a file or --dataset, not both")
    if file is not None:
        return load_table(file, target, features, separator=separator, encoding=encoding, drop_missing=drop_missing)
    if target is not None or features is not None:
        raise typer.BadParameter("--target and --features choose columns of a file; give the file")
    if dataset is not None:
        return builtin_sets.load(dataset)
    made, _ = synthetic(seed=seed)
    return made


@contextlib.contextmanager
def run_folder(out: Path | None, source: str) -> Iterator[Path]:
    """The folder of --out, or a new one under runs/, which is gone again if nothing was written."""
    if out is not None:
        yield out
        return
    folder = claimed_folder(source)
    try:
        yield folder
    finally:
        if not any(folder.iterdir()):
            folder.rmdir()


@contextlib.contextmanager
def resumable(folder: Path) -> Iterator[None]:
    """Says where an earlier run of that folder went, and how to go on when Ctrl-C or a signal ends this one."""
    from handgrad.compare.timing.journal import FILE, earlier

    before = earlier(folder)
    try:
        yield
    except (KeyboardInterrupt, SystemExit):
        if (folder / FILE).exists():
            kept = shlex.quote(str(folder))
            typer.echo(f"handgrad: finished measurements are kept; go on with --resume --out {kept}", err=True)
        raise
    finally:
        for moved in earlier(folder)[len(before) :]:
            typer.echo(f"handgrad: the run that stood in {folder} is kept in {moved}", err=True)


def claimed_folder(source: str) -> Path:
    """A new folder under runs/, named by time and by what of the source's name is harmless in a path.

    It is made here, so that of two runs that start in the same second each has its own.
    """
    stem = Path(source[:200]).name.partition(" ")[0].partition(".")[0]
    name = re.sub(r"[^A-Za-z0-9_]+", "-", stem).strip("-")[:40] or "table"
    wanted = Path("runs", f"{datetime.now():%Y%m%d-%H%M%S}-{name}")
    for attempt in itertools.count(1):
        folder = wanted if attempt == 1 else wanted.with_name(f"{wanted.name}-{attempt}")
        with contextlib.suppress(FileExistsError):  # another run's
            folder.mkdir(parents=True)
            break
    return folder


def show(comparison: Comparison) -> None:
    """The result as tables on a terminal, as plain lines in a pipe."""
    from handgrad.reports.compare.text import text
    from handgrad.reports.look.text import show as printed

    printed(text(comparison))


@contextlib.contextmanager
def progress_bar() -> Iterator[Callable[[str, int, int], None]]:
    """Says what is going on: a line that changes on a terminal, a line each otherwise, always on stderr."""
    if not sys.stderr.isatty():
        yield lambda what, done, of: typer.echo(f"[{done}/{of}] {what}", err=True)
        return
    from rich.console import Console

    console = Console(stderr=True)
    with console.status("starting") as status:
        yield lambda what, done, of: status.update(f"[{done}/{of}] {what}".replace("[", r"\["))
