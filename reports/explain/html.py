"""An explanation as one HTML file: typeset formulas, the tape as a graph, buttons to walk through it; no network.

Without script everything is visible; the script only hides what comes later on the walk. The page's policy admits that
one script by its hash, and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from handgrad.compare.results.explanation import Explanation
from handgrad.reports.explain import tape_graph, witnesses
from handgrad.reports.explain.steps import Equation, Stop
from handgrad.reports.explain.words import heading, stages
from handgrad.reports.look.mathml import pieces
from handgrad.reports.look.pages import TEMPLATES, page, policy_hash


@dataclass(frozen=True)
class ShownLine:
    """A sentence, or an equation in pieces between which a line may break."""

    label: str
    text: str
    pieces: tuple[Markup, ...]


@dataclass(frozen=True)
class Numbered:
    """A stop with its number on the walk, from 1."""

    number: int
    lines: tuple[ShownLine, ...]
    direction: str


def html(explanation: Explanation) -> str:
    """The page."""
    sections, stops = _numbered(explanation)
    script = (TEMPLATES / "explain.js").read_text(encoding="utf-8")
    return page(
        "explain.html",
        heading=heading(explanation),
        by_hand=[section for section in sections if not section[0].startswith("The tape")],
        on_tape=[section for section in sections if section[0].startswith("The tape")],
        graph=tape_graph.svg(explanation, stops),
        other="PyTorch" if witnesses.other(explanation).name == "torch" else "the tape",
        digits=witnesses.digits(explanation),
        errors=witnesses.errors(explanation),
        missing=witnesses.missing(explanation),
        verdict=witnesses.verdict(explanation),
        doubles=witnesses.DOUBLES,
        script=Markup(script),
        script_hash=policy_hash(script),
    )


def _numbered(explanation: Explanation) -> tuple[list[tuple[str, list[Numbered]]], dict[tuple[str, str], int]]:
    """The sections with their stops numbered throughout, and the numbers of the stops that are about a node."""
    sections: list[tuple[str, list[Numbered]]] = []
    of_node: dict[tuple[str, str], int] = {}
    number = 0
    for stage in stages(explanation):
        stops = []
        for stop in stage.stops:
            number += 1
            stops.append(Numbered(number, tuple(map(_line, stop.lines)), stop.direction))
            of_node |= _about(stop, number)
        sections.append((stage.title, stops))
    return sections, of_node


def _about(stop: Stop, number: int) -> dict[tuple[str, str], int]:
    return {(stop.node, stop.direction): number} if stop.node else {}


def _line(line: str | Equation) -> ShownLine:
    if isinstance(line, Equation):
        return ShownLine(line.label, "", tuple(pieces(line.sides)))
    return ShownLine("", line, ())
