"""The figures of a sweep: how time grows with the rows, how near it comes to the machine's limit, and a roofline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from handgrad.compare.results.bench import Bench, Cell, Machine
from handgrad.reports.bench.marks import Points, curve, epoch, left_out, limit, name_ticks, readers, timed, timed_epoch
from handgrad.reports.bench.roofline import roofline
from handgrad.reports.bench.tables import cells_of, width_name, widths
from handgrad.reports.look import numbers, style
from handgrad.reports.look.colours import Look, looks
from handgrad.reports.look.names import shown
from handgrad.reports.look.style import Drawing

#: Levels of the machine's caches are drawn where they are at most so many times smaller or larger than the data.
NEAR = 4


def drawings(bench: Bench) -> list[Drawing]:
    """Those that have something to show, in the order of the report."""
    with style.applied():
        made: list[Drawing | None] = []
        for width in widths(bench) if bench.settings.table is None else []:  # of one size nothing grows
            made += [growth(bench, *width), reading(bench, *width)]
        made += [roofline(bench, dtype) for dtype in dict.fromkeys(dtype for _, dtype in widths(bench))]
    return [drawing for drawing in made if drawing is not None]


def growth(bench: Bench, features: int, dtype: str) -> Drawing | None:
    """Seconds per epoch over the rows, each median with its interval, and the machine's limit below."""
    cells = cells_of(bench, features, dtype)
    points = timed(cells)
    if not points:
        return None
    return Drawing(
        f"growth-{features}-{dtype}",
        f"Time per epoch, {width_name(features, dtype)}",
        "Medians, with intervals where they are wider than the mark. The grey line is the time in which this machine "
        "reads the same bytes.",
        f"Seconds per epoch over the number of rows, both logarithmic, {_at_the_largest(points, cells[-1])}.",
        _drawn_growth(points, cells, looks(bench.settings.backends)),
    )


def _at_the_largest(points: Mapping[str, Points], largest: Cell) -> str:
    return f"at {numbers.count(largest.rows)} rows: " + "; ".join(
        f"{shown(name)} {numbers.seconds(epoch(one), timed_epoch(one).low, timed_epoch(one).high)}"
        for name, found in points.items()
        for cell, one in found
        if cell is largest
    )


def _drawn_growth(points: Mapping[str, Points], cells: Sequence[Cell], looked: Mapping[str, Look]) -> Figure:
    figure, [axes] = style.chart(3.6)
    limits = [(float(cell.rows), cell.limit_seconds.median) for cell in cells if cell.limit_seconds is not None]
    limit(axes, limits, "machine limit", below=True)
    ends: list[float] = []
    for name, found in points.items():
        curve(axes, looked[name], [cell.rows for cell, _ in found], [epoch(one) for _, one in found])
        ends += _draw_intervals(axes, looked[name], found)
    style.logarithmic(axes.xaxis, [float(cell.rows) for cell in cells], pad=0.05)
    style.logarithmic(axes.yaxis, ends + [seconds for _, seconds in limits], pad=0.1)
    name_ticks(axes, "y", "s")
    axes.set_xlabel("rows")
    axes.set_ylabel("one epoch")
    style.legend(figure, list(points), looked)
    return figure


def _draw_intervals(axes: Axes, look: Look, found: Points) -> list[float]:
    """A thick line for each interval; all values that the axis must have room for."""
    drawn: list[float] = []
    for cell, one in found:
        assert one.epoch_seconds is not None
        ends = [one.epoch_seconds.low, one.epoch_seconds.high]
        axes.plot([cell.rows] * 2, ends, color=look.light, linewidth=3, solid_capstyle="butt", zorder=3)
        drawn += [*ends, one.epoch_seconds.median]
    return drawn


def reading(bench: Bench, features: int, dtype: str) -> Drawing | None:
    """Bytes of X and y per second over their size, under what the machine reads."""
    cells = cells_of(bench, features, dtype)
    every = timed(cells)
    points = readers(every)
    if not points or bench.machine is None:
        return None
    fractions = {name: _fractions(found) for name, found in points.items()}
    best = "; ".join(
        f"{shown(name)} at most {numbers.percent(max(found))}" for name, found in fractions.items() if found
    )
    return Drawing(
        f"reading-{features}-{dtype}",
        f"Beside the machine's limit, {width_name(features, dtype)}",
        "An epoch must read X and y once: their bytes over its time. The grey line is what this machine reads per "
        "second, by the size of what it reads over and over: its steps are the caches, and a second thread."
        + left_out(every, points),
        f"Bytes per second over the bytes of X and y, both logarithmic; of the limit reaches {best}.",
        _drawn_reading(points, cells, _roof(bench.machine, cells), looks(bench.settings.backends)),
    )


def _fractions(found: Points) -> list[float]:
    return [one.limit_fraction.value for _, one in found if one.limit_fraction is not None]


def _roof(machine: Machine, cells: Sequence[Cell]) -> list[tuple[float, float]]:
    """Sizes in bytes with what the machine reads of them per second, about as large as the data."""
    sizes = [cell.bytes for cell in cells]
    levels = [level for level in machine.levels if min(sizes) / NEAR <= level.bytes <= max(sizes) * NEAR]
    roof = [(float(level.bytes), level.bytes_per_second) for level in levels]
    roof += [(float(cell.bytes), cell.bytes / cell.limit_seconds.median) for cell in cells if cell.limit_seconds]
    return sorted(roof)


def _drawn_reading(
    points: Mapping[str, Points],
    cells: Sequence[Cell],
    roof: Sequence[tuple[float, float]],
    looked: Mapping[str, Look],
) -> Figure:
    figure, [axes] = style.chart(3.6)
    limit(axes, roof, "machine reads", below=False)
    rates = {name: [cell.bytes / epoch(one) for cell, one in found] for name, found in points.items()}
    for name, found in points.items():
        curve(axes, looked[name], [cell.bytes for cell, _ in found], rates[name])
    style.logarithmic(axes.xaxis, [*(float(cell.bytes) for cell in cells), *(size for size, _ in roof)], pad=0.05)
    style.logarithmic(axes.yaxis, [*(rate for found in rates.values() for rate in found), *(rate for _, rate in roof)])
    name_ticks(axes, "x", "B")
    name_ticks(axes, "y", "B/s")
    axes.set_xlabel("bytes of X and y")
    axes.set_ylabel("read per second")
    style.legend(figure, list(points), looked)
    return figure
