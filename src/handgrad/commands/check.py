"""`handgrad check`: your own gradient, right or what is wrong with it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from handgrad.commands.shared.options import HintOnly, Json, TimeLimit
from handgrad.commands.shared.output import show_assessment


def check(
    file: Annotated[
        Path,
        typer.Argument(
            help="Python that defines gradient(X, y, weights, bias) returning (dW, db), "
            "or step(X, y, weights, bias, learning_rate), or loss(X, y, weights, bias), or a trainer.",
            show_default=False,
        ),
    ],
    hint_only: HintOnly = False,
    json_output: Json = False,
    time_limit: TimeLimit = 10.0,
) -> None:
    """Check your own gradient: right, or which mistake it is. Exit code 0 if right, 1 if wrong."""
    from handgrad.compare.check.file import check_file

    show_assessment(check_file(file, time_limit_seconds=time_limit), hint_only, json_output)
