"""Scaling and the condition number: what it says and what it shows."""

from __future__ import annotations

import numpy as np

from handgrad.compare.results.learn.descent import FeatureScales, TableCondition, Variant
from handgrad.compare.results.learn.lessons import Lessons
from handgrad.reports.learn.chapters.content import Content, NumberTable
from handgrad.reports.learn.chapters.drawing import AMBER, BLUE, GREEN, RED, contours
from handgrad.reports.look import numbers, style
from handgrad.reports.look.names import shown
from handgrad.reports.look.style import Drawing
from handgrad.reports.look.words import plural

#: The scales in words.
VARIANTS = {
    "standardised": "Standardised",
    "as it is": "As it is",
    "a tenth of the unit": "In a tenth of the unit, which makes the numbers ten times as large",
    "another zero": "Counted from another zero, ten standard deviations away",
}

VARIANT_COLOURS = (GREEN, BLUE, AMBER, RED)

VARIANT_MARKERS = ("D", "o", "s", "^")

#: Below this a loss above the minimum, over that of the start, is rounding; a curve ends there.
NO_EXCESS = 1e-24


def chapter(lessons: Lessons) -> Content:
    """All of it."""
    return Content(
        "scaling",
        "Scaling and the condition number",
        paragraphs(lessons.scaling),
        drawings=[scales(lessons.scaling), valleys(lessons.scaling)],
        tables=[condition_table(lessons)],
    )


def paragraphs(found: FeatureScales) -> list[str]:
    """Why scale matters, on one feature and on real tables."""
    return [
        "The rate must suit the steepest direction, and then the flattest one is slow: their ratio κ = λₘₐₓ/λₘᵢₙ, "
        "the condition number, decides how many epochs it takes: at the best rate, an epoch leaves ρ = (κ − 1)/(κ + "
        "1) of the error. κ is not a property of the question. It changes when a feature is measured in another "
        "unit, or from another zero, though the line that fits best stays the same.",
        " ".join(variant_told(variant) for variant in found.variants),
        tables_told(found.tables),
    ]


def variant_told(variant: Variant) -> str:
    """One scale in a sentence."""
    if variant.seen is not None:
        end = f"it took {plural(variant.seen, 'epoch')}"
    else:
        end = (
            f"after {numbers.count(variant.epochs[-1])} the loss was still at {numbers.ratio(variant.excess[-1])} of "
            "its height above the minimum at the start"
        )
    return (
        f"{VARIANTS[variant.name]}: κ = {numbers.ratio(variant.condition)}, {plural(variant.promised, 'epoch')} "
        f"promised for six digits; {end}."
    )


def tables_told(tables: tuple[TableCondition, ...]) -> str:
    """The worst of the built-in tables."""
    worst = max(tables, key=lambda table: table.raw)
    left = max(tables, key=lambda table: table.standardized)
    return (
        "The remedy is to standardise: subtract each feature's mean m, divide by its standard deviation s, and carry "
        "the parameters back at the end. The table shows κ of the built-in data sets. The worst as it is, "
        f"{shown(worst.name)}, goes from {numbers.ratio(worst.raw)} to {numbers.ratio(worst.standardized)}. What "
        f"remains is correlation between features, which no scale removes; it is worst in {shown(left.name)}, where "
        f"six digits still need {plural(left.standardized_epochs, 'epoch')}."
    )


def scales(found: FeatureScales) -> Drawing:
    """The loss above the minimum over the epochs for the same feature on different scales."""
    figure, [axes] = style.chart(3.2)
    drawn = []
    for variant, colour, marker in zip(found.variants, VARIANT_COLOURS, VARIANT_MARKERS, strict=True):
        down = next((k + 1 for k, v in enumerate(variant.excess) if v < NO_EXCESS), len(variant.excess))
        epochs = [epoch + 1 for epoch in variant.epochs[:down]]
        values = [max(value, NO_EXCESS) for value in variant.excess[:down]]
        drawn += values
        axes.plot(
            epochs, values, color=colour, linewidth=1.8,
            marker=marker, markersize=4.5, markevery=max(1, len(epochs) // 5),
            label=f"{variant.name} (κ = {numbers.ratio(variant.condition)})",
        )  # fmt: skip
    style.logarithmic(axes.xaxis, [1, max(v.epochs[-1] for v in found.variants)])
    style.logarithmic(axes.yaxis, drawn)
    axes.set_xlabel("epoch + 1")
    axes.set_title("loss above the minimum, over that of the start")
    figure.legend(loc="outside upper left", ncols=1, handlelength=1.4, columnspacing=1.0, borderaxespad=0.1)
    told = "; ".join(
        f"{v.name}: κ = {numbers.ratio(v.condition)}, after {numbers.count(v.epochs[-1])} epochs "
        f"{numbers.ratio(v.excess[-1])}"
        for v in found.variants
    )
    return Drawing(
        "scales",
        "One feature on four scales, each at its best rate",
        "Both axes logarithmic. The data, the line that fits it and the smallest loss are the same in all four.",
        f"Loss above the minimum relative to the start. {told}.",
        figure,
    )


def valleys(found: FeatureScales) -> Drawing:
    """The contours of the standardised feature and of the one counted from another zero."""
    figure, axes = style.chart(2.5, columns=2)
    for axis, grid, title in zip(axes, found.grids, ("standardised", "another zero"), strict=True):
        losses = np.array(grid.losses)
        contours(axis, grid, float(losses.min()), float(losses.max()))
        axis.set_title(title)
        axis.set_xticks([])
        axis.set_yticks([])
        axis.grid(visible=False)
        axis.set_xlabel("W")
    axes[0].set_ylabel("b")
    first, last = found.variants[0], found.variants[-1]
    return Drawing(
        "valleys",
        "A bowl and a valley",
        "The loss of the same data, each parameter's axis stretched so that the loss bends alike along both.",
        f"Two contour maps: circles for the standardised feature (κ = {numbers.ratio(first.condition)}), and a "
        "straight, narrow valley across the axes for the feature counted from another zero (κ = "
        f"{numbers.ratio(last.condition)}).",
        figure,
    )


def condition_table(lessons: Lessons) -> NumberTable:
    """The built-in tables, with their κ."""
    return NumberTable(
        "Condition numbers of the built-in tables",
        ("table", "features", "κ as it is", "epochs as it is", "κ standardised", "epochs standardised"),
        tuple(
            (
                t.name,
                str(t.features),
                numbers.ratio(t.raw),
                whole(t.raw_epochs),
                numbers.ratio(t.standardized),
                whole(t.standardized_epochs),
            )
            for t in lessons.scaling.tables
        ),
        "Epochs for six digits at the best rate, from κ.",
    )


def whole(value: int) -> str:
    """A count, as a power of ten where it has more than nine digits."""
    return numbers.count(value) if value < 1e9 else numbers.ratio(value)
