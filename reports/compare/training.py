"""The pictures of a single model: its loss curve, its predictions, and the learned against the true function."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure

from handgrad.compare.results.files import write_whole
from handgrad.reports.look import numbers, style
from handgrad.reports.look.colours import LIGHT, looks
from handgrad.reports.look.names import shown

#: Points of a scatter plot: more than that is a blot.
MOST_POINTS = 2000


def loss_curve(losses: Sequence[float], backend: str, path: Path) -> Path:
    """The loss over the epochs, on a logarithmic scale, as PNG; returns its path."""
    with style.applied():
        figure, [axes] = style.chart(3.0)
        style.strands(axes, {backend: (range(len(losses)), losses)}, looks([backend]))
        positive = [loss for loss in losses if loss > 0]
        if positive:
            style.logarithmic(axes.yaxis, positive)
        style.linear(axes.xaxis)
        axes.set_xlabel("epoch")
        axes.set_title(f"mean squared error (units of the target, squared): {backend}", color=LIGHT.faint)
    return _written(figure, path)


def predictions(y: Sequence[float], predicted: Sequence[float], target: str, r2: float, path: Path) -> Path:
    """Predicted over true target, with the line on which both are equal, as PNG; returns its path."""
    with style.applied():
        figure, [axes] = style.chart(3.2)
        ends = (min(*y, *predicted), max(*y, *predicted))
        axes.plot(ends, ends, color=LIGHT.faint, linewidth=1)
        step = max(1, len(y) // MOST_POINTS)
        axes.scatter(y[::step], predicted[::step], s=11, color=looks(["numpy"])["numpy"].light, alpha=0.7, linewidths=0)
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
    """The data of one feature with two lines, each given as (weight, bias), as PNG; returns its path."""
    with style.applied():
        figure, [axes] = style.chart(3.2)
        step = max(1, len(y) // MOST_POINTS)
        axes.scatter(x[::step], y[::step], s=9, color=LIGHT.faint, alpha=0.5, linewidths=0)
        ends = [min(x), max(x)]
        looked = looks(["numpy", "torch"])
        for label, (weight, bias), look, dashes in (
            ("true", true, looked["torch"], (0, (5, 3))),
            ("learned", learned, looked["numpy"], "-"),
        ):
            text = (
                f"{label}: {numbers.number(weight)} {names[0]} {'-' if bias < 0 else '+'} {numbers.number(abs(bias))}"
            )
            axes.plot(
                ends, [weight * end + bias for end in ends], color=look.light, linewidth=2, linestyle=dashes, label=text
            )
        style.linear(axes.xaxis)
        style.linear(axes.yaxis)
        axes.set_xlabel(shown(names[0], 24))
        axes.set_title(shown(names[1], 24))
        figure.legend(loc="outside upper left", ncols=1)
    return _written(figure, path)


def learned_weights_against_true(
    names: Sequence[str], learned: Sequence[float], true: Sequence[float], path: Path
) -> Path:
    """Each parameter's learned value over its true one, for more than one feature, as PNG; returns its path."""
    with style.applied():
        figure, [axes] = style.chart(max(1.6, 0.6 + 0.22 * min(len(names), 40)))
        rows = list(range(min(len(names), 40)))
        looked = looks(["numpy", "torch"])
        axes.scatter(
            [true[i] for i in rows], rows, s=60, facecolors="none", edgecolors=looked["torch"].light, label="true"
        )
        axes.scatter([learned[i] for i in rows], rows, s=16, color=looked["numpy"].light, label="learned")
        axes.set_yticks(rows, [shown(names[i], 14) for i in rows])
        axes.set_ylim(len(rows) - 0.4, -0.6)
        style.linear(axes.xaxis)
        axes.set_xlabel("value, in units of the target per unit of the feature")
        figure.legend(loc="outside upper left", ncols=2)
    return _written(figure, path)


def _written(figure: Figure, path: Path) -> Path:
    write_whole(path, style.png(figure))
    return path
