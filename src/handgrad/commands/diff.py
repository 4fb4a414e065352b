"""`handgrad diff`: two runs against each other."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from handgrad.commands.shared.exports import Formats, Markdown, show_wanted, wanted
from handgrad.commands.shared.options import Json
from handgrad.commands.shared.output import exit_unless, print_result


def diff(
    before: Annotated[Path, typer.Argument(help="The baseline: a run's folder, or its result.json.")],
    after: Annotated[Path, typer.Argument(help="The run that is held against it.")],
    threshold: Annotated[
        float, typer.Option(min=0.0, help="The relative change of a time that matters: 0.05 is 5 %.")
    ] = 0.05,
    exports: Formats = None,
    markdown: Markdown = False,
    json_output: Json = False,
) -> None:
    """Compare two runs of `compare` or of `bench`. Exit code 1 when something became slower or wrong.

    A format of times holds those of the later run, since its tool keeps the earlier ones.
    """
    from handgrad.compare.bench.diff import diff as difference
    from handgrad.compare.bench.diff import read_both
    from handgrad.reports.bench.diff import text
    from handgrad.reports.look.text import plain

    how = wanted(exports, markdown, json_output)
    found = difference(before, after, threshold)

    def show() -> None:
        if json_output:
            print_result(found)
        else:
            typer.echo(plain(text(found)), nl=False)

    show_wanted(how, found, show, times_of=read_both(before, after)[0][1])
    exit_unless(found.passed)
