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
    """Render a run's report again, from its result.json alone."""
    from handgrad.compare.results import bench as bench_results
    from handgrad.compare.results import comparison as results
    from handgrad.reports.bench import run as bench_run
    from handgrad.reports.compare import run as compare_run

    path, content = bench_results.content_of(run)
    if bench_results.is_bench(content):
        written = bench_run.write(bench_results.from_json(content, str(path)), out or path.parent)
    else:
        written = compare_run.write(results.from_json(content, str(path)), out or path.parent)
    for path in written:
        typer.echo(path)
