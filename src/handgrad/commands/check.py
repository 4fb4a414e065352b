"""`handgrad check`: your own gradient, right or what is wrong with it."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from handgrad.commands.shared.options import Hint, HintOnly, Json, ProbeSeed, TimeLimit
from handgrad.commands.shared.output import show_assessment


class LossOption(StrEnum):
    """The losses of which a gradient may be asked for, and "any" of them."""

    mse = "mse"
    half_mse = "half-mse"
    sum = "sum"
    half_sum = "half-sum"
    any = "any"


def check(
    file: Annotated[
        Path,
        typer.Argument(
            help="A Python file or a notebook that defines gradient(X, y, weights, bias) returning (dW, db), "
            "or step(X, y, weights, bias, learning_rate), or loss(X, y, weights, bias), or a class with fit(X, y). "
            "Other names, orders and forms are found, where names or shapes tell.",
            show_default=False,
        ),
    ],
    loss: Annotated[
        LossOption | None,
        typer.Option(
            help="The loss whose gradient is asked for: (1/n), (1/2n), 1 or 1/2 times the sum of squares. "
            "[default: that of a loss or cost function in the file, else mse, and said if another fits]",
            show_default=False,
        ),
    ] = None,
    integers: Annotated[
        bool, typer.Option("--integers", help="Numbers that wrap around on int32 or uint8 are a mistake, not a note.")
    ] = False,
    function: Annotated[
        str,
        typer.Option(
            help="The function to check, Class.method for a method. [default: gradient, step, or what stands for them]",
            show_default=False,
        ),
    ] = "",
    seed: ProbeSeed = 0,
    hint: Hint = None,
    hint_only: HintOnly = False,
    json_output: Json = False,
    time_limit: TimeLimit = 10.0,
) -> None:
    """Check your own gradient: right, or which mistake it is. Exit code 0 if right, 1 if wrong or not told.

    The file runs in a process of its own, which knows no right answer; on Linux without network, and writing in a
    temporary folder only. It can read what you can read: run files of strangers in a container.
    """
    from handgrad.compare.check.file import check_file

    show_assessment(
        check_file(
            file,
            time_limit_seconds=time_limit,
            loss=None if loss is None else loss.value,
            integers=integers,
            function=function,
            seed=seed,
        ),
        1 if hint_only else hint,
        json_output,
    )
