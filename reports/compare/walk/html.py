"""The walk as a part of the page: three SVGs with what moves in them, and what the script needs, as JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from handgrad.compare.results.arrival import Walk
from handgrad.compare.results.comparison import Comparison, Problem
from handgrad.reports.compare.walk.pictures import Scene, own_parameters, scenes
from handgrad.reports.compare.walk.stills import between, pairs
from handgrad.reports.look import numbers
from handgrad.reports.look.names import shown
from handgrad.reports.look.parts import PageFigure
from handgrad.reports.look.picks import is_full_batch, largest_features, reference
from handgrad.reports.look.rendering import svg

#: Weights that the sentence names.
NAMED_WEIGHTS = 3


@dataclass(frozen=True)
class PageWalk:
    """What the template is given.

    Attributes:
        figures: The three pictures, standing at the last stop.
        stops: JSON, as it may stand in a script element: of each stop the coordinates of what moves, and the sentence.
        last: The number of the last stop.
        told: Its sentence, for a page that stands still.
        learned: The line that was learned beside the one that the data were made of, and the best; empty for more.
        note: In which units the numbers are.
    """

    figures: list[PageFigure]
    stops: Markup
    last: int
    told: str
    learned: str
    note: str


def page_walk(comparison: Comparison) -> PageWalk | None:
    """The walk of the page; None where the comparison has none to show."""
    found, made = comparison.problem.walk, scenes(comparison)
    if found is None or not made:
        return None
    told = list(_sentences(comparison, found))
    stops = [
        {"told": words, **{name: scene.places[stop] for name, scene in made.items()}} for stop, words in enumerate(told)
    ]
    return PageWalk(
        figures=[_figure(name, scene) for name, scene in made.items()],
        stops=Markup(json.dumps({"stops": stops}, separators=(",", ":")).replace("<", "\\u003c")),
        last=len(stops) - 1,
        told=told[-1],
        learned=_learned(comparison),
        note=_note(comparison, found),
    )


# -- the pictures ------------------------------------------------------------------------------------------------------


def _figure(name: str, scene: Scene) -> PageFigure:
    still = svg(scene.drawing)
    x, y, width, height = scene.box
    over = (
        f'<clipPath id="clip-{name}"><rect x="{x}" y="{y}" width="{width}" height="{height}"/></clipPath>'
        f'<g class="moving" data-kind="{scene.kind}" data-scene="{name}" clip-path="url(#clip-{name})">'
        f"{''.join(_moving(scene))}</g>"
    )
    end = still.rindex("</svg>")
    return PageFigure(scene.drawing.title, scene.drawing.caption, Markup(f"{still[:end]}{over}</svg>"))


def _moving(scene: Scene) -> Iterator[str]:
    """What moves, as it stands at the last stop."""
    last = pairs(scene.places[-1])
    if scene.kind == "line":
        start, end = last
        yield from (_segment((x, y), (x, round(between(last, x), 1)), "residual") for x, y in pairs(scene.fixed))
        yield _segment(start, end, "line")
    elif scene.kind == "points":
        yield from (_segment(at, to, "residual") for at, to in zip(pairs(scene.fixed), last, strict=True))
        yield from (_dot(at, 2) for at in last)
    else:
        yield from (_segment(last[0], ahead, "step") for ahead in last[1:])
        yield _dot(last[0], 4)


def _segment(start: tuple[float, float], end: tuple[float, float], of: str) -> str:
    (x1, y1), (x2, y2) = start, end
    return f'<line class="{of}" x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"/>'


def _dot(at: tuple[float, float], radius: int) -> str:
    return f'<circle cx="{at[0]}" cy="{at[1]}" r="{radius}"/>'


# -- what was learned --------------------------------------------------------------------------------------------------


def _learned(comparison: Comparison) -> str:
    """Of one feature, the line that was learned, beside the true and the best one as far as they are known."""
    problem, name = comparison.problem, reference(comparison)
    if name is None or len(problem.features) > 1:
        return ""
    result, best = comparison.backends[name], problem.destination
    arrived = comparison.verdict.arrived
    learned = "After the last epoch" if arrived is not None and arrived.states.get(name) == "diverged" else "Learned"
    told = [f"{learned}: {_line(problem, result.weights[0], result.bias)}"]
    told += [f"least squares: {_line(problem, best.weights[0], best.bias)}"] if best is not None else []
    if problem.true_weights is not None:
        noise = ", and noise" if problem.sample is not None and problem.sample.y != problem.sample.y_true else ""
        told.append(f"the data were made of {_line(problem, problem.true_weights[0], problem.true_bias)}{noise}")
    return f"{'; '.join(told)}."


def _line(problem: Problem, weight: float, bias: float | None) -> str:
    known = 0.0 if bias is None else bias
    sign = "-" if known < 0 else "+"
    slope = f"{numbers.brief(weight)} {shown(problem.features[0], 24)}"
    return f"{shown(problem.target, 24)} = {slope} {sign} {numbers.brief(abs(known))}"


# -- the sentence ------------------------------------------------------------------------------------------------------


def _sentences(comparison: Comparison, walk: Walk) -> Iterator[str]:
    """Of each stop: the parameters, the gradient, what the rate makes of it, and how many digits are right."""
    problem = comparison.problem
    picked = largest_features(comparison, NAMED_WEIGHTS)
    for stop, (weights, bias) in enumerate(own_parameters(comparison, walk)):
        own = ", ".join(f"{_weight(comparison, j)} = {numbers.number(weights[j])}" for j in picked)
        yield (
            f"Epoch {numbers.count(walk.epochs[stop])} of {numbers.count(problem.epochs)}: {own}, b = "
            f"{numbers.number(bias)}. {_slopes(walk.gradients[stop], problem.learning_rate)} Right digits of the worst "
            f"parameter: {walk.digits[stop]:.1f}."
        )


def _slopes(gradient: Sequence[float], rate: float) -> str:
    """The gradient, and η times it: of one feature dW and db, of more the length of dW."""
    name = "dW" if len(gradient) == 2 else "‖dW‖"
    values = (gradient[0] if len(gradient) == 2 else math.hypot(*gradient[:-1]), gradient[-1])
    steps = " and ".join(numbers.number(rate * value, 3) for value in values)
    slopes = ", ".join(f"{n} = {numbers.number(v, 3)}" for n, v in zip((name, "db"), values, strict=True))
    return f"{slopes}; times η = {numbers.brief(rate)} that is {steps}."


def _weight(comparison: Comparison, feature: int) -> str:
    names = comparison.problem.features
    return "W" if len(names) == 1 else f"W of {shown(names[feature], 24)}"


def _note(comparison: Comparison, walk: Walk) -> str:
    """In which units the numbers are, which weights are named, of which rows the gradient is, and where it ends."""
    problem = comparison.problem
    units = "W and b are in the table's own units"
    if problem.standardized:
        units += "; dW and db are those of the standardised features, in which the steps are made"
    named = f" The {NAMED_WEIGHTS} weights that move the prediction most are named."
    batches = " The gradient is that of all rows; the updates were made with mini-batches."
    ended = (
        f" The way is followed to epoch {numbers.count(walk.epochs[-1])}; beyond, the loss is too high for a picture."
    )
    return (
        f"{units}.{named if len(problem.features) > NAMED_WEIGHTS else ''}{'' if is_full_batch(problem) else batches}"
        f"{ended if walk.epochs[-1] < problem.epochs else ''}"
    )
