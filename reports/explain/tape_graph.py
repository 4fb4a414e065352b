"""The tape as a picture: nodes in layers from the leaves down to the loss, with values, adjoints and local derivatives.

An inner node stands one layer below the lowest of those that it is made of, a leaf one layer above its user; so every
edge points down, and data flows down, adjoints up. Two boxes a layer fit on a phone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from handgrad.compare.results.explanation import Edge, Explanation, TapeNode, Value
from handgrad.reports.explain.calculator import array
from handgrad.reports.explain.on_tape import formula
from handgrad.reports.look.names import columns

WIDTH = 352
MARGIN = 2
BOX_WIDTH, BOX_HEIGHT = 166, 62
COLUMN_STEP, LAYER_STEP = WIDTH - BOX_WIDTH - 2 * MARGIN, 104
#: Characters of a value that fit into a box, and that the description for who cannot see it takes.
BOX_CHARACTERS, DESCRIBED_CHARACTERS = 19, 60
#: Digits of each number: as many as fit.
DIGITS = (6, 5, 4, 3)


@dataclass(frozen=True)
class Place:
    """Where a box stands: its upper left corner."""

    x: float
    y: float


#: The stop of the walk at which a node gets its value, and the one at which it gets its adjoint, by (name, direction).
Stops = Mapping[tuple[str, str], int]


def svg(explanation: Explanation, stops: Stops) -> Markup:
    """The picture. What appears at a stop of the walk carries its number."""
    tape = explanation.tape
    places = layout(tape)
    height = max(place.y for place in places.values()) + BOX_HEIGHT + MARGIN
    inner = [_edge(node, edge, places, stops) for node in tape for edge in node.edges]
    inner += [_box(node, places[node.name], stops) for node in tape]
    return Markup(
        '<svg class="tape" viewBox="0 0 {} {:g}" role="img" aria-labelledby="tape-title tape-text">'
        '<title id="tape-title">The tape as a graph</title><desc id="tape-text">{}</desc>{}</svg>'
    ).format(WIDTH, height, description(tape), Markup("").join(inner))


def layout(tape: Sequence[TapeNode]) -> dict[str, Place]:
    """The place of each node by name; in a layer inner nodes come first, then leaves as the tape has them."""
    layers = layers_of(tape)
    rows: dict[int, list[str]] = {}
    for node in sorted(tape, key=lambda node: not node.edges):
        rows.setdefault(layers[node.name], []).append(node.name)
    return {
        name: Place(MARGIN + column * COLUMN_STEP, MARGIN + layer * LAYER_STEP)
        for layer, names in rows.items()
        for column, name in enumerate(names)
    }


def layers_of(tape: Sequence[TapeNode]) -> dict[str, int]:
    """The layer of each node by name, from 0."""
    inner: dict[str, int] = {}
    for node in tape:
        if node.edges:
            inner[node.name] = 1 + max(inner.get(edge.parent, 0) for edge in node.edges)
    leaves = {edge.parent: inner[node.name] - 1 for node in tape for edge in node.edges if edge.parent not in inner}
    return inner | leaves


def description(tape: Sequence[TapeNode]) -> str:
    """The graph in words, for who cannot see it."""
    return " ".join(
        f"{_title(node)}: {_numbers(node.value, DESCRIBED_CHARACTERS)}{_adjoint_words(node)}." for node in tape
    )


def _adjoint_words(node: TapeNode) -> str:
    return "" if node.adjoint is None else f", adjoint {_numbers(node.adjoint, DESCRIBED_CHARACTERS)}"


def _title(node: TapeNode) -> str:
    return f"{node.name} = {_plain(formula(node))}" if node.edges else f"{node.name}, {node.operation}"


def _plain(formula: str) -> str:
    return formula.replace("{1}/{n}", "(1/n)")


# -- boxes -----------------------------------------------------------------------------------------------------------


def _box(node: TapeNode, place: Place, stops: Stops) -> Markup:
    kind = "inner" if node.edges else node.operation
    lines = [
        _text("name", place.x + 9, place.y + 17, _title(node)),
        _text("value", place.x + 9, place.y + 35, _numbers(node.value)),
    ]
    if node.adjoint is not None:
        shown = _text("adjoint", place.x + 9, place.y + 53, _adjoint(node.name, node.adjoint))
        lines.append(_group("", shown, stops.get((node.name, "backward"))))
    rectangle = Markup('<rect x="{:g}" y="{:g}" width="{}" height="{}" rx="7"/>').format(
        place.x, place.y, BOX_WIDTH, BOX_HEIGHT
    )
    return _group(f"node {kind}", rectangle + Markup("").join(lines), stops.get((node.name, "forward")))


def _adjoint(name: str, adjoint: Value) -> str:
    """With its name, or with the sign ∂ alone where that leaves room for its numbers."""
    named, short = (mark + _numbers(adjoint, BOX_CHARACTERS - columns(mark)) for mark in (f"∂L/∂{name} ", "∂ "))
    return short if named.endswith("numbers") else named


def _numbers(of: Value, most: int = BOX_CHARACTERS) -> str:
    """As many digits of each number as fit; the shape where even three are too long."""
    if not isinstance(of, tuple):
        return _rounded(of, DIGITS[0])
    texts = (_rounded(of, digits) for digits in DIGITS)
    shape = f"{len(of)} × {len(of[0])} numbers" if isinstance(of[0], tuple) else f"{len(of)} numbers"
    return next((text for text in texts if columns(text) <= most), shape)


def _rounded(of: Value, digits: int) -> str:
    return array(of, lambda value: f"{value:.{digits}g}")


# -- edges -----------------------------------------------------------------------------------------------------------


def _edge(node: TapeNode, edge: Edge, places: Mapping[str, Place], stops: Stops) -> Markup:
    """From the parent down to the node, with the local derivative beside it."""
    above, below = places[edge.parent], places[node.name]
    straight = above.x == below.x
    start = above.x + (BOX_WIDTH * 0.3 if straight else BOX_WIDTH * 0.5)
    end = below.x + (BOX_WIDTH * 0.3 if straight else BOX_WIDTH * 0.82)
    top, bottom = above.y + BOX_HEIGHT, below.y - 6
    middle = (top + bottom) / 2
    line = Markup('<path class="line" d="M{:g} {:g}C{:g} {:g} {:g} {:g} {:g} {:g}"/>').format(
        start, top, start, middle, end, middle, end, bottom
    )
    tip = Markup('<path class="tip" d="M{:g} {:g}l-4 -7h8z"/>').format(end, bottom + 5)
    forward = _group("", line + tip, stops.get((node.name, "forward")))
    label = _text("local", start + 8, middle + (4 if straight else -3), _label(node, edge))
    at = stops.get((edge.parent, "backward"), stops.get((node.name, "backward")))  # data have no adjoint
    backward = _group("", label, at)
    return _group("edge" if edge.local is not None else "edge data", forward + backward, None)


def _label(node: TapeNode, edge: Edge) -> str:
    """The local derivative; its numbers where they are not in a box above, once where they are all equal."""
    if edge.formula in ("1", "-1", "X", "W"):
        return f"× {edge.formula}"
    assert isinstance(edge.local, tuple)
    local = edge.local[0] if len(set(edge.local)) == 1 else edge.local
    return f"× {edge.formula} = {_numbers(local, 2 * BOX_CHARACTERS)}"


# -- marks -----------------------------------------------------------------------------------------------------------


def _text(kind: str, x: float, y: float, text: str) -> Markup:
    return Markup('<text class="{}" x="{:g}" y="{:g}">{}</text>').format(kind, x, y, text)


def _group(kind: str, inner: Markup, stop: int | None) -> Markup:
    classes = Markup(' class="{}"').format(kind) if kind else Markup("")
    number = Markup("") if stop is None else Markup(' data-stop="{}"').format(stop)
    return Markup("<g{}{}>{}</g>").format(classes, number, inner)
