"""`handgrad bench`: speed over sizes, or on a table of one's own, beside the machine's limit."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from handgrad.commands.shared.cluster import cluster_of
from handgrad.commands.shared.completion import complete_dtypes
from handgrad.commands.shared.device import DeviceName, DeviceOption
from handgrad.commands.shared.exports import Formats, Markdown, show_wanted, wanted
from handgrad.commands.shared.options import (
    All,
    Backends,
    BuiltIn,
    Compensated,
    DropMissing,
    Encoding,
    Json,
    Memory,
    Resume,
    Scheduler,
    Seed,
    Separator,
    Table,
    Target,
    Threads,
    Timeout,
    With,
    chosen,
    names,
)
from handgrad.commands.shared.output import show_run
from handgrad.commands.shared.runs import check_resume, progress_bar, resumable, run_folder
from handgrad.commands.shared.tables import FileOptions, memory_bytes, not_both, read_table, stream_of

if TYPE_CHECKING:
    from handgrad.backends.catalogue import Entry
    from handgrad.compare.bench.tables import SweepTables
    from handgrad.compare.results.bench import BenchTable


class Usual(NamedTuple):
    """What is taken where nothing is said."""

    rows: str
    features: str
    budget: float
    processes: int


USUAL = Usual("1e2:1e6", "1,16", 0.5, 3)
QUICK = Usual("1e3:1e5", "1", 0.15, 2)

#: Of a table that memory does not hold, where each process reads all rows half a dozen times before it is timed.
STREAMED_PROCESSES = 2


def bench(
    file: Table = None,
    dataset: BuiltIn = None,
    target: Target = None,
    rows: Annotated[
        str | None,
        typer.Option(
            help="Sizes: '1e2:1e7' (powers of ten between), or a list; '1e7/d' gives X that many numbers. "
            "[default: 1e2:1e6]",
            show_default=False,
        ),
    ] = None,
    features: Annotated[
        str | None,
        typer.Option(
            help="Widths, with commas between. [default: 1,16] Of a table: the names of columns. [default: all others]",
            show_default=False,
        ),
    ] = None,
    dtypes: Annotated[
        str, typer.Option(help="float64, float32 or both, with a comma between.", autocompletion=complete_dtypes)
    ] = "float64",
    backends: Backends = None,
    given: With = None,
    everyone: All = False,
    compensated: Compensated = False,
    epochs: Annotated[int, typer.Option(min=1, help="Length of the run for totals and break-even.")] = 100,
    precision: Annotated[
        float, typer.Option(help="Stop a cell when each median is known to this relative half-width.")
    ] = 0.01,
    budget: Annotated[
        float | None,
        typer.Option(
            min=0.0, max=1e9, help="Seconds of timed epochs per backend and cell. [default: 0.5]", show_default=False
        ),
    ] = None,
    processes: Annotated[
        int | None,
        typer.Option(
            min=1, help="Fresh processes of each backend. [default: 3; 2 beyond --memory]", show_default=False
        ),
    ] = None,
    threads: Threads = None,
    scheduler: Scheduler = None,
    device: DeviceOption = DeviceName.cpu,
    quick: Annotated[bool, typer.Option("--quick", help="A first look: fewer sizes, less time for each.")] = False,
    timeout: Timeout = 600.0,
    seed: Seed = 0,
    separator: Separator = None,
    encoding: Encoding = None,
    drop_missing: DropMissing = False,
    memory: Memory = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder for the report; an earlier run in it moves to earlier/. [default: runs/TIME-bench]",
            show_default=False,
        ),
    ] = None,
    resume: Resume = False,
    exports: Formats = None,
    markdown: Markdown = False,
    json_output: Json = False,
) -> None:
    """Time the backends over sizes, or on a table. Sets them beside what this machine allows; says who wins where."""
    from handgrad.compare.bench.sweep import bench as measure_all
    from handgrad.compare.results.bench import Settings
    from handgrad.compare.timing.environment import available_cores
    from handgrad.reports.bench.html import write
    from handgrad.reports.bench.text import text

    check_resume(resume, out)
    shown = wanted(exports, markdown, json_output)
    usual = QUICK if quick else USUAL
    entries = chosen(backends, given, everyone, compensated)
    how, on_table = FileOptions(separator, encoding, drop_missing), file is not None or dataset is not None
    check_together(on_table, rows, target, how, memory)
    given_table = None
    if on_table:
        columns = FileColumns(file, dataset, target, names(features), how)
        given_table = table_of(columns, memory, threads, seed, entries, named=backends is not None)
        asked = AskedSizes((given_table.rows,), (), (len(given_table.facts.features),))
    else:
        asked = AskedSizes(
            *grid(usual.rows if rows is None else rows),
            sizes("--features", usual.features if features is None else features),
        )
    tables, facts = (None, None) if given_table is None else (given_table.tables, given_table.facts)
    settings = Settings(
        rows=asked.rows,
        numbers=asked.numbers,
        features=asked.features,
        dtypes=formats(dtypes),
        backends=tuple(one.name for one in entries),
        epochs=epochs,
        processes=processes or (STREAMED_PROCESSES if facts and facts.streamed else usual.processes),
        precision=precision,
        budget_seconds=usual.budget if budget is None else budget,
        seed=seed,
        table=facts,
        device=device.value,
    )
    if settings.streamed and device != DeviceName.cpu:
        raise typer.BadParameter(f"--device {device} needs a table that is not larger than --memory")
    named = "bench" if facts is None else f"bench-{Path(facts.source).name}"
    with (
        run_folder(out, named) as folder,
        cluster_of(entries, scheduler, threads or available_cores()),
        progress_bar() as progress,
        resumable(folder),
    ):
        found = measure_all(settings, threads, folder, resume, progress, timeout, given=entries, tables=tables)
        write(found, folder)
    show_wanted(shown, found, lambda: show_run(found, text, folder, json_output))


class AskedSizes(NamedTuple):
    """The rows, the numbers of X, and the widths of a sweep."""

    rows: tuple[int, ...]
    numbers: tuple[int, ...]
    features: tuple[int, ...]


class FoundTable(NamedTuple):
    """A table that is timed on, in memory or as a stream; what is told of it; and its rows."""

    tables: SweepTables
    facts: BenchTable
    rows: int


class FileColumns(NamedTuple):
    """A table that was named, and which columns of it."""

    file: Path | None
    dataset: str | None
    target: str | None
    features: list[str] | None
    how: FileOptions


def check_together(on_table: bool, rows: str | None, target: str | None, how: FileOptions, memory: str | None) -> None:
    """Refuses options that go only with a table, or only without one."""
    if on_table and rows is not None:
        raise typer.BadParameter("--rows: expected no sizes beside a table, all of whose rows are timed; leave one out")
    if not on_table and (target is not None or memory is not None or how != FileOptions(None, None, False)):
        raise typer.BadParameter(
            "--target, --separator, --encoding, --drop-missing and --memory say how a table is read; name one"
        )


def table_of(
    columns: FileColumns, memory: str | None, threads: int | None, seed: int, entries: list[Entry], named: bool
) -> FoundTable:
    """The table that is timed on.

    Raises:
        DataError: If it is no table, or has no such columns.
        InputError: If it is a stream, and a backend that was named needs all rows in memory.
    """
    from handgrad.compare.bench.tables import GivenTable, facts_of

    file, dataset, target, features, how = columns
    not_both(file, dataset)
    limit = memory_bytes(memory)
    told = None if memory is None else limit  # what is free changes from run to run
    stream = None if file is None else stream_of(file, target, features, how, limit)
    if stream is None:
        table = read_table(file, dataset, target, features, how, seed)
        return FoundTable(GivenTable(table), facts_of(table, told), table.rows)
    from handgrad.compare.bench.streamed import StreamedTables
    from handgrad.compare.blocks.stream_blocks import Budget
    from handgrad.compare.scale.run import check_backend
    from handgrad.compare.timing.environment import available_cores

    for one in entries:
        if named or one.code is not None:
            check_backend(one, stream)
    streamed = StreamedTables(stream, Budget(limit, threads or available_cores()))
    return FoundTable(streamed, streamed.facts(told), streamed.rows)


def grid(given: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The rows of a list, and the numbers of X, which end in `/d` there."""
    parts = [part.strip() for part in given.split(",")]
    rows = [part for part in parts if not part.endswith("/d")]
    numbers = [part.removesuffix("/d") for part in parts if part.endswith("/d")]
    return sizes("--rows", ",".join(rows)) if rows else (), sizes("--rows", ",".join(numbers)) if numbers else ()


