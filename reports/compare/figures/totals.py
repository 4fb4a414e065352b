"""Which one for how many epochs: the time of a whole run over its epochs, and where the order changes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from handgrad.compare.results.comparison import Comparison
from handgrad.compare.results.verdict import Choice, Overtaking, RunCost
from handgrad.reports.look import numbers, style
from handgrad.reports.look.colours import LIGHT, Look, looks
from handgrad.reports.look.names import shown
from handgrad.reports.look.style import Drawing
from handgrad.reports.look.words import plural

#: Points of a curve: a start and its epochs, both axes logarithmic, bend but once.
POINTS = 25
#: Beyond so many epochs nothing is drawn.
FARTHEST = 1e9


def totals(comparison: Comparison) -> Drawing | None:
    """Start plus epochs, from the facts of the third answer, with its crossings."""
    found = comparison.verdict.choice
    if found is None or not found.costs or found.epochs == 0:
        return None
    marked = [one for one in found.overtakings if one.epochs <= FARTHEST]
    crossings = "; ".join(
        f"{shown(one.backend)} overtakes {shown(one.over)} at {numbers.about(one.epochs)} epochs" for one in marked
    )
    each = "; ".join(f"{shown(cost.backend)} {numbers.seconds(cost.run.value)}" for cost in found.costs)
    return Drawing(
        "totals",
        "A whole run, start included",
        f"Import, data and first call, and then every epoch; both axes are logarithmic. The upright line is this run "
        f"of {plural(found.epochs, 'epoch')}.{_meaning(found, marked)}",
        f"Seconds of a whole run over its epochs. This run: {each}.{f' {crossings}.' if crossings else ''}",
        _drawn(found, marked, looks(comparison.backends)),
    )


def _meaning(found: Choice, marked: Sequence[Overtaking]) -> str:
    """What is marked, and why not all where curves cross; of one curve nothing."""
    if len(found.costs) < 2:
        return ""
    if found.run is None and not found.run_tied:
        return " Crossings are not marked, since the run diverged."
    dots = (
        " A dot marks where the lead changes after this run, a bar between which epochs that may be." if marked else ""
    )
    return f"{dots} A crossing without a dot lies before this run's end, behind the fastest, or within the noise."


def _drawn(found: Choice, marked: Sequence[Overtaking], looked: Mapping[str, Look]) -> Figure:
    figure, [axes] = style.chart(3.0)
    most = min(max(10.0 * found.epochs, *(5.0 * one.epochs for one in marked), 1e3), 10 * FARTHEST)
    counts = [most ** (k / (POINTS - 1)) for k in range(POINTS)]
    curves = {cost.backend: (counts, [total(cost, count) for count in counts]) for cost in found.costs}
    for name, (x, y) in curves.items():
        axes.plot(
            x, y, color=looked[name].light, linewidth=1.4, marker=looked[name].marker, markevery=8, markersize=4.5,
            markeredgewidth=0, gid=style.backend_id(name),
        )  # fmt: skip
    axes.axvline(found.epochs, color=LIGHT.faint, linewidth=1, linestyle="--", zorder=1)
    for place, one in enumerate(marked):
        cost = next(cost for cost in found.costs if cost.backend == one.backend)
        _crossing(axes, one, cost, most, below=place % 2 == 1)
    style.logarithmic(axes.xaxis, [1.0, most], pad=0.02)
    style.logarithmic(axes.yaxis, [seconds for _, ys in curves.values() for seconds in ys], pad=0.04)
    style.second_ticks(axes.yaxis)
    axes.set_xlabel("epochs")
    style.legend(figure, list(curves), looked)
    return figure


def total(cost: RunCost, epochs: float) -> float:
    """The height of a backend's curve."""
    return cost.start.value + epochs * cost.epoch.value


def _crossing(axes: Axes, one: Overtaking, cost: RunCost, most: float, *, below: bool) -> None:
    """A dot where one curve falls below another, with its number, and a bar over where it may be."""
    at = (float(one.epochs), total(cost, one.epochs))
    axes.plot([max(one.low, 1), min(one.high, most)], [at[1]] * 2, color=LIGHT.ink, linewidth=1, zorder=4)
    axes.plot(*at, marker="o", markersize=5.5, color=LIGHT.ink, markerfacecolor=LIGHT.background, zorder=5)
    right = math.log(one.epochs) > 0.6 * math.log(most)
    axes.annotate(
        numbers.about(one.epochs), at, (-3 if right else 3, -6 if below else 6), textcoords="offset points",
        fontsize=8.5, ha="right" if right else "left", va="top" if below else "bottom", zorder=6,
        bbox={"facecolor": LIGHT.background, "edgecolor": "none", "pad": 0.6},
    )  # fmt: skip
