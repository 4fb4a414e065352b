"""How right: the gradient at the start and the parameters of every epoch, against the exact ones."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from handgrad.compare.results.comparison import Comparison, EpochErrors, StartGradient
from handgrad.reports.look import numbers, style
from handgrad.reports.look.colours import LIGHT, Look, looks
from handgrad.reports.look.names import shown
from handgrad.reports.look.style import Curve, Drawing

#: Errors in ULPs are without bound where the exact value is nearly 0; the axis ends here, its number says the rest.
MOST_DRAWN = 1e60
#: The panel whose axis has a line at 1.
OVER_BOUND = "error / bound"


def gradient(comparison: Comparison) -> Drawing | None:
    """The start gradient's error over its bound, and in ULPs beside it; one row per backend."""
    starts = {n: r.accuracy.start_gradient for n, r in comparison.backends.items() if r.accuracy is not None}
    judged = {name: start for name, start in starts.items() if start.bound_ratio is not None}
    if not judged:
        return None
    each = "; ".join(
        f"{shown(name)} {numbers.ratio(start.bound_ratio)} of the bound, "
        f"{numbers.ulps_within(start.max_ulp, start.bound_ratio)} ULP"
        for name, start in judged.items()
    )
    return Drawing(
        "gradient",
        "Gradient at the start, against the exact one",
        "Left of the line at 1 an error is explained by rounding; right of it the gradient is wrong. Beside it, the "
        "same error in units in the last place (ULP). A value of 0 stands at the left edge.",
        f"Error of each backend's gradient over its rounding-error bound and in ULPs: {each}.",
        _drawn_gradient(judged, looks(comparison.backends)),
    )


def _drawn_gradient(judged: Mapping[str, StartGradient], looked: Mapping[str, Look]) -> Figure:
    figure, [left, right] = style.chart(0.95 + 0.27 * len(judged), 1, 2, sharey=True, width_ratios=[3, 2])
    style.rows_of_backends(left, list(judged))
    _dots(left, {n: start.bound_ratio for n, start in judged.items()}, looked, numbers.ratio, include=(1e-3, 3.0))
    left.axvline(1, color=LIGHT.ink, linewidth=1)
    left.axvspan(1, left.get_xlim()[1], color=LIGHT.tint, zorder=0)
    left.set_xlabel(OVER_BOUND)
    apart = {n: start.max_ulp for n, start in judged.items() if _means_something(start)}
    _dots(right, {n: apart.get(n) for n in judged}, looked, numbers.ulps, include=(0.5, 50.0))
    right.set_xlabel("error in ULPs")
    figure.align_xlabels()
    return figure


def _means_something(start: StartGradient) -> bool:
    """Whether its ULPs do: not those of a derivative that is nearly 0."""
    return numbers.ulps_within(start.max_ulp, start.bound_ratio) != numbers.NEAR_ZERO


def _dots(
    axes: Axes,
    values: Mapping[str, float | None],
    looked: Mapping[str, Look],
    write: Callable[[float | None], str],
    include: tuple[float, float],
) -> None:
    """One marker per row on a logarithmic axis, with its number beside it; zeros stand at the left edge."""
    positive = [min(value, MOST_DRAWN) for value in values.values() if value is not None and value > 0]
    low, high = min([*positive, include[0]]), max([*positive, include[1]])
    style.logarithmic(axes.xaxis, [low, high * (high / low) ** 0.25], pad=0.05)
    for row, (name, value) in enumerate(values.items()):
        if value is not None:
            _dot(axes, name, looked[name], (min(max(value, low), high), row), write(value))
    axes.grid(visible=True, axis="x")


def _dot(axes: Axes, name: str, look: Look, at: tuple[float, int], text: str) -> None:
    x, row = at
    axes.plot(
        [x],
        [row],
        marker=look.marker,
        color=look.light,
        markersize=6.5,
        clip_on=False,
        zorder=3,
        gid=style.backend_id(name),
    )
    axes.annotate(text, at, (6, 0), textcoords="offset points", va="center", fontsize=8.5)


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
    figure, every = style.chart(0.8 + 1.45 * len(panels), len(panels), 1, sharex=True)
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
