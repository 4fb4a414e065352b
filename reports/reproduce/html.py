"""Published runs as one HTML file: no network, no script; every number with what every backend gives."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from handgrad.compare.results.reproduction import Reproduced, Reproduction
from handgrad.reports.look import folder as run_folder
from handgrad.reports.look.names import shown
from handgrad.reports.look.pages import page
from handgrad.reports.look.parts import page_tables
from handgrad.reports.reproduce import words
from handgrad.reports.reproduce.tables import of_run, overview


@dataclass(frozen=True)
class PageRun:
    """One run on the page: its name, its sentences, and the name of its table."""

    id: str
    title: str
    recipe: list[str]
    table: str
    findings: list[str]
    source: str


def write(found: Reproduction, folder: Path) -> list[Path]:
    """Writes `result.json` and `report.html`, each whole or not at all; returns the paths.

    Raises:
        OSError: When the folder cannot be written; nothing is left half done.
    """
    return run_folder.write(folder, found, list, lambda drawn: html(found))


def html(found: Reproduction) -> str:
    """The page."""
    return page(
        "reproduce.html",
        heading=words.heading(found),
        passed=found.passed,
        verdict=words.verdict(found),
        missing=words.missing(found),
        conventions=words.conventions(),
        runs=[_run(run) for run in found.runs],
        tables=page_tables([overview(found), *map(of_run, found.runs)], found.versions),
        figures={},
    )


def _run(run: Reproduced) -> PageRun:
    address = f" ({shown(run.problem.url, 200)})" if run.problem.url else ""
    source = f"Data: {shown(run.problem.licence, 200)}{address}."
    return PageRun(run.problem.id, words.result(run), words.recipe(run), of_run(run).name, words.findings(run), source)
