"""The figures of a sweep: how time grows with the rows, how near it comes to the machine's limit, and a roofline."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from matplotlib.axes import Axes

from handgrad.compare.results.bench import Bench, Cell, Machine, Measured
from handgrad.reports.bench.tables import cells_of, percent, width_name, widths
from handgrad.reports.look import numbers, style
from handgrad.reports.look.colours import LIGHT, Look, looks
from handgrad.reports.look.names import shown
from handgrad.reports.look.style import Drawing
from handgrad.reports.look.words import listed

#: Multiplications and additions of an epoch per row: 2d for ŷ, 2d for dW, and b, −y, r², their sum and Σ r.
OPERATIONS = (4, 5)


def drawings(bench: Bench) -> list[Drawing]:
    """Those that have something to show, in the order of the report."""
    with style.applied():
        made: list[Drawing | None] = []
        for width in widths(bench):
            made += [growth(bench, *width), reading(bench, *width)]
        made += [roofline(bench, dtype) for dtype in dict.fromkeys(dtype for _, dtype in widths(bench))]
    return [drawing for drawing in made if drawing is not None]


def timed(cells: Sequence[Cell]) -> dict[str, list[tuple[Cell, Measured]]]:
    """The cells in which each backend was timed and right."""
    names = dict.fromkeys(name for cell in cells for name in cell.backends)
    found = {
        name: [
            (cell, cell.backends[name])
            for cell in cells
            if cell.backends[name].status == "ok" and cell.backends[name].epoch_seconds is not None
        ]
        for name in names
    }
    return {name: points for name, points in found.items() if points}


def readers(points: Mapping[str, list[tuple[Cell, Measured]]]) -> dict[str, list[tuple[Cell, Measured]]]:
    """The backends that read X and y in every epoch."""
    return {name: found for name, found in points.items() if all(one.bytes_per_epoch != 0 for _, one in found)}


def _not_shown(points: Mapping[str, object], readers: Mapping[str, object]) -> str:
    """A sentence on those that are left out, for the caption."""
    gone = [shown(name) for name in points if name not in readers]
    return f" Without {listed(gone)}: not all of X and y is read in every epoch." if gone else ""


def growth(bench: Bench, features: int, dtype: str) -> Drawing | None:
    """Seconds per epoch over the rows, each median with its interval, and the machine's limit below."""
    cells = cells_of(bench, features, dtype)
    points = timed(cells)
    if not points:
        return None
    figure, [axes] = style.chart(3.6)
    every = looks(bench.settings.backends)
    values = [end for found in points.values() for _, one in found for end in _ends(one)]
    limits = [(cell.rows, cell.limit_seconds.median) for cell in cells if cell.limit_seconds is not None]
    if limits:
        _limit_line(axes, [(float(rows), seconds) for rows, seconds in limits], "machine limit", below=True)
    for name, found in points.items():
        _curve(axes, every[name], [cell.rows for cell, _ in found], [_epoch(one) for _, one in found])
        for cell, one in found:
            low, high, _ = _ends(one)
            axes.plot(
                [cell.rows] * 2, [low, high], color=every[name].light, linewidth=3, solid_capstyle="butt", zorder=3
            )
    style.logarithmic(axes.xaxis, [float(cell.rows) for cell in cells], pad=0.05)
    style.logarithmic(axes.yaxis, values + [seconds for _, seconds in limits], pad=0.1)
    _name_ticks(axes, "y", "s")
    axes.set_xlabel("rows")
    axes.set_ylabel("one epoch")
    style.legend(figure, list(points), every)
    largest = cells[-1]
    at = f"at {numbers.count(largest.rows)} rows: " + "; ".join(
        f"{shown(name)} {numbers.seconds(_epoch(one))}"
        for name, found in points.items()
        for cell, one in found
        if cell is largest
    )
    return Drawing(
        f"growth-{features}-{dtype}",
        f"Time per epoch, {width_name(features, dtype)}",
        "Medians, with intervals where they are wider than the mark. The grey line is the time in which this machine "
        "reads the same bytes.",
        f"Seconds per epoch over the number of rows, both logarithmic, {at}.",
        figure,
    )


