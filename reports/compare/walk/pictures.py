"""The three pictures of the walk, each still by itself, and where in them things stand that move."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from handgrad.compare.results.arrival import Plane, Walk
from handgrad.compare.results.comparison import Comparison, Problem, Sample
from handgrad.reports.look import numbers, style
from handgrad.reports.look.colours import LIGHT
from handgrad.reports.look.names import shown
from handgrad.reports.look.picks import is_full_batch
from handgrad.reports.look.rendering import settle
from handgrad.reports.look.style import Drawing
from handgrad.reports.look.words import plural

HEIGHT = 2.7
#: Rows that are drawn, and of one feature those with a residual.
MOST_ROWS, RESIDUALS = 150, 30
#: Of what moves, in the SVG's units: far beyond its edge.
FARTHEST = 9999.0
#: Where no axis finds its ticks any more.
FARTHEST_DRAWN = 1e100
#: Each contour has a quarter of the loss of the one around it.
CONTOURS, QUARTER = 7, 4.0

Floats = NDArray[np.float64]
Kind = Literal["line", "points", "step", "dot"]
#: Coordinates in an SVG, in its own units.
Places = list[list[float]]


@dataclass(frozen=True)
class Scene:
    """A picture with what moves in it.

    Attributes:
        kind: What moves: a "line" with residuals, "points" with theirs, a point with its next "step", or a "dot".
        drawing: What stands still.
        box: Of its axes: x, y, width, height, in the SVG's units.
        places: By stop of the walk, the coordinates of what moves, flat: x, y, x, y, …
        fixed: Coordinates that stay, to which residuals reach.
    """

    kind: Kind
    drawing: Drawing
    box: tuple[float, float, float, float]
    places: Places
    fixed: list[float]


def scenes(comparison: Comparison) -> dict[str, Scene]:
    """The model, the surface and the loss; without a walk, or with one that cannot be drawn, none."""
    found, sample = comparison.problem.walk, comparison.problem.sample
    if found is None or sample is None or not sample.y or not _is_drawable(comparison, found, sample):
        return {}
    with style.applied():
        model = _line(comparison, found, sample) if sample.x is not None else _predicted(comparison, found, sample)
        return {"model": model, "surface": _surface(comparison.problem, found), "descent": _descent(found)}


def _is_drawable(comparison: Comparison, walk: Walk, sample: Sample) -> bool:
    """Whether all that is drawn lies where an axis can still be divided into ticks, and the surface is a bowl."""
    (a, b), (c, d) = walk.plane.hessian
    own = (number for weights, bias in own_parameters(comparison, walk) for number in (*weights, bias))
    data = (*(sample.x or ()), *sample.y, *(sample.y_true or ()), *walk.excess, *walk.expected, *own)
    flat = chain(data, (a, b, c, d), *walk.points, *walk.steps, *walk.predictions)
    return (
        a > 0 and d > 0 and b == c and all(math.isfinite(v) and abs(v) < FARTHEST_DRAWN for v in flat) and a * d > b * c
    )


# -- the model ---------------------------------------------------------------------------------------------------------


def _line(comparison: Comparison, walk: Walk, sample: Sample) -> Scene:
    """One feature: the rows, the line that turns, and residuals."""
    problem, x = comparison.problem, np.array(sample.x)
    kept = _spread(len(x), MOST_ROWS)
    ends = np.array([x.min(), x.max()])
    lines = np.array([weights[0] * ends + bias for weights, bias in own_parameters(comparison, walk)])
    figure, [axes] = style.chart(HEIGHT)
    axes.scatter(x[kept], np.array(sample.y)[kept], s=9, color=LIGHT.faint, alpha=0.45, linewidths=0)
    truth = _truth(axes, sample)
    _limits(axes, ends, np.array(sample.y), lines)
    axes.set_xlabel(shown(problem.features[0], 24))
    axes.set_title(shown(problem.target, 24))
    settle(figure)
    places = [_segment(axes, np.column_stack([ends, y])) for y in lines]
    fixed = _at(axes, [[x[k], sample.y[k]] for k in _spread(len(x), RESIDUALS)])
    return Scene(
        "line",
        Drawing(
            "walk-model",
            "The line through the data",
            f"The line of {shown(walk.backend)} at the epoch above, with the residuals of {_some_rows(len(x))}.{truth}",
            f"Scatter plot of {shown(problem.target, 24)} over {shown(problem.features[0], 24)} with the line at one "
            "epoch.",
            figure,
        ),
        _box(axes),
        places,
        fixed,
    )


def _some_rows(count: int) -> str:
    return "some rows" if count > RESIDUALS else "all rows"


def _truth(axes: Axes, sample: Sample) -> str:
    """The line without noise, where the data were made and it is known."""
    if sample.x is None or sample.y_true is None:
        return ""
    order = np.argsort(sample.x)[[0, -1]]
    axes.plot(np.array(sample.x)[order], np.array(sample.y_true)[order], color=LIGHT.ink, linewidth=1, linestyle="--")
    noise = ", before the noise" if sample.y != sample.y_true else ""
    return f" Dashed: the line that the data were made of{noise}."


def _predicted(comparison: Comparison, walk: Walk, sample: Sample) -> Scene:
    """More features: what is predicted of some rows against the truth; on the line it is right."""
    target = shown(comparison.problem.target, 24)
    true = np.array(sample.y)[list(walk.rows)]
    predictions = np.array(walk.predictions)
    figure, [axes] = style.chart(HEIGHT)
    ends = np.array([true.min(), true.max()])
    axes.plot(ends, ends, color=LIGHT.ink, linewidth=1)
    _limits(axes, ends, true, predictions)
    axes.set_xlabel(target)
    axes.set_title(f"{target}, predicted")
    settle(figure)
    return Scene(
        "points",
        Drawing(
            "walk-model",
            "Predicted against true",
            f"What {shown(walk.backend)} predicts of {plural(len(true), 'row')} at the epoch above. On the line it is "
            "right.",
            f"Predicted over true {target} for {plural(len(true), 'row')} at one epoch, with the diagonal.",
            figure,
        ),
        _box(axes),
        [_at(axes, np.column_stack([true, row])) for row in predictions],
        _at(axes, np.column_stack([true, true])),
    )


def _limits(axes: Axes, x: Floats, y: Floats, moving: Floats) -> None:
    """Room for the rows, and for what moves as long as that does not make them small."""
    low, high = float(y.min()), float(y.max())
    room = max(high - low, abs(high), 1e-300)
    inside = np.clip(moving, low - room, high + room)
    low, high = min(low, float(inside.min())), max(high, float(inside.max()))
    pad, side = 0.06 * (high - low or room), 0.04 * float(x[1] - x[0] or 1.0)
    axes.set_ylim(low - pad, high + pad)
    axes.set_xlim(float(x[0]) - side, float(x[1]) + side)
    style.linear(axes.xaxis)
    style.linear(axes.yaxis)


def own_parameters(comparison: Comparison, walk: Walk) -> list[tuple[tuple[float, ...], float]]:
    """Weights and bias at each stop, in the user's units."""
    path = comparison.backends[walk.backend].trajectory
    assert path is not None, "the walk is that of a backend with a trajectory"
    at = {epoch: place for place, epoch in enumerate(path.epochs)}
    return [(path.weights[at[epoch]], path.biases[at[epoch]]) for epoch in walk.epochs]


