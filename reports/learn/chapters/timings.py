"""Times per epoch over rows, as the last two chapters draw and tell them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import FixedFormatter, FixedLocator, NullLocator

from handgrad.compare.results.bench import Cell
from handgrad.compare.results.learn.lessons import EpochCosts
from handgrad.compare.results.timing import Timing
from handgrad.reports.look import numbers, style
from handgrad.reports.look.colours import LIGHT, looks
from handgrad.reports.look.names import shown


def cost_chart(found: EpochCosts, names: Sequence[str]) -> Figure:
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


def timed_names(found: EpochCosts) -> list[str]:
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


def timing_of(cell: Cell, name: str) -> Timing | None:
    """A backend's epoch at one size, if it is right."""
    found = cell.backends.get(name)
    return found.epoch_seconds if found is not None and found.status == "ok" else None
