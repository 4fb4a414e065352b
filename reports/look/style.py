"""One style for every chart, and the parts that charts are made of. All are drawn in the light colours."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedFormatter, FixedLocator, MaxNLocator, NullLocator

from handgrad.reports.look import numbers
from handgrad.reports.look.colours import LIGHT, Look
from handgrad.reports.look.names import shown

#: Inches; at this width text of `_SETTINGS`' size is 11 CSS pixels high on a phone of 360.
WIDTH = 3.5
DPI = 200
#: Of a picture in a file of its own: 1,050 pixels across.
FILE_DPI = 300

_SETTINGS: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.labelsize": 9,
    "axes.titlesize": 9,
    "axes.titlelocation": "left",
    "axes.titlecolor": LIGHT.ink,
    "axes.labelcolor": LIGHT.faint,
    "axes.edgecolor": LIGHT.grid,
    "axes.facecolor": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "axes.unicode_minus": True,
    "grid.color": LIGHT.grid,
    "grid.linewidth": 0.6,
    "xtick.color": LIGHT.grid,
    "ytick.color": LIGHT.grid,
    "xtick.labelcolor": LIGHT.faint,
    "ytick.labelcolor": LIGHT.faint,
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 8.5,
    "ytick.major.size": 0,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "legend.labelcolor": LIGHT.ink,
    "text.color": LIGHT.ink,
    "text.parse_math": False,  # a column may be called $x$
    "svg.fonttype": "none",
    "svg.hashsalt": "handgrad",  # the same figure gives the same bytes
    "figure.facecolor": LIGHT.background,
}

#: Points that a curve keeps: more than a figure has pixels for.
MOST_POINTS = 400
#: matplotlib's logarithmic axes overflow near the ends of the range of doubles, where a run that diverged goes.
DRAWN_UP_TO = 1e290

#: Curves that differ by no more than this part of the axis (of themselves, on a logarithmic one) are one line.
SEEN_APART = 1e-4

#: A curve of a chart: x and y of its points, alike in number.
Curve = tuple[list[float], list[float]]


@dataclass(frozen=True)
class Drawing:
    """A figure with its words: `alt` says what is seen, with the numbers; `caption` how to read it."""

    name: str
    title: str
    caption: str
    alt: str
    figure: Figure


@contextmanager
def applied() -> Iterator[None]:
    """The style, for drawing and for writing.

    A name may hold a character that the font of the PNG lacks; it is shown as a box there, and right on the page. Near
    the end of the range of doubles matplotlib tries ticks beyond it, and leaves them out; labels of hundreds of digits
    leave it no room for a layout.
    """
    with matplotlib.rc_context(_SETTINGS), warnings.catch_warnings(), np.errstate(over="ignore", invalid="ignore"):
        warnings.filterwarnings("ignore", message=r"Glyph \d+ .* missing from font", category=UserWarning)
        warnings.filterwarnings("ignore", message="constrained_layout not applied", category=UserWarning)
        yield


def chart(height: float, rows: int = 1, columns: int = 1, **shared: Any) -> tuple[Figure, list[Axes]]:
    """A figure of the usual width and `height` inches, its axes in reading order; no pyplot, so no global state."""
    figure = Figure(figsize=(WIDTH, height), dpi=DPI, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(rows, columns, squeeze=False, **shared)
    return figure, [axis for row in axes for axis in row]


def panels(count: int, height: float, **shared: Any) -> tuple[Figure, list[Axes]]:
    """A figure of the usual width and `height` inches with so many axes in rows of two."""
    figure, every = chart(height, math.ceil(count / 2), min(count, 2), **shared)
    for unused in every[count:]:
        unused.set_visible(False)
    return figure, every[:count]


def strands(
    axes: Axes,
    curves: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    looks: Mapping[str, Look],
    together: Mapping[str, Sequence[str]] | None = None,
) -> Mapping[str, Sequence[str]]:
    """Curves of backends; those that lie on each other are drawn once, as one line in the colour of ink.

    Each carries the name of its backend into the SVG, so that a page can switch it off. Markers stand at different
    epochs, so that curves that nearly meet are told apart.

    Args:
        axes: In which to draw.
        curves: By backend.
        looks: Of each backend.
        together: As `coincident` finds it, where a figure has several panels.

    Returns:
        By the name of the curve that stands for them, the names of those that lie on each other, itself among them.
    """
    together = coincident(curves) if together is None else together
    for place, (name, members) in enumerate(together.items()):
        x, values = curves.get(name, ([], []))
        y = [max(min(value, DRAWN_UP_TO), -DRAWN_UP_TO) for value in values]
        step = max(len(x) // 4, 1)
        alone = len(members) == 1
        [line] = axes.plot(
            x,
            y,
            color=looks[name].light if alone else LIGHT.ink,
            linewidth=1.4 if alone else 1.9,
            marker=looks[name].marker if alone else "",
            markevery=(place * step // len(together), step),
            markersize=5.5 if len(x) >= 4 * len(together) else 9 - 5 * place / max(len(together) - 1, 1),
            markeredgecolor=LIGHT.background,
            markeredgewidth=0.6,
            zorder=3 if alone else 2,
        )
        line.set_gid(backend_id(*members))
    return together


def backend_id(*names: str) -> str:
    """The id of what a backend draws, or several draw as one; `rendering` makes an attribute of it."""
    return "backend:" + "\n".join(names)


def coincident(
    *panels: Mapping[str, tuple[Sequence[float], Sequence[float]]], is_logarithmic: bool = False
) -> dict[str, list[str]]:
    """The names of curves that nobody could see apart in any panel of a figure, by the first of them."""
    found: dict[str, list[str]] = {}
    nothing: tuple[list[float], list[float]] = ([], [])
    spans = [None if is_logarithmic else _span(curves) for curves in panels]
    for name in dict.fromkeys(name for curves in panels for name in curves):
        own = [curves.get(name, nothing) for curves in panels]
        same = (first for first in found if all(map(_lies_on, own, (c.get(first, nothing) for c in panels), spans)))
        found.setdefault(next(same, name), []).append(name)
    return found


def _span(curves: Mapping[str, tuple[Sequence[float], Sequence[float]]]) -> float:
    """From the lowest to the highest value that is drawn."""
    drawn = [min(max(y, -DRAWN_UP_TO), DRAWN_UP_TO) for _, ys in curves.values() for y in ys if not math.isnan(y)]
    return max(drawn) - min(drawn) if drawn else 0.0


def _lies_on(
    one: tuple[Sequence[float], Sequence[float]], other: tuple[Sequence[float], Sequence[float]], span: float | None
) -> bool:
    """Whether every point is the other's to `SEEN_APART` of the span; without one, as on a logarithmic axis, of it."""
    same_x = len(one[0]) == len(other[0]) and list(map(repr, one[0])) == list(map(repr, other[0]))
    return same_x and all(
        a == b
        or abs(a - b) <= SEEN_APART * (max(abs(a), abs(b)) if span is None else span)
        or (math.isnan(a) and math.isnan(b))
        for a, b in zip(one[1], other[1], strict=True)
    )


