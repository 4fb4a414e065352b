"""Where the descent is heading, and which of many solutions that is where columns depend on each other."""

from __future__ import annotations

from handgrad.compare.results.comparison import Comparison, Destination
from handgrad.reports.compare import arrival as arrivals
from handgrad.reports.look import numbers
from handgrad.reports.look.names import shown
from handgrad.reports.look.words import listed

#: An error of the lowest loss that is a smaller part of it changes no digit that is shown.
SHOWN_LOSS = 1e-7
#: Two solutions whose parameters differ by no more than this part of the largest are one.
SAME_PARAMETERS = 1e-6


def destination(comparison: Comparison) -> list[str]:
    """Where the descent is heading, and how far each backend says it has come; one sentence for like ones."""
    problem = comparison.problem
    lines = []
    if problem.destination is not None:
        target = problem.destination
        lines.append(f"least squares ({shown(target.method, 60)}): loss {numbers.number(target.loss)}{_above(target)}")
        lines += [shown(note, 240) for note in target.notes]
        lines += another_solution(comparison)
    said: dict[str, list[str]] = {}
    for name, result in comparison.backends.items():
        if told := arrivals.sentence(result):
            said.setdefault(told, []).append(shown(name))
    return lines + [f"{listed(names)}: {shown(sentence, 500)}" for sentence, names in said.items()]


def _above(target: Destination) -> str:
    """How far the loss may lie above the lowest, where that shows in the digits that are given."""
    if target.loss_error is None or target.loss_error <= SHOWN_LOSS * target.loss:
        return ""
    return f", at most {numbers.ratio(target.loss_error)} above the lowest"


def another_solution(comparison: Comparison) -> list[str]:
    """That descent on dependent columns goes to other parameters than those given, where it does; both are right."""
    target = comparison.problem.destination
    if target is None or target.nearest is None:
        return []
    given = (*target.weights, target.bias)
    size = max(map(abs, (*given, *target.nearest)))
    if all(abs(one - other) <= SAME_PARAMETERS * size for one, other in zip(given, target.nearest, strict=True)):
        return []
    columns = "the standardised columns" if comparison.problem.standardized else "the columns"
    first = next(j for j, w in enumerate(given) if abs(w - target.nearest[j]) > SAME_PARAMETERS * size)
    name = shown((*comparison.problem.features, "bias")[first])
    right = "" if target.nearly_dependent else "; both are right, and predict the same"
    return [
        f"descent goes to another of these solutions, the one nearest to its start on {columns}: for example "
        f"{numbers.number(target.nearest[first])} for {name}, where least squares on the columns as given has "
        f"{numbers.number(given[first])}{right}"
    ]
