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
    from handgrad.compare.results.bench import Bench
    from handgrad.compare.results.comparison import Comparison
    from handgrad.compare.results.files import content_of, from_json, head_of
    from handgrad.reports.bench import html as bench_html
    from handgrad.reports.compare import html as compare_html

    path, content = content_of(run)
    if head_of(content, str(path)).kind == Bench.kind:
        written = bench_html.write(from_json(content, Bench, str(path)), out or path.parent)
    else:
        written = compare_html.write(from_json(content, Comparison, str(path)), out or path.parent)
    for path in written:
        typer.echo(path)
