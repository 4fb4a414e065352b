"""The walk along the tape: forward to the values, backward to the adjoints."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from handgrad.compare.results.explanation import Edge, Explanation, TapeNode, Value
from handgrad.reports.explain.calculator import Format, Formats, added, array, bracketed, fixed, plain
from handgrad.reports.explain.steps import Equation, Stop
from handgrad.reports.look.names import columns

#: A value of the tape that is longer is told by its shape.
VALUE_WIDTH = 56


#: What each operation does, from the names of the nodes that it takes.
FORMULAS = {
    "matmul": "{} · {}",
    "add": "{} + {}",
    "subtract": "{} − {}",
    "square": "{} × {}",
    "mean": "{{1}}/{{n}} Σ {}",
}


def forward(explanation: Explanation, how: Formats) -> Iterator[Stop]:
    """Each node with its value, in topological order."""
    yield Stop(("Every operation makes a node, in topological order: after those that it is made of.",))
    for node in explanation.tape:
        made = (formula(node),) if node.edges else ()
        equation = Equation(node.operation, (node.name, *made, value(node.value, value_format(node.name, how))))
        yield Stop((equation,), node.name, "forward")


def formula(node: TapeNode) -> str:
    """What made a node: ``XW + b``."""
    parents = [edge.parent for edge in node.edges]
    return FORMULAS[node.operation].format(*parents * (2 if node.operation == "square" else 1))


def backward(explanation: Explanation, how: Formats) -> Iterator[Stop]:
    """Each node with its adjoint, in reverse order."""
    yield Stop(
        (
            "In reverse order, each node gives its adjoint, ∂L/∂node, times the local derivative on the edge, to each "
            "node that it was made of.",
        )
    )
    tape = explanation.tape
    for node in reversed(tape):
        if node.adjoint is not None:
            yield Stop((_adjoint(node, tape, how),), node.name, "backward")
    unasked = " and ".join(node.name for node in tape if node.adjoint is None)
    yield Stop((f"{unasked} are data: nobody asks how L depends on them.",))


def _adjoint(node: TapeNode, tape: Sequence[TapeNode], how: Formats) -> Equation:
    end = adjoint(node, how)
    for user in tape:
        for edge in user.edges:
            if edge.parent == node.name:
                return Equation(user.operation, (f"∂L/∂{node.name}", *_products(user, edge, how), end))
    return Equation("start", (f"∂L/∂{node.name}", end))


def _products(user: TapeNode, edge: Edge, how: Formats) -> Iterator[str]:
    """Adjoint times local derivative, as a formula and in numbers."""
    arriving = adjoint(user, how)
    if user.operation == "matmul":
        yield f"Xᵀ ∂L/∂{user.name}"
        if len(column := _only_column(edge)) > 0:
            pairs = zip(column, _vector(user.adjoint), strict=True)
            yield added(f"{plain(x)} × {bracketed(how.target(share))}" for x, share in pairs)
    elif edge.parent == "b":
        yield f"Σ ∂L/∂{user.name} × {edge.formula}"
        yield added(map(how.target, _vector(user.adjoint)))
    elif edge.formula == "1":
        yield f"∂L/∂{user.name} × 1"
    else:
        yield f"∂L/∂{user.name} × {_fraction(edge.formula)}"
        yield f"{arriving} × {local(edge, how)}"


def _only_column(edge: Edge) -> list[float]:
    """The one column of the local derivative X; empty where there are more features."""
    assert isinstance(edge.local, tuple)
    return [row[0] for row in edge.local if isinstance(row, tuple) and len(row) == 1]


def _fraction(formula: str) -> str:
    return "{1}/{n}" if formula == "1/n" else formula


def local(edge: Edge, how: Formats) -> str:
    """The numbers of a local derivative: 2 r like r, 1/n with twelve digits."""
    assert edge.local is not None
    return value(edge.local, how.target if edge.formula == "2 r" else fixed(1.0))


def adjoint(node: TapeNode, how: Formats) -> str:
    """The adjoint of a node in numbers."""
    assert node.adjoint is not None
    if node.name == "W":
        slopes = zip(how.slopes, _vector(node.adjoint), strict=False)  # the last format is the bias's
        return f"[{', '.join(form(slope) for form, slope in slopes)}]"
    return value(node.adjoint, fixed(1.0) if node.name in ("r²", "L") else how.target)


def value_format(name: str, how: Formats) -> Format:
    """How the value of a node is written."""
    if name in ("X", "y", "W", "b"):
        return how.given
    return how.square if name in ("r²", "L") else how.target


def value(of: Value, form: Format) -> str:
    """Numbers in brackets, or their shape where they are many."""
    text = array(of, form)
    if columns(text) <= VALUE_WIDTH or not isinstance(of, tuple):
        return text
    shape = f"{len(of)} × {len(of[0])}" if isinstance(of[0], tuple) else f"{len(of)}"
    return f"({shape} numbers)"


def _vector(of: Value | None) -> list[float]:
    assert isinstance(of, tuple)
    return [part for part in of if isinstance(part, float)]
