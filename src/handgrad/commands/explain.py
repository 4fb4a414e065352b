"""`handgrad explain`: one step of descent on the first rows of a table, with every number."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from handgrad.commands.shared.completion import complete_dataset
from handgrad.commands.shared.lock import locked_file
from handgrad.commands.shared.options import (
    DropMissing,
    Encoding,
    Features,
    Json,
    Separator,
    Table,
    Target,
    names,
    rate,
    start_weights,
)
from handgrad.commands.shared.output import print_result
from handgrad.commands.shared.tables import FileOptions, not_both, read_file

if TYPE_CHECKING:
    from handgrad.compare.results.explanation import Explanation
    from handgrad.data.dataset import Dataset

DEFAULT = "norris"


def explain(
    file: Table = None,
    dataset: Annotated[
        str | None,
        typer.Option(
            help=f"A built-in table; see `handgrad datasets`. [default: {DEFAULT}]",
            show_default=False,
            autocompletion=complete_dataset,
        ),
    ] = None,
    target: Target = None,
    features: Features = None,
    rows: Annotated[int, typer.Option(min=1, help="How many of its rows, from the first.")] = 2,
    weights: Annotated[
        str | None,
        typer.Option(help="Where to start, with commas between. [default: 1 each]", show_default=False),
    ] = None,
    bias: Annotated[float, typer.Option(help="Where to start.")] = 0.5,
    learning_rate: Annotated[
        str, typer.Option(help="Length of the step; 'auto' is a power of ten at which the loss surely falls.")
    ] = "auto",
    separator: Separator = None,
    encoding: Encoding = None,
    drop_missing: DropMissing = False,
    step: Annotated[bool, typer.Option("--step", help="One thing at a time; Enter goes on.")] = False,
    html: Annotated[
        Path | None,
        typer.Option("--html", "--out", help="Write a page with formulas, graph and buttons.", show_default=False),
    ] = None,
    json_output: Json = False,
) -> None:
    """Show one step of descent with every number. By hand, on the autodiff tape, and by PyTorch."""
    from handgrad.compare.learn.explanation import explain as explained

    how = FileOptions(separator, encoding, drop_missing)
    table = read_table(file, dataset, target, names(features), how)
    with contextlib.nullcontext() if html is None else locked_file(html):
        explanation = explained(table, rows, start_weights(weights), bias, rate(learning_rate))
        if html is not None:
            write_page(explanation, html)
    if json_output:
        print_result(explanation)
    elif html is not None:
        typer.echo(f"Page: {html}")
    else:
        show_walk(explanation, step and sys.stdin.isatty() and sys.stdout.isatty())


def read_table(
    file: Path | None, dataset: str | None, target: str | None, features: list[str] | None, options: FileOptions
) -> Dataset:
    """The file's table, or a built-in one; columns may be chosen of both."""
    from handgrad.data import builtin_sets

    not_both(file, dataset)
    if file is not None:
        return read_file(file, target, features, options)
    return builtin_sets.load(dataset or DEFAULT, target, features)


def show_walk(explanation: Explanation, wait: bool) -> None:
    """The whole walk, or a stop of it after each Enter."""
    from handgrad.reports.explain.text import walk

    for number, (title, lines) in enumerate(walk(explanation)):
        if wait and number > 1:
            wait_for_enter()
        if title:
            typer.echo(("\n" if number else "") + typer.style(title, bold=True))
        for line in lines:
            typer.echo(line)


def wait_for_enter() -> None:
    """Asks for it, and wipes the question away afterwards; at the end of the input it goes on by itself."""
    typer.echo(typer.style("  Enter goes on ", dim=True), nl=False)
    entered = sys.stdin.readline()  # which leaves the cursor in the next line
    typer.echo("\x1b[1A\x1b[2K" if entered else "\r\x1b[2K", nl=False)


def write_page(explanation: Explanation, path: Path) -> None:
    """The page as one file."""
    from handgrad.compare.results.files import write_whole
    from handgrad.reports.explain.html import html

    write_whole(path, html(explanation).encode())
