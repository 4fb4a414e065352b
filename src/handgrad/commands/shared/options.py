"""Options that mean the same in every command, under the same words, and what their text stands for."""

from __future__ import annotations

import os
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from handgrad.commands.shared.completion import complete_backends, complete_dataset

if TYPE_CHECKING:
    from handgrad.backends.catalogue import Entry


class OrderName(StrEnum):
    """The order in which batches take the rows."""

    shuffled = "shuffled"
    file = "file"


class DTypeName(StrEnum):
    """The format in which everything is computed."""

    float64 = "float64"
    float32 = "float32"


def set_scheduler(address: str | None) -> str | None:
    """Where Dask's own rule finds it, in this process and in those of the backends."""
    if address is not None:
        os.environ["DASK_SCHEDULER_ADDRESS"] = address
    return address


# -- what to train on ------------------------------------------------------------------------------------------------

Table = Annotated[
    Path | None,
    typer.Argument(help="A table: CSV (also .gz), TSV, Parquet, or a folder of Parquet.", show_default=False),
]
BuiltIn = Annotated[
    str | None,
    typer.Option(
        "--dataset",
        help="A built-in table; see `handgrad datasets`. [default: synthetic data]",
        show_default=False,
        autocompletion=complete_dataset,
    ),
]
DataDir = Annotated[Path, typer.Option(help="Folder with train.csv and test.csv.")]
Target = Annotated[str | None, typer.Option(help="Column to predict. [default: the last]", show_default=False)]
Features = Annotated[
    str | None,
    typer.Option(help="Columns to predict from, with commas between. [default: all others]", show_default=False),
]
Separator = Annotated[
    str | None, typer.Option(help="What stands between the cells. [default: , or tab]", show_default=False)
]
Encoding = Annotated[str | None, typer.Option(help="The file's encoding. [default: UTF-8]", show_default=False)]
DropMissing = Annotated[
    bool, typer.Option("--drop-missing", help="Leave out rows with an empty cell, and say how many.")
]
Standardize = Annotated[bool, typer.Option(help="Centre and scale the features first.")]

# -- how to train ----------------------------------------------------------------------------------------------------

LearningRate = Annotated[
    str, typer.Option(help="Length of a step; 'auto' is the best fixed one, from the Hessian's eigenvalues.")
]
Epochs = Annotated[int, typer.Option(min=0, help="How often to go through all rows.")]
BatchSize = Annotated[int | None, typer.Option(min=1, help="Rows per update. [default: all rows]", show_default=False)]
Order = Annotated[
    OrderName, typer.Option(help="Batches take the rows shuffled anew in every epoch, or as they stand in the file.")
]
DType = Annotated[DTypeName, typer.Option(help="Compute in this format.")]
Seed = Annotated[int, typer.Option(min=0, help="Makes what is random repeatable.")]

# -- on what ---------------------------------------------------------------------------------------------------------

Backends = Annotated[
    str | None,
    typer.Option(
        help="Their names, with commas between. [default: all usual ones]",
        show_default=False,
        autocompletion=complete_backends,
    ),
]
With = Annotated[
    list[str] | None,
    typer.Option(
        "--with",
        metavar="FILE[:NAME]|COMMAND",
        help="Your own beside them: mine.py with gradient(X, y, weights, bias), kernel.so, or a program that speaks "
        "the protocol. Several times for several.",
        show_default=False,
    ),
]
All = Annotated[bool, typer.Option("--all", help="The usual ones, and those that other packages bring.")]
Compensated = Annotated[
    bool, typer.Option("--compensated", help="Add Numba with compensated sums: each within 1 ULP of the exact one.")
]
Threads = Annotated[
    int | None, typer.Option(min=1, help="Threads per backend. [default: all cores]", show_default=False)
]
Memory = Annotated[
    str | None,
    typer.Option(
        metavar="SIZE",
        help="What data may take, as in 1GiB: a larger table is read block by block in each pass. [default: half of "
        "what is free]",
        show_default=False,
    ),
]
Scheduler = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS",
        help="Of a Dask cluster, as tcp://host:8786, on which dask-numba and dask-moments run. [default: processes of "
        "this machine]",
        show_default=False,
        callback=set_scheduler,
    ),
]
Timeout = Annotated[float, typer.Option(min=0.1, help="Seconds that one answer of a backend may take.")]

# -- what comes out --------------------------------------------------------------------------------------------------

Resume = Annotated[bool, typer.Option("--resume", help="Go on with what an earlier run left in --out.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object in place of text.")]


# -- a file of one's own ---------------------------------------------------------------------------------------------

Hint = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=4,
        metavar="1..4",
        show_default=False,
        help="Tell less: 1 asks a question, 2 says where to look, 3 adds the formula, 4 the remedy. [default: all]",
    ),
]
HintOnly = Annotated[bool, typer.Option("--hint-only", help="The same as --hint 1.")]
ProbeSeed = Annotated[int, typer.Option("--seed", min=0, help="Draw the numbers at which functions are asked anew.")]
TimeLimit = Annotated[float, typer.Option(min=0.5, help="Seconds that the file's code may compute or sleep.")]


def chosen(
    listed: str | None, given: Sequence[str] | None = None, everyone: bool = False, compensated: bool = False
) -> list[Entry]:
    """The backends of --backends, or the usual ones, with those of --with, --all and --compensated.

    Raises:
        UnknownBackend, GivenError: The message says what there is, or what is wrong with what was given.
    """
    from handgrad.backends.catalogue import catalogue, usual
    from handgrad.backends.given import entries, of_text

    wanted = names(listed)
    if everyone and wanted is not None:
        raise typer.BadParameter("expected --backends or --all, got both")
    named = entries(list(usual(everyone).values()) if wanted is None else wanted)
    more = [catalogue()["numba-compensated"]] if compensated else []
    return entries([*named, *more, *map(of_text, given or ())])


def names(listed: str | None) -> list[str] | None:
    """The names of an option with commas between; None stays None."""
    if listed is None:
        return None
    found = [name.strip() for name in listed.split(",") if name.strip()]
    if not found:
        raise typer.BadParameter(f"expected names with commas between, got {listed!r}; leave the option out for all")
    return found


def start_weights(listed: str | None) -> list[float] | None:
    """The numbers of --weights; None where it is not given."""
    if listed is None:
        return None
    try:
        return [float(number) for number in listed.split(",")]
    except ValueError:
        raise typer.BadParameter(f"--weights: expected numbers with commas between, got {listed!r}") from None


def rate(given: str) -> float | None:
    """The learning rate of an option; None for 'auto'."""
    if given == "auto":
        return None
    try:
        return float(given)
    except ValueError:
        raise typer.BadParameter(f"--learning-rate: expected a number or 'auto', got {given!r}") from None
