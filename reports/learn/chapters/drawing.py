"""What the course's pictures share: colours, contour maps, and the axes of the (W, b) plane."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from handgrad.compare.results.learn.descent import DescentPath, LossGrid
from handgrad.compare.results.learn.lessons import Subject
from handgrad.reports.look import style
from handgrad.reports.look.colours import LIGHT, OWN
from handgrad.reports.look.names import shown

#: Colours of curves that are no backends', in this order.
BLUE, AMBER, GREEN, RED, PURPLE = (OWN[name].light for name in ("python", "numpy", "numba", "torch", "tape"))

#: Contour lines of a surface, and how many points of the data are drawn.
CONTOURS = 9

MOST_DOTS = 300


def contours(axes: Axes, grid: LossGrid, lowest: float, highest: float) -> None:
    """Lines of equal loss: each a quarter of the next one's height above the minimum, areas more shaded towards it."""
    losses = np.array(grid.losses)
    reach = max(highest, float(np.quantile(losses, 0.75))) - lowest
    levels = [lowest + reach * 4.0**-k for k in reversed(range(CONTOURS))]
    inside = [level for level in levels if losses.min() < level < losses.max()]
    axes.grid(visible=False)
    for level in inside:
        axes.contourf(
            grid.weights, grid.biases, losses, [losses.min() - 1, level], colors=[LIGHT.faint], alpha=0.07, zorder=0
        )
    axes.contour(grid.weights, grid.biases, losses, inside, colors=[LIGHT.faint], linewidths=0.6, alpha=0.8, zorder=1)


def ends(axes: Axes, path: DescentPath, minimum: tuple[float, float]) -> None:
    """Marks the start and the minimum."""
    axes.plot(*minimum, marker="+", markersize=12, markeredgewidth=2, color=LIGHT.ink, zorder=6)
    axes.annotate("start", (path.weights[0], path.biases[0]), (4, -11), textcoords="offset points", fontsize=8.5)


def plane_axes(axes: Axes, subject: Subject) -> None:
    """Weight to the right, bias upwards."""
    style.linear(axes.xaxis)
    style.linear(axes.yaxis)
    axes.set_xlabel(f"weight W of {shown(subject.feature, 20)}")
    axes.set_title("bias b")
