"""What a command prints beside its report: lines, JSON, and its exit code."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    from handgrad.compare.check.check import Diagnosis

#: The exit code of a command that is done, and in which a check failed.
CHECK_FAILED = 1

#: Parameters that a terminal shows; the files hold all.
SHOWN = 20


def show_diagnosis(diagnosis: Diagnosis, as_json: bool) -> None:
    """Prints what is right or wrong with a function; leaves with the exit code of a failed check where it is wrong."""
    if as_json:
        print_json(diagnosis.to_json(), ensure_ascii=False)
    else:
        typer.echo(str(diagnosis))
    exit_unless(diagnosis.correct)


def show_report(folder: Path) -> None:
    """Prints where a run's report stands."""
    typer.echo(f"Report: {folder / 'report.html'}")


def show_lines(lines: Iterable[str]) -> None:
    """Prints a line each."""
    for line in lines:
        typer.echo(line)


def print_json(found: Any, ensure_ascii: bool = True) -> None:
    """Prints what JSON can hold as one indented value."""
    typer.echo(json.dumps(found, indent=1, ensure_ascii=ensure_ascii))


def print_result(result: DataclassInstance) -> None:
    """Prints a result as its file holds it, to the byte."""
    from handgrad.compare.results.files import to_json

    sys.stdout.buffer.write(to_json(result) + b"\n")


def exit_unless(passed: bool) -> None:
    """Leaves with the exit code of a failed check unless all passed."""
    if not passed:
        raise typer.Exit(CHECK_FAILED)
