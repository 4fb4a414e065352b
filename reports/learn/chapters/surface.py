"""The loss is a surface: what it says and what it shows."""

from __future__ import annotations

from handgrad.compare.results.learn.descent import Surface
from handgrad.compare.results.learn.lessons import Lessons, Subject
from handgrad.reports.learn.chapters.content import Content, absent, reference
from handgrad.reports.learn.chapters.drawing import AMBER, BLUE, GREEN, MOST_DOTS, PURPLE, contours, ends, plane_axes
from handgrad.reports.look import numbers, style
from handgrad.reports.look.colours import LIGHT, looks
from handgrad.reports.look.names import shown
from handgrad.reports.look.style import Drawing
from handgrad.reports.look.words import listed, plural

#: Differences up to here are rounding: the paths' parameters carry a few ULPs from each of the epochs.
ROUNDING = 1e-12


def chapter(lessons: Lessons) -> Content:
    """All of it."""
    return Content(
        "surface",
        "The loss is a surface",
        paragraphs(lessons.surface, lessons.subject),
        drawings=[surface(lessons.surface, lessons.subject), lines(lessons.surface, lessons.subject)],
    )


def paragraphs(found: Surface, subject: Subject) -> list[str]:
    """The bowl, the walk, and whether all backends took the same."""
    path = next(iter(found.paths.values()))
    weight, bias = subject.minimum
    excess = [loss - subject.lowest for loss in (path.losses[0], path.losses[-1])]
    names = [shown(name) for name in found.paths]
    return [
        "A line has two numbers, its weight W and its bias b: for x it predicts ŷ = W x + b. What the prediction is "
        "off by is the residual, r = ŷ − y, and the mean of the squares of all residuals is the loss L. Every pair "
        "of W and b has a loss, so the loss is a surface over the plane of pairs. Residuals are linear in W and b, "
        "and the loss is a mean of their squares: the surface is a bowl, with one lowest point. Here that is W = "
        f"{numbers.number(weight)}, b = {numbers.number(bias)}, with a loss of {numbers.number(subject.lowest)}. "
        f"{floor(subject.lowest)}",
        "How does one get down? At each point the surface has two slopes: ∂L/∂W, by which the loss grows when W does, "
        "and ∂L/∂b. Together they are the gradient, which points uphill where it is steepest, and so a step goes the "
        "other way. The learning rate η (eta) says how long the step is for a given slope.",
        f"Descent starts at W = 0, b = 0 with a loss of {numbers.number(path.losses[0])}. In each epoch, which is "
        f"once through all rows, it takes one step, here with η = {numbers.number(found.rate, 4)} (a third of the "
        f"best one, which {reference('rate')} is about, so that the path is smooth). After one epoch the loss is "
        f"{numbers.number(path.losses[1])}; after {plural(found.epochs, 'epoch')} it lies "
        f"{numbers.ratio(max(excess[1], 0.0))} above the lowest, from {numbers.ratio(excess[0])} at the start.",
        together(names, found.apart) + absent(found.missing),
    ]


def floor(lowest: float) -> str:
    """Why the lowest loss is what it is."""
    if lowest == 0:
        return "It is zero, because that line goes through all the points."
    return "It is not zero, because no line goes through all the points."


def together(names: list[str], apart: float) -> str:
    """Whether the backends' paths are one."""
    if len(names) == 1:
        return f"Only {names[0]} could run here, so there is no other path to compare with."
    walked = f"{plural(len(names), 'backend')} made the walk: {listed(names)}. "
    if apart <= ROUNDING:
        return (
            f"{walked}A backend is one way to write the same computation. These are written in very different ways, "
            f"and go the same way: at no epoch are two of them farther apart than {numbers.ratio(apart)} of the "
            "distance from start to minimum. That is the rounding of float64, the numbers of about 16 digits that "
            "Python calls float."
        )
    return (
        f"{walked}Their paths part: at some epoch two of them are {numbers.ratio(apart)} of the distance from start "
        "to minimum apart. That is more than a few roundings; `handgrad compare` tells which one is wrong, and by "
        "how much."
    )


def surface(found: Surface, subject: Subject) -> Drawing:
    """The loss's contours with every backend's path on them."""
    figure, [axes] = style.chart(3.5)
    highest = max(path.losses[0] for path in found.paths.values())
    contours(axes, found.grid, subject.lowest, highest)
    every = looks(found.paths)
    together = style.strands(axes, {name: (p.weights, p.biases) for name, p in found.paths.items()}, every)
    ends(axes, next(iter(found.paths.values())), subject.minimum)
    plane_axes(axes, subject)
    style.legend(figure, list(found.paths), every, together)
    weight, bias = subject.minimum
    return Drawing(
        "surface",
        "The loss from above, and the way down",
        "Each line joins parameters of equal loss; the more shaded, the lower, and each line is a quarter of the "
        "next one's height above the minimum (the cross). Paths that coincide are one.",
        "Contour map of the loss over weight and bias, an elliptic bowl with its minimum at W = "
        f"{numbers.number(weight, 4)}, b = {numbers.number(bias, 4)}. {plural(len(found.paths), 'path')} "
        f"({listed([shown(n) for n in found.paths])}) lead from (0, 0), where the loss is "
        f"{numbers.number(highest, 4)}, to the minimum, where it is {numbers.number(subject.lowest, 4)}.",
        figure,
    )


def lines(found: Surface, subject: Subject) -> Drawing:
    """The data, with the line that the model draws at the start, on the way, and at the end."""
    figure, [axes] = style.chart(3.0)
    path = next(iter(found.paths.values()))
    step = max(1, len(subject.x) // MOST_DOTS)
    axes.scatter(subject.x[::step], subject.y[::step], s=9, color=LIGHT.faint, alpha=0.5, linewidths=0)
    low, high = min(subject.x), max(subject.x)
    picked = stations(len(path.weights) - 1)
    for epoch, colour in zip(picked, (BLUE, AMBER, PURPLE, GREEN), strict=False):
        w, b = path.weights[epoch], path.biases[epoch]
        axes.plot([low, high], [w * low + b, w * high + b], color=colour, linewidth=2, label=f"epoch {epoch}")
    style.linear(axes.xaxis)
    style.linear(axes.yaxis)
    axes.set_xlabel(shown(subject.feature, 24))
    axes.set_title(shown(subject.target, 24))
    figure.legend(loc="outside upper left", ncols=4, handlelength=1.2, columnspacing=1.0, borderaxespad=0.1)
    told = "; ".join(
        f"epoch {e}: W = {numbers.number(path.weights[e], 3)}, b = {numbers.number(path.biases[e], 3)}" for e in picked
    )
    return Drawing(
        "lines",
        "The same way, seen on the data",
        "Every point of the surface is a line through the data.",
        f"Scatter plot of {shown(subject.target, 24)} over {shown(subject.feature, 24)} with the model's line at "
        f"{told}.",
        figure,
    )


def stations(last: int) -> list[int]:
    """The start, two epochs on the way, the end."""
    return sorted({0, min(1, last), min(3, last), last})
