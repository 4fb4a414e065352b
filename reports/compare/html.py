"""A comparison as one HTML file: no network, no script, light and dark, phone and paper."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from handgrad.compare.results.comparison import BackendResult, Comparison
from handgrad.compare.results.environment import Environment as Machine
from handgrad.reports.compare import words
from handgrad.reports.compare.figures import drawings
from handgrad.reports.compare.tables import Column, Table, largest_features, tables
from handgrad.reports.gradcheck.tables import tables as gradcheck_tables
from handgrad.reports.gradcheck.words import lessons
from handgrad.reports.look import numbers
from handgrad.reports.look.colours import looks
from handgrad.reports.look.names import safe_lines, shown
from handgrad.reports.look.pages import figures, page
from handgrad.reports.look.rendering import Picture, pictures

#: Parameters whose digits are shown side by side, the bias not counted.
MOST_DIGIT_COLUMNS = 3
#: In the report's mono space, as in a sum done by hand: a space as wide as a digit, and one as wide as a point.
_FIGURE_SPACE, _POINT_SPACE = "\u2007", "\u2008"


def html(comparison: Comparison, drawn: Sequence[Picture] | None = None) -> str:
    """The report. `drawn` are its figures where they exist already."""
    rendered = pictures(drawings(comparison)) if drawn is None else drawn
    return page(
        "report.html",
        **_answer(comparison),
        problem=list(_problem(comparison)),
        notes=words.notes(comparison),
        tables={table.name: laid_out(table, comparison.backends) for table in _tables(comparison)}
        | _digits(comparison),
        figures=figures(rendered),
        explanations=[*words.judged(comparison), *words.explanations(comparison)],
        destination=_heading_for(comparison),
        checked=lessons(comparison.problem, comparison.gradchecks),
        precision=words.precision(comparison),
        points=[point.where for point in comparison.gradchecks],
        sources=list(_sources(comparison)),
        environment=list(machine(comparison.environment)),
        command=shown(comparison.environment.command, 1000),
    )


def _answer(comparison: Comparison) -> dict[str, Any]:
    title, _, shape = words.heading(comparison).rpartition(": ")
    return {
        "heading": f"{title}: {shape}",
        "name": title,
        "shape": shape,
        "passed": comparison.verdict.passed,
        "agreement": words.agreement(comparison),
        "reasons": words.reasons(comparison),
        "fastest": words.fastest(comparison),
        "arrival": words.arrival(comparison),
        "troubles": words.troubles(comparison),
    }


def _problem(comparison: Comparison) -> Iterator[tuple[str, str]]:
    problem = comparison.problem
    yield "Data", shown(problem.source, 200)
    yield "Target", shown(problem.target, 60)
    yield "Features", _features(problem.features)
    rate, batches, scaling = words.training(comparison)
    yield "Learning rate", rate.removeprefix("learning rate ")
    yield "Training", batches
    yield "Scaling", scaling
    if problem.curvature is not None:
        condition, contraction, needed = words.curvature(problem.curvature)
        yield "Curvature", condition
        yield "Contraction", contraction
        yield "Epochs needed", needed.removeprefix("epochs needed: ")


def _features(names: Sequence[str]) -> str:
    first = ", ".join(shown(name, 24) for name in names[:12])
    return first if len(names) <= 12 else f"{first} and {numbers.count(len(names) - 12)} more"


def _heading_for(comparison: Comparison) -> list[str]:
    return words.destination(comparison) or ["No least-squares solution was computed."]


# -- tables ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cell:
    """`text`, and after it the digits that are `apart` from the reference's."""

    text: str
    number: bool = True
    apart: str = ""


@dataclass(frozen=True)
class Row:
    """`mark` is the CSS variable of the backend's colour, or empty."""

    head: str
    mark: str
    cells: tuple[Cell, ...]


def _tables(comparison: Comparison) -> list[Table]:
    return [*tables(comparison), *gradcheck_tables(comparison.problem, comparison.gradchecks)]


