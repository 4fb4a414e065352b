"""How fast: what an epoch, the first call and the import cost."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from handgrad.compare.results.comparison import Comparison
from handgrad.compare.results.timing import Speed
from handgrad.reports.look import numbers, style
from handgrad.reports.look.colours import LIGHT, Look, looks
from handgrad.reports.look.names import shown
from handgrad.reports.look.style import Drawing


def speed(comparison: Comparison) -> Drawing | None:
    """The three costs of each backend on one logarithmic axis: an epoch with its interval, first call, import."""
    timed = {n: r.speed for n, r in comparison.backends.items() if r.speed is not None}
    if not timed:
        return None
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
        _drawn(timed, looks(comparison.backends)),
    )


def _drawn(timed: Mapping[str, Speed], looked: Mapping[str, Look]) -> Figure:
    figure, [axes] = style.chart(1.15 + 0.36 * len(timed))
    style.rows_of_backends(axes, list(timed))
    style.logarithmic(axes.xaxis, [v for cost in timed.values() for v in _costs(cost) if v > 0], pad=0.08)
    _second_ticks(axes)
    for row, (name, cost) in enumerate(timed.items()):
        _cost_row(axes, row, name, cost, looked[name].light)
    _cost_key(axes)
    axes.grid(visible=True, axis="x")
    return figure


def _costs(speed: Speed) -> tuple[float, ...]:
    epoch = speed.epoch_seconds
    return (epoch.low, epoch.high, epoch.median, speed.first_call_seconds, speed.import_seconds)


def _cost_row(axes: Axes, row: int, name: str, speed: Speed, colour: str) -> None:
    of: dict[str, Any] = {"gid": style.backend_id(name)}
    epoch, starts = speed.epoch_seconds, ((speed.first_call_seconds, "D"), (speed.import_seconds, "s"))
    ends = [epoch.median, *(seconds for seconds, _ in starts)]
    axes.plot([min(ends), max(ends)], [row, row], color=LIGHT.grid, linewidth=1, zorder=1)
    axes.plot([epoch.low, epoch.high], [row, row], color=colour, linewidth=3, zorder=3, solid_capstyle="butt", **of)
    axes.plot([epoch.median], [row], marker="o", markersize=7, color=colour, zorder=4, **of)
    for seconds, marker in starts:
        inside = LIGHT.background
        axes.plot([seconds], [row], marker=marker, markersize=6, color=colour, markerfacecolor=inside, zorder=3, **of)
    text, beside = numbers.seconds(epoch.median, epoch.low, epoch.high), (epoch.median, row)
    axes.annotate(text, beside, (0, 6), textcoords="offset points", ha="center", fontsize=8.5)


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
