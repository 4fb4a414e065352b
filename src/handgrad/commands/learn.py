"""`handgrad learn`: a short course in one page, made from live runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from handgrad.commands.shared.lock import locked_file
from handgrad.commands.shared.options import (
    BuiltIn,
    DropMissing,
    Encoding,
    Features,
    Seed,
    Separator,
    Table,
    Target,
    names,
)
from handgrad.commands.shared.runs import progress_bar
from handgrad.commands.shared.tables import FileOptions, read_table


def learn(
    file: Table = None,
    dataset: BuiltIn = None,
    target: Target = None,
    features: Features = None,
    separator: Separator = None,
    encoding: Encoding = None,
    drop_missing: DropMissing = False,
    seed: Seed = 0,
    out: Annotated[Path, typer.Option(help="The page.")] = Path("learn.html"),
) -> None:
    """Write a short course on gradients. Ten chapters in one page, from runs made here and now."""
    from handgrad.compare.learn.course import lessons
    from handgrad.compare.results.files import write_whole
    from handgrad.reports.learn.html import html

    how = FileOptions(separator, encoding, drop_missing)
    table = read_table(file, dataset, target, names(features), how, seed)
    with locked_file(out), progress_bar() as progress:
        write_whole(out, html(lessons(table, seed, progress)).encode())
    typer.echo(f"Course: {out}")
