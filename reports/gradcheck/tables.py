"""The tables of gradient checks: a terminal, a pipe and a page show the same cells."""

from __future__ import annotations

from collections.abc import Sequence

from handgrad.compare.results.checks import GradientCheck, MethodResult, PointChecks
from handgrad.compare.results.comparison import Problem
from handgrad.reports.gradcheck import words
from handgrad.reports.look import numbers
from handgrad.reports.look.names import shown
from handgrad.reports.look.tables import BACKEND_WIDTH, Column, TextTable, aligned, near_zero_note

#: Parameters whose derivatives stand beside each other at 80 columns.
MOST_PARAMETERS = 4
PARAMETER_WIDTH = 9


def tables(problem: Problem, points: Sequence[PointChecks]) -> list[TextTable]:
    """For each point: the gradients, every method against each, and how near each method comes."""
    return [
        made for point in points for made in (gradients(point), agreement(point), methods(problem, point)) if made.rows
    ]


def gradients(point: PointChecks) -> TextTable:
    """Each backend's own gradient against the exact one."""
    columns = [
        Column("backend", words=True),
        Column("error ULP"),
        Column("of bound"),
        Column("relative"),
        Column("Taylor order"),
        Column("right", words=True),
    ]
    rows = [_gradient(name, check) for name, check in point.checks.items()]
    note = (
        "The largest error of a derivative, in steps to the next representable number, over what rounding may cause "
        "(above 1 is wrong), and over the exact derivative, which says nothing where that is nearly 0."
        f"{near_zero_note(rows)}"
    )
    title = f"Gradients {words.place(point.where)}"
    return aligned(f"gradients-{point.where}", title, columns, rows, note, point.checks)


def _gradient(name: str, check: GradientCheck) -> list[str]:
    order = check.taylor.order
    return [
        shown(name, BACKEND_WIDTH),
        numbers.ulps_within(_worst(check.ulps), check.bound_ratio),
        numbers.ratio(check.bound_ratio),
        numbers.ratio(_worst(check.relative)),
        numbers.MISSING if order is None else f"{order:.2f}",
        "yes" if check.passed else "no",
    ]


def agreement(point: PointChecks) -> TextTable:
    """Every method against every backend, over the bound."""
    names = _names(point)
    columns = [Column("backend", words=True), *(Column(name) for name in names)]
    rows = [
        [shown(name, BACKEND_WIDTH), *(_ratio(method) for method in check.methods)]
        for name, check in point.checks.items()
    ]
    note = (
        "The largest difference between the backend's gradient and the method's, over what noise, truncation and "
        "rounding explain: above 1 they do not agree."
    )
    without = _unavailable(point)
    return aligned(
        f"agreement-{point.where}",
        f"Every method against every backend {words.place(point.where)}",
        columns,
        rows,
        f"{note} {without}".strip(),
        point.checks,
    )


def methods(problem: Problem, point: PointChecks) -> TextTable:
    """How far each method is from the exact derivative, per parameter, for the backend whose losses it used."""
    found = words.swept(point)
    if found is None:
        return TextTable("methods", "", (), ())
    name, check = found
    picked = [sweep.parameter for sweep in words.drawn(problem, check.sweeps)][-MOST_PARAMETERS:]
    columns = [
        Column("method", words=True),
        Column("step h"),
        Column("relative"),
        *(Column(words.parameter(problem, j, PARAMETER_WIDTH)) for j in picked),
    ]
    rows = [_own(name, check, picked), *(_method(one, picked) for one in check.methods if not one.unavailable)]
    title = f"How near each method comes {words.place(point.where)}"
    return aligned(f"methods-{point.where}", title, columns, rows, _methods_note(problem, name, check, picked))


def _own(name: str, check: GradientCheck, picked: Sequence[int]) -> list[str]:
    """The row of the backend's own gradient."""
    pairs = zip(check.analytic, check.exact, strict=True)
    errors = [None if own is None or exact is None else abs(own - exact) for own, exact in pairs]
    return [shown(name, BACKEND_WIDTH), "", numbers.ratio(_worst(check.relative)), *_errors(errors, picked)]


def _method(one: MethodResult, picked: Sequence[int]) -> list[str]:
    relative = numbers.ratio(_worst(one.against_analytic))
    return [one.method, numbers.ratio(one.steps[0]), relative, *_errors(one.errors, picked)]


def _methods_note(problem: Problem, name: str, check: GradientCheck, picked: Sequence[int]) -> str:
    exact = ", ".join(f"{words.parameter(problem, j)} {numbers.number(check.exact[j], 4)}" for j in picked)
    return (
        f"From the losses of {shown(name)}. Relative: the largest |analytic - numerical| over the larger of the two; "
        f"on the right, the distance from the exact derivative of each parameter ({exact})."
    )


def _names(point: PointChecks) -> list[str]:
    check = next(iter(point.checks.values()))
    return [method.method for method in check.methods]


def _ratio(method: MethodResult) -> str:
    return numbers.MISSING if method.unavailable else numbers.ratio(method.bound_ratio)


def _unavailable(point: PointChecks) -> str:
    reasons = {
        f"{method.method}: {method.unavailable}"
        for check in point.checks.values()
        for method in check.methods
        if method.unavailable
    }
    return f"Without: {'; '.join(sorted(reasons))}." if reasons else ""


def _errors(errors: Sequence[float | None], picked: Sequence[int]) -> list[str]:
    return [numbers.ratio(errors[j]) for j in picked]


def _worst(values: Sequence[float | None]) -> float | None:
    """The largest; None where one is not known, since the largest is not, either."""
    known = [value for value in values if value is not None]
    return max(known) if known and len(known) == len(values) else None
