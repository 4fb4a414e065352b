"""The pictures of the walk as files of their own: what moves in them stands where it does at the last stop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.transforms import Affine2D, Transform

from handgrad.compare.results.comparison import Comparison
from handgrad.reports.compare.walk.pictures import Scene, scenes
from handgrad.reports.look import numbers, style
from handgrad.reports.look.colours import LIGHT
from handgrad.reports.look.style import Drawing

#: Of what a step or a residual is drawn in: the page's colour of what is wrong, on white.
RED = "#b3261e"


def stills(comparison: Comparison) -> list[Drawing]:
    """A drawing for each picture of the walk; none where there is no walk."""
    walk = comparison.problem.walk
    if walk is None:
        return []
    made = scenes(comparison)
    with style.applied():
        for scene in made.values():
            _stand(scene)
    where = f" It stands at epoch {numbers.count(walk.epochs[-1])}."
    return [replace(scene.drawing, alt=scene.drawing.alt + where) for scene in made.values()]


def _stand(scene: Scene) -> None:
    """Draws what moves, at the last stop."""
    axes, last = scene.drawing.figure.axes[0], pairs(scene.places[-1])
    if scene.kind == "line":
        for x, y in pairs(scene.fixed):
            _line(axes, [(x, y), (x, between(last, x))], RED, 0.8)
        _line(axes, last, LIGHT.ink, 2)
    elif scene.kind == "points":
        for ends in zip(pairs(scene.fixed), last, strict=True):
            _line(axes, ends, RED, 0.8)
        _line(axes, last, "none", 0, marker="o", markersize=4)
    else:
        _line(axes, last, RED, 1.8)
        _line(axes, last[:1], "none", 0, marker="o", markersize=8)


def _line(axes: Axes, points: Sequence[tuple[float, float]], colour: str, width: float, **marks: object) -> None:
    x, y = zip(*points, strict=True)
    line = Line2D(x, y, color=colour, linewidth=width, zorder=6, transform=_units(axes), **marks)  # type: ignore[arg-type]
    line.set_markerfacecolor(LIGHT.ink)
    line.set_markeredgecolor(LIGHT.background)
    axes.add_artist(line)


def _units(axes: Axes) -> Transform:
    """From the SVG's units, points from the top, to those of the figure."""
    figure = axes.figure.get_figure(root=True)
    height = figure.get_figheight()
    return Affine2D().scale(1 / 72, -1 / 72).translate(0, height) + figure.dpi_scale_trans


def pairs(flat: Sequence[float]) -> list[tuple[float, float]]:
    """The points of coordinates that stand one after the other."""
    return list(zip(flat[::2], flat[1::2], strict=True))


def between(ends: Sequence[tuple[float, float]], x: float) -> float:
    """The height of the line at x."""
    (x0, y0), (x1, y1) = ends
    return y0 + (y1 - y0) * (x - x0) / (x1 - x0) if x1 != x0 else y0
