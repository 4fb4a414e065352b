"""`--format`: a finished run printed for another tool, or appended to the summary that GitHub shows of a step."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from handgrad.compare.results.bench import Bench
    from handgrad.compare.results.comparison import Comparison
    from handgrad.reports.exports.catalogue import Exported

#: Set by GitHub's runner: the file of the summary of a step.
SUMMARY_VARIABLE = "GITHUB_STEP_SUMMARY"


class ExportFormat(StrEnum):
    """What other tools read."""

    markdown = "markdown"
    junit = "junit"
    bencher = "bencher"
    github_action_benchmark = "github-action-benchmark"
    pytest_benchmark = "pytest-benchmark"
    github_summary = "github-summary"


Formats = Annotated[
    list[ExportFormat] | None,
    typer.Option(
        "--format",
        help="Print the result for another tool; github-summary appends it to $GITHUB_STEP_SUMMARY.",
        show_default=False,
    ),
]
Markdown = Annotated[bool, typer.Option("--markdown", help="Print answers and tables as Markdown: --format markdown.")]


@dataclass(frozen=True)
class Wanted:
    """How a result is to be shown.

    Attributes:
        printed: The format to print in; None for text or JSON.
        summary: The file to append Markdown to; None for none.
    """

    printed: ExportFormat | None
    summary: Path | None


def wanted(formats: list[ExportFormat] | None, markdown: bool, as_json: bool) -> Wanted:
    """What the options say; asked before the run, which may take long.

    Raises:
        BadParameter: If more than one thing is to be printed, or there is no step of GitHub's to summarise.
    """
    asked = dict.fromkeys([*([ExportFormat.markdown] if markdown else []), *(formats or [])])
    printed = [one for one in asked if one is not ExportFormat.github_summary]
    if len(printed) + as_json > 1:
        names = [*(["--json"] if as_json else []), *(f"--format {one.value}" for one in printed)]
        raise typer.BadParameter(f"expected one thing to print, got {' and '.join(names)}")
    summary = summary_file() if ExportFormat.github_summary in asked else None
    return Wanted(printed[0] if printed else None, summary)


def summary_file() -> Path:
    """The file that GitHub's runner names.

    Raises:
        BadParameter: Outside of such a runner.
    """
    named = os.environ.get(SUMMARY_VARIABLE)
    if not named:
        raise typer.BadParameter(
            f"--format github-summary: expected {SUMMARY_VARIABLE} to name a file, as in a step of GitHub Actions; "
            "take --format markdown elsewhere"
        )
    return Path(named)


def show_wanted(
    how: Wanted, found: Exported, show: Callable[[], None], times_of: Comparison | Bench | None = None
) -> None:
    """Shows a finished run, or a difference of two, in whatever was asked for.

    Args:
        how: What was asked for.
        found: The run, or the difference.
        show: Prints it as text or as JSON, where no format was asked for.
        times_of: The run whose times are exported where `found` is a difference.
    """
    from handgrad.reports.exports.catalogue import OF_TIMES, export

    if how.summary is not None:
        with how.summary.open("a", encoding="utf-8") as file:
            file.write(export(found, "markdown") + "\n")
    if how.printed is None:
        show()
        return
    of = times_of if times_of is not None and how.printed in OF_TIMES else found
    typer.echo(export(of, how.printed.value), nl=False)
