"""Options that mean the same in every command, under the same words."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class DTypeName(StrEnum):
    """The format in which everything is computed."""

    float64 = "float64"
    float32 = "float32"


Json = Annotated[bool, typer.Option("--json", help="Print one JSON object in place of text.")]
Seed = Annotated[int, typer.Option(help="Makes what is random repeatable.")]
DType = Annotated[DTypeName, typer.Option(help="Compute in this format.")]
Target = Annotated[str | None, typer.Option(help="Column to predict. [default: the last]", show_default=False)]
Features = Annotated[
    str | None,
    typer.Option(help="Columns to predict from, with commas between. [default: all others]", show_default=False),
]
BatchSize = Annotated[int | None, typer.Option(min=1, help="Rows per update. [default: all rows]", show_default=False)]
LearningRate = Annotated[
    str, typer.Option(help="Length of a step; 'auto' is the best fixed one, from the Hessian's eigenvalues.")
]
Epochs = Annotated[int, typer.Option(min=0, help="How often to go through all rows.")]
DataDir = Annotated[Path, typer.Option(help="Folder with train.csv and test.csv.")]
Separator = Annotated[
    str | None, typer.Option(help="What stands between the cells. [default: , or tab]", show_default=False)
]
Encoding = Annotated[str | None, typer.Option(help="The file's encoding. [default: UTF-8]", show_default=False)]
DropMissing = Annotated[
    bool, typer.Option("--drop-missing", help="Leave out rows with an empty cell, and say how many.")
]


Compensated = Annotated[
    bool, typer.Option("--compensated", help="Add Numba with compensated sums: each within 1 ULP of the exact one.")
]


def chosen(listed: str | None, compensated: bool) -> list[str] | None:
    """The backends of --backends and --compensated; None for those that are compared by default."""
    given = names(listed)
    if not compensated:
        return given
    from handgrad.backends.catalogue import catalogue

    wanted = given if given is not None else [name for name, entry in catalogue().items() if entry.by_default]
    return [*wanted, *(["numba-compensated"] if "numba-compensated" not in wanted else [])]


def names(listed: str | None) -> list[str] | None:
    """The names of an option with commas between; None stays None."""
    if listed is None:
        return None
    found = [name.strip() for name in listed.split(",") if name.strip()]
    if not found:
        raise typer.BadParameter(f"expected names with commas between, got {listed!r}; leave the option out for all")
    return found


def rate(given: str) -> float | None:
    """The learning rate of an option; None for 'auto'."""
    if given == "auto":
        return None
    try:
        return float(given)
    except ValueError:
        raise typer.BadParameter(f"--learning-rate: expected a number or 'auto', got {given!r}") from None
