"""`handgrad datasets`: the built-in tables, and the published runs."""

from __future__ import annotations

import dataclasses

import typer

from handgrad.commands.shared.options import Json
from handgrad.commands.shared.output import print_json


def datasets(json_output: Json = False) -> None:
    """List the built-in tables. Each with its source and licence; use them with --dataset NAME.

    The published runs that `handgrad reproduce` repeats follow.
    """
    from handgrad.data import builtin_sets
    from handgrad.data.published_runs import runs

    described = [builtin_sets.describe(name) for name in builtin_sets.names()]
    if json_output:
        print_json([dataclasses.asdict(one) for one in described])
        return
    width = max(len(one.name) for one in described)
    for one in described:
        typer.echo(f"{one.name:<{width}}  {one.rows:>4} × {len(one.features):<2}  {one.title}")
        typer.echo(f"{'':<{width}}  {one.source}; {one.licence}")
    typer.echo("\nPublished runs, for `handgrad reproduce`:")
    for run in runs().values():
        typer.echo(f"{run.id}\n  {run.source}\n  {run.about}; {run.licence}")