def laid_out(table: Table, backends: Iterable[str]) -> dict[str, Any]:
    """The table for the template: first cells are headings, padding is made of spaces that HTML keeps."""
    marks = _marks(backends, table.subjects) or [""] * len(table.rows)
    rows = [
        Row(
            row[0],
            mark,
            tuple(Cell(_kept(text), not c.words) for text, c in zip(row[1:], table.columns[1:], strict=True)),
        )
        for row, mark in zip(table.rows, marks, strict=True)
    ]
    return {"title": table.title, "columns": table.columns, "rows": rows, "note": table.note}


def _marks(backends: Iterable[str], names: Sequence[str]) -> list[str]:
    every = looks(backends)
    return [every[name].variable if name else "" for name in names]


def _kept(cell: str) -> str:
    text = cell.rstrip(" ")
    padding = len(cell) - len(text)
    if padding and "." not in text:
        return text + _POINT_SPACE + _FIGURE_SPACE * (padding - 1)
    return text + _FIGURE_SPACE * padding


def _digits(comparison: Comparison) -> dict[str, Any]:
    """All digits of a few parameters, one row per backend, marked from where they part from the reference's."""
    name = words.reference(comparison)
    ran = {n: r for n, r in comparison.backends.items() if r.weights and r.bias is not None and r.status == "ok"}
    if name is None or len(ran) < 2:
        return {}
    picked = largest_features(comparison, MOST_DIGIT_COLUMNS)
    columns = [Column("backend", words=True), *(Column(shown(comparison.problem.features[j], 16)) for j in picked)]
    expected = _values(comparison.backends[name], picked)
    rows = [
        Row(shown(n, 14), mark, tuple(_apart(v, e) for v, e in zip(_values(r, picked), expected, strict=True)))
        for (n, r), mark in zip(ran.items(), _marks(comparison.backends, list(ran)), strict=True)
    ]
    note = f"All digits of the parameters at the end; marked where they part from those of {shown(name)}."
    table = {"title": "To the last digit", "columns": [*columns, Column("bias")], "rows": rows, "note": note}
    return {"digits": table}


def _values(result: BackendResult, picked: Sequence[int]) -> list[str]:
    return [numbers.full(value) for value in (*(result.weights[j] for j in picked), result.bias)]


def _apart(value: str, expected: str) -> Cell:
    same = next(
        (k for k, (a, b) in enumerate(zip(value, expected, strict=False)) if a != b), min(len(value), len(expected))
    )
    if value != expected:
        same = min(same, len(value) - 1)  # fewer digits than the reference's, all of them alike
    return Cell(value[:same], apart=value[same:])


# -- the rest -------------------------------------------------------------------------------------------------------


def _sources(comparison: Comparison) -> Iterator[dict[str, str]]:
    every = looks(comparison.backends)
    for name, result in comparison.backends.items():
        if result.source is not None:
            yield {
                "name": shown(name),
                "mark": every[name].variable,
                "summary": f"{shown(result.summary, 80)}, gradient by {words.found_by(result)}",
                "lines": words.plural(result.source.lines, "line"),
                "file": shown(result.source.file, 80),
                "code": safe_lines(result.source.code),
            }


def machine(where: Machine) -> Iterator[tuple[str, str]]:
    """Where it ran, as pairs of a term and its value."""
    yield (
        "Processor",
        f"{shown(where.cpu, 80)}, {words.plural(where.cores, 'core')}, {words.plural(where.threads, 'thread')}",
    )
    yield "System", shown(where.platform, 120)
    yield "Python", shown(where.python, 40)
    if where.memory_bytes is not None:
        yield "Memory", numbers.size(where.memory_bytes)
    if where.cache_bytes:
        yield "Caches", ", ".join(f"{shown(k, 12)} {numbers.size(v)}" for k, v in list(where.cache_bytes.items())[:8])
    if where.blas is not None:
        yield "BLAS", shown(where.blas, 80)
    if where.governor is not None:
        yield "Governor", shown(where.governor, 40)
    if where.load is not None:
        yield "Load before", numbers.brief(where.load)
    yield "Packages", ", ".join(f"{shown(k, 24)} {shown(v, 24)}" for k, v in list(where.packages.items())[:30]) or "–"
    yield "Time", shown(where.time, 40)
