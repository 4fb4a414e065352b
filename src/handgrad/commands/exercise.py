"""`handgrad exercise`: templates to fill in, and their grading."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from handgrad.commands.shared.options import Hint, HintOnly, Json, TimeLimit
from handgrad.commands.shared.output import print_json, show_assessment

Number = Annotated[int, typer.Argument(help="Which; see `handgrad exercise list`.", show_default=False)]

exercise = typer.Typer(
    name="exercise",
    help="Do exercises, in the order of the course: from the loss to a tape of your own.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@exercise.command("list")
def list_all(json_output: Json = False) -> None:
    """List the exercises, and which of their files stand in this folder."""
    from handgrad.compare.check.exercises.catalogue import EXERCISES
    from handgrad.compare.results.learn.chapters import CHAPTERS

    every = [
        {
            "number": e.number,
            "chapter": CHAPTERS.index(e.chapter) + 1,
            "name": e.name,
            "title": e.title,
            "function": e.function,
            "started": Path(e.file).exists(),
        }
        for e in EXERCISES.values()
    ]
    if json_output:
        print_json(every)
        return
    typer.echo("    chapter of `handgrad learn`")
    for one in every:
        here = f"exercise_{one['number']}.py" if one["started"] else ""
        typer.echo(
            f"{one['number']:>2}  {one['chapter']:>2}  {one['title']:<35}  {one['function']:<18}  {here}".rstrip()
        )
    typer.echo("Begin with: handgrad exercise start 1.")


@exercise.command()
def start(
    number: Number,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there already.")] = False,
) -> None:
    """Write the template of an exercise into this folder."""
    from handgrad.compare.check.exercises.catalogue import start as begin

    path = begin(number, Path(), force)
    typer.echo(f"{path} is yours to fill in. Then: handgrad exercise check {number}")


@exercise.command()
def check(
    number: Number,
    file: Annotated[
        Path | None, typer.Argument(help="Your file. [default: exercise_NUMBER.py]", show_default=False)
    ] = None,
    hint: Hint = None,
    hint_only: HintOnly = False,
    json_output: Json = False,
    time_limit: TimeLimit = 10.0,
) -> None:
    """Grade an exercise: right, or which mistake it is. Exit code 0 if right, 1 if wrong."""
    from handgrad.compare.check.exercises.catalogue import EXERCISES
    from handgrad.compare.check.exercises.catalogue import exercise as described
    from handgrad.compare.check.exercises.grading import grade

    own = file if file is not None else Path(described(number).file)
    rung = 1 if hint_only else hint
    show_assessment(grade(number, own, time_limit_seconds=time_limit), rung, json_output)
    if not json_output:
        then = number + 1 in EXERCISES
        typer.echo(f"Next: handgrad exercise start {number + 1}" if then else "That was the last exercise.")