def reading(bench: Bench, features: int, dtype: str) -> Drawing | None:
    """Bytes of X and y per second over their size, under what the machine reads."""
    cells = cells_of(bench, features, dtype)
    every_point = timed(cells)
    points = readers(every_point)
    if not points or bench.machine is None:
        return None
    figure, [axes] = style.chart(3.6)
    every = looks(bench.settings.backends)
    sizes = [float(cell.bytes) for cell in cells]
    levels = [level for level in bench.machine.levels if min(sizes) / 4 <= level.bytes <= max(sizes) * 4]
    roof = [(float(level.bytes), level.bytes_per_second) for level in levels]
    roof += [(float(cell.bytes), cell.bytes / cell.limit_seconds.median) for cell in cells if cell.limit_seconds]
    roof.sort()
    if roof:
        _limit_line(axes, roof, "machine reads", below=False)
    for name, found in points.items():
        _curve(axes, every[name], [cell.bytes for cell, _ in found], [cell.bytes / _epoch(one) for cell, one in found])
    rates = [cell.bytes / _epoch(one) for found in points.values() for cell, one in found]
    style.logarithmic(axes.xaxis, [*sizes, *(size for size, _ in roof)], pad=0.05)
    style.logarithmic(axes.yaxis, [*rates, *(rate for _, rate in roof)])
    _name_ticks(axes, "x", "B")
    _name_ticks(axes, "y", "B/s")
    axes.set_xlabel("bytes of X and y")
    axes.set_ylabel("read per second")
    style.legend(figure, list(points), every)
    best = "; ".join(
        f"{shown(name)} at most {percent(max(_fractions(found)))}"
        for name, found in points.items()
        if _fractions(found)
    )
    return Drawing(
        f"reading-{features}-{dtype}",
        f"Beside the machine's limit, {width_name(features, dtype)}",
        "An epoch must read X and y once: their bytes over its time. The grey line is what this machine reads per "
        "second, by the size of what it reads over and over: its steps are the caches, and a second thread."
        + _not_shown(every_point, points),
        f"Bytes per second over the bytes of X and y, both logarithmic; of the limit reaches {best}.",
        figure,
    )


def roofline(bench: Bench, dtype: str) -> Drawing | None:
    """Operations per second over operations per byte, under the roofs of memory, caches and multiply-adds."""
    cells = [cell for cell in bench.cells if cell.dtype == dtype]
    every_point = timed(cells)
    points = readers(every_point)
    peak = bench.machine.operations_per_second.get(dtype) if bench.machine else None
    if not points or bench.machine is None or peak is None:
        return None
    figure, [axes] = style.chart(3.8)
    every = looks(bench.settings.backends)
    ends = [0.05, 2 * peak / _slowest(bench.machine)]
    for name, rate in _roofs(bench.machine).items():
        bend = peak / rate
        axes.plot([ends[0], bend], [ends[0] * rate, peak], color=LIGHT.faint, linewidth=1.1, zorder=1)
        label = f"{name} {rate / 1e9:.3g} GB/s"
        axes.annotate(
            label, (ends[0], ends[0] * rate), (3, 5), textcoords="offset points", fontsize=8, color=LIGHT.faint
        )
    axes.plot([peak / max(_roofs(bench.machine).values()), ends[1]], [peak, peak], color=LIGHT.faint, linewidth=1.1)
    _faint(axes, f"multiplying, adding {peak / 1e9:.3g} billion/s", (ends[1], peak), (-3, 4), "bottom", "right")
    for name, found in points.items():
        where = [(operations(cell) / cell.bytes, operations(cell) / _epoch(one)) for cell, one in found]
        look = every[name]
        axes.plot(
            *zip(*where, strict=True),
            linestyle="none",
            marker=look.marker,
            color=look.light,
            markersize=5.5,
            markeredgecolor=LIGHT.background,
            markeredgewidth=0.6,
            zorder=3,
        )
    rates = [operations(cell) / _epoch(one) for found in points.values() for cell, one in found]
    style.logarithmic(axes.xaxis, ends, pad=0.0)
    style.logarithmic(axes.yaxis, [*rates, 2 * peak])
    _name_ticks(axes, "y", "/s")
    axes.set_xlabel("operations per byte")
    axes.set_ylabel("operations")
    style.legend(figure, list(points), every)
    fastest = {name: max(operations(c) / _epoch(one) for c, one in found) for name, found in points.items()}
    said = "; ".join(f"{shown(name)} at most {rate / 1e9:.2g} billion" for name, rate in fastest.items())
    return Drawing(
        f"roofline-{dtype}",
        f"Roofline, {dtype}",
        "One mark for each size. What lies on a sloping line is as fast as that memory allows, what lies on the flat "
        "one as multiplying and adding do; what lies far below both spends its time on something else."
        + _not_shown(every_point, points),
        f"Operations per second over operations per byte, both logarithmic, below {peak / 1e9:.3g} billion: {said}.",
        figure,
    )


