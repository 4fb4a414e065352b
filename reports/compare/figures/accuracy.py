"""How right: the gradient at the start and the parameters of every epoch, against the exact ones."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from handgrad.compare.results.comparison import Comparison, EpochErrors
from handgrad.reports.compare.figures.picked import bound_ratios
from handgrad.reports.look import numbers, style
from handgrad.reports.look.colours import LIGHT, Look, looks
from handgrad.reports.look.names import shown
from handgrad.reports.look.style import Curve, Drawing

#: The panel whose axis has a line at 1.
OVER_BOUND = "error / bound"


def rounding(comparison: Comparison) -> Drawing | None:
    """One row per backend: its errors as a part of what rounding allows, at the start and the worst along the way."""
    found = {n: bound_ratios(r.accuracy) for n, r in comparison.backends.items() if r.accuracy is not None}
    judged = {name: (start, worst) for name, (start, worst) in found.items() if start is not None or worst is not None}
    if not judged:
        return None
    each = "; ".join(
        f"{shown(name)} {numbers.ratio(start)} at the start, at most {numbers.ratio(worst)} after an epoch"
        for name, (start, worst) in judged.items()
    )
    return Drawing(
        "rounding",
        "Error as a part of what rounding allows",
        "Hollow: the gradient at the start. Filled: the parameters of the worst recorded epoch. Left of the line at 1 "
        "an error is explained by rounding, right of it something is wrong. A value of 0 stands at the left edge.",
        f"Error over rounding-error bound of each backend: {each}.",
        _drawn_rounding(judged, looks(comparison.backends)),
    )


def _drawn_rounding(judged: Mapping[str, tuple[float | None, float | None]], looked: Mapping[str, Look]) -> Figure:
    figure, [axes] = style.chart(0.75 + 0.3 * len(judged))
    style.rows_of_backends(axes, list(judged))
    positive = [value for pair in judged.values() for value in pair if value is not None and 0 < value < math.inf]
    low, high = min([*positive, 1e-3]), max([*positive, 3.0])
    style.logarithmic(axes.xaxis, [low, high * (high / low) ** 0.2], pad=0.05)
    for row, (name, (start, worst)) in enumerate(judged.items()):
        _dot(axes, row, name, looked[name], start, (low, high), hollow=True)
        _dot(axes, row, name, looked[name], worst, (low, high), hollow=False)
        text = numbers.ratio(max(value for value in (start, worst) if value is not None))
        axes.annotate(
            text, (1, row), (0, 0), ("axes fraction", "data"), "offset points", ha="right", va="center", fontsize=8.5
        )
    axes.axvline(1, color=LIGHT.ink, linewidth=1)
    axes.axvspan(1, axes.get_xlim()[1], color=LIGHT.tint, zorder=0)
    axes.set_xlabel(OVER_BOUND)
    axes.grid(visible=True, axis="x")
    return figure


def _dot(
    axes: Axes, row: int, name: str, look: Look, value: float | None, ends: tuple[float, float], *, hollow: bool
) -> None:
    if value is None:
        return
    inside = LIGHT.background if hollow else look.light
    axes.plot(
        [min(max(value, ends[0]), ends[1])], [row], marker=look.marker, color=look.light, markerfacecolor=inside,
        markersize=6.5, clip_on=False, zorder=3, gid=style.backend_id(name),
    )  # fmt: skip


def errors(comparison: Comparison) -> Drawing | None:
    """The error of the parameters against the exact trajectory, epoch by epoch: relative, and over the bound."""
    known = {n: r.accuracy.epochs for n, r in comparison.backends.items() if r.accuracy and r.accuracy.epochs}
    panels = _panels(known)
    if not panels or comparison.problem.epochs == 0:
        return None
    ends = "; ".join(
        f"{shown(name)} ends at {numbers.relative_within(e.max_relative[-1], e.bound_ratio[-1])} relative, "
        f"{numbers.ulps_within(e.max_ulp[-1], e.bound_ratio[-1])} ULP"
        for name, e in known.items()
        if e.epochs
    )
    names = [name for name in known if any(name in curves for curves in panels.values())]
    return Drawing(
        "errors",
        "Error along the way",
        "The parameters of each epoch against the exact trajectory. An epoch without an error has no point.",
        f"Largest error of a parameter over the epochs, on a logarithmic scale: {ends}.",
        _drawn_errors(panels, names, looks(comparison.backends)),
    )


def _panels(known: Mapping[str, EpochErrors]) -> dict[str, dict[str, Curve]]:
    """The curves of each panel that has any, by its title."""
    panels = {
        "relative error": {name: _positive(errors, errors.max_relative) for name, errors in known.items()},
        OVER_BOUND: {name: _positive(errors, errors.bound_ratio) for name, errors in known.items()},
    }
    drawn = {title: {n: curve for n, curve in curves.items() if curve[0]} for title, curves in panels.items()}
    return {title: curves for title, curves in drawn.items() if curves}


def _positive(errors: EpochErrors, values: Sequence[float | None]) -> Curve:
    """The epochs and values that a logarithmic axis can show."""
    pairs = [(e, v) for e, v in zip(errors.epochs, values, strict=True) if v is not None and 0 < v < math.inf]
    return style.thinned([float(e) for e, _ in pairs], [v for _, v in pairs])


def _drawn_errors(
    panels: Mapping[str, Mapping[str, Curve]], names: Sequence[str], looked: Mapping[str, Look]
) -> Figure:
    figure, every = style.chart(0.75 + 1.25 * len(panels), len(panels), 1, sharex=True)
    together = style.coincident(*panels.values(), is_logarithmic=True)
    for axes, (title, curves) in zip(every, panels.items(), strict=True):
        _draw_errors(axes, title, curves, looked, together)
    every[-1].set_xlabel("epoch")
    style.linear(every[-1].xaxis)
    style.legend(figure, names, looked, together)
    return figure


def _draw_errors(
    axes: Axes,
    title: str,
    curves: Mapping[str, Curve],
    looked: Mapping[str, Look],
    together: Mapping[str, Sequence[str]],
) -> None:
    values = [value for _, ys in curves.values() for value in ys]
    if title == OVER_BOUND:
        axes.axhline(1, color=LIGHT.ink, linewidth=1)
        values.append(1.0)
    style.strands(axes, curves, looked, together)
    style.logarithmic(axes.yaxis, values)
    axes.set_title(title, color=LIGHT.faint)