def legend(
    figure: Figure, names: Sequence[str], looks: Mapping[str, Look], together: Mapping[str, Sequence[str]] | None = None
) -> None:
    """The backends' names above the figure, in as few rows as fit its width; those that lie on each other have one."""
    keys = [_key(name, looks, [name] if together is None else together[name], len(names)) for name in together or names]
    figure.legend(
        handles=keys,
        loc="outside upper left",
        ncols=_legend_columns([str(key.get_label()) for key in keys]),
        handlelength=1.3,
        handletextpad=0.4,
        columnspacing=0.9,
        borderaxespad=0.1,
    )


def _key(name: str, looks: Mapping[str, Look], members: Sequence[str], count: int) -> Line2D:
    if len(members) == 1:
        look = looks[name]
        return Line2D([], [], color=look.light, marker=look.marker, markersize=5, linewidth=2, label=shown(name, 14))
    label = f"all {count}" if len(members) == count else f"{len(members)} on one line"
    return Line2D([], [], color=LIGHT.ink, linewidth=2, label=label)


def _legend_columns(labels: Sequence[str]) -> int:
    """How many columns fit: a character is about 5.2 points wide, a key with its spaces 22.5, and 8 are the padding."""
    for columns in range(len(labels), 1, -1):
        rows = math.ceil(len(labels) / columns)
        widths = [max(map(len, labels[first : first + rows])) for first in range(0, len(labels), rows)]
        if sum(22.5 + 5.2 * width for width in widths) <= WIDTH * 72 - 8:
            return math.ceil(len(labels) / rows)  # rows alike, and no key alone in the last one
    return 1


def logarithmic(axis: Axis, values: Sequence[float], pad: float = 0.06, ticks: int = 5) -> None:
    """A logarithmic axis over those of the values that are positive, with about so many ticks at readable places."""
    powers = [math.log10(value) for value in values if 0 < value < math.inf] or [0.0]
    span, middle = max(max(powers) - min(powers), 0.3), (max(powers) + min(powers)) / 2
    # matplotlib cannot place ticks near the ends of the range of doubles; a run that diverged goes there
    ends = (max(middle - span * (0.5 + pad), -290), min(middle + span * (0.5 + pad), 290))
    _set_scale(axis, "log", (10.0 ** ends[0], 10.0 ** ends[1]))
    places, labels = log_ticks(*ends, ticks)
    axis.set_major_locator(FixedLocator(places))
    axis.set_major_formatter(FixedFormatter(labels))
    axis.set_minor_locator(NullLocator())


