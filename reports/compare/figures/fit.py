"""The data: with the fitted lines for one feature, as predicted against true target for more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from handgrad.compare.results.comparison import Comparison, Problem, Sample
from handgrad.reports.look import numbers, style
from handgrad.reports.look.colours import LIGHT, Look, looks
from handgrad.reports.look.names import shown
from handgrad.reports.look.picks import reference
from handgrad.reports.look.style import Curve, Drawing
from handgrad.reports.look.words import plural

#: Points of a fitted line, between which its markers stand.
LINE_POINTS = 61


def fit(comparison: Comparison) -> Drawing | None:
    """For one feature the rows with the fitted lines; for more, what the trained model predicts against the target."""
    sample = comparison.problem.sample
    if sample is None or not sample.y:
        return None
    return _predicted(comparison.problem, sample) if sample.x is None else _line(comparison, sample, sample.x)


def _line(comparison: Comparison, sample: Sample, x: tuple[float, ...]) -> Drawing:
    problem = comparison.problem
    feature, target = shown(problem.features[0], 24), shown(problem.target, 24)
    lines = _lines(comparison, min(x), max(x))
    name = reference(comparison)
    equation = _equation(comparison, name) if name else "no backend has a line to draw"
    return Drawing(
        "fit",
        "The data and the fitted line",
        f"{numbers.count(len(sample.y))} of {plural(problem.rows, 'row')}; one line per backend, and one for those "
        "that coincide.",
        f"Scatter plot of {target} over {feature} for {plural(len(sample.y), 'row')}, with the line that each of "
        f"{plural(len(lines), 'backend')} fitted: {equation}.",
        _drawn_line(x, sample.y, lines, looks(comparison.backends), feature, target),
    )


def _lines(comparison: Comparison, low: float, high: float) -> dict[str, Curve]:
    """What each backend that ran to the end predicts between two values of the feature."""
    x = [low + (high - low) * k / (LINE_POINTS - 1) for k in range(LINE_POINTS)]
    return {
        name: (x, [result.weights[0] * value + result.bias for value in x])
        for name, result in comparison.backends.items()
        if result.weights and result.bias is not None and result.status == "ok"
    }


def _drawn_line(
    x: Sequence[float],
    y: Sequence[float],
    lines: Mapping[str, Curve],
    looked: Mapping[str, Look],
    feature: str,
    target: str,
) -> Figure:
    figure, [axes] = style.chart(2.5)
    axes.scatter(x, y, s=11, color=LIGHT.faint, alpha=0.55, linewidths=0)
    together = style.strands(axes, lines, looked)
    style.linear(axes.xaxis)
    style.linear(axes.yaxis)
    axes.set_xlabel(feature)
    axes.set_title(target)
    if lines:
        style.legend(figure, list(lines), looked, together)
    return figure


def _equation(comparison: Comparison, name: str) -> str:
    result = comparison.backends[name]
    bias = result.bias or 0.0
    sign = "-" if bias < 0 else "+"
    return (
        f"{shown(comparison.problem.target, 24)} = {numbers.number(result.weights[0])} × "
        f"{shown(comparison.problem.features[0], 24)} {sign} {numbers.number(abs(bias))} ({shown(name)})"
    )


def _predicted(problem: Problem, sample: Sample) -> Drawing:
    predicted = sample.trained or sample.predicted
    ends = (min(*sample.y, *predicted), max(*sample.y, *predicted))
    target = shown(problem.target, 24)
    return Drawing(
        "fit",
        "Predicted against true",
        f"{_whose(sample)} On the line it is right.",
        f"Scatter plot of predicted over true {target} for {numbers.count(len(sample.y))} of "
        f"{plural(problem.rows, 'row')}, from {numbers.number(ends[0], 3)} to {numbers.number(ends[1], 3)}, with "
        f"the diagonal. {_whose(sample)}",
        _drawn_predicted(sample.y, predicted, ends, target),
    )


def _whose(sample: Sample) -> str:
    """Whose predictions are drawn, how well they fit, and how well the best would."""
    if not sample.trained:
        return "The prediction is the least-squares solution's, where the descent is heading."
    told = f"The prediction is that of the trained model ({shown(sample.trained_by or '')})"
    if sample.r2 is None or sample.best_r2 is None:
        return f"{told}."
    return f"{told}: R² {numbers.r2(sample.r2)}; the best, least squares, gives {numbers.r2(sample.best_r2)}."


def _drawn_predicted(y: Sequence[float], predicted: Sequence[float], ends: tuple[float, float], target: str) -> Figure:
    figure, [axes] = style.chart(2.5)
    axes.plot(ends, ends, color=LIGHT.ink, linewidth=1)
    axes.scatter(y, predicted, s=11, color=LIGHT.faint, alpha=0.7, linewidths=0)
    style.linear(axes.xaxis)
    style.linear(axes.yaxis)
    axes.set_xlabel(target)
    axes.set_title(f"{target}, predicted")
    return figure