# -- the surface -------------------------------------------------------------------------------------------------------


def _surface(problem: Problem, walk: Walk) -> Scene:
    """Contours of the loss in the walk's plane, the way through them, and the next step."""
    points = np.array(walk.points)
    figure, [axes] = style.chart(HEIGHT)
    low, high = np.minimum(points.min(axis=0), 0), np.maximum(points.max(axis=0), 0)
    span = np.where(high - low > 0, high - low, max(float((high - low).max()), 1e-300))
    axes.set_xlim(low[0] - 0.15 * span[0], high[0] + 0.15 * span[0])
    axes.set_ylim(low[1] - 0.15 * span[1], high[1] + 0.15 * span[1])
    for contour in _contours(walk.plane, points):
        axes.plot(*contour, color=LIGHT.grid, linewidth=1, zorder=1)
    axes.plot(*points.T, color=LIGHT.faint, linewidth=0.8, marker=".", markersize=3, zorder=2)
    axes.plot([0], [0], marker="+", markersize=9, color=LIGHT.ink, zorder=3)
    axes.grid(visible=False)
    style.linear(axes.xaxis)
    style.linear(axes.yaxis)
    across, up = _directions(problem, walk.plane)
    axes.set_xlabel(across)
    axes.set_title(up)
    settle(figure)
    ahead = points + np.array(walk.steps)
    return Scene(
        "step",
        Drawing(
            "walk-surface",
            "The point on the loss surface",
            _surface_caption(problem, walk.plane),
            _surface_alt(walk),
            figure,
        ),
        _box(axes),
        [_segment(axes, np.array(pair)) for pair in zip(points, ahead, strict=True)],
        [],
    )


def _contours(plane: Plane, points: Floats) -> list[tuple[Floats, Floats]]:
    """Ellipses ½ pᵀHp = c, from four times the highest loss of the points (k, 2) inwards."""
    curved = np.array(plane.hessian)
    outer = QUARTER * float(np.einsum("ki,ij,kj->k", points, curved, points).max()) / 2
    values, vectors = np.linalg.eigh(curved)
    turn = np.linspace(0, 2 * math.pi, 73)
    circle = np.array([np.cos(turn), np.sin(turn)])
    unit = vectors @ (circle * np.sqrt(2 / values)[:, np.newaxis])
    return [tuple(unit * math.sqrt(outer / QUARTER**k)) for k in range(CONTOURS)] if outer > 0 else []


def _directions(problem: Problem, plane: Plane) -> tuple[str, str]:
    if plane.of_parameters:
        return "W, from the minimum", "b, from the minimum"
    steep, flat = (numbers.brief(plane.hessian[k][k]) for k in (0, 1))
    return f"along the steepest direction, λ = {steep}", f"along the flattest, λ = {flat}"


