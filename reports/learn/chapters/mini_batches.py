"""Mini-batches: what it says and what it shows."""

from __future__ import annotations

from handgrad.compare.results.learn.descent import BatchRun, MiniBatches
from handgrad.compare.results.learn.lessons import Lessons, Subject
from handgrad.reports.learn.chapters.content import Content, NumberTable
from handgrad.reports.learn.chapters.drawing import AMBER, BLUE, GREEN, RED
from handgrad.reports.look import numbers, style
from handgrad.reports.look.style import Drawing
from handgrad.reports.look.words import listed, plural

#: Of the runs by size, the largest first, and of the one at the smaller rate.
LOOKS = ((BLUE, "o"), (GREEN, "D"), (AMBER, "s"))
SLOWER_LOOK = (RED, "^")

#: A loss above the minimum that is smaller, over that of the start, is drawn here: it is rounding.
NO_EXCESS = 1e-24


def chapter(lessons: Lessons) -> Content:
    """All of it."""
    return Content(
        "mini-batches",
        "Mini-batches",
        paragraphs(lessons.mini_batches, lessons.subject),
        drawings=[descents(lessons.mini_batches)],
        tables=[batch_table(lessons.mini_batches)],
    )


def paragraphs(found: MiniBatches, subject: Subject) -> list[str]:
    """What a batch is, what its steps bring, and where they end."""
    return [
        "The gradient is a mean over all rows, and a mean can be estimated from a few of them. A mini-batch is m rows, "
        "picked at random; an epoch, once through all rows, then takes n/m steps in place of one. Each of them "
        "is off by chance, though not to one side: the mean over all batches that could be drawn is the gradient "
        "itself. With σ for the standard deviation of the rows' pulls, that of a batch's mean is about σ/√m, and 0 for "
        "a batch of all rows.",
        "Four times as many rows halve the noise, and cost four times as much. At the start, "
        f"{numbers.count(found.drawn)} batches of each size were drawn; the table shows what was predicted for the "
        "spread of their dW, and what was seen. Then the table was descended with η = "
        f"{numbers.number(found.rate, 4)}, which is small enough for every row alone. {first_epoch(found)}",
        ends(found, subject.lowest),
    ]


def first_epoch(found: MiniBatches) -> str:
    """How far each size comes in the first epoch."""
    told = listed(
        [f"{numbers.ratio(run.excess[1])} with {batches(run)} ({plural(run.steps, 'step')})" for run in found.runs]
    )
    start = numbers.ratio(found.runs[0].excess[0])
    return f"At the start the loss was {start} above the minimum; after one epoch, {told}."


def batches(run: BatchRun) -> str:
    """The size of the batches in words."""
    return f"batches of {plural(run.size, 'row')}"


def ends(found: MiniBatches, lowest: float) -> str:
    """Where a fixed rate ends, and what a smaller one changes."""
    smallest, slower = found.runs[-1], found.slower
    why = (
        "The line goes through all points, so at the minimum the pulls of single rows are 0, too, and the noise ends."
        if lowest == 0
        else "At the minimum the mean of the pulls is 0, but the pulls of single rows are not, as the line does not go "
        "through all points: so the steps of small batches do not end."
    )
    text = (
        f"{why} Over the last {found.averaged} of {plural(found.epochs, 'epoch')}, the loss lay above the minimum by "
        f"{numbers.ratio(smallest.final)} on average with {batches(smallest)}, and by {numbers.ratio(slower.final)} "
        "with a quarter of the rate. "
    )
    if slower.final < smallest.final:
        return text + (
            "That is why a rate is made smaller in the course of a run: large steps first, to get there, and small "
            "ones then, to stay there."
        )
    return text + "Here the smaller rate has not brought it lower within these epochs."


def curves(found: MiniBatches) -> list[tuple[str, BatchRun, tuple[str, str]]]:
    """Each run with its label, its colour and its marker."""
    every = [(plural(run.size, "row"), run, look) for run, look in zip(found.runs, LOOKS, strict=False)]
    return [*every, (f"{plural(found.slower.size, 'row')}, η/4", found.slower, SLOWER_LOOK)]


def descents(found: MiniBatches) -> Drawing:
    """The loss above the minimum over the epochs for each size of batch."""
    figure, [axes] = style.chart(3.2)
    start, drawn = found.runs[0].excess[0], []
    for label, run, (colour, marker) in curves(found):
        values = [max(value, NO_EXCESS * start) for value in run.excess]
        drawn += values
        axes.plot(
            range(len(values)), values, color=colour, linewidth=1.8, marker=marker, markersize=4.5, markevery=5,
            label=label,
        )  # fmt: skip
    style.logarithmic(axes.yaxis, drawn)
    style.linear(axes.xaxis)
    axes.set_xlabel("epoch")
    axes.set_title("loss above the minimum")
    figure.legend(loc="outside upper left", ncols=4, handlelength=1.4, columnspacing=1.0, borderaxespad=0.1)
    told = "; ".join(f"{label} {numbers.ratio(run.excess[-1])}" for label, run, _ in curves(found))
    return Drawing(
        "batches",
        "The same epochs, in batches of different size",
        "Once through all rows is one epoch, whatever the size of the batches. On a logarithmic axis.",
        f"Loss above the minimum over {plural(found.epochs, 'epoch')}, from {numbers.ratio(start)}; at the end: "
        f"{told}.",
        figure,
    )


def batch_table(found: MiniBatches) -> NumberTable:
    """Each size with its steps, its noise and where it came."""
    return NumberTable(
        "What the size of a batch changes",
        ("rows m", "steps an epoch", "spread of dW, predicted", "seen", "after 1 epoch", f"last {found.averaged}"),
        tuple(
            (
                numbers.count(run.size),
                numbers.count(run.steps),
                numbers.number(run.predicted_spread, 3),
                numbers.number(run.seen_spread, 3),
                numbers.ratio(run.excess[1]),
                numbers.ratio(run.final),
            )
            for run in found.runs
        ),
        "The last two columns are the loss above the minimum. The prediction is σ/√m · √((n − m)/(n − 1)), since no "
        "row is drawn twice into a batch.",
    )
