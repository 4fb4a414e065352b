"""The pictures of the course: from what the lessons measured to a `Drawing` each, in the reports' style."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import FixedFormatter, FixedLocator, NullLocator

from handgrad.compare.results.bench import Cell
from handgrad.compare.results.lessons import (
    ByHand,
    Checking,
    Costs,
    DescentPath,
    FeatureScales,
    LossGrid,
    RateRun,
    Rates,
    Subject,
    Summation,
    Surface,
)
from handgrad.compare.results.timing import Timing
from handgrad.reports.look import numbers, style
from handgrad.reports.look.colours import LIGHT, OWN, looks
from handgrad.reports.look.names import shown
from handgrad.reports.look.style import Drawing
from handgrad.reports.look.words import listed, plural

#: Colours of curves that are no backends', in this order.
BLUE, AMBER, GREEN, RED, PURPLE = (OWN[name].light for name in ("python", "numpy", "numba", "torch", "tape"))

#: Contour lines of a surface, and how many points of the data are drawn.
CONTOURS = 9
MOST_DOTS = 300

#: Smaller errors are drawn here: a logarithmic axis has no zero.
NO_ERROR = 1e-17


# -- 1 ---------------------------------------------------------------------------------------------------------------


def surface(found: Surface, subject: Subject) -> Drawing:
    """The loss's contours with every backend's path on them."""
    figure, [axes] = style.chart(3.5)
    highest = max(path.losses[0] for path in found.paths.values())
    contours(axes, found.grid, subject.lowest, highest)
    every = looks(found.paths)
    style.strands(axes, {name: (p.weights, p.biases) for name, p in found.paths.items()}, every)
    ends(axes, next(iter(found.paths.values())), subject.minimum)
    plane_axes(axes, subject)
    style.legend(figure, list(found.paths), every)
    weight, bias = subject.minimum
    return Drawing(
        "surface",
        "The loss from above, and the way down",
        "Each line joins parameters of equal loss; the more shaded, the lower, and each line is a quarter of the "
        "next one's height above the minimum (the cross). Where paths coincide, their colours alternate.",
        "Contour map of the loss over weight and bias, an elliptic bowl with its minimum at W = "
        f"{numbers.number(weight, 4)}, b = {numbers.number(bias, 4)}. {plural(len(found.paths), 'path')} "
        f"({listed([shown(n) for n in found.paths])}) lead from (0, 0), where the loss is "
        f"{numbers.number(highest, 4)}, to the minimum, where it is {numbers.number(subject.lowest, 4)}.",
        figure,
    )


def lines(found: Surface, subject: Subject) -> Drawing:
    """The data, with the line that the model draws at the start, on the way, and at the end."""
    figure, [axes] = style.chart(3.0)
    path = next(iter(found.paths.values()))
    step = max(1, len(subject.x) // MOST_DOTS)
    axes.scatter(subject.x[::step], subject.y[::step], s=9, color=LIGHT.faint, alpha=0.5, linewidths=0)
    low, high = min(subject.x), max(subject.x)
    picked = stations(len(path.weights) - 1)
    for epoch, colour in zip(picked, (BLUE, AMBER, PURPLE, GREEN), strict=False):
        w, b = path.weights[epoch], path.biases[epoch]
        axes.plot([low, high], [w * low + b, w * high + b], color=colour, linewidth=2, label=f"epoch {epoch}")
    style.linear(axes.xaxis)
    style.linear(axes.yaxis)
    axes.set_xlabel(shown(subject.feature, 24))
    axes.set_title(shown(subject.target, 24))
    figure.legend(loc="outside upper left", ncols=4, handlelength=1.2, columnspacing=1.0, borderaxespad=0.1)
    told = "; ".join(
        f"epoch {e}: W = {numbers.number(path.weights[e], 3)}, b = {numbers.number(path.biases[e], 3)}" for e in picked
    )
    return Drawing(
        "lines",
        "The same way, seen on the data",
        "Every point of the surface is a line through the data.",
        f"Scatter plot of {shown(subject.target, 24)} over {shown(subject.feature, 24)} with the model's line at "
        f"{told}.",
        figure,
    )


def stations(last: int) -> list[int]:
    """The start, two epochs on the way, the end."""
    return sorted({0, min(1, last), min(3, last), last})


# -- 2 ---------------------------------------------------------------------------------------------------------------


def pulls(found: ByHand, subject: Subject) -> Drawing:
    """Each row's pull at W and at b, with their means, which are the gradient."""
    figure, axes = style.chart(4.2, rows=2, sharex=True)
    step = max(1, len(subject.x) // MOST_DOTS)
    means = []
    for axis, values, name, colour in zip(axes, found.pulls, ("2 r x", "2 r"), (BLUE, GREEN), strict=True):
        mean = sum(values) / len(values)
        means.append(mean)
        axis.scatter(subject.x[::step], values[::step], s=9, color=colour, alpha=0.6, linewidths=0)
        axis.axhline(0, color=LIGHT.grid, linewidth=1, zorder=1)
        axis.axhline(mean, color=LIGHT.ink, linewidth=1.6)
        axis.annotate(
            f"mean {numbers.number(mean, 4)}", (1, mean), (-2, 3), xycoords=("axes fraction", "data"),
            textcoords="offset points", ha="right", fontsize=8.5,
        )  # fmt: skip
        axis.set_title(f"{name}: pull at {'W' if 'x' in name else 'b'}")
        style.linear(axis.yaxis)
    style.linear(axes[1].xaxis)
    axes[1].set_xlabel(shown(subject.feature, 24))
    return Drawing(
        "pulls",
        "Every row pulls, and the gradient is the mean",
        "One dot a row. The line is the mean of all rows: dW above, db below.",
        f"Two scatter plots over {shown(subject.feature, 24)}: 2 r x of each row, with mean "
        f"{numbers.number(means[0], 4)}, which is dW; and 2 r, with mean {numbers.number(means[1], 4)}, which is db.",
        figure,
    )


# -- 4 ---------------------------------------------------------------------------------------------------------------


def v_curve(found: Checking) -> Drawing:
    """Error over step, forward and central, with the line of truncation and the steps that suit."""
    figure, [axes] = style.chart(3.5)
    floor = [max(e, NO_ERROR * abs(found.exact)) for e in found.central]
    forward = [max(e, NO_ERROR * abs(found.exact)) for e in found.forward]
    axes.plot(found.steps, found.truncation, color=LIGHT.faint, linewidth=1, label="h λ / 2", zorder=1)
    axes.plot(
        found.steps, [found.roundoff / h for h in found.steps], color=LIGHT.faint, linewidth=1, linestyle="--",
        label="ε L / h", zorder=1,
    )  # fmt: skip
    axes.plot(found.steps, forward, color=RED, linewidth=1.6, marker="^", markersize=4, label="forward")
    axes.plot(found.steps, floor, color=BLUE, linewidth=1.6, marker="o", markersize=4, label="central")
    axes.axvline(found.predicted, color=RED, linewidth=1, linestyle=":")
    (large,) = (method.step for method in found.methods if method.name == "quadratic")
    axes.axvline(large, color=BLUE, linewidth=1, linestyle=":")
    axes.annotate(
        f"h = {numbers.brief(large)} ", (large, 0.93), xycoords=("data", "axes fraction"), ha="right", fontsize=8.5
    )
    style.logarithmic(axes.xaxis, found.steps)
    style.logarithmic(axes.yaxis, [*forward, *floor])
    axes.set_xlabel("step h")
    axes.set_title("error of the derivative")
    figure.legend(loc="outside upper left", ncols=4, handlelength=1.4, columnspacing=1.0, borderaxespad=0.1)
    smallest = min(found.central)
    return Drawing(
        "v-curve",
        "The V of checking: error over step",
        "Both axes logarithmic. Left of the first dotted line rounding dominates, right of it truncation, which the "
        "central difference of a quadratic does not have. An error of 0 is drawn at the lower edge.",
        f"Error of the numerical derivative over the step, from {numbers.ratio(found.steps[0])} to "
        f"{numbers.ratio(found.steps[-1])}. The forward difference makes a V: it falls with slope "
        f"{slope(found.left)}, has its smallest error {numbers.ratio(min(found.forward))} at h = "
        f"{numbers.ratio(found.best)}, and rises with slope {slope(found.right)}. The central difference falls all "
        f"the way with slope {slope(found.central_left)}, down to {numbers.ratio(smallest)}.",
        figure,
    )


def slope(exponent: float | None) -> str:
    """The exponent of a power law with two decimals."""
    return numbers.MISSING if exponent is None else f"{exponent:.2f}"


# -- 5 ---------------------------------------------------------------------------------------------------------------

RATE_COLOURS = {"too small": BLUE, "best": GREEN, "just below": AMBER, "just over": RED}
#: Steps on the contours; more would cover each other.
SHOWN_STEPS = 12
RATE_MARKERS = {"too small": "o", "best": "D", "just below": "s", "just over": "^"}


def rates(found: Rates) -> Drawing:
    """The loss above the minimum over the epochs, seen and predicted, for each rate."""
    figure, [axes] = style.chart(3.2)
    floor = 1e-26 * max(run.excess[0] for run in found.runs)
    shown_values = []
    for run in found.runs:
        values = [max(v, floor) for v in run.excess]
        shown_values += values
        axes.plot(
            range(len(values)), values, color=RATE_COLOURS[run.name], linewidth=1.8, marker=RATE_MARKERS[run.name],
            markersize=4.5, markevery=10, label=run.name,
        )  # fmt: skip
    style.logarithmic(axes.yaxis, shown_values)
    style.linear(axes.xaxis)
    axes.set_xlabel("epoch")
    axes.set_title("loss above the minimum")
    figure.legend(loc="outside upper left", ncols=4, handlelength=1.4, columnspacing=1.0, borderaxespad=0.1)
    last = {run.name: run.excess[-1] for run in found.runs}
    told = "; ".join(f"{name} {numbers.ratio(value)}" for name, value in last.items())
    return Drawing(
        "rates",
        "Four learning rates",
        "On a logarithmic axis a constant factor per epoch is a straight line. Only the rate over the limit goes up.",
        f"Loss above the minimum over {len(found.runs[0].excess) - 1} epochs, starting at "
        f"{numbers.ratio(found.runs[0].excess[0])}; at the end: {told}.",
        figure,
    )


def ways(found: Rates, subject: Subject) -> Drawing:
    """The first steps of the slow, the best and the diverging run, each on the same contours."""
    picked = [run for run in found.runs if run.name != "just below"]
    figure, axes = style.chart(2.6, columns=len(picked), sharex=True, sharey=True)
    for axis, run in zip(axes, picked, strict=True):
        contours(axis, found.grid, subject.lowest, found.runs[0].path.losses[0])
        first = slice(0, SHOWN_STEPS + 1)
        axis.plot(
            run.path.weights[first], run.path.biases[first], color=RATE_COLOURS[run.name], linewidth=1.3,
            marker=RATE_MARKERS[run.name], markersize=3.5,
        )  # fmt: skip
        axis.plot(*subject.minimum, marker="+", markersize=9, markeredgewidth=1.6, color=LIGHT.ink, zorder=6)
        axis.set_title(run.name)
        style.linear(axis.xaxis, 2)
        style.linear(axis.yaxis)
        axis.set_xlabel("W")
    axes[0].set_xlim(found.grid.weights[0], found.grid.weights[-1])
    axes[0].set_ylim(found.grid.biases[0], found.grid.biases[-1])
    axes[0].set_ylabel("b")
    told = "; ".join(f"{run.name}: after {SHOWN_STEPS} steps at {where(run)}" for run in picked)
    return Drawing(
        "ways",
        f"The first {SHOWN_STEPS} steps, on the contours",
        "All start at (0, 0). The cross is the minimum.",
        f"Three contour maps, each with a path from (0, 0). {told}. The minimum is at "
        f"({numbers.number(subject.minimum[0], 3)}, {numbers.number(subject.minimum[1], 3)}).",
        figure,
    )


def where(run: RateRun) -> str:
    """The point of a path after the steps that are shown."""
    w, b = run.path.weights[: SHOWN_STEPS + 1][-1], run.path.biases[: SHOWN_STEPS + 1][-1]
    return f"({numbers.number(w, 3)}, {numbers.number(b, 3)})"


# -- 6 ---------------------------------------------------------------------------------------------------------------

VARIANT_COLOURS = (GREEN, BLUE, AMBER, RED)
VARIANT_MARKERS = ("D", "o", "s", "^")

#: Below this a loss above the minimum, over that of the start, is rounding; a curve ends there.
NO_EXCESS = 1e-24


def scales(found: FeatureScales) -> Drawing:
    """The loss above the minimum over the epochs for the same feature on different scales."""
    figure, [axes] = style.chart(3.2)
    drawn = []
    for variant, colour, marker in zip(found.variants, VARIANT_COLOURS, VARIANT_MARKERS, strict=True):
        down = next((k + 1 for k, v in enumerate(variant.excess) if v < NO_EXCESS), len(variant.excess))
        epochs = [epoch + 1 for epoch in variant.epochs[:down]]
        values = [max(value, NO_EXCESS) for value in variant.excess[:down]]
        drawn += values
        axes.plot(
            epochs, values, color=colour, linewidth=1.8,
            marker=marker, markersize=4.5, markevery=max(1, len(epochs) // 5),
            label=f"{variant.name} (κ = {numbers.ratio(variant.condition)})",
        )  # fmt: skip
    style.logarithmic(axes.xaxis, [1, max(v.epochs[-1] for v in found.variants)])
    style.logarithmic(axes.yaxis, drawn)
    axes.set_xlabel("epoch + 1")
    axes.set_title("loss above the minimum, over that of the start")
    figure.legend(loc="outside upper left", ncols=2, handlelength=1.4, columnspacing=1.0, borderaxespad=0.1)
    told = "; ".join(
        f"{v.name}: κ = {numbers.ratio(v.condition)}, after {numbers.count(v.epochs[-1])} epochs "
        f"{numbers.ratio(v.excess[-1])}"
        for v in found.variants
    )
    return Drawing(
        "scales",
        "One feature on four scales, each at its best rate",
        "Both axes logarithmic. The data, the line that fits it and the smallest loss are the same in all four.",
        f"Loss above the minimum relative to the start. {told}.",
        figure,
    )


def valleys(found: FeatureScales) -> Drawing:
    """The contours of the standardised feature and of the one counted from another zero."""
    figure, axes = style.chart(2.5, columns=2)
    for axis, grid, title in zip(axes, found.grids, ("standardised", "another zero"), strict=True):
        losses = np.array(grid.losses)
        contours(axis, grid, float(losses.min()), float(losses.max()))
        axis.set_title(title)
        axis.set_xticks([])
        axis.set_yticks([])
        axis.grid(visible=False)
        axis.set_xlabel("W")
    axes[0].set_ylabel("b")
    first, last = found.variants[0], found.variants[-1]
    return Drawing(
        "valleys",
        "A bowl and a valley",
        "The loss of the same data, each parameter's axis stretched so that the loss bends alike along both.",
        f"Two contour maps: circles for the standardised feature (κ = {numbers.ratio(first.condition)}), and a "
        "straight, narrow valley across the axes for the feature counted from another zero (κ = "
        f"{numbers.ratio(last.condition)}).",
        figure,
    )


# -- 7 ---------------------------------------------------------------------------------------------------------------


def summation(found: Summation) -> Drawing:
    """The error of each order of summation over how many numbers are added, with both bounds."""
    figure, [axes] = style.chart(3.6)
    smallest = min(e for errors in found.errors.values() for e in errors if e > 0)
    for (name, errors), colour, marker in zip(
        found.errors.items(), (RED, AMBER, PURPLE, BLUE, GREEN), "^svoD", strict=True
    ):
        axes.plot(
            found.rows,
            [e or smallest for e in errors],
            color=colour,
            linewidth=1.6,
            marker=marker,
            markersize=5,
            label=name,
        )
    axes.plot(found.rows, found.worst, color=LIGHT.faint, linewidth=1.2, label="worst case γₙ")
    axes.plot(found.rows, found.likely, color=LIGHT.faint, linewidth=1.2, linestyle="--", label="6 √n u")
    style.logarithmic(axes.xaxis, found.rows)
    style.logarithmic(axes.yaxis, [*found.worst, smallest])
    axes.set_xlabel("numbers added")
    axes.set_title("relative error of the sum")
    figure.legend(loc="outside upper left", ncols=2, handlelength=1.4, columnspacing=1.0, borderaxespad=0.1)
    told = "; ".join(f"{name} {numbers.ratio(errors[-1])}" for name, errors in found.errors.items())
    return Drawing(
        "summation",
        "The same numbers, added in different orders",
        "float32, both axes logarithmic. The grey lines are what theory promises for any order.",
        f"Relative error of the sum of {numbers.count(found.rows[0])} to {numbers.count(found.rows[-1])} positive "
        f"float32 numbers. At {numbers.count(found.rows[-1])}: {told}; bounds {numbers.ratio(found.worst[-1])} (worst "
        f"case) and {numbers.ratio(found.likely[-1])} (6 √n u).",
        figure,
    )


# -- 8 and 9 ---------------------------------------------------------------------------------------------------------


def epochs(found: Costs) -> Drawing:
    """Seconds per epoch over the rows, for those that go through the rows."""
    names = [name for name in timed_names(found) if name != "moments"]
    figure = cost_chart(found, names)
    told = "; ".join(cell_words(cell, names) for cell in found.cells)
    return Drawing(
        "epochs",
        "What an epoch costs",
        "Median time of a steady epoch, one feature, float64, with its 95 % interval; both axes logarithmic.",
        f"Seconds per epoch over the number of rows. {told}.",
        figure,
    )


def starts(found: Costs) -> Drawing:
    """What is paid once: import and first epoch."""
    names = [name for name in found.starts if name != "moments"]
    figure, [axes] = style.chart(0.9 + 0.36 * len(names))
    every = looks(names)
    values = [s for name in names for s in (found.starts[name].import_seconds, found.starts[name].first_seconds)]
    style.logarithmic(axes.xaxis, values, pad=0.1)
    for row, name in enumerate(names):
        start, colour = found.starts[name], every[name].light
        axes.plot([start.import_seconds, start.first_seconds], [row, row], color=LIGHT.grid, linewidth=1, zorder=1)
        for seconds, marker in ((start.first_seconds, "D"), (start.import_seconds, "s")):
            axes.plot([seconds], [row], marker=marker, markersize=6, color=colour, markerfacecolor=LIGHT.background)
    for label, marker in (("first epoch", "D"), ("import", "s")):
        hollow = LIGHT.background
        axes.plot([], [], marker, linestyle="none", color=LIGHT.faint, markerfacecolor=hollow, label=label)
    style.rows_of_backends(axes, names)
    axes.grid(visible=True, axis="x")
    second_ticks(axes.xaxis)
    figure.legend(loc="outside upper left", ncols=2, handletextpad=0.2, columnspacing=1.2, borderaxespad=0.1)
    told = "; ".join(
        f"{shown(n)} {numbers.seconds(found.starts[n].import_seconds)} import, "
        f"{numbers.seconds(found.starts[n].first_seconds)} first epoch"
        for n in names
    )
    return Drawing(
        "starts",
        "What is paid once",
        "Import of the library, and the first epoch with whatever it must compile or load, on a logarithmic axis.",
        f"Seconds: {told}.",
        figure,
    )


def moments(found: Costs) -> Drawing:
    """An epoch of moments against those of the quickest that go through the rows."""
    ranked = [name for reign in found.reigns for name in (reign.fastest,)]
    names = [*dict.fromkeys([*ranked, "numpy"]), "moments"]
    names = [name for name in names if name in timed_names(found)]
    figure = cost_chart(found, names)
    told = "; ".join(cell_words(cell, names) for cell in found.cells)
    return Drawing(
        "moments",
        "An epoch that does not look at the rows",
        "As in chapter 8, with moments beside the fastest of the others and NumPy.",
        f"Seconds per epoch over the number of rows. {told}.",
        figure,
    )


def cost_chart(found: Costs, names: Sequence[str]) -> Figure:
    """Seconds per epoch over rows, one line a backend, intervals as bars."""
    figure, [axes] = style.chart(3.4)
    every, drawn = looks(names), []
    for name in names:
        points = timings(found.cells, name)
        rows, timed = list(points), list(points.values())
        look = every[name]
        axes.plot(
            rows, [t.median for t in timed], color=look.light, linewidth=1.8, marker=look.marker, markersize=5.5,
            markeredgecolor=LIGHT.background, markeredgewidth=0.6,
        )  # fmt: skip
        axes.vlines(rows, [t.low for t in timed], [t.high for t in timed], color=look.light, linewidth=3, alpha=0.5)
        drawn += [bound for t in timed for bound in (t.low, t.high)]
    style.logarithmic(axes.xaxis, [cell.rows for cell in found.cells])
    style.logarithmic(axes.yaxis, drawn)
    second_ticks(axes.yaxis)
    axes.set_xlabel("rows")
    axes.set_title("time per epoch")
    style.legend(figure, names, every)
    return figure


def timings(cells: Sequence[Cell], name: str) -> dict[int, Timing]:
    """A backend's epochs by rows, where it was timed and right."""
    measured = {cell.rows: cell.backends[name] for cell in cells if name in cell.backends}
    return {rows: m.epoch_seconds for rows, m in measured.items() if m.status == "ok" and m.epoch_seconds is not None}


def timed_names(found: Costs) -> list[str]:
    """The backends that have a time at two sizes or more."""
    return [name for name in found.cells[0].backends if len(timings(found.cells, name)) > 1]


def cell_words(cell: Cell, names: Sequence[str]) -> str:
    """The times at one size, for who cannot see them."""
    told = {name: timings([cell], name).get(cell.rows) for name in names}
    each = ", ".join(f"{shown(n)} {numbers.seconds(t.median, t.low, t.high)}" for n, t in told.items() if t is not None)
    return f"{numbers.count(cell.rows)} rows: {each}"


def second_ticks(axis: Axis) -> None:
    """Powers of ten of a second, named by their unit: 1 µs, 10 µs, 100 µs, 1 ms; where there are many, every third."""
    low, high = (math.log10(end) for end in axis.get_view_interval())
    exponents = range(math.ceil(low), math.floor(high) + 1)
    every = 3 if len(exponents) > 6 else 1
    axis.set_major_locator(FixedLocator([10.0**e for e in exponents]))
    axis.set_major_formatter(FixedFormatter([unit_tick(e) if e % every == 0 else "" for e in exponents]))
    axis.set_minor_locator(NullLocator())


def unit_tick(exponent: int) -> str:
    """10^exponent seconds: ``10 µs``."""
    units = {0: "s", -1: "ms", -2: "µs", -3: "ns"}
    return f"{10 ** (exponent % 3)} {units[exponent // 3]}" if exponent // 3 in units else ""


# -- shared ----------------------------------------------------------------------------------------------------------


def contours(axes: Axes, grid: LossGrid, lowest: float, highest: float) -> None:
    """Lines of equal loss: each a quarter of the next one's height above the minimum, areas more shaded towards it."""
    losses = np.array(grid.losses)
    reach = max(highest, float(np.quantile(losses, 0.75))) - lowest
    levels = [lowest + reach * 4.0**-k for k in reversed(range(CONTOURS))]
    inside = [level for level in levels if losses.min() < level < losses.max()]
    axes.grid(visible=False)
    for level in inside:
        axes.contourf(
            grid.weights, grid.biases, losses, [losses.min() - 1, level], colors=[LIGHT.faint], alpha=0.07, zorder=0
        )
    axes.contour(grid.weights, grid.biases, losses, inside, colors=[LIGHT.faint], linewidths=0.6, alpha=0.8, zorder=1)


def ends(axes: Axes, path: DescentPath, minimum: tuple[float, float]) -> None:
    """Marks the start and the minimum."""
    axes.plot(*minimum, marker="+", markersize=12, markeredgewidth=2, color=LIGHT.ink, zorder=6)
    axes.annotate("start", (path.weights[0], path.biases[0]), (4, -11), textcoords="offset points", fontsize=8.5)


def plane_axes(axes: Axes, subject: Subject) -> None:
    """Weight to the right, bias upwards."""
    style.linear(axes.xaxis)
    style.linear(axes.yaxis)
    axes.set_xlabel(f"weight W of {shown(subject.feature, 20)}")
    axes.set_title("bias b")
