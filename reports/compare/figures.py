"""The figures of a comparison. One function each: from a `Comparison` to a `Drawing`, or None with nothing to show.

A new figure is one more function in `FIGURES`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

from matplotlib.axes import Axes

from handgrad.compare.results.comparison import Comparison, EpochErrors
from handgrad.compare.results.files import write_whole
from handgrad.compare.results.timing import Speed
from handgrad.reports.compare import words
from handgrad.reports.compare.tables import largest_features, start_gradients
from handgrad.reports.gradcheck.figures import v_curve
from handgrad.reports.look import numbers, style
from handgrad.reports.look.colours import LIGHT, Look, looks
from handgrad.reports.look.names import shown
from handgrad.reports.look.style import Drawing
from handgrad.reports.look.words import listed, plural

#: Points that a curve keeps: more than a figure has pixels for.
MOST_POINTS = 400
#: Panels of the trajectories: the bias, and the features that move the prediction most.
MOST_PANELS = 4
#: Errors in ULPs are without bound where the exact value is nearly 0; the axis ends here, its number says the rest.
MOST_DRAWN = 1e60


def figures(comparison: Comparison, folder: Path) -> dict[str, Path]:
    """Writes each figure as PNG into the folder, whole or not at all; their paths by name."""
    paths = {}
    for drawing in drawings(comparison):
        paths[drawing.name] = folder / f"{drawing.name}.png"
        write_whole(paths[drawing.name], style.png(drawing.figure))
    return paths


def drawings(comparison: Comparison) -> list[Drawing]:
    """Every figure that has something to show, in the order of the report."""
    with style.applied():
        drawn = [figure(comparison) for figure in FIGURES]
        drawn.append(v_curve(comparison.problem, comparison.gradchecks))
    return [drawing for drawing in drawn if drawing is not None]


# -- the data -------------------------------------------------------------------------------------------------------


def fit(comparison: Comparison) -> Drawing | None:
    """For one feature the rows with the fitted lines; for more, what least squares predicts against the target."""
    sample = comparison.problem.sample
    if sample is None or not sample.y:
        return None
    return _line(comparison) if sample.x is not None else _predicted(comparison)


def _line(comparison: Comparison) -> Drawing:
    problem, sample = comparison.problem, comparison.problem.sample
    assert sample is not None
    assert sample.x is not None
    figure, [axes] = style.chart(3.0)
    ends = (min(sample.x), max(sample.x))
    axes.scatter(sample.x, sample.y, s=11, color=LIGHT.faint, alpha=0.55, linewidths=0)
    fitted = {
        name: r for name, r in comparison.backends.items() if r.weights and r.bias is not None and r.status == "ok"
    }
    points = [ends[0] + (ends[1] - ends[0]) * k / 60 for k in range(61)]
    lines = {n: (points, [r.weights[0] * x + (r.bias or 0.0) for x in points]) for n, r in fitted.items()}
    style.strands(axes, lines, looks(comparison.backends))
    style.linear(axes.xaxis)
    style.linear(axes.yaxis)
    feature, target = shown(problem.features[0], 24), shown(problem.target, 24)
    axes.set_xlabel(feature)
    axes.set_title(target)
    if lines:
        style.legend(figure, list(lines), looks(comparison.backends))
    name = words.reference(comparison)
    equation = _equation(comparison, name) if name else "no backend has a line to draw"
    return Drawing(
        "fit",
        "The data and the fitted line",
        f"{numbers.count(len(sample.y))} of {plural(problem.rows, 'row')}; one line per backend, in colours that "
        "alternate where the lines coincide.",
        f"Scatter plot of {target} over {feature} for {plural(len(sample.y), 'row')}, with the line that each of "
        f"{plural(len(lines), 'backend')} fitted: {equation}.",
        figure,
    )


def _equation(comparison: Comparison, name: str) -> str:
    result = comparison.backends[name]
    bias = result.bias or 0.0
    sign = "-" if bias < 0 else "+"
    return (
        f"{shown(comparison.problem.target, 24)} = {numbers.number(result.weights[0])} × "
        f"{shown(comparison.problem.features[0], 24)} {sign} {numbers.number(abs(bias))} ({shown(name)})"
    )


def _predicted(comparison: Comparison) -> Drawing:
    problem, sample = comparison.problem, comparison.problem.sample
    assert sample is not None
    figure, [axes] = style.chart(3.0)
    ends = (min(*sample.y, *sample.predicted), max(*sample.y, *sample.predicted))
    axes.plot(ends, ends, color=LIGHT.ink, linewidth=1)
    axes.scatter(sample.y, sample.predicted, s=11, color=LIGHT.faint, alpha=0.7, linewidths=0)
    style.linear(axes.xaxis)
    style.linear(axes.yaxis)
    target = shown(problem.target, 24)
    axes.set_xlabel(target)
    axes.set_title(f"{target}, predicted")
    return Drawing(
        "fit",
        "Predicted against true",
        "The prediction is the least-squares solution's, where the descent is heading. On the line it is right.",
        f"Scatter plot of predicted over true {target} for {numbers.count(len(sample.y))} of "
        f"{plural(problem.rows, 'row')}, from {numbers.number(ends[0], 3)} to {numbers.number(ends[1], 3)}, with "
        f"the diagonal.",
        figure,
    )


# -- the run --------------------------------------------------------------------------------------------------------


def loss(comparison: Comparison) -> Drawing | None:
    """The loss of every backend over the epochs, with the least-squares loss as a line."""
    ran = comparison.ran()
    if not ran or comparison.problem.epochs == 0:
        return None
    curves = {name: _thinned(range(len(result.losses)), result.losses) for name, result in ran.items()}
    figure, [axes] = style.chart(3.0)
    destination = comparison.problem.destination
    least = destination.loss if destination is not None else None
    values = [v for _, losses in curves.values() for v in losses if v > 0] + ([least] if least else [])
    if least is not None:
        _goal(axes, least)
    style.strands(axes, curves, looks(comparison.backends))
    _values_axis(axes, values)
    axes.set_xlabel("epoch")
    axes.set_title("mean squared error (units of the target, squared)", color=LIGHT.faint)
    style.linear(axes.xaxis)
    style.legend(figure, list(curves), looks(comparison.backends))
    return Drawing(
        "loss",
        "Loss",
        "Mean squared error after each epoch, on a logarithmic scale. The grey line is the least-squares solution's.",
        f"The loss falls or rises over {plural(comparison.problem.epochs, 'epoch')}: {_loss_words(comparison)}",
        figure,
    )


def _loss_words(comparison: Comparison) -> str:
    said: dict[str, list[str]] = {}
    for name, result in comparison.ran().items():
        path = f"from {numbers.number(result.losses[0])} to {numbers.number(result.losses[-1])}"
        said.setdefault(path, []).append(shown(name))
    destination = comparison.problem.destination
    end = f"; least squares reaches {numbers.number(destination.loss)}." if destination is not None else "."
    return "; ".join(f"{listed(names)} {path}" for path, names in said.items()) + end


def trajectory(comparison: Comparison) -> Drawing | None:
    """W and b over the epochs, each in a panel of its own, with the least-squares value as a line."""
    paths = {n: r.trajectory for n, r in comparison.ran().items() if r.trajectory is not None}
    if not paths or comparison.problem.epochs == 0:
        return None
    picked = largest_features(comparison, MOST_PANELS - 1)
    figure, panels = style.chart(2.5 if len(picked) < 2 else 4.2, math.ceil((len(picked) + 1) / 2), 2, sharex=True)
    for axes, feature in zip(panels, [*picked, None], strict=False):
        values = {n: t.biases if feature is None else [w[feature] for w in t.weights] for n, t in paths.items()}
        curves = {name: _without_zigzag(t.epochs, values[name]) for name, t in paths.items()}
        goal = _goal_of(comparison, feature)
        if goal is not None:
            _goal(axes, goal)
        style.strands(axes, curves, looks(comparison.backends))
        axes.set_title("bias" if feature is None else shown(comparison.problem.features[feature], 20))
        style.linear(axes.xaxis, 3)
        style.linear(axes.yaxis, 4)
    for unused in panels[len(picked) + 1 :]:
        unused.set_visible(False)
    figure.supxlabel("epoch", fontsize=9, color=LIGHT.faint)
    style.legend(figure, list(paths), looks(comparison.backends))
    left_out = len(comparison.problem.features) - len(picked)
    which = f" The {len(picked)} weights that move the prediction most, and the bias." if left_out else ""
    return Drawing(
        "trajectory",
        "Parameters on their way",
        f"Each parameter in its own units; the grey line is its least-squares value. Where a parameter overshoots at "
        f"every epoch, even and odd epochs are two curves.{which}",
        f"Weights and bias over {plural(comparison.problem.epochs, 'epoch')}: {_arrivals(comparison, picked)}.",
        figure,
    )


def _without_zigzag(epochs: Sequence[int], values: Sequence[float]) -> tuple[list[float], list[float]]:
    """The curve; where it overshoots in nearly every epoch, its even epochs and then its odd ones, with a gap between.

    At the best rate the error along the top eigenvector changes its sign each epoch: joined up, a solid band.
    """
    steps = [there - here for here, there in pairwise(values)]
    turns = sum(before * after < 0 for before, after in pairwise(steps))
    if turns < 0.8 * (len(steps) - 1) or len(steps) < 2:
        return _thinned(epochs, values)
    (even_x, even_y), (odd_x, odd_y) = (
        _thinned(
            [e for e in epochs if e % 2 == parity], [v for e, v in zip(epochs, values, strict=True) if e % 2 == parity]
        )
        for parity in (0, 1)
    )
    return [*even_x, math.nan, *odd_x], [*even_y, math.nan, *odd_y]


def _goal_of(comparison: Comparison, feature: int | None) -> float | None:
    destination = comparison.problem.destination
    if destination is None:
        return None
    return destination.bias if feature is None else destination.weights[feature]


def _arrivals(comparison: Comparison, picked: Sequence[int]) -> str:
    name = words.reference(comparison)
    if name is None:
        return "no backend ran to the end"
    result, parts = comparison.backends[name], []
    for feature in [*picked, None]:
        title = "bias" if feature is None else shown(comparison.problem.features[feature], 24)
        end = result.bias if feature is None else result.weights[feature]
        goal = _goal_of(comparison, feature)
        known = f" (least squares {numbers.number(goal)})" if goal is not None else ""
        parts.append(f"{title} ends at {numbers.number(end)}{known}")
    return f"{'; '.join(parts)}; as {shown(name)} has it"


# -- how right ------------------------------------------------------------------------------------------------------


def gradient(comparison: Comparison) -> Drawing | None:
    """The start gradient's error over its bound, and in ULPs beside it; one row per backend."""
    judged = {n: g for n, g in start_gradients(comparison).items() if g.bound_ratio is not None}
    if not judged:
        return None
    figure, [left, right] = style.chart(0.95 + 0.27 * len(judged), 1, 2, sharey=True, width_ratios=[3, 2])
    style.rows_of_backends(left, list(judged))
    looked = looks(comparison.backends)
    ratios = {name: g.bound_ratio for name, g in judged.items()}
    steps = {name: g.max_ulp for name, g in judged.items()}
    _dots(left, ratios, looked, numbers.ratio, include=(1e-3, 3.0))
    left.axvline(1, color=LIGHT.ink, linewidth=1)
    left.axvspan(1, left.get_xlim()[1], color=LIGHT.tint, zorder=0)
    left.set_xlabel("error / bound")
    _dots(right, steps, looked, numbers.ulps, include=(0.5, 50.0))
    right.set_xlabel("error in ULPs")
    figure.align_xlabels()
    each = "; ".join(
        f"{shown(name)} {numbers.ratio(ratios[name])} of the bound, {numbers.ulps(steps[name])} ULP" for name in judged
    )
    return Drawing(
        "gradient",
        "Gradient at the start, against the exact one",
        "Left of the line at 1 an error is explained by rounding; right of it the gradient is wrong. Beside it, the "
        "same error in units in the last place (ULP). A value of 0 stands at the left edge.",
        f"Error of each backend's gradient over its rounding-error bound and in ULPs: {each}.",
        figure,
    )


