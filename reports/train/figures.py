"""The pictures of a single model: its loss curve, its predictions, and the learned against the true function."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from handgrad.compare.results.files import write_whole
from handgrad.reports.look import numbers, style
from handgrad.reports.look.colours import LIGHT, OWN, looks
from handgrad.reports.look.names import shown
from handgrad.reports.look.rendering import png
from handgrad.reports.look.style import Drawing
from handgrad.reports.look.words import plural

#: Points of a scatter plot: more than that is a blot.
MOST_POINTS = 2000
#: Parameters that have a row of their own.
MOST_ROWS = 40


def loss_curve(losses: Sequence[float], backend: str, path: Path) -> Path:
    """Draws the loss over the epochs, on a logarithmic scale, as PNG; returns its path."""
    return _written(_loss_curve(losses, backend, f"mean squared error: {shown(backend, 24)}"), path)


def loss_drawing(losses: Sequence[float]) -> Drawing:
    """The loss over the epochs of a run whose backend is not known, with its words."""
    epochs = len(losses) - 1
    return Drawing(
        "loss",
        "Loss over the epochs",
        "The mean squared error over all rows, on a logarithmic axis.",
        f"Loss over {plural(epochs, 'epoch')}: from {numbers.number(losses[0])} to {numbers.number(losses[-1])}.",
        _loss_curve(losses, "numpy", "mean squared error"),
    )


def _loss_curve(losses: Sequence[float], backend: str, title: str) -> Figure:
    with style.applied():
        figure, [axes] = style.chart(3.0)
        style.strands(axes, {backend: (range(len(losses)), losses)}, looks([backend]))
        style.logarithmic_if_positive(axes.yaxis, losses)
        style.linear(axes.xaxis)
        axes.set_xlabel("epoch")
        axes.set_title(title, color=LIGHT.faint)
    return figure


def predictions(y: Sequence[float], predicted: Sequence[float], target: str, r2: float, path: Path) -> Path:
    """Draws predicted over true target, with the line on which both are equal, as PNG; returns its path."""
    with style.applied():
        figure, [axes] = style.chart(3.2)
        ends = (min(*y, *predicted), max(*y, *predicted))
        axes.plot(ends, ends, color=LIGHT.faint, linewidth=1)
        step = max(1, len(y) // MOST_POINTS)
        axes.scatter(y[::step], predicted[::step], s=11, color=OWN["numpy"].light, alpha=0.7, linewidths=0)
        style.linear(axes.xaxis)
        style.linear(axes.yaxis)
        axes.set_xlabel(f"{shown(target, 24)}, true")
        axes.set_title(f"{shown(target, 24)}, predicted (R² = {numbers.number(r2)})")
    return _written(figure, path)


def learned_against_true(
    x: Sequence[float],
    y: Sequence[float],
    learned: tuple[float, float],
    true: tuple[float, float],
    names: tuple[str, str],
    path: Path,
) -> Path:
    """Draws the data of one feature with two lines, each given as (weight, bias), as PNG; returns its path."""
    with style.applied():
        figure, [axes] = style.chart(3.2)
        step = max(1, len(y) // MOST_POINTS)
        axes.scatter(x[::step], y[::step], s=9, color=LIGHT.faint, alpha=0.5, linewidths=0)
        ends = (min(x), max(x))
        _line(axes, f"true: {_formula(names[0], true)}", true, ends, color=OWN["torch"].light, linestyle=(0, (5, 3)))
        _line(axes, f"learned: {_formula(names[0], learned)}", learned, ends, color=OWN["numpy"].light, linestyle="-")
        style.linear(axes.xaxis)
        style.linear(axes.yaxis)
        axes.set_xlabel(shown(names[0], 24))
        axes.set_title(shown(names[1], 24))
        figure.legend(loc="outside upper left", ncols=1)
    return _written(figure, path)


def _formula(feature: str, line: tuple[float, float]) -> str:
    weight, bias = line
    return f"{numbers.number(weight)} {feature} {'-' if bias < 0 else '+'} {numbers.number(abs(bias))}"


def _line(axes: Axes, label: str, line: tuple[float, float], ends: tuple[float, float], **drawn: Any) -> None:
    weight, bias = line
    axes.plot(ends, [weight * end + bias for end in ends], linewidth=2, label=label, **drawn)


def learned_weights_against_true(
    names: Sequence[str], learned: Sequence[float], true: Sequence[float], path: Path
) -> Path:
    """Draws each parameter's learned value over its true one, for more than one feature, as PNG; returns its path."""
    count = min(len(names), MOST_ROWS)
    rows, (now, goal) = range(count), (OWN["numpy"].light, OWN["torch"].light)
    with style.applied():
        figure, [axes] = style.chart(max(1.6, 0.6 + 0.22 * count))
        axes.scatter(true[:count], rows, s=60, facecolors="none", edgecolors=goal, label="true")
        axes.scatter(learned[:count], rows, s=16, color=now, label="learned")
        axes.set_yticks(rows, [shown(name, 14) for name in names[:count]])
        axes.set_ylim(count - 0.4, -0.6)
        style.linear(axes.xaxis)
        axes.set_xlabel("value, in units of the target per unit of the feature")
        figure.legend(loc="outside upper left", ncols=2)
    return _written(figure, path)


def _written(figure: Figure, path: Path) -> Path:
    write_whole(path, png(figure))
    return path
