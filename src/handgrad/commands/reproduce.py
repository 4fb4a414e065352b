"""`handgrad reproduce`: published runs beside ours, digit by digit."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Annotated

import typer

from handgrad.commands.shared.completion import complete_published
from handgrad.commands.shared.lock import locked
from handgrad.commands.shared.options import Backends, Json, names
from handgrad.commands.shared.output import exit_unless, show_run
from handgrad.commands.shared.runs import progress_bar


def reproduce(
    ids: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[ID]...",
            help="Published runs; see `handgrad datasets`. [default: all]",
            show_default=False,
            autocompletion=complete_published,
        ),
    ] = None,
    backends: Backends = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for a page (HTML) and result.json. [default: none]", show_default=False)
    ] = None,
    json_output: Json = False,
) -> None:
    """Repeat published runs on every backend. Holds each printed number against the exact answer, digit by digit."""
    calm_threads()
    from handgrad.compare.reproduce.reproduce import reproduce as repeat
    from handgrad.data.published_runs import find, runs
    from handgrad.reports.reproduce.html import write
    from handgrad.reports.reproduce.text import text

    wanted = [find(name) for name in dict.fromkeys(ids or runs())]
    with contextlib.nullcontext() if out is None else locked(out), progress_bar() as progress:
        found = repeat(wanted, names(backends), progress)
        if out is not None:
            write(found, out)
    show_run(found, text, out, json_output)
    exit_unless(found.passed)


def calm_threads() -> None:
    """One thread for each library that has not been told otherwise, before NumPy is imported.

    The tables are small: on a busy machine threads only wait for each other (seen: PyTorch 40 s in place of 1.4).
    """
    for library in ("OMP", "OPENBLAS", "MKL"):
        os.environ.setdefault(f"{library}_NUM_THREADS", "1")