def _dots(
    axes: Axes,
    values: dict[str, float | None],
    looked: dict[str, Look],
    write: Callable[[float | None], str],
    include: tuple[float, float],
) -> None:
    """One marker per row on a logarithmic axis, with its number beside it; zeros stand at the left edge."""
    positive = [min(value, MOST_DRAWN) for value in values.values() if value is not None and value > 0]
    low, high = min([*positive, include[0]]), max([*positive, include[1]])
    style.logarithmic(axes.xaxis, [low, high * (high / low) ** 0.25], pad=0.05)
    for row, (name, value) in enumerate(values.items()):
        if value is None:
            continue
        place = min(max(value, low), high)
        look = looked[name]
        axes.plot([place], [row], marker=look.marker, color=look.light, markersize=6.5, clip_on=False, zorder=3)
        axes.annotate(write(value), (place, row), (6, 0), textcoords="offset points", va="center", fontsize=8.5)
    axes.grid(visible=True, axis="x")


def errors(comparison: Comparison) -> Drawing | None:
    """The error of the parameters against the exact trajectory, epoch by epoch: relative, and over the bound."""
    known = {n: r.accuracy.epochs for n, r in comparison.backends.items() if r.accuracy and r.accuracy.epochs}
    relative = {name: _positive(e, e.max_relative) for name, e in known.items()}
    bounded = {name: _positive(e, e.bound_ratio) for name, e in known.items()}
    shown_kinds = [
        (title, {name: curve for name, curve in curves.items() if curve[0]})
        for title, curves in (("relative error", relative), ("error / bound", bounded))
    ]
    shown_kinds = [(title, curves) for title, curves in shown_kinds if curves]
    if not shown_kinds or comparison.problem.epochs == 0:
        return None
    figure, panels = style.chart(0.8 + 1.45 * len(shown_kinds), len(shown_kinds), 1, sharex=True)
    for axes, (title, curves) in zip(panels, shown_kinds, strict=True):
        values = [v for _, ys in curves.values() for v in ys]
        if title == "error / bound":
            axes.axhline(1, color=LIGHT.ink, linewidth=1)
            values.append(1.0)
        style.strands(axes, curves, looks(comparison.backends), coincide=False)
        style.logarithmic(axes.yaxis, values)
        axes.set_title(title, color=LIGHT.faint)
    panels[-1].set_xlabel("epoch")
    style.linear(panels[-1].xaxis)
    names = [name for name in known if any(name in curves for _, curves in shown_kinds)]
    style.legend(figure, names, looks(comparison.backends))
    ends = "; ".join(
        f"{shown(name)} ends at {numbers.ratio(e.max_relative[-1])} relative, {numbers.ulps(e.max_ulp[-1])} ULP"
        for name, e in known.items()
        if e.epochs
    )
    return Drawing(
        "errors",
        "Error along the way",
        "The parameters of each epoch against the exact trajectory. An epoch without an error has no point.",
        f"Largest error of a parameter over the epochs, on a logarithmic scale: {ends}.",
        figure,
    )


