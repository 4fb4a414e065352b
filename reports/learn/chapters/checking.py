"""Checking a gradient: what it says and what it shows."""

from __future__ import annotations

import math
from collections.abc import Iterable

from handgrad.compare.results.learn.lessons import Checking, CheckMethod, Lessons
from handgrad.reports.learn.chapters.content import Content, NumberTable
from handgrad.reports.learn.chapters.drawing import BLUE, RED
from handgrad.reports.look import numbers, style
from handgrad.reports.look.colours import LIGHT
from handgrad.reports.look.style import Drawing
from handgrad.reports.look.words import listed

#: A slope of a power law counts as seen when it is so near.
SLOPE_ROOM = 0.25

#: Smaller errors are drawn here: a logarithmic axis has no zero.
NO_ERROR = 1e-17


def chapter(lessons: Lessons) -> Content:
    """All of it."""
    return Content(
        "checking",
        "Checking a gradient",
        paragraphs(lessons.checking),
        drawings=[v_curve(lessons.checking)],
        tables=[method_table(lessons)],
    )


def paragraphs(found: Checking) -> list[str]:
    """The V, its arms, and the large step."""
    return [
        "Is a gradient right? Ask the loss: move W by a small h, and see how much the loss changes. The forward "
        "difference [L(W + h) − L(W)] / h has two errors. Too large a step sees the bend of the loss (truncation, h "
        "H/2, where H is the second derivative of L by W); too small a one drowns in rounding, because the two losses "
        "are nearly equal and only their last digits differ. float64, Python's float, keeps 53 bits, about 16 "
        "digits: a loss may be off by ε L/2 or so, ε = 2.2e-16, so the difference by ε L, and the quotient by "
        "ε L / h. One falls with h and the other rises, which makes a V.",
        f"{arms(found)} Of the steps in it, {numbers.ratio(found.best)} was the best, with an error of "
        f"{numbers.ratio(min(found.forward))}. The sum h H/2 + ε L / h is least at h = √(2 ε L / H) = "
        f"{numbers.ratio(balance(found))}{far(found)}.",
        large_step(found),
    ]


def balance(found: Checking) -> float:
    """The step at which the sum of truncation, h H/2, and rounding, ε L / h, is least: √(2 ε L / H)."""
    half = next(line / h for h, line in zip(found.steps, found.truncation, strict=True) if line > 0)
    return math.sqrt(found.roundoff / half)


def far(found: Checking) -> str:
    """That the best step seen is of the size of the predicted one, or not."""
    near = abs(math.log10(found.best / balance(found))) <= 1
    return "" if near else ", which is not where it was seen: roundings are not always as large as they may be"


def arms(found: Checking) -> str:
    """The slopes of the V, and whether they are those of theory."""
    left = seen("the left arm falls with slope", found.left, -1)
    right = seen("the right arm rises with slope", found.right, 1)
    return f"In the picture, {left}, and {right}."


def seen(what: str, slope: float | None, expected: float) -> str:
    """A fitted slope beside the expected one."""
    if slope is None:
        return f"{what} that too few steps show (expected {expected})"
    near = abs(slope - expected) <= SLOPE_ROOM
    return f"{what} {slope:.2f} ({'as' if near else 'unlike'} the {expected} of theory)"


def large_step(found: Checking) -> str:
    """Why a large step suits a quadratic, with the errors of all methods."""
    method = {m.name: m for m in found.methods}
    usual, large = method["central"], method["quadratic"]
    step = "h = 1" if large.step == 1 else f"a step as large as W, h = {numbers.brief(large.step)},"
    comparison = (
        f"with the usual step {numbers.ratio(usual.step)} its error is {numbers.ratio(usual.error)}, with {step} it is "
        f"{numbers.ratio(large.error)}"
    )
    verdict = (
        "So for the mean squared error, check with a large step. A loss that is no quadratic has truncation with the "
        "central difference, too, and wants a small one."
        if large.error < usual.error
        else "On this data the large step did not win, so it is worth while to try both."
    )
    return (
        "The central difference [L(W + h) − L(W − h)] / 2h looks both ways, so the bend cancels. The loss is a "
        "quadratic and has nothing beyond a bend: there is no truncation at all, and only rounding is left, which a "
        f"larger h divides. Measured, {comparison}. {verdict}{others(found.methods)}"
    )


