"""How fast: every sample of an epoch's time, in the order in which it was taken."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import accumulate

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from handgrad.compare.results.comparison import Comparison
from handgrad.compare.results.timing import Timing
from handgrad.reports.look import numbers, style
from handgrad.reports.look.colours import LIGHT, Look, looks
from handgrad.reports.look.disturbed import MARK, is_disturbed
from handgrad.reports.look.names import shown
from handgrad.reports.look.style import Drawing
from handgrad.reports.look.words import plural

#: Of the height of a row, what its samples may take.
ROOM = 0.38
#: All rows have one scale; it reaches at least this factor up and down. A sample beyond the most stands at the edge.
LEAST_FACTOR, MOST_FACTOR = 1.25, 10.0


def samples(comparison: Comparison) -> Drawing | None:
    """A strip for each backend: samples from the first to the last, around their median."""
    timed = {n: r.speed.epoch_seconds for n, r in comparison.backends.items() if r.speed is not None}
    if not timed:
        return None
    factor = _factor(timed)
    upright = ", a grey upright a fresh process" if any(len(one.processes) > 1 for one in timed.values()) else ""
    edge = "; what lies beyond stands at its edge" if any(_beyond(one, factor) for one in timed.values()) else ""
    each = "; ".join(f"{shown(name)} {_told(one)}, {plural(len(one.samples), 'sample')}" for name, one in timed.items())
    return Drawing(
        "samples",
        "Every sample, as it was measured",
        "From left to right in the order taken; the line is the median, the band its 95 % interval"
        f"{upright}. Each strip reaches from {numbers.times(1 / factor)} to {numbers.times(factor)} of its "
        f"median{edge}. A trend would mean that the machine was still warming up, or was disturbed.",
        f"Seconds per epoch of every sample in measured order: {each}.",
        _drawn(timed, factor, looks(comparison.backends)),
    )


def _told(one: Timing) -> str:
    return numbers.seconds(one.median, one.low, one.high)


def _factor(timed: Mapping[str, Timing]) -> float:
    """How far up and down the strips reach: as far as the samples and intervals, within limits."""
    reach = [
        max(value / one.median, one.median / value)
        for one in timed.values()
        for value in (*one.samples, one.low, one.high)
        if one.median > 0 and value > 0 and math.isfinite(value)
    ]
    return min(max([LEAST_FACTOR, *reach]), MOST_FACTOR)


def _beyond(one: Timing, factor: float) -> bool:
    return any(not one.median / factor <= seconds <= one.median * factor for seconds in (*one.samples, one.low))


def _drawn(timed: Mapping[str, Timing], factor: float, looked: Mapping[str, Look]) -> Figure:
    figure, [axes] = style.chart(0.45 + 0.4 * len(timed))
    style.rows_of_backends(axes, list(timed))
    axes.set_xlim(-0.03, 1.32)
    axes.set_xticks([0.0, 1.0], ["first", "last sample"])
    axes.grid(visible=False)
    for row, (name, one) in enumerate(timed.items()):
        _strip(axes, row, name, one, factor, looked[name])
    return figure


def _strip(axes: Axes, row: int, name: str, one: Timing, factor: float, look: Look) -> None:
    def height(seconds: float) -> float:
        part = math.log(seconds / one.median) / math.log(factor) if seconds > 0 and one.median > 0 else 0.0
        return row - ROOM * min(max(part, -1.0), 1.0)

    count, of = len(one.samples), style.backend_id(name)
    places = [k / max(count - 1, 1) for k in range(count)]
    axes.fill_between([0, 1], [height(one.low)] * 2, [height(one.high)] * 2, color=look.light, alpha=0.18, lw=0, gid=of)
    axes.plot([0, 1], [row, row], color=look.light, linewidth=1, gid=of, zorder=2)
    for start in _fresh(one.processes, count):
        axes.plot([places[start]] * 2, [row - 0.45, row + 0.45], color=LIGHT.grid, linewidth=0.8, zorder=1)
    # a dot is a line without length: as thin in the page as it can be
    x = [value for place in places for value in (place, place, math.nan)]
    y = [value for seconds in one.samples for value in (height(seconds), height(seconds), math.nan)]
    axes.plot(x, y, color=look.light, linewidth=2.8, solid_capstyle="round", gid=of, zorder=3)
    text = f"{_told(one)}{f', {MARK}' if is_disturbed(one) else ''}"
    axes.annotate(text, (1.04, row), va="center", fontsize=8.5, annotation_clip=False)


def _fresh(processes: Sequence[int], count: int) -> list[int]:
    """Of which samples a fresh process begins, the very first apart."""
    return [start for start in accumulate(processes) if 0 < start < count]