def _positive(errors: EpochErrors, values: Sequence[float | None]) -> tuple[list[float], list[float]]:
    """The epochs and values that a logarithmic axis can show."""
    pairs = [(e, v) for e, v in zip(errors.epochs, values, strict=True) if v is not None and 0 < v < math.inf]
    return _thinned([float(e) for e, _ in pairs], [v for _, v in pairs])


# -- how fast -------------------------------------------------------------------------------------------------------


def speed(comparison: Comparison) -> Drawing | None:
    """The three costs of each backend on one logarithmic axis: an epoch with its interval, first call, import."""
    timed = {n: r.speed for n, r in comparison.backends.items() if r.speed is not None}
    if not timed:
        return None
    figure, [axes] = style.chart(1.15 + 0.36 * len(timed))
    style.rows_of_backends(axes, list(timed))
    looked = looks(comparison.backends)
    values = [v for s in timed.values() for v in _costs(s) if v > 0]
    style.logarithmic(axes.xaxis, values, pad=0.08)
    _second_ticks(axes)
    for row, (name, cost) in enumerate(timed.items()):
        _cost_row(axes, row, cost, looked[name].light)
    _cost_key(axes)
    axes.grid(visible=True, axis="x")
    each = "; ".join(
        f"{shown(name)} {numbers.seconds(s.epoch_seconds.median, s.epoch_seconds.low, s.epoch_seconds.high)} an epoch, "
        f"{numbers.seconds(s.first_call_seconds)} first call, {numbers.seconds(s.import_seconds)} import"
        for name, s in timed.items()
    )
    return Drawing(
        "speed",
        "Time",
        "Three costs that are not one number: an epoch in the steady state (its interval is the line through the dot), "
        "the first call with any compilation, and the import. Each grid line is a power of ten.",
        f"Seconds on a logarithmic axis: {each}.",
        figure,
    )


