"""A comparison as one HTML file without network, whole without its script, too, and the folder of a run around it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup

from handgrad.compare.results.comparison import BackendResult, Comparison
from handgrad.reports.compare import words
from handgrad.reports.compare.answers import answers
from handgrad.reports.compare.destination import destination
from handgrad.reports.compare.figures.drawings import drawings
from handgrad.reports.compare.overview import overview
from handgrad.reports.compare.sources import side_by_side
from handgrad.reports.compare.tables import tables
from handgrad.reports.compare.walk.html import page_walk
from handgrad.reports.compare.walk.stills import stills
from handgrad.reports.gradcheck.tables import tables as gradcheck_tables
from handgrad.reports.gradcheck.words import lessons
from handgrad.reports.look import folder as run_folder
from handgrad.reports.look import numbers
from handgrad.reports.look.mathml import mathml
from handgrad.reports.look.names import command_line, file_name, shown
from handgrad.reports.look.pages import TEMPLATES, page, policy_hash
from handgrad.reports.look.parts import PageCell, PageRow, PageTable, figures, machine, marks, page_tables
from handgrad.reports.look.picks import is_full_batch, largest_features, reference
from handgrad.reports.look.rendering import Picture, pictures
from handgrad.reports.look.style import Drawing
from handgrad.reports.look.tables import Column, TextTable

#: Words of the page that a beginner may not know.
TERMS = (
    ("Gradient", "The derivatives of the loss by every weight (dW) and by the bias (db): where it grows fastest."),
    ("Epoch", "One pass through all rows. With a full batch that is one step: −η times the gradient."),
    ("η", "The learning rate: how much of the gradient a step takes."),
    ("Loss", "The mean of the squared differences between prediction and target."),
    ("Rounding-error bound", "How far a right program may be from the exact answer, since its numbers are rounded."),
    ("ULP", "The distance from a number to the next one that can be represented: the smallest step."),
    ("Autodiff", "The library finds the derivatives from the forward pass; by hand, a person wrote them down."),
    ("95 % interval", "Of a hundred such intervals, about 95 hold the median that a longer timing would give."),
)

#: The loss, its derivatives by hand, and the residuals that they share.
FORMULAS = ("L = {1}/{n} Σ r²", "dW = {2}/{n} Xᵀ r", "db = {2}/{n} Σ r", "r = XW + b − y")

DIGITS = "To the last digit"
#: Parameters whose digits are shown side by side, the bias not counted.
MOST_DIGIT_COLUMNS = 3


def write(comparison: Comparison, folder: Path) -> list[Path]:
    """Writes `result.json`, `report.html`, `figures/*.png` and `*.svg`, each whole or not at all; returns the paths.

    Raises:
        OSError: When the folder cannot be written; nothing is left half done.
    """
    return run_folder.write(folder, comparison, lambda: _for_files(comparison), lambda drawn: html(comparison, drawn))


def _for_files(comparison: Comparison) -> list[Drawing]:
    """The figures of the page, and those of its walk as they stand at the end."""
    return [*drawings(comparison), *stills(comparison)]


def html(comparison: Comparison, drawn: Sequence[Picture] | None = None) -> str:
    """The report. `drawn` are its figures where they exist already."""
    rendered = pictures(drawings(comparison)) if drawn is None else drawn
    script = (TEMPLATES / "report.js").read_text(encoding="utf-8")
    return page(
        "report.html",
        **_answer(comparison),
        problem=list(_problem(comparison)),
        notes=words.notes(comparison),
        tables=page_tables(_tables(comparison), comparison.backends) | _digits(comparison),
        figures=figures(rendered),
        explanations=words.explanations(comparison),
        destination=_heading_for(comparison),
        checked=lessons(comparison.problem, comparison.gradchecks),
        precision=words.precision(comparison),
        points=[point.where for point in comparison.gradchecks],
        sources=side_by_side(comparison),
        environment=list(machine(comparison.environment)),
        command=command_line(comparison.environment.command),
        overview=overview(comparison),
        walk=page_walk(comparison),
        terms=TERMS,
        formulas=[mathml(formula) for formula in FORMULAS],
        script=Markup(script),
        script_hash=policy_hash(script),
    )


def _answer(comparison: Comparison) -> dict[str, Any]:
    problem = comparison.problem
    return {
        "heading": words.heading(problem),
        "name": words.title(problem),
        "shape": words.shape(problem),
        "answers": answers(comparison),
        "troubles": words.troubles(comparison),
    }


def _problem(comparison: Comparison) -> Iterator[tuple[str, str]]:
    problem = comparison.problem
    yield "Data", shown(file_name(problem.source), 200)
    yield "Target", shown(problem.target, 60)
    yield "Features", _features(problem.features)
    yield "Learning rate", words.rate(problem)
    yield "Training", words.batches(problem)
    yield "Scaling", words.scaling(problem)
    if problem.curvature is not None:
        yield "Curvature", words.condition(problem.curvature)
        of_full = "" if is_full_batch(problem) else " of full batches"  # which promise nothing for others
        yield f"Contraction{of_full}", words.contraction(problem.curvature)
        yield f"Epochs needed{of_full}", words.epochs_needed(problem.curvature)


def _features(names: Sequence[str]) -> str:
    first = ", ".join(shown(name, 24) for name in names[:12])
    return first if len(names) <= 12 else f"{first} and {numbers.count(len(names) - 12)} more"


def _heading_for(comparison: Comparison) -> list[str]:
    return destination(comparison) or ["No least-squares solution was computed."]


# -- tables ---------------------------------------------------------------------------------------------------------


def _tables(comparison: Comparison) -> list[TextTable]:
    return [*tables(comparison), *gradcheck_tables(comparison.problem, comparison.gradchecks)]


def _digits(comparison: Comparison) -> dict[str, PageTable]:
    """All digits of a few parameters, one row per backend, marked from where they part from the reference's."""
    name = reference(comparison)
    ran = {n: r for n, r in comparison.backends.items() if r.weights and r.bias is not None and r.status == "ok"}
    if name is None or len(ran) < 2:
        return {}
    picked = largest_features(comparison, MOST_DIGIT_COLUMNS)
    columns = [Column("backend", words=True), *(Column(shown(comparison.problem.features[j], 16)) for j in picked)]
    expected = _values(comparison.backends[name], picked)
    if len({tuple(_values(result, picked)) for result in ran.values()}) == 1:
        alike = PageRow(f"all {len(ran)}", "", tuple(map(PageCell, expected)))
        note = f"All digits of the parameters at the end; the {len(ran)} backends have the same, to the last bit."
        return {"digits": PageTable(DIGITS, (*columns, Column("bias")), (alike,), note)}
    rows = [
        PageRow(shown(n, 14), mark, tuple(_apart(v, e) for v, e in zip(_values(r, picked), expected, strict=True)))
        for (n, r), mark in zip(ran.items(), marks(comparison.backends, list(ran)), strict=True)
    ]
    note = f"All digits of the parameters at the end; marked where they part from those of {shown(name)}."
    return {"digits": PageTable(DIGITS, (*columns, Column("bias")), tuple(rows), note)}


def _values(result: BackendResult, picked: Sequence[int]) -> list[str]:
    return [numbers.full(value) for value in (*(result.weights[j] for j in picked), result.bias)]


def _apart(value: str, expected: str) -> PageCell:
    same = next(
        (k for k, (a, b) in enumerate(zip(value, expected, strict=False)) if a != b), min(len(value), len(expected))
    )
    if value != expected:
        same = min(same, len(value) - 1)  # fewer digits than the reference's, all of them alike
    return PageCell(value[:same], apart=value[same:])
