"""What the figures of a sweep are made of: who is drawn, their marks, the machine's own curve, and named ticks."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes

from handgrad.compare.results.bench import Cell, Measured
from handgrad.compare.results.timing import Timing
from handgrad.reports.look.colours import LIGHT, Look
from handgrad.reports.look.names import shown
from handgrad.reports.look.words import listed

#: The cells in which a backend was timed, with what was measured there.
Points = list[tuple[Cell, Measured]]

_PREFIXES: Mapping[int, str] = {-3: "n", -2: "µ", -1: "m", 0: "", 1: "k", 2: "M", 3: "G", 4: "T"}
#: Ticks of an axis with units: more would run into each other.
_MOST_TICKS = 6


def timed(cells: Sequence[Cell]) -> dict[str, Points]:
    """The cells in which each backend was timed and right."""
    names = dict.fromkeys(name for cell in cells for name in cell.backends)
    found = {name: [(cell, cell.backends[name]) for cell in cells if _is_timed(cell.backends[name])] for name in names}
    return {name: points for name, points in found.items() if points}


def _is_timed(found: Measured) -> bool:
    return found.status == "ok" and found.epoch_seconds is not None


def readers(points: Mapping[str, Points]) -> dict[str, Points]:
    """The backends that read X and y in every epoch, out of this machine's memory and not a device's."""
    here = {name: found for name, found in points.items() if not on_device(found)}
    return {name: found for name, found in here.items() if all(one.bytes_per_epoch != 0 for _, one in found)}


def on_device(found: Points) -> bool:
    """Whether a backend computed on a device."""
    return any(one.device is not None for _, one in found)


def left_out(points: Mapping[str, Points], readers: Mapping[str, Points]) -> str:
    """Sentences, with a space before each, on those of `points` that are not `readers`; empty where all are."""
    there = [shown(name) for name, found in points.items() if on_device(found)]
    gone = [shown(name) for name, found in points.items() if name not in readers and not on_device(found)]
    said = f" Without {listed(gone)}: not all of X and y is read in every epoch." if gone else ""
    return said + (f" Without {listed(there)}: a device reads its own memory." if there else "")


def epoch(one: Measured) -> float:
    """Seconds of a steady epoch."""
    return timed_epoch(one).median


def timed_epoch(one: Measured) -> Timing:
    """A steady epoch of a backend that was timed."""
    assert one.epoch_seconds is not None
    return one.epoch_seconds


def curve(axes: Axes, look: Look, x: Sequence[float], y: Sequence[float]) -> None:
    """A backend's line with a mark at each point."""
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


def limit(axes: Axes, points: Sequence[tuple[float, float]], label: str, below: bool) -> None:
    """The machine's own curve, in grey, named at its beginning on the side where no backend can be."""
    if points:
        x, y = zip(*points, strict=True)
        axes.plot(x, y, color=LIGHT.faint, linewidth=1.1, zorder=1)
        at = (x[0], y[0] if below else max(y))
        faint(axes, label, at, (8, -2) if below else (0, 4), "top" if below else "bottom")


def faint(axes: Axes, label: str, at: tuple[float, float], offset: tuple[int, int], va: str, ha: str = "left") -> None:
    """A small grey label beside a line, `offset` points away from it."""
    axes.annotate(
        label,
        at,
        offset,
        textcoords="offset points",
        ha=ha,
        va=va,
        fontsize=8.5,
        color=LIGHT.faint,
        annotation_clip=False,
    )


def name_ticks(axes: Axes, which: str, unit: str) -> None:
    """Powers of ten on the axis `x` or `y`, named by their unit: 1 µs, 100 µs, 10 ms."""
    axis, limits = (axes.xaxis, axes.get_xlim()) if which == "x" else (axes.yaxis, axes.get_ylim())
    low, high = (math.log10(end) for end in limits)
    exponents = range(math.ceil(low), math.floor(high) + 1)
    every = max(1, math.ceil(len(exponents) / _MOST_TICKS))
    kept = [e for e in exponents if e % every == 0]
    axis.set_ticks([10.0**e for e in kept], [f"{10 ** (e % 3)} {_PREFIXES.get(e // 3, '')}{unit}" for e in kept])