def logarithmic_if_positive(axis: Axis, values: Sequence[float]) -> None:
    """A logarithmic axis over what is positive of the values; a linear one where nothing is."""
    positive = [value for value in values if value > 0]
    if positive:
        logarithmic(axis, positive)
    else:
        linear(axis)


def log_ticks(low: float, high: float, most: int = 5) -> tuple[list[float], list[str]]:
    """Ticks between 10^low and 10^high: whole powers over two decades and more, else 1, 2, 5, else evenly spaced."""
    if high - low >= 2:
        step = math.ceil((high - low) / most)
        exponents = [e for e in range(math.ceil(low), math.floor(high) + 1) if e % step == 0]
        return [10.0**e for e in exponents], [numbers.power_of_ten(e) for e in exponents]
    ticks = [m * 10.0**e for e in range(math.floor(low), math.ceil(high) + 1) for m in (1, 2, 5)]
    inside = [tick for tick in ticks if 10**low <= tick <= 10**high]
    if len(inside) < 3:
        unit = 10.0 ** math.floor(low)  # the locator knows no numbers like 1e-300
        even = [float(tick) * unit for tick in MaxNLocator(4).tick_values(10**low / unit, 10**high / unit)]
        inside = [tick for tick in even if 10**low <= tick <= 10**high]
    return inside, [numbers.brief(tick) for tick in inside]


def linear(axis: Axis, ticks: int = 4) -> None:
    """A linear axis with few, round ticks, and digits instead of an offset."""
    axis.set_major_locator(MaxNLocator(ticks, steps=[1, 2, 2.5, 5, 10]))
    axis.set_major_formatter(lambda value, _: numbers.brief(round(float(value), 12)))


def thinned(x: Sequence[float], y: Sequence[float]) -> Curve:
    """At most `MOST_POINTS` of a curve's points, evenly taken, the first and the last among them."""
    if len(x) <= MOST_POINTS:
        return list(x), list(y)
    kept = [round(k * (len(x) - 1) / (MOST_POINTS - 1)) for k in range(MOST_POINTS)]
    kept = [first for first, then in pairwise([*kept, -1]) if first != then]
    return [x[k] for k in kept], [y[k] for k in kept]


def goal(axes: Axes, value: float) -> None:
    """The value that curves are heading for, as a grey line behind them."""
    axes.axhline(value, color=LIGHT.faint, linewidth=1.2, zorder=1)


def _set_scale(axis: Axis, scale: str, limits: tuple[float, float]) -> None:
    axes = axis.axes
    if axis is axes.xaxis:
        axes.set_xlim(*limits)  # first: a scale would look for limits of its own, beyond the doubles
        axes.set_xscale(scale)
    else:
        axes.set_ylim(*limits)
        axes.set_yscale(scale)


def second_ticks(axis: Axis) -> None:
    """Powers of ten of a second on a logarithmic axis, named by their unit: 1 µs, 10 µs, 100 µs, 1 ms."""
    low, high = (math.log10(end) for end in axis.get_view_interval())
    if math.floor(high) - math.ceil(low) < 1:  # no two powers of ten: 200 ms, 500 ms
        places = log_ticks(low, high)[0]
        axis.set_major_locator(FixedLocator(places))
        axis.set_major_formatter(FixedFormatter([_plain_seconds(place) for place in places]))
        return
    exponents = range(math.ceil(low), math.floor(high) + 1)
    every = 3 if len(exponents) > 5 else 1
    axis.set_major_locator(FixedLocator([10.0**e for e in exponents]))
    axis.set_major_formatter(FixedFormatter([_unit_tick(e) if e % every == 0 else "" for e in exponents]))


def _plain_seconds(seconds: float) -> str:
    """A round number of seconds: without digits that nobody asked for."""
    figure, _, unit = numbers.seconds(seconds).partition(" ")
    return f"{figure.removesuffix('.0')} {unit}"


def _unit_tick(exponent: int) -> str:
    unit = {0: "s", -1: "ms", -2: "µs", -3: "ns"}.get(exponent // 3)
    return f"{10 ** (exponent % 3)} {unit}" if unit else f"{numbers.power_of_ten(exponent)} s"


def rows_of_backends(axes: Axes, names: Sequence[str]) -> None:
    """One row per backend from the top, the names at the left, a line through each row, ticks below."""
    axes.set_yticks(range(len(names)), [shown(name, 14) for name in names])
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.tick_params(axis="y", labelcolor=LIGHT.ink)
    axes.spines["left"].set_visible(False)
