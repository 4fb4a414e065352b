"""`handgrad report`: renders a run again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def report(
    run: Annotated[Path, typer.Argument(help="A run's folder, or its result.json.", show_default=False)],
    out: Annotated[
        Path | None, typer.Option(help="Folder for the report. [default: the run's]", show_default=False)
    ] = None,
) -> None:
    """Renders a run's report again, from its result.json alone."""
    from handgrad.compare.results import read
    from handgrad.reports.run import write

    comparison = read(run)
    folder = out or (run if run.is_dir() else run.parent)
    for path in write(comparison, folder):
        typer.echo(path)