def operations(cell: Cell) -> int:
    """Multiplications and additions of an epoch."""
    per_feature, per_row = OPERATIONS
    return cell.rows * (per_feature * cell.features + per_row)


def _roofs(machine: Machine) -> dict[str, float]:
    """The fastest reading (of the innermost cache), and the slowest (of memory)."""
    rates = [level.bytes_per_second for level in machine.levels]
    return {"cache": max(rates), "memory": _slowest(machine)}


def _slowest(machine: Machine) -> float:
    return machine.levels[-1].bytes_per_second


def _epoch(one: Measured) -> float:
    assert one.epoch_seconds is not None
    return one.epoch_seconds.median


def _ends(one: Measured) -> tuple[float, float, float]:
    assert one.epoch_seconds is not None
    return one.epoch_seconds.low, one.epoch_seconds.high, one.epoch_seconds.median


def _fractions(found: Sequence[tuple[Cell, Measured]]) -> list[float]:
    return [one.limit_fraction.value for _, one in found if one.limit_fraction is not None]


def _curve(axes: Axes, look: Look, x: Sequence[float], y: Sequence[float]) -> None:
    axes.plot(
        x,
        y,
        color=look.light,
        marker=look.marker,
        linewidth=1.3,
        markersize=5,
        markeredgecolor=LIGHT.background,
        markeredgewidth=0.5,
        zorder=4,
    )


def _limit_line(axes: Axes, points: Sequence[tuple[float, float]], label: str, below: bool) -> None:
    """The machine's own curve, in grey, named at its beginning on the side where no backend can be."""
    x, y = zip(*points, strict=True)
    axes.plot(x, y, color=LIGHT.faint, linewidth=1.1, zorder=1)
    at = (x[0], y[0] if below else max(y))
    _faint(axes, label, at, (8, -2) if below else (0, 4), "top" if below else "bottom")


def _faint(axes: Axes, label: str, at: tuple[float, float], offset: tuple[int, int], va: str, ha: str = "left") -> None:
    """A small grey label beside a line."""
    axes.annotate(
        label,
        at,
        offset,
        textcoords="offset points",
        ha=ha,
        va=va,
        fontsize=8,
        color=LIGHT.faint,
        annotation_clip=False,
    )


_PREFIXES: Mapping[int, str] = {-3: "n", -2: "µ", -1: "m", 0: "", 1: "k", 2: "M", 3: "G", 4: "T"}


def _name_ticks(axes: Axes, which: str, unit: str) -> None:
    """Powers of ten named by their unit: 1 µs, 100 µs, 10 ms."""
    axis, limits = (axes.xaxis, axes.get_xlim()) if which == "x" else (axes.yaxis, axes.get_ylim())
    low, high = (math.log10(end) for end in limits)
    exponents = range(math.ceil(low), math.floor(high) + 1)
    every = max(1, -(-len(exponents) // 6))
    kept = [e for e in exponents if e % every == 0]
    name: Callable[[int], str] = lambda e: f"{10 ** (e % 3)} {_PREFIXES.get(e // 3, '')}{unit}"  # noqa: E731 - a label
    axis.set_ticks([10.0**e for e in kept], [name(e) for e in kept])