def _costs(speed: Speed) -> tuple[float, ...]:
    epoch = speed.epoch_seconds
    return (epoch.low, epoch.high, epoch.median, speed.first_call_seconds, speed.import_seconds)


def _cost_row(axes: Axes, row: int, speed: Speed, colour: str) -> None:
    epoch = speed.epoch_seconds
    ends = [speed.import_seconds, speed.first_call_seconds, epoch.median]
    axes.plot([min(ends), max(ends)], [row, row], color=LIGHT.grid, linewidth=1, zorder=1)
    axes.plot([epoch.low, epoch.high], [row, row], color=colour, linewidth=3, zorder=3, solid_capstyle="butt")
    axes.plot([epoch.median], [row], marker="o", markersize=7, color=colour, zorder=4)
    for seconds, marker in ((speed.first_call_seconds, "D"), (speed.import_seconds, "s")):
        axes.plot(
            [seconds],
            [row],
            marker=marker,
            markersize=6,
            color=colour,
            markerfacecolor=LIGHT.background,
            zorder=3,
        )
    axes.annotate(
        numbers.seconds(epoch.median, epoch.low, epoch.high),
        (epoch.median, row),
        (0, 6),
        textcoords="offset points",
        ha="center",
        fontsize=8.5,
    )


def _cost_key(axes: Axes) -> None:
    marks = (("epoch", "o", LIGHT.faint), ("first call", "D", LIGHT.background), ("import", "s", LIGHT.background))
    for label, marker, face in marks:
        axes.plot([], [], marker, color=LIGHT.faint, markerfacecolor=face, markersize=6, label=label)
    figure = axes.figure
    figure.legend(loc="outside upper left", ncols=3, handletextpad=0.2, columnspacing=1.2, borderaxespad=0.1)


