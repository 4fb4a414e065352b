"""`handgrad diff`: two runs against each other."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from handgrad.commands.options import Json

CHECK_FAILED = 1


def diff(
    before: Annotated[Path, typer.Argument(help="The baseline: a run's folder, or its result.json.")],
    after: Annotated[Path, typer.Argument(help="The run that is held against it.")],
    threshold: Annotated[
        float, typer.Option(min=0.0, help="The relative change of a time that matters: 0.05 is 5 %.")
    ] = 0.05,
    json_output: Json = False,
) -> None:
    """Compare two runs of `compare` or of `bench`. Exit code 1 when something became slower or wrong."""
    from handgrad.compare.bench.diff import diff as difference
    from handgrad.compare.results.files import to_json

    found = difference(before, after, threshold)
    if json_output:
        sys.stdout.buffer.write(to_json(found) + b"\n")
    else:
        from handgrad.reports.bench.diff import text
        from handgrad.reports.look.text import plain

        typer.echo(plain(text(found)), nl=False)
    if not found.passed:
        raise typer.Exit(CHECK_FAILED)
