"""The V-curves of gradient checks: error over step, forward and central, one panel per parameter.

Left of the bottom the loss's rounding noise is divided by ever smaller steps; right of it a forward difference errs by
h Hⱼⱼ/2, while a central one has no truncation error on a quadratic loss, and only falls.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from handgrad.compare.results.checks import PointChecks, Sweep, Where
from handgrad.compare.results.comparison import Problem
from handgrad.reports.gradcheck import words
from handgrad.reports.look import numbers, style
from handgrad.reports.look.colours import LIGHT, looks
from handgrad.reports.look.names import shown
from handgrad.reports.look.style import Drawing

#: Up to so many characters a parameter and the place fit into one line above a panel.
SHORT_NAME = 4


def drawings(problem: Problem, points: Sequence[PointChecks]) -> list[Drawing]:
    """One figure per point that has V-curves."""
    with style.applied():
        drawn = [v_curves(problem, point) for point in points]
    return [drawing for drawing in drawn if drawing is not None]


def v_curves(problem: Problem, point: PointChecks) -> Drawing | None:
    """Error over step for a few parameters at one point."""
    found = words.swept(point)
    if found is None:
        return None
    panels = [Panel(point.where, sweep) for sweep in words.drawn(problem, found[1].sweeps)]
    return _drawing(problem, f"v-curve-{point.where}", f"Error over step {words.place(point.where)}", found[0], panels)


def v_curve(problem: Problem, points: Sequence[PointChecks]) -> Drawing | None:
    """Error over step for one parameter, all points side by side."""
    found = {point.where: swept for point in points if (swept := words.swept(point)) is not None}
    if not found:
        return None
    panels = [Panel(where, words.drawn(problem, check.sweeps)[0]) for where, (_, check) in found.items()]
    name = next(iter(found.values()))[0]
    return _drawing(problem, "v-curve", "Error of a numerical gradient over its step", name, panels)


@dataclass(frozen=True)
class Panel:
    """One parameter at one point."""

    where: Where
    sweep: Sweep


def _drawing(problem: Problem, name: str, title: str, backend: str, panels: Sequence[Panel]) -> Drawing:
    return Drawing(
        name,
        title,
        f"Differences of {shown(backend)}'s loss. A mark stands at the smallest error of each, the dotted line where "
        "noise and truncation of the forward difference were predicted to balance; the dashed line is the truncation."
        f"{_caution(panels)}",
        f"Error over step, both logarithmic: {'; '.join(_told(problem, panels))}.",
        _drawn_panels(problem, panels, looks([backend])[backend].light),
    )


def _drawn_panels(problem: Problem, panels: Sequence[Panel], colour: str) -> Figure:
    lowest = _lowest([panel.sweep for panel in panels])
    figure, every = style.panels(len(panels), 2.9 if len(panels) < 3 else 4.4, sharex=True)
    for axes, panel, head in zip(every, panels, _heads(problem, panels), strict=True):
        _draw(axes, panel.sweep, lowest, colour)
        axes.set_title(head)
    figure.supxlabel("step h", fontsize=9, color=LIGHT.faint)
    figure.supylabel("distance from the exact derivative", fontsize=9, color=LIGHT.faint)
    _key(figure, colour)
    return figure


def _title(problem: Problem, panel: Panel) -> str:
    return f"{words.parameter(problem, panel.sweep.parameter)} {words.place(panel.where)}"


def _heads(problem: Problem, panels: Sequence[Panel]) -> list[str]:
    """What fits above half of the figure's width: the parameter, and where, unless the whole figure is there."""
    if len({panel.where for panel in panels}) == 1:
        return [words.parameter(problem, panel.sweep.parameter) for panel in panels]
    names = [words.parameter(problem, panel.sweep.parameter, 16) for panel in panels]
    between = " " if max(map(len, names)) <= SHORT_NAME else "\n"
    return [f"{name}{between}{words.place(panel.where)}" for name, panel in zip(names, panels, strict=True)]


