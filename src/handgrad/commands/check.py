"""`handgrad check`: your own gradient, right or what is wrong with it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from handgrad.commands.options import HintOnly, Json, TimeLimit

WRONG = 1


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

    diagnosis = check_file(file, time_limit=time_limit, hint_only=hint_only)
    typer.echo(json.dumps(diagnosis.to_json(), indent=1, ensure_ascii=False) if json_output else str(diagnosis))
    if not diagnosis.correct:
        raise typer.Exit(WRONG)
