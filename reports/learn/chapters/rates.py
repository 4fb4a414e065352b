"""The learning rate: what it says and what it shows."""

from __future__ import annotations

from handgrad.compare.results.learn.descent import RateRun, Rates
from handgrad.compare.results.learn.lessons import Lessons, Subject
from handgrad.reports.learn.chapters.content import Content
from handgrad.reports.learn.chapters.drawing import AMBER, BLUE, GREEN, RED, contours
from handgrad.reports.look import numbers, style
from handgrad.reports.look.colours import LIGHT
from handgrad.reports.look.style import Drawing
from handgrad.reports.look.words import plural

#: A predicted contraction or overflow counts as seen within 1 %.
PREDICTED_ROOM = 0.01

RATE_COLOURS = {"too small": BLUE, "best": GREEN, "just below": AMBER, "just over": RED}

RATE_MARKERS = {"too small": "o", "best": "D", "just below": "s", "just over": "^"}

#: Steps on the contours; more would cover each other.
SHOWN_STEPS = 12


def chapter(lessons: Lessons) -> Content:
    """All of it."""
    return Content(
        "rate",
        "The learning rate",
        paragraphs(lessons.rates),
        drawings=[rates(lessons.rates), ways(lessons.rates, lessons.subject)],
    )


def paragraphs(found: Rates) -> list[str]:
    """The limit, and what each rate did."""
    by_name = {run.name: run for run in found.runs}
    return [
        "How long may a step be? The Hessian is the table of the second derivatives of the loss: how it bends. An "
        "eigenvector is a direction that this table only stretches, by a factor λ, its eigenvalue: the bend along it. "
        "Along each eigenvector of the Hessian the error is multiplied by 1 − η λ in every epoch. It "
        "shrinks while that factor lies between −1 and 1, so all directions shrink only if η is below "
        f"2/λₘₐₓ. Here λₘₐₓ = {numbers.number(found.largest)} and λₘᵢₙ = {numbers.number(found.smallest)}, so the "
        f"limit is {numbers.number(found.limit, 5)}. The best fixed rate, 2/(λₘₐₓ + λₘᵢₙ) = "
        f"{numbers.number(found.best, 5)}, shrinks the steepest and the flattest direction alike.",
        "An error of six digits less is a millionth of the start's. "
        + " ".join(rate_told(run) for run in found.runs if run.name != "just over"),
        over_told(by_name["just over"]),
        "In a narrow valley, steps go to and fro across it, and creep along it. Momentum helps: a velocity v that "
        "forgets its past slowly, v ← β v + gradient and (W, b) ← (W, b) − η v, takes a part β of the last step into "
        "the next. What goes to and fro cancels, what goes one way adds up, and the limit becomes 2 (1 + β)/λₘₐₓ.",
    ]


def rate_told(run: RateRun) -> str:
    """A rate that converges, in a sentence."""
    six = "" if run.epochs_for_six is None else f", six digits in at most {plural(run.epochs_for_six, 'epoch')}"
    return (
        f"{run.name.capitalize()}, η = {numbers.number(run.rate, 4)}: an epoch leaves "
        f"{numbers.number(run.contraction, 4)} of the slowest part of the error{six}{confirmed(run)}."
    )


def confirmed(run: RateRun) -> str:
    """What was seen of the whole error beside what was predicted for it."""
    if run.expected is None or run.observed is None:
        return ""
    near = abs(run.observed - run.expected) <= PREDICTED_ROOM * run.expected
    return f" (of the whole error, observed: {numbers.number(run.observed, 4)}" + (
        ")" if near else f", which is not the {numbers.number(run.expected, 4)} that was predicted)"
    )


