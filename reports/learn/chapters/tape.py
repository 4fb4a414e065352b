"""The same on a tape: what it says and what it shows."""

from __future__ import annotations

from handgrad.compare.results.explanation import Witness
from handgrad.compare.results.learn.lessons import ByHand, Lessons
from handgrad.reports.explain import tape_graph
from handgrad.reports.learn.chapters.content import Content
from handgrad.reports.look import numbers
from handgrad.reports.look.names import shown
from handgrad.reports.look.parts import PageFigure
from handgrad.reports.look.words import plural


def chapter(lessons: Lessons) -> Content:
    """All of it."""
    return Content(
        "tape",
        "The same, on a tape",
        paragraphs(lessons.by_hand),
        figures=graph(lessons),
    )


def paragraphs(found: ByHand) -> list[str]:
    """What a tape does, and whether it gives what the hand gave."""
    few = found.few
    edges = sum(len(node.edges) for node in few.tape)
    weight, bias = few.steps[0].gradient, few.steps[-1].gradient
    return [
        "Nobody likes to find derivatives of long formulas by hand. A tape does not need to: it knows the derivative "
        "of each single operation, and the chain rule. While the loss is computed, every operation leaves a node "
        "with its value. Then the tape is walked backwards; each node hands its adjoint, the derivative of the loss "
        "by its value (ū in the formula), to those it was made of, times the local derivative.",
        f"The picture is that tape for the first {plural(len(few.rows), 'row')}, as it was run: "
        f"{plural(len(few.tape), 'node')} and {plural(edges, 'edge')}. One walk back gives both derivatives at once, "
        "which is why it is done in reverse: however many parameters there are, all their derivatives cost a small "
        "multiple of computing the loss once, where differences would need the loss once more for each of them.",
        f"By hand, the same rows gave dW = {numbers.number(weight)} and db = {numbers.number(bias)}. "
        + " ".join(witnessed(witness) for witness in few.witnesses if witness.gradient == "autodiff"),
    ]


def witnessed(witness: Witness) -> str:
    """What one autodiff gives, against the hand."""
    name = {"torch": "PyTorch", "tape": "The tape"}.get(witness.name, shown(witness.name))
    if witness.reason is not None:
        return f"{name} is missing here ({shown(witness.reason, 200)})."
    worst = max(witness.ulps_from_hand)
    if worst == 0:
        return f"{name} gives the same, to the last bit."
    return f"{name} gives the same within {numbers.ulps(worst)} ULP{'' if worst == 1 else 's'}."


def graph(lessons: Lessons) -> list[PageFigure]:
    """The tape of the first rows as a graph."""
    return [
        PageFigure(
            "The tape of the first rows: values flow down, adjoints up",
            "In a box: the node, its value, its adjoint. On an edge: the local derivative. Dashed edges lead to data.",
            tape_graph.svg(lessons.by_hand.few, {}),
        )
    ]