def sizes(option: str, given: str) -> tuple[int, ...]:
    """The whole numbers of a list such as `100,1e4`, or the powers of ten from one to another of `1e2:1e7`."""
    found: list[int] = []
    for part in (part.strip() for part in given.split(",")):
        first, colon, last = part.partition(":")
        if colon:
            ends = whole(option, first), whole(option, last)
            if ends[0] > ends[1]:
                raise typer.BadParameter(f"{option}: expected the smaller end first, got {part!r}")
            found += decades(*ends)
        else:
            found.append(whole(option, part))
    return tuple(dict.fromkeys(found))


def decades(first: int, last: int) -> list[int]:
    """The first number, ten times it, and so on; the last number is always the end."""
    found = []
    while first < last:
        found.append(first)
        first *= 10
    return [*found, last]


def whole(option: str, given: str) -> int:
    """A whole number, 1 or more, in any of the forms 1000, 1_000 and 1e3."""
    try:
        number = float(given)
    except ValueError:
        number = 0.0
    if not (number >= 1 and number.is_integer() and number < 2**53):
        raise typer.BadParameter(f"{option}: expected whole numbers from 1 on, like 100,1e4 or 1e2:1e7, got {given!r}")
    return int(number)


def formats(given: str) -> tuple[str, ...]:
    """The dtypes of a list."""
    found = tuple(dict.fromkeys(names(given) or ()))
    if not found or not set(found) <= {"float64", "float32"}:
        raise typer.BadParameter(f"--dtypes: expected float64, float32 or both, got {given!r}")
    return found