def others(methods: Iterable[CheckMethod]) -> str:
    """The methods that were not yet named."""
    rest = [m for m in methods if m.name in ("richardson", "complex")]
    told = [
        f"{m.name.capitalize() if m.name == 'richardson' else 'the complex step'} {numbers.ratio(m.error)}"
        for m in rest
    ]
    explained = (
        " (Richardson's extrapolation takes the central difference with h and with h/2, and combines them so that the "
        "error in h² cancels; the complex step moves W by i h and reads the derivative off the imaginary part, Im L(W "
        "+ i h) / h, where nothing is subtracted.)"
    )
    return f" For comparison: {listed(told)}.{explained}" if told else ""


def v_curve(found: Checking) -> Drawing:
    """Error over step, forward and central, with the line of truncation and the steps that suit."""
    figure, [axes] = style.chart(3.5)
    least = NO_ERROR * max(abs(found.exact), *found.forward)
    floor = [max(e, least) for e in found.central]
    forward = [max(e, least) for e in found.forward]
    axes.plot(found.steps, found.truncation, color=LIGHT.faint, linewidth=1, label="h H / 2", zorder=1)
    axes.plot(
        found.steps, [found.roundoff / h for h in found.steps], color=LIGHT.faint, linewidth=1, linestyle="--",
        label="ε L / h", zorder=1,
    )  # fmt: skip
    axes.plot(found.steps, forward, color=RED, linewidth=1.6, marker="^", markersize=4, label="forward")
    axes.plot(found.steps, floor, color=BLUE, linewidth=1.6, marker="o", markersize=4, label="central")
    axes.axvline(balance(found), color=RED, linewidth=1, linestyle=":")
    (large,) = (method.step for method in found.methods if method.name == "quadratic")
    axes.axvline(large, color=BLUE, linewidth=1, linestyle=":")
    axes.annotate(
        f"h = {numbers.brief(large)} ", (large, 0.93), xycoords=("data", "axes fraction"), ha="right", fontsize=8.5
    )
    style.logarithmic(axes.xaxis, found.steps)
    style.logarithmic(axes.yaxis, [*forward, *floor])
    axes.set_xlabel("step h")
    axes.set_title("error of the derivative")
    figure.legend(loc="outside upper left", ncols=4, handlelength=1.4, columnspacing=1.0, borderaxespad=0.1)
    smallest = min(found.central)
    return Drawing(
        "v-curve",
        "The V of checking: error over step",
        "Both axes logarithmic. Left of the first dotted line rounding dominates, right of it truncation, which the "
        "central difference of a quadratic does not have. An error of 0 is drawn at the lower edge.",
        f"Error of the numerical derivative over the step, from {numbers.ratio(found.steps[0])} to "
        f"{numbers.ratio(found.steps[-1])}. The forward difference makes a V: it falls with slope "
        f"{slope(found.left)}, has its smallest error {numbers.ratio(min(found.forward))} at h = "
        f"{numbers.ratio(found.best)}, and rises with slope {slope(found.right)}. The central difference falls all "
        f"the way with slope {slope(found.central_left)}, down to {numbers.ratio(smallest)}.",
        figure,
    )


def slope(exponent: float | None) -> str:
    """The exponent of a power law with two decimals."""
    return numbers.MISSING if exponent is None else f"{exponent:.2f}"


def method_table(lessons: Lessons) -> NumberTable:
    """What each method finds."""
    names = {
        "forward": "forward",
        "central": "central",
        "richardson": "Richardson",
        "quadratic": "central, large h",
        "complex": "complex step",
    }
    return NumberTable(
        f"dW = {numbers.number(lessons.checking.exact, 12)}, found by differences",
        ("method", "h", "dW", "error"),
        tuple(
            (names.get(m.name, m.name), numbers.ratio(m.step), numbers.number(m.result, 12), numbers.ratio(m.error))
            for m in lessons.checking.methods
        ),
        "The error is the distance from the exact derivative.",
    )
