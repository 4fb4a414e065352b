"""The way down: the loss, and each parameter, over the epochs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from handgrad.compare.results.comparison import BackendResult, Comparison, Destination, Trajectory
from handgrad.reports.look import numbers, style
from handgrad.reports.look.colours import LIGHT, Look, looks
from handgrad.reports.look.names import shown
from handgrad.reports.look.picks import largest_features, reference
from handgrad.reports.look.style import Curve, Drawing
from handgrad.reports.look.words import listed, plural

#: Panels of the trajectories: the bias, and the features that move the prediction most.
MOST_PANELS = 4
#: A parameter that turns back in at least this part of its epochs is drawn as two curves.
ZIGZAG = 0.8


def loss(comparison: Comparison) -> Drawing | None:
    """The loss of every backend over the epochs, with the least-squares loss as a line."""
    ran = comparison.ran()
    if not ran or comparison.problem.epochs == 0:
        return None
    curves = {name: style.thinned(range(len(result.losses)), result.losses) for name, result in ran.items()}
    destination = comparison.problem.destination
    return Drawing(
        "loss",
        "Loss",
        "Mean squared error after each epoch, on a logarithmic scale. The grey line is the least-squares solution's.",
        f"The loss falls or rises over {plural(comparison.problem.epochs, 'epoch')}: {_loss_words(comparison)}",
        _drawn_loss(curves, None if destination is None else destination.loss, looks(comparison.backends)),
    )


def _drawn_loss(curves: Mapping[str, Curve], least: float | None, looked: Mapping[str, Look]) -> Figure:
    figure, [axes] = style.chart(2.5)
    if least is not None:
        style.goal(axes, least)
    together = style.strands(axes, curves, looked, style.coincident(curves, is_logarithmic=True))
    style.logarithmic_if_positive(axes.yaxis, [*(v for _, losses in curves.values() for v in losses), least or 0.0])
    style.linear(axes.xaxis)
    axes.set_xlabel("epoch")
    axes.set_title("mean squared error (units of target²)", color=LIGHT.faint)
    style.legend(figure, list(curves), looked, together)
    return figure


def _loss_words(comparison: Comparison) -> str:
    said: dict[str, list[str]] = {}
    for name, result in comparison.ran().items():
        path = f"from {numbers.number(result.losses[0])} to {numbers.number(result.losses[-1])}"
        said.setdefault(path, []).append(shown(name))
    destination = comparison.problem.destination
    end = f"; least squares reaches {numbers.number(destination.loss)}." if destination is not None else "."
    return "; ".join(f"{listed(names)} {path}" for path, names in said.items()) + end


@dataclass(frozen=True)
class Parameter:
    """A weight, by the position of its feature, or the bias."""

    feature: int | None
    name: str

    def path(self, along: Trajectory) -> Sequence[float]:
        """Its values at the recorded epochs."""
        return along.biases if self.feature is None else [weights[self.feature] for weights in along.weights]

    def of(self, model: BackendResult | Destination) -> float | None:
        """Its value in a trained model, or in the least-squares solution."""
        return model.bias if self.feature is None else model.weights[self.feature]


def trajectory(comparison: Comparison) -> Drawing | None:
    """W and b over the epochs, each in a panel of its own, with the least-squares value as a line."""
    paths = {n: r.trajectory for n, r in comparison.ran().items() if r.trajectory is not None}
    if not paths or comparison.problem.epochs == 0:
        return None
    drawn = _parameters(comparison)
    left_out = len(comparison.problem.features) - (len(drawn) - 1)
    which = f" The {len(drawn) - 1} weights that move the prediction most, and the bias." if left_out else ""
    return Drawing(
        "trajectory",
        "Parameters on their way",
        f"Each parameter in its own units; the grey line is its least-squares value. Where a parameter overshoots at "
        f"every epoch, even and odd epochs are two curves.{which}",
        f"Weights and bias over {plural(comparison.problem.epochs, 'epoch')}: {_arrivals(comparison, drawn)}.",
        _drawn_panels(drawn, paths, comparison.problem.destination, looks(comparison.backends)),
    )


def _parameters(comparison: Comparison) -> list[Parameter]:
    picked = largest_features(comparison, MOST_PANELS - 1)
    return [*(Parameter(j, shown(comparison.problem.features[j], 24)) for j in picked), Parameter(None, "bias")]


def _drawn_panels(
    drawn: Sequence[Parameter],
    paths: Mapping[str, Trajectory],
    destination: Destination | None,
    looked: Mapping[str, Look],
) -> Figure:
    figure, panels = style.panels(len(drawn), 2.2 if len(drawn) < 3 else 3.8, sharex=True)
    curves = [
        without_zigzag({name: (along.epochs, parameter.path(along)) for name, along in paths.items()})
        for parameter in drawn
    ]
    together = style.coincident(*curves)
    for axes, parameter, found in zip(panels, drawn, curves, strict=True):
        _goal(axes, parameter, destination)
        style.strands(axes, found, looked, together)
        axes.set_title(shown(parameter.name, 20))
        style.linear(axes.xaxis, 3)
        style.linear(axes.yaxis, 4)
    figure.supxlabel("epoch", fontsize=9, color=LIGHT.faint)
    style.legend(figure, list(paths), looked, together)
    return figure


def _goal(axes: Axes, parameter: Parameter, destination: Destination | None) -> None:
    value = None if destination is None else parameter.of(destination)
    if value is not None:
        style.goal(axes, value)


def without_zigzag(paths: Mapping[str, tuple[Sequence[int], Sequence[float]]]) -> dict[str, Curve]:
    """The curves; where one overshoots in nearly every epoch, even epochs and then odd ones, with a gap between.

    At the best rate the error along the top eigenvector changes its sign each epoch: joined up, a solid band. One
    decides for all, since those that differ in rounding alone are one curve.
    """
    split = any(_overshoots(values) for _, values in paths.values())
    return {name: (_by_parity if split else style.thinned)(*path) for name, path in paths.items()}


def _overshoots(values: Sequence[float]) -> bool:
    steps = [there - here for here, there in pairwise(values)]
    turns = sum(before * after < 0 for before, after in pairwise(steps))
    return len(steps) > 1 and turns >= ZIGZAG * (len(steps) - 1)


def _by_parity(epochs: Sequence[int], values: Sequence[float]) -> Curve:
    (even_x, even_y), (odd_x, odd_y) = (_of_parity(epochs, values, parity) for parity in (0, 1))
    return [*even_x, math.nan, *odd_x], [*even_y, math.nan, *odd_y]


def _of_parity(epochs: Sequence[int], values: Sequence[float], parity: int) -> Curve:
    kept = [(epoch, value) for epoch, value in zip(epochs, values, strict=True) if epoch % 2 == parity]
    return style.thinned([epoch for epoch, _ in kept], [value for _, value in kept])


def _arrivals(comparison: Comparison, drawn: Sequence[Parameter]) -> str:
    name = reference(comparison)
    if name is None:
        return "no backend ran to the end"
    result, destination = comparison.backends[name], comparison.problem.destination
    ends = [
        f"{parameter.name} ends at {numbers.number(parameter.of(result))}{_known(parameter, destination)}"
        for parameter in drawn
    ]
    return f"{'; '.join(ends)}; as {shown(name)} has it"


def _known(parameter: Parameter, destination: Destination | None) -> str:
    return "" if destination is None else f" (least squares {numbers.number(parameter.of(destination))})"