def _second_ticks(axes: Axes) -> None:
    """Powers of ten of a second, named by their unit: 1 µs, 10 µs, 100 µs, 1 ms."""
    low, high = (math.log10(end) for end in axes.get_xlim())
    exponents = range(math.ceil(low), math.floor(high) + 1)
    every = 3 if len(exponents) > 5 else 1
    axes.set_xticks(
        [10.0**e for e in exponents],
        [_unit_tick(e) if e % every == 0 else "" for e in exponents],
    )


def _unit_tick(exponent: int) -> str:
    unit = {0: "s", -1: "ms", -2: "µs", -3: "ns"}.get(exponent // 3, "s")
    return f"{10 ** (exponent % 3)} {unit}"


# -- shared ---------------------------------------------------------------------------------------------------------


def _goal(axes: Axes, value: float) -> None:
    """The least-squares value, as a grey line behind the curves."""
    axes.axhline(value, color=LIGHT.faint, linewidth=1.2, zorder=1)


def _values_axis(axes: Axes, positive: Sequence[float]) -> None:
    """Logarithmic where there is something positive, linear where all is zero."""
    if positive:
        style.logarithmic(axes.yaxis, positive)
    else:
        style.linear(axes.yaxis)


def _thinned(x: Sequence[float], y: Sequence[float]) -> tuple[list[float], list[float]]:
    """At most `MOST_POINTS` points, evenly taken, the first and the last among them."""
    if len(x) <= MOST_POINTS:
        return list(x), list(y)
    kept = [round(k * (len(x) - 1) / (MOST_POINTS - 1)) for k in range(MOST_POINTS)]
    kept = [first for first, then in pairwise([*kept, -1]) if first != then]
    return [x[k] for k in kept], [y[k] for k in kept]


FIGURES: tuple[Callable[[Comparison], Drawing | None], ...] = (fit, loss, trajectory, gradient, errors, speed)
