"""The chain rule by hand: what it says and what it shows."""

from __future__ import annotations

from collections.abc import Mapping

from handgrad.compare.results.learn.lessons import ByHand, Lessons, Slopes, Subject
from handgrad.reports.learn.chapters.content import Content, NumberTable, reference
from handgrad.reports.learn.chapters.drawing import BLUE, GREEN, MOST_DOTS
from handgrad.reports.look import numbers, style
from handgrad.reports.look.colours import LIGHT
from handgrad.reports.look.names import shown
from handgrad.reports.look.style import Drawing
from handgrad.reports.look.words import listed, plural


def chapter(lessons: Lessons) -> Content:
    """All of it."""
    return Content(
        "by-hand",
        "The chain rule, by hand",
        paragraphs(lessons.by_hand, lessons.subject),
        drawings=[pulls(lessons.by_hand, lessons.subject)],
        tables=[chain_table(lessons)],
    )


def paragraphs(found: ByHand, subject: Subject) -> list[str]:
    """The chain rule in words, the pulls, and what the backends say."""
    d_weight, d_bias = found.exact[1:]
    return [
        "How does the loss change when W changes a little? Through a chain: W moves each prediction ŷ by x, the "
        "prediction moves the residual r = ŷ − y just as far, and the residual moves the loss by 2 r / n. Multiply "
        "along the chain, and add over the rows. For b the first link is 1 in place of x. The table does this for "
        f"the first rows, at W = {numbers.brief(found.weight)}, b = {numbers.brief(found.bias)}.",
        f"Over all {plural(subject.rows, 'row')} the sums are dW = {numbers.number(d_weight)} and db = "
        f"{numbers.number(d_bias)}. The gradient points uphill, so a step goes the other way: W {moves(d_weight)}, b "
        f"{moves(d_bias)}. {pulled(found)}",
        hands(found.found),
    ]


def moves(slope: float) -> str:
    """Which way a step takes a parameter."""
    if slope == 0:
        return "stays"
    return "grows" if slope < 0 else "shrinks"


def pulled(found: ByHand) -> str:
    """How many rows pull W the way in which it goes."""
    pulls = found.pulls[0]
    if found.exact[1] == 0:
        return "The rows pull W both ways, and cancel."
    along = sum(1 for pull in pulls if pull * found.exact[1] > 0)
    return (
        f"Of the rows, {numbers.count(along)} pull W that way and {numbers.count(len(pulls) - along)} do not; what "
        "counts is the mean of the pulls."
    )


def hands(found: Mapping[str, Slopes]) -> str:
    """How near each backend comes to the exact gradient."""
    errors = {name: max(s.weight_ulps, s.bias_ulps) for name, s in found.items()}
    told = listed([f"{shown(name)} by {numbers.ulps(error)}" for name, error in errors.items()])
    return (
        "The exact gradient, worked out with fractions of whole numbers, which are never rounded, decides who is "
        "right. Distances from it are in units of the last place (ULPs): one ULP is what a float64 changes by when its "
        f"last digit does. The backends are off by at most: {told}. They add the rows in different orders, and each "
        f"addition is rounded; {reference('summation')} is about that."
    )


def pulls(found: ByHand, subject: Subject) -> Drawing:
    """Each row's pull at W and at b, with their means, which are the gradient."""
    figure, axes = style.chart(4.2, rows=2, sharex=True)
    step = max(1, len(subject.x) // MOST_DOTS)
    means = []
    for axis, values, name, colour in zip(axes, found.pulls, ("2 r x", "2 r"), (BLUE, GREEN), strict=True):
        mean = sum(values) / len(values)
        means.append(mean)
        axis.scatter(subject.x[::step], values[::step], s=9, color=colour, alpha=0.6, linewidths=0)
        axis.axhline(0, color=LIGHT.grid, linewidth=1, zorder=1)
        axis.axhline(mean, color=LIGHT.ink, linewidth=1.6)
        axis.annotate(
            f"mean {numbers.number(mean, 4)}", (1, mean), (-2, 3), xycoords=("axes fraction", "data"),
            textcoords="offset points", ha="right", fontsize=8.5,
        )  # fmt: skip
        axis.set_title(f"{name}: pull at {'W' if 'x' in name else 'b'}")
        style.linear(axis.yaxis)
    style.linear(axes[1].xaxis)
    axes[1].set_xlabel(shown(subject.feature, 24))
    return Drawing(
        "pulls",
        "Every row pulls, and the gradient is the mean",
        "One dot a row. The line is the mean of all rows: dW above, db below.",
        f"Two scatter plots over {shown(subject.feature, 24)}: 2 r x of each row, with mean "
        f"{numbers.number(means[0], 4)}, which is dW; and 2 r, with mean {numbers.number(means[1], 4)}, which is db.",
        figure,
    )


def chain_table(lessons: Lessons) -> NumberTable:
    """The first rows, link by link."""
    few = lessons.by_hand.few
    rows = [
        (
            str(row.number),
            *(
                numbers.number(v, 6)
                for v in (row.x[0], row.target, row.predicted, row.residual, row.slope, row.shares[0])
            ),
        )
        for row in few.rows
    ]
    sums = ("sum", "", "", "", "", numbers.number(few.steps[-1].gradient, 6), numbers.number(few.steps[0].gradient, 6))
    return NumberTable(
        f"The chain for the first {len(few.rows)} rows, n = {len(few.rows)}",
        ("row", "x", "y", "ŷ = W x + b", "r = ŷ − y", "2 r / n", "2 r / n · x"),
        (*rows, sums),
        "The last two columns add up to db and dW of these rows.",
        summed=True,
    )
