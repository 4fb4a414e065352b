"""What a command prints: a finished run, lines or JSON; and its exit code."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from handgrad.compare.results.diagnosis import Assessment
    from handgrad.compare.results.files import Result, ResultType
    from handgrad.reports.look.text import TextReport

#: The exit code of a command that is done, and in which a check failed.
CHECK_FAILED = 1

#: Parameters that a terminal shows; the files hold all.
SHOWN = 20


def show_assessment(assessment: Assessment, hint: int | None, as_json: bool) -> None:
    """Prints what is right or wrong with a function; leaves with the exit code of a failed check where it is wrong.

    Where it could not be checked, by a fault of ours, that is that of a command in which nothing could run.

    With `hint`, only as much is told as that rung of the ladder holds; see `Diagnosis.as_hint`.
    """
    from handgrad.cli import NOTHING_RAN
    from handgrad.compare.results.diagnosis import OWN_FAULT
    from handgrad.reports.check.diagnosis import diagnosis

    told = diagnosis(assessment) if hint is None else diagnosis(assessment).as_hint(hint)
    if as_json:
        print_json(told.to_json(), ensure_ascii=False)
    else:
        typer.echo(str(told))
    if OWN_FAULT in assessment.keys:
        raise typer.Exit(NOTHING_RAN)
    exit_unless(told.correct)


def show_run(result: Result, text: Callable[[Result], TextReport], folder: Path | None, as_json: bool) -> None:
    """Prints a finished run, as JSON or as `text` makes it, and where its report stands, if in any folder."""
    from handgrad.reports.look.text import show

    if as_json:
        print_result(result)
    else:
        show(text(result))
        if folder is not None:
            typer.echo(f"Report: {folder / 'report.html'}")


def show_lines(lines: Iterable[str]) -> None:
    """Prints a line each."""
    for line in lines:
        typer.echo(line)


def print_json(found: Any, ensure_ascii: bool = True) -> None:
    """Prints what JSON can hold as one indented value."""
    typer.echo(json.dumps(found, indent=1, ensure_ascii=ensure_ascii))


def print_result(result: ResultType) -> None:
    """Prints a result as its file holds it, to the byte."""
    from handgrad.compare.results.files import to_json

    sys.stdout.buffer.write(to_json(result) + b"\n")


def exit_unless(passed: bool) -> None:
    """Leaves with the exit code of a failed check unless all passed."""
    if not passed:
        raise typer.Exit(CHECK_FAILED)
