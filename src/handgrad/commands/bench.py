"""`handgrad bench`: speed over sizes, beside the machine's limit."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from handgrad.commands.shared.completion import complete_dtypes
from handgrad.commands.shared.exports import Formats, Markdown, show_wanted, wanted
from handgrad.commands.shared.options import (
    All,
    Backends,
    Compensated,
    Json,
    Resume,
    Scheduler,
    Seed,
    Threads,
    Timeout,
    With,
    chosen,
    names,
)
from handgrad.commands.shared.output import show_run
from handgrad.commands.shared.runs import check_resume, progress_bar, resumable, run_folder


class Usual(NamedTuple):
    """What is taken where nothing is said."""

    rows: str
    features: str
    budget: float
    processes: int


USUAL = Usual("1e2:1e6", "1,16", 0.5, 3)
QUICK = Usual("1e3:1e5", "1", 0.15, 2)


def bench(
    rows: Annotated[
        str | None,
        typer.Option(
            help="Sizes: '1e2:1e7' (powers of ten between), or a list; '1e7/d' gives X that many numbers. "
            "[default: 1e2:1e6]",
            show_default=False,
        ),
    ] = None,
    features: Annotated[
        str | None, typer.Option(help="Widths, with commas between. [default: 1,16]", show_default=False)
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
        typer.Option(min=0.0, help="Seconds of timed epochs per backend and cell. [default: 0.5]", show_default=False),
    ] = None,
    processes: Annotated[
        int | None, typer.Option(min=1, help="Fresh processes of each backend. [default: 3]", show_default=False)
    ] = None,
    threads: Threads = None,
    scheduler: Scheduler = None,
    quick: Annotated[bool, typer.Option("--quick", help="A first look: fewer sizes, less time for each.")] = False,
    timeout: Timeout = 600.0,
    seed: Seed = 0,
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
    """Time the backends over sizes. Sets them beside what this machine allows; says who wins from which size on."""
    from handgrad.compare.bench.sweep import bench as measure_all
    from handgrad.compare.results.bench import Settings
    from handgrad.reports.bench.html import write
    from handgrad.reports.bench.text import text

    check_resume(resume, out)
    shown = wanted(exports, markdown, json_output)
    usual = QUICK if quick else USUAL
    of_rows, of_numbers = grid(usual.rows if rows is None else rows)
    entries = chosen(backends, given, everyone, compensated)
    settings = Settings(
        rows=of_rows,
        numbers=of_numbers,
        features=sizes("--features", usual.features if features is None else features),
        dtypes=formats(dtypes),
        backends=tuple(one.name for one in entries),
        epochs=epochs,
        processes=processes or usual.processes,
        precision=precision,
        budget_seconds=usual.budget if budget is None else budget,
        seed=seed,
    )
    with run_folder(out, "bench") as folder, progress_bar() as progress, resumable(folder):
        found = measure_all(settings, threads, folder, resume, progress, timeout, given=entries)
        write(found, folder)
    show_wanted(shown, found, lambda: show_run(found, text, folder, json_output))


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