def _lowest(sweeps: Sequence[Sweep]) -> float:
    """Half of the smallest error: there stand those without any."""
    positive = [v for sweep in sweeps for v in (*sweep.forward, *sweep.central) if v]
    return min(positive, default=1.0) / 2


def _draw(axes: Axes, sweep: Sweep, lowest: float, forward: str) -> None:
    values = [max(v, lowest) for v in (*sweep.forward, *sweep.central) if v is not None]
    style.logarithmic(axes.xaxis, sweep.steps, pad=0.04, ticks=3)  # two panels share the width of one
    style.logarithmic(axes.yaxis, [lowest, *values])
    _draw_predictions(axes, sweep)
    _draw_arm(axes, sweep.steps, sweep.forward, lowest, sweep.best_forward, color=forward, marker="o")
    _draw_arm(axes, sweep.steps, sweep.central, lowest, sweep.best_central, color=LIGHT.ink, marker="D")
    axes.grid(visible=True, axis="both")


def _draw_predictions(axes: Axes, sweep: Sweep) -> None:
    """The step at which noise and truncation were predicted to balance, and the truncation where there is room."""
    if sweep.predicted_forward:
        axes.axvline(sweep.predicted_forward, color=LIGHT.faint, linewidth=0.9, linestyle=(0, (1, 1.5)), zorder=1)
    bottom, top = axes.get_ylim()
    line = [(h, t) for h, t in zip(sweep.steps, sweep.truncation, strict=True) if bottom <= t <= top]
    axes.plot([h for h, _ in line], [t for _, t in line], color=LIGHT.faint, linewidth=1, linestyle=(0, (4, 2)))


def _draw_arm(
    axes: Axes,
    steps: Sequence[float],
    errors: Sequence[float | None],
    lowest: float,
    best: float,
    color: str,
    marker: str,
) -> None:
    """One difference's errors, those without any at the bottom, with a mark at its best step."""
    pairs = [(h, max(error, lowest)) for h, error in zip(steps, errors, strict=True) if error is not None]
    axes.plot([h for h, _ in pairs], [error for _, error in pairs], color=color, linewidth=1.3, zorder=3)
    at = next((error for h, error in pairs if h == best), lowest)
    axes.plot([best], [at], marker=marker, color=color, markersize=5.5, linestyle="none", clip_on=False, zorder=4)


def _key(figure: Figure, forward: str) -> None:
    axes = figure.axes[0]
    axes.plot([], [], color=forward, marker="o", markersize=5, label="forward")
    axes.plot([], [], color=LIGHT.ink, marker="D", markersize=5, label="central")
    axes.plot([], [], color=LIGHT.faint, linewidth=1, linestyle=(0, (4, 2)), label="h Hⱼⱼ/2")
    axes.plot([], [], color=LIGHT.faint, linewidth=0.9, linestyle=(0, (1, 1.5)), label="predicted best")
    figure.legend(loc="outside upper left", ncols=2, handlelength=1.5, columnspacing=1.0, borderaxespad=0.1)


def _caution(panels: Sequence[Panel]) -> str:
    """What must be known not to misread the figure."""
    said = ""
    if any(panel.where == "optimum" for panel in panels):
        said += " At the optimum a step too small to change the loss gives 0, which is nearly right there, by luck."
    if any(v == 0 for panel in panels for v in (*panel.sweep.forward, *panel.sweep.central)):
        said += " What has no error stands at the bottom."
    return said


def _told(problem: Problem, panels: Sequence[Panel]) -> Iterator[str]:
    for panel in panels:
        sweep = panel.sweep
        forward, central = (_least(arm) for arm in (sweep.forward, sweep.central))
        yield (
            f"{_title(problem, panel)}, forward best at {numbers.ratio(sweep.best_forward)} with "
            f"{numbers.ratio(forward)} (predicted {numbers.ratio(sweep.predicted_forward)}), central at "
            f"{numbers.ratio(sweep.best_central)} with {numbers.ratio(central)}"
        )


def _least(errors: Sequence[float | None]) -> float | None:
    return min((e for e in errors if e is not None), default=None)