def over_told(run: RateRun) -> str:
    """The rate above the limit: growth, and the epoch of overflow."""
    first, last = run.excess[0], run.excess[-1]
    text = (
        f"Just over the limit, η = {numbers.number(run.rate, 4)}, every epoch multiplies the steepest part of the "
        f"error by {numbers.number(run.contraction, 4)}. After {len(run.excess) - 1} epochs the loss lies "
        f"{numbers.ratio(last)} above the minimum, from {numbers.ratio(first)} at the start. "
    )
    if run.overflow is None:
        return text + ("The start has no error in that direction, so nothing grows." if last <= first else "")
    if run.diverged_at is None:
        return text + f"It was predicted to overflow float64 at epoch {numbers.count(run.overflow)}, but did not."
    return text + (
        f"Growth has no end: predicted was that float64 overflows at epoch {numbers.count(run.overflow)}, and "
        f"it happened at epoch {numbers.count(run.diverged_at)}."
    )


def rates(found: Rates) -> Drawing:
    """The loss above the minimum over the epochs, seen and predicted, for each rate."""
    figure, [axes] = style.chart(3.2)
    floor = 1e-26 * max(run.excess[0] for run in found.runs)
    shown_values = []
    for run in found.runs:
        values = [max(v, floor) for v in run.excess]
        shown_values += values
        axes.plot(
            range(len(values)), values, color=RATE_COLOURS[run.name], linewidth=1.8, marker=RATE_MARKERS[run.name],
            markersize=4.5, markevery=10, label=run.name,
        )  # fmt: skip
    style.logarithmic(axes.yaxis, shown_values)
    style.linear(axes.xaxis)
    axes.set_xlabel("epoch")
    axes.set_title("loss above the minimum")
    figure.legend(loc="outside upper left", ncols=4, handlelength=1.4, columnspacing=1.0, borderaxespad=0.1)
    last = {run.name: run.excess[-1] for run in found.runs}
    told = "; ".join(f"{name} {numbers.ratio(value)}" for name, value in last.items())
    return Drawing(
        "rates",
        "Four learning rates",
        "On a logarithmic axis a constant factor per epoch is a straight line."
        + ("" if found.runs[-1].overflow is None else " Only the rate over the limit goes up."),
        f"Loss above the minimum over {len(found.runs[0].excess) - 1} epochs, starting at "
        f"{numbers.ratio(found.runs[0].excess[0])}; at the end: {told}.",
        figure,
    )


def ways(found: Rates, subject: Subject) -> Drawing:
    """The first steps of the slow, the best and the diverging run, each on the same contours."""
    picked = [run for run in found.runs if run.name != "just below"]
    figure, axes = style.chart(2.6, columns=len(picked), sharex=True, sharey=True)
    for axis, run in zip(axes, picked, strict=True):
        contours(axis, found.grid, subject.lowest, found.runs[0].path.losses[0])
        first = slice(0, SHOWN_STEPS + 1)
        axis.plot(
            run.path.weights[first], run.path.biases[first], color=RATE_COLOURS[run.name], linewidth=1.3,
            marker=RATE_MARKERS[run.name], markersize=3.5,
        )  # fmt: skip
        axis.plot(*subject.minimum, marker="+", markersize=9, markeredgewidth=1.6, color=LIGHT.ink, zorder=6)
        axis.set_title(run.name)
        style.linear(axis.xaxis, 2)
        style.linear(axis.yaxis)
        axis.set_xlabel("W")
    axes[0].set_xlim(found.grid.weights[0], found.grid.weights[-1])
    axes[0].set_ylim(found.grid.biases[0], found.grid.biases[-1])
    axes[0].set_ylabel("b")
    told = "; ".join(f"{run.name}: after {SHOWN_STEPS} steps at {where(run)}" for run in picked)
    return Drawing(
        "ways",
        f"The first {SHOWN_STEPS} steps, on the contours",
        "All start at (0, 0). The cross is the minimum.",
        f"Three contour maps, each with a path from (0, 0). {told}. The minimum is at "
        f"({numbers.number(subject.minimum[0], 3)}, {numbers.number(subject.minimum[1], 3)}).",
        figure,
    )


def where(run: RateRun) -> str:
    """The point of a path after the steps that are shown."""
    w, b = run.path.weights[: SHOWN_STEPS + 1][-1], run.path.biases[: SHOWN_STEPS + 1][-1]
    return f"({numbers.number(w, 3)}, {numbers.number(b, 3)})"
