"""What gradient checks say in sentences: the verdict, and why the bound decides where relative error cannot."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from handgrad.compare.results.checks import GradientCheck, PointChecks, Sweep, Where
from handgrad.compare.results.comparison import GradientChecks, Problem
from handgrad.reports.look import numbers
from handgrad.reports.look.names import shown
from handgrad.reports.look.picks import influence
from handgrad.reports.look.words import listed, plural

#: V-curves that a figure has room for.
MOST_CURVES = 4


def heading(checks: GradientChecks) -> str:
    """The problem in one line: ``diabetes: 442 rows, 10 features, in float64``."""
    return f"{title(checks)}: {shape(checks)}"


def title(checks: GradientChecks) -> str:
    """What the table is called."""
    return shown(checks.problem.name, 60)


def shape(checks: GradientChecks) -> str:
    """How large the table is, and the format that is computed in: ``442 rows, 10 features, in float64``."""
    problem = checks.problem
    return f"{plural(problem.rows, 'row')}, {plural(len(problem.features), 'feature')}, in {problem.dtype}"


def verdict(checks: GradientChecks) -> str:
    """Whether every gradient passed, in one line."""
    wrong = list(dict.fromkeys(shown(name) for p in checks.points for name, c in p.checks.items() if not c.passed))
    count = plural(len(checks.points[0].checks), "backend")
    where = listed([f"the {point.where}" for point in checks.points])
    if wrong:
        return f"{listed(wrong)} failed at {where}: the gradient, or a method's, is outside its bound."
    most = max(c.bound_ratio or 0.0 for p in checks.points for c in p.checks.values())
    return (
        f"Every method agrees with the gradient of {count} at {where}; "
        f"the largest error is {numbers.ratio(most)} of what rounding explains."
    )


def place(point: Where) -> str:
    """What stands in a title."""
    return {"start": "at the start", "optimum": "at the optimum"}[point]


def lessons(problem: Problem, points: Sequence[PointChecks]) -> list[str]:
    """What the numbers teach: relative error against the bound, the best step, the fall of the remainder."""
    return [*(line for point in points for line in (*_relative_fails(point), *_steps(problem, point))), *_falls(points)]


def _relative_fails(point: PointChecks) -> Iterator[str]:
    """At the optimum the exact gradient is nearly 0: the number that relative error gives, beside the bound's."""
    known = {name: worst_relative(check) for name, check in point.checks.items() if check.passed}
    failing = {name: value for name, value in known.items() if value > 1e-3}
    if not failing:
        return
    name = max(failing, key=lambda name: failing[name])
    yield (
        f"Relative error fails {place(point.where)}, where the exact gradient is nearly 0: it calls {shown(name)}'s "
        f"right gradient {numbers.percent(failing[name])} wrong. Use the bound: the error is "
        f"{numbers.ratio(point.checks[name].bound_ratio)} of what rounding explains."
    )


def worst_relative(check: GradientCheck) -> float:
    """The largest relative error of the gradient; 0 where none is known."""
    return max((value for value in check.relative if value is not None), default=0.0)


def _steps(problem: Problem, point: PointChecks) -> Iterator[str]:
    """The best step of each difference, for the first parameter that is drawn; at the start, where there is a V."""
    found = swept(point)
    if found is None or point.where != "start":
        return
    vs = [sweep for sweep in drawn(problem, found[1].sweeps) if sweep.best_forward > sweep.steps[0]]
    if not vs:  # a derivative of nearly 0: the smallest steps are right by luck
        return
    sweep = vs[0]
    forward, central = (min((v for v in arm if v is not None), default=None) for arm in (sweep.forward, sweep.central))
    yield (
        f"{parameter(problem, sweep.parameter)}: a forward difference is best at h = "
        f"{numbers.ratio(sweep.best_forward)} (error {numbers.ratio(forward)}); noise and truncation were predicted to "
        f"balance at {numbers.ratio(sweep.predicted_forward)}. The loss is quadratic, so a central difference has no "
        f"truncation error: it is best at h = {numbers.ratio(sweep.best_central)} (error {numbers.ratio(central)}), "
        "and a larger step only divides the noise by more."
    )


def _falls(points: Sequence[PointChecks]) -> Iterator[str]:
    orders = [c.taylor.order for point in points for c in point.checks.values() if c.taylor.order is not None]
    if orders:
        low, high = (f"{order:.2f}" for order in (min(orders), max(orders)))
        power = low if low == high else f"{low} to {high}"
        yield f"The Taylor remainder falls as h to the power {power}: 2 belongs to a right gradient, 1 to a wrong one."


def swept(point: PointChecks) -> tuple[str, GradientCheck] | None:
    """The backend that has V-curves at this point."""
    return next(((name, check) for name, check in point.checks.items() if check.sweeps), None)


def drawn(problem: Problem, sweeps: Sequence[Sweep]) -> list[Sweep]:
    """The sweeps that are drawn: of the weights that move the prediction most, and of the bias; in order."""
    known = problem.destination
    sizes = [*(influence(problem, known.weights) if known else ()), math.inf]  # the bias, which is the last, always
    order = sorted(sweeps, key=lambda sweep: -sizes[min(sweep.parameter, len(sizes) - 1)])
    return sorted(order[:MOST_CURVES], key=lambda sweep: sweep.parameter)


def parameter(problem: Problem, number: int, width: int = 16) -> str:
    """The name of a parameter: the feature's, or bias."""
    return "bias" if number == len(problem.features) else shown(problem.features[number], width)


def left_out(checks: GradientChecks) -> list[str]:
    """Who could not be asked, and the remedy."""
    return [f"Not asked: {shown(reason, 400)}" for reason in checks.left_out.values()]