def _surface_caption(problem: Problem, plane: Plane) -> str:
    step = "the next step" if is_full_batch(problem) else "the step of a full batch from there"
    return (
        "Each contour is a quarter as high above the minimum, the cross, as the one outside it; small dots are epochs "
        f"on the way.{_where(problem, plane)} The red line is {step}, −η times the gradient."
    )


def _where(problem: Problem, plane: Plane) -> str:
    """Which plane it is, where there are more than two parameters."""
    if plane.of_parameters:
        return " W is that of the standardised feature." if problem.standardized else ""
    flat = problem.destination is not None and problem.destination.nearest is not None
    smallest = "the smallest that is not 0" if flat else "the smallest eigenvalue"
    return (
        f" The plane is that of the Hessian's eigenvectors with the largest and {smallest}; the other directions are "
        "left out."
    )


def _surface_alt(walk: Walk) -> str:
    return (
        f"Contours of the loss with the way of {shown(walk.backend)} over {plural(walk.epochs[-1], 'epoch')}, and the "
        "point of one epoch."
    )


# -- the loss ----------------------------------------------------------------------------------------------------------


def _descent(walk: Walk) -> Scene:
    """The loss above the lowest, on a logarithmic scale, with what the Hessian predicts."""
    figure, [axes] = style.chart(HEIGHT)
    drawn = [value for value in (*walk.excess, *walk.expected) if value > 0] or [1.0]
    floor = max(min(drawn), max(drawn) * 1e-40)
    seen = np.maximum(walk.excess, floor)
    if walk.expected:
        expected = np.maximum(walk.expected, floor)
        axes.plot(walk.epochs, expected, color=LIGHT.ink, linewidth=1, linestyle="--", zorder=2)
    axes.plot(walk.epochs, seen, color=LIGHT.faint, linewidth=1.6, marker=".", markersize=3, zorder=3)
    style.logarithmic(axes.yaxis, [floor, max(drawn)])
    style.linear(axes.xaxis)
    axes.set_xlabel("epoch")
    axes.set_title("loss above the lowest that there is")
    settle(figure)
    dashed = " Dashed: what the eigenvalues predict, without rounding." if walk.expected else ""
    return Scene(
        "dot",
        Drawing(
            "walk-descent",
            "How far above the lowest loss",
            f"By how much the mean squared error lies above that of least squares, on a logarithmic scale.{dashed}",
            f"The loss above the lowest goes from {numbers.number(walk.excess[0], 3)} to "
            f"{numbers.number(walk.excess[-1], 3)} over {plural(walk.epochs[-1], 'epoch')}.",
            figure,
        ),
        _box(axes),
        [_at(axes, [pair]) for pair in zip(walk.epochs, seen, strict=True)],
        [],
    )


# -- coordinates -------------------------------------------------------------------------------------------------------


def _spread(count: int, most: int) -> list[int]:
    return [int(place) for place in np.unique(np.linspace(0, count - 1, min(count, most)).round())]


def _at(axes: Axes, points: Sequence[Sequence[float]] | Floats) -> list[float]:
    """Points (k, 2) of the axes in the SVG's units, which count from the top; flat, to a tenth."""
    return _flat(np.clip(_placed(axes, points), -FARTHEST, FARTHEST))


def _segment(axes: Axes, ends: Floats) -> list[float]:
    """As `_at`, of the two ends (2, 2) of a line: one that lies far outside is moved in along the line."""
    start, end = _placed(axes, ends)
    along = end - start
    with np.errstate(divide="ignore", invalid="ignore"):
        borders = np.sort([(-FARTHEST - start) / along, (FARTHEST - start) / along], axis=0)
    enters, leaves = np.nanmax([0.0, *borders[0]]), np.nanmin([1.0, *borders[1]])
    if enters < leaves:  # else none of it is near
        start, end = start + enters * along, start + leaves * along
    return _flat(np.clip([start, end], -FARTHEST, FARTHEST))


def _placed(axes: Axes, points: Sequence[Sequence[float]] | Floats) -> Floats:
    """Points (k, 2) in the SVG's units."""
    with np.errstate(all="ignore"):
        placed = axes.transData.transform(np.asarray(points, dtype=np.float64)) * _scale(axes)
    placed[:, 1] = _height(axes) - placed[:, 1]
    found: Floats = np.nan_to_num(placed)
    return found


def _flat(points: Floats) -> list[float]:
    flat: list[float] = points.round(1).ravel().tolist()
    return flat


def _box(axes: Axes) -> tuple[float, float, float, float]:
    box, scale = axes.get_window_extent(), _scale(axes)
    x, y, width, height = box.x0 * scale, _height(axes) - box.y1 * scale, box.width * scale, box.height * scale
    return round(x, 1), round(y, 1), round(width, 1), round(height, 1)


def _scale(axes: Axes) -> float:
    """The SVG's units, points, in a pixel."""
    return 72 / axes.figure.dpi


def _height(axes: Axes) -> float:
    return float(axes.figure.bbox.height) * _scale(axes)
