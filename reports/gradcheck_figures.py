"""The V-curves of gradient checks: error over step, forward and central, one panel per parameter.

Left of the bottom the loss's rounding noise is divided by ever smaller steps; right of it a forward difference errs by
h Hⱼⱼ/2, while a central one has no truncation error on a quadratic loss, and only falls.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from handgrad.compare.check_results import PointChecks, Sweep
from handgrad.compare.results import Problem
from handgrad.reports import gradcheck_words as words
from handgrad.reports import numbers, style
from handgrad.reports.colours import LIGHT, OWN
from handgrad.reports.names import shown
from handgrad.reports.style import Drawing

#: The two differences are no backends, and take colours that no usual backend has.
FORWARD, CENTRAL = OWN["moments"].light, LIGHT.ink


def drawings(problem: Problem, points: Sequence[PointChecks]) -> list[Drawing]:
    """One figure per point that has V-curves."""
    with style.applied():
        drawn = [v_curves(problem, point) for point in points]
    return [drawing for drawing in drawn if drawing is not None]


def v_curves(problem: Problem, point: PointChecks) -> Drawing | None:
    """Error over step for a few parameters, with the best steps marked and the predicted one beside them."""
    found = words.swept(point)
    if found is None:
        return None
    name, check = found
    sweeps = words.drawn(problem, check.sweeps)
    columns = min(len(sweeps), 2)
    figure, panels = style.chart(2.9 if len(sweeps) < 3 else 4.4, math.ceil(len(sweeps) / 2), columns, sharex=True)
    lowest = _lowest(sweeps)
    for axes, sweep in zip(panels, sweeps, strict=False):
        _panel(axes, sweep, lowest)
        axes.set_title(words.parameter(problem, sweep.parameter))
    for unused in panels[len(sweeps) :]:
        unused.set_visible(False)
    figure.supxlabel("step h", fontsize=9, color=LIGHT.faint)
    figure.supylabel("distance from the exact derivative", fontsize=9, color=LIGHT.faint)
    _key(figure)
    return Drawing(
        f"v-curve-{point.where}",
        f"Error over step {words.place(point.where)}",
        f"Differences of {shown(name)}'s loss. A dot marks the smallest error of each; the vertical line is where the "
        f"forward difference's noise and truncation were predicted to balance. {_without_error(sweeps)}",
        f"Error over step, both logarithmic, {words.place(point.where)}: {'; '.join(_told(problem, sweeps))}.",
        figure,
    )


def _lowest(sweeps: Sequence[Sweep]) -> float:
    """Half of the smallest error: there stand those without any."""
    positive = [v for sweep in sweeps for v in (*sweep.forward, *sweep.central) if v]
    return min(positive, default=1.0) / 2


def _panel(axes: Axes, sweep: Sweep, lowest: float) -> None:
    values = [max(v, lowest) for v in (*sweep.forward, *sweep.central) if v is not None]
    style.logarithmic(axes.xaxis, sweep.steps, pad=0.04)
    style.logarithmic(axes.yaxis, [lowest, *values])
    if sweep.predicted_forward:
        axes.axvline(sweep.predicted_forward, color=LIGHT.faint, linewidth=0.9, linestyle=(0, (1, 1.5)), zorder=1)
    bottom, top = axes.get_ylim()
    line = [(h, t) for h, t in zip(sweep.steps, sweep.truncation, strict=True) if bottom <= t <= top]
    axes.plot([h for h, _ in line], [t for _, t in line], color=LIGHT.faint, linewidth=1, linestyle=(0, (4, 2)))
    for errors, best, colour, marker in _arms(sweep):
        pairs = [(h, max(e, lowest)) for h, e in zip(sweep.steps, errors, strict=True) if e is not None]
        axes.plot([h for h, _ in pairs], [e for _, e in pairs], color=colour, linewidth=1.5, zorder=3)
        at = next((e for h, e in pairs if h == best), lowest)
        axes.plot([best], [at], marker=marker, color=colour, markersize=6, linestyle="none", clip_on=False, zorder=4)
    axes.grid(visible=True, axis="both")


def _arms(sweep: Sweep) -> Iterator[tuple[tuple[float | None, ...], float, str, str]]:
    yield sweep.forward, sweep.best_forward, FORWARD, "o"
    yield sweep.central, sweep.best_central, CENTRAL, "D"


def _key(figure: Figure) -> None:
    axes = figure.axes[0]
    axes.plot([], [], color=FORWARD, marker="o", markersize=5, label="forward")
    axes.plot([], [], color=CENTRAL, marker="D", markersize=5, label="central")
    axes.plot([], [], color=LIGHT.faint, linewidth=1, linestyle=(0, (4, 2)), label="truncation h Hⱼⱼ/2")
    axes.plot([], [], color=LIGHT.faint, linewidth=0.9, linestyle=(0, (1, 1.5)), label="predicted best")
    figure.legend(loc="outside upper left", ncols=4, handlelength=1.6, columnspacing=1.0, borderaxespad=0.1)


def _without_error(sweeps: Sequence[Sweep]) -> str:
    exact = any(v == 0 for sweep in sweeps for v in (*sweep.forward, *sweep.central))
    return "What has no error stands at the bottom." if exact else ""


def _told(problem: Problem, sweeps: Sequence[Sweep]) -> Iterator[str]:
    for sweep in sweeps:
        forward, central = (_least(arm) for arm in (sweep.forward, sweep.central))
        yield (
            f"{words.parameter(problem, sweep.parameter)}, forward best at {numbers.ratio(sweep.best_forward)} with "
            f"{numbers.ratio(forward)} (predicted {numbers.ratio(sweep.predicted_forward)}), central at "
            f"{numbers.ratio(sweep.best_central)} with {numbers.ratio(central)}"
        )


def _least(errors: Sequence[float | None]) -> float | None:
    return min((e for e in errors if e is not None), default=None)
