"""Operations per second over operations per byte, under the roofs of memory, caches and multiply-adds.

Source: Williams, Waterman and Patterson, *Roofline: an insightful visual performance model for multicore
architectures*, Communications of the ACM 52 (2009).
"""

from __future__ import annotations

from collections.abc import Mapping

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from handgrad.compare.results.bench import Bench, Cell, Machine
from handgrad.reports.bench.marks import Points, epoch, faint, left_out, name_ticks, readers, timed
from handgrad.reports.look import numbers, style
from handgrad.reports.look.colours import LIGHT, Look, looks
from handgrad.reports.look.names import shown
from handgrad.reports.look.style import Drawing

#: Multiplications and additions of an epoch per row: 2d for ŷ, 2d for dW, and b, −y, r², their sum and Σ r.
OPERATIONS = (4, 5)
#: Where the sloping roofs begin, in operations per byte.
LEAST = 0.05


def roofline(bench: Bench, dtype: str) -> Drawing | None:
    """One mark for each backend that reads X and y, and each size; None where the machine's roofs are not known."""
    every = timed([cell for cell in bench.cells if cell.dtype == dtype])
    points = readers(every)
    peak = bench.machine.operations_per_second.get(dtype) if bench.machine else None
    if not points or bench.machine is None or peak is None:
        return None
    most = {name: max(y for _, y in places(found)) for name, found in points.items()}
    said = "; ".join(f"{shown(name)} at most {numbers.brief(rate / 1e9, 2)} billion" for name, rate in most.items())
    return Drawing(
        f"roofline-{dtype}",
        f"Roofline, {dtype}",
        "One mark for each size. What lies on a sloping line is as fast as that memory allows, what lies on the flat "
        "one as multiplying and adding do; what lies far below both spends its time on something else."
        + left_out(every, points),
        "Operations per second over operations per byte, both logarithmic, below "
        f"{numbers.brief(peak / 1e9, 3)} billion: {said}.",
        _drawn(points, roofs(bench.machine), peak, looks(bench.settings.backends)),
    )


def places(found: Points) -> list[tuple[float, float]]:
    """Operations per byte and operations per second of each point."""
    return [(operations(cell) / cell.bytes, operations(cell) / epoch(one)) for cell, one in found]


def operations(cell: Cell) -> int:
    """Multiplications and additions of an epoch."""
    per_feature, per_row = OPERATIONS
    return cell.rows * (per_feature * cell.features + per_row)


def roofs(machine: Machine) -> dict[str, float]:
    """Bytes per second of the fastest reading, of the innermost cache, and of the slowest, of memory."""
    rates = [level.bytes_per_second for level in machine.levels]
    return {"cache": max(rates), "memory": rates[-1]}


def _drawn(points: Mapping[str, Points], roofs: Mapping[str, float], peak: float, looked: Mapping[str, Look]) -> Figure:
    figure, [axes] = style.chart(3.8)
    ends = [LEAST, 2 * peak / roofs["memory"]]
    _draw_roofs(axes, roofs, peak, ends)
    for name, found in points.items():
        _draw_marks(axes, looked[name], places(found))
    rates = [rate for found in points.values() for _, rate in places(found)]
    style.logarithmic(axes.xaxis, ends, pad=0.0)
    style.logarithmic(axes.yaxis, [*rates, 2 * peak])
    name_ticks(axes, "y", "/s")
    axes.set_xlabel("operations per byte")
    axes.set_ylabel("operations")
    style.legend(figure, list(points), looked)
    return figure


def _draw_roofs(axes: Axes, roofs: Mapping[str, float], peak: float, ends: list[float]) -> None:
    """Each memory's slope up to the flat roof, and that one from the first of them on."""
    first, last = ends
    for name, rate in roofs.items():
        axes.plot([first, peak / rate], [first * rate, peak], color=LIGHT.faint, linewidth=1.1, zorder=1)
        label, at = f"{name} {numbers.brief(rate / 1e9, 3)} GB/s", (first, first * rate)
        axes.annotate(label, at, (3, 5), textcoords="offset points", fontsize=8.5, color=LIGHT.faint)
    axes.plot([peak / max(roofs.values()), last], [peak, peak], color=LIGHT.faint, linewidth=1.1)
    faint(
        axes, f"multiplying, adding {numbers.brief(peak / 1e9, 3)} billion/s", (last, peak), (-3, 4), "bottom", "right"
    )


def _draw_marks(axes: Axes, look: Look, where: list[tuple[float, float]]) -> None:
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
