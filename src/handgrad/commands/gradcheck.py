"""`handgrad gradcheck`: every backend's gradient, by every checking method."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from handgrad.commands.shared.options import (
    All,
    Backends,
    BuiltIn,
    DropMissing,
    DType,
    DTypeName,
    Encoding,
    Features,
    Json,
    Seed,
    Separator,
    Standardize,
    Table,
    Target,
    With,
    chosen,
    names,
    start_weights,
)
from handgrad.commands.shared.output import exit_unless, show_run
from handgrad.commands.shared.runs import progress_bar, run_folder
from handgrad.commands.shared.tables import FileOptions, read_table

if TYPE_CHECKING:
    from handgrad.backends.interface import Parameters
    from handgrad.compare.results.checks import Where


class At(StrEnum):
    """Where to check."""

    start = "start"
    optimum = "optimum"
    both = "both"


def gradcheck(
    file: Table = None,
    dataset: BuiltIn = None,
    target: Target = None,
    features: Features = None,
    backends: Backends = None,
    given: With = None,
    everyone: All = False,
    at: Annotated[At, typer.Option(help="Where to check; the optimum is the least-squares solution.")] = At.both,
    weights: Annotated[
        str | None,
        typer.Option(
            help="The start, with commas between, on the scaled features. [default: zeros]", show_default=False
        ),
    ] = None,
    bias: Annotated[float, typer.Option(help="The start's bias.")] = 0.0,
    dtype: DType = DTypeName.float64,
    seed: Seed = 0,
    standardize: Standardize = True,
    separator: Separator = None,
    encoding: Encoding = None,
    drop_missing: DropMissing = False,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the report. [default: runs/TIME-NAME]", show_default=False)
    ] = None,
    json_output: Json = False,
) -> None:
    """Check every backend's gradient by every method. Holds it against the exact one, too; writes a report."""
    from handgrad.compare.side_by_side.gradchecks import check_backends
    from handgrad.compare.side_by_side.prepare import Options
    from handgrad.reports.gradcheck.html import write
    from handgrad.reports.gradcheck.text import text

    how = FileOptions(separator, encoding, drop_missing)
    table = read_table(file, dataset, target, names(features), how, seed)
    options = Options(
        backends=chosen(backends, given, everyone),
        start=start(weights, bias, table.features),
        dtype=dtype.value,
        standardize=standardize,
    )
    with run_folder(out, table.source) as folder, progress_bar() as progress:
        checks = check_backends(table, options, points(at), progress)
        write(checks, folder)
    show_run(checks, text, folder, json_output)
    exit_unless(checks.passed)


def points(at: At) -> tuple[Where, ...]:
    """The points of an option."""
    return ("start", "optimum") if at is At.both else (at.value,)  # type: ignore[return-value]


def start(weights: str | None, bias: float, features: int) -> Parameters:
    """The point of the options; zeros for weights that nobody gave."""
    from handgrad.backends.interface import Parameters, check_parameters

    given = start_weights(weights)
    if given is None:
        return Parameters([0.0] * features, bias)
    return check_parameters(given, bias, features, "float64")
