"""What an explanation says, in order: sections of steps, each of a few sentences and equations.

Text and page are made from the same equations, so that they cannot differ. An equation is written as on paper, with
``∂L/∂r`` and ``{a}/{b}`` for fractions; the text leaves the braces out, the page typesets it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from handgrad.compare.results.explanation import Edge, Explanation, Row, Step, TapeNode, Value, Witness
from handgrad.reports.explain.calculator import Format, Formats, added, array, bracketed, fixed, formats, plain
from handgrad.reports.look import numbers
from handgrad.reports.look.names import columns, shown

#: A value of the tape that is longer is told by its shape.
VALUE_WIDTH = 56


@dataclass(frozen=True)
class Equation:
    """`sides` that are all equal, with a `label` in front, such as the row that they are about."""

    label: str
    sides: tuple[str, ...]


@dataclass(frozen=True)
class Stop:
    """One step of the walk: what is said at once.

    Attributes:
        lines: Sentences and equations.
        node: The node of the tape that it is about, or empty.
        direction: Whether that is the walk forward, to values, or backward, to adjoints.
    """

    lines: tuple[str | Equation, ...]
    node: str = ""
    direction: Literal["", "forward", "backward"] = ""


@dataclass(frozen=True)
class Section:
    """A title and the stops under it."""

    title: str
    stops: tuple[Stop, ...]


@dataclass(frozen=True)
class Digits:
    """One parameter's derivative, by hand and as somebody else has it, with all digits."""

    symbol: str
    by_hand: str
    other: str
    apart: str


@dataclass(frozen=True)
class Error:
    """How far one gradient is from the exact one, and from the one by hand, in words for a table."""

    name: str
    ulps: str
    apart: str
    bound: str


def heading(explanation: Explanation) -> str:
    """What is explained."""
    n = len(explanation.rows)
    rows = {1: "row 1", 2: "rows 1 and 2"}.get(n, f"rows 1 to {n}")
    return f"One step of gradient descent on {shown(explanation.source, 40)}, {rows}"


def sections(explanation: Explanation) -> list[Section]:
    """All that is walked through."""
    how = formats(explanation)
    return [
        Section("The problem", (Stop(tuple(_problem(explanation))),)),
        Section("Forward", tuple(Stop(tuple(_forward(row, explanation, how))) for row in explanation.rows)),
        Section("Loss", (Stop((_loss(explanation, how),)),)),
        Section("Chain rule", tuple(_chain_rule(explanation, how))),
        Section("Update", tuple(_update(explanation, how))),
        Section("The tape, forward", tuple(_tape_forward(explanation, how))),
        Section("The tape, backward", tuple(_tape_backward(explanation, how))),
    ]


# -- by hand ---------------------------------------------------------------------------------------------------------


def _problem(explanation: Explanation) -> Iterator[str | Equation]:
    *weights, _ = explanation.steps
    products = [f"{step.symbol} {_name(step.feature or '')}" for step in weights]
    yield f"{shown(explanation.target)} is predicted by a linear model, y by ŷ:"
    yield Equation("", ("ŷ", " + ".join([*products, "b"])))
    yield "Before the step, and the learning rate:"
    for step in explanation.steps:
        yield Equation("", (step.symbol, plain(step.old)))
    yield Equation("", ("η", plain(explanation.learning_rate)))
    yield "Numbers end where a calculator with twelve digits ends; --json gives them all."


def _name(feature: str) -> str:
    """A feature's name in an equation, where braces mean a fraction."""
    return shown(feature, 16).replace("{", "(").replace("}", ")")


def _forward(row: Row, explanation: Explanation, how: Formats) -> Iterator[Equation]:
    weights = [bracketed(plain(step.old)) for step in explanation.steps[:-1]]
    products = added(f"{plain(x)} × {weight}" for x, weight in zip(row.x, weights, strict=True))
    bias, predicted = bracketed(plain(explanation.bias)), how.target(row.predicted)
    residual = how.target(row.residual)
    terms = added(how.target(product) for product in row.products)
    yield Equation(f"row {row.number}", ("ŷ", f"{products} + {bias}", f"{terms} + {bias}", predicted))
    yield Equation("", ("r", "ŷ − y", f"{predicted} − {bracketed(plain(row.target))}", residual))
    yield Equation("", ("r²", f"{bracketed(residual)} × {bracketed(residual)}", how.square(row.square)))


def _loss(explanation: Explanation, how: Formats) -> Equation:
    n, total = len(explanation.rows), how.square(explanation.square_sum)
    squares = added(how.square(row.square) for row in explanation.rows)
    return Equation(
        "", ("L", "{1}/{n} Σ r²", f"{{({squares})}}/{{{n}}}", f"{{{total}}}/{{{n}}}", how.square(explanation.loss))
    )


def _chain_rule(explanation: Explanation, how: Formats) -> Iterator[Stop]:
    rows, n = explanation.rows, len(explanation.rows)
    yield Stop(
        (
            "L depends on each r, and each r on the parameters:",
            Equation("", ("∂L/∂W", "Σ ∂L/∂r · ∂r/∂W", "Σ {2 r}/{n} · x")),
            Equation("", ("∂L/∂b", "Σ ∂L/∂r · ∂r/∂b", "Σ {2 r}/{n} · 1")),
        )
    )
    residuals = [bracketed(how.target(row.residual)) for row in rows]
    yield Stop(
        tuple(
            Equation(f"row {row.number}", ("∂L/∂r", f"{{2 × {residual}}}/{{{n}}}", how.target(row.slope)))
            for row, residual in zip(rows, residuals, strict=True)
        )
    )
    for j, step in enumerate(explanation.steps):
        yield Stop(tuple(_derivative(j, step, rows, how)))


def _derivative(j: int, step: Step, rows: Sequence[Row], how: Formats) -> Iterator[Equation]:
    """One parameter: the factors of each row, then their sum."""
    form, is_bias = how.slopes[j], step.feature is None
    shares = [form(row.slope if is_bias else row.shares[j]) for row in rows]
    for row, share in zip(rows, shares, strict=True):
        factor = "1" if is_bias else bracketed(plain(row.x[j]))
        product = f"{bracketed(how.target(row.slope))} × {factor}"
        yield Equation(f"row {row.number}", (f"∂L/∂r · ∂r/∂{step.symbol}", product, share))
    yield Equation("sum", (f"∂L/∂{step.symbol}", added(shares), form(step.gradient)))


def _update(explanation: Explanation, how: Formats) -> Iterator[Stop]:
    rate = plain(explanation.learning_rate)
    for step, slope, form in zip(explanation.steps, how.slopes, how.parameters, strict=True):
        moved = f"{plain(step.old)} − {rate} × {bracketed(slope(step.gradient))}"
        symbol = step.symbol
        yield Stop((Equation("", (f"{symbol} ← {symbol} − η ∂L/∂{symbol}", moved, form(step.new))),))
    yield Stop((after(explanation, how),))


def after(explanation: Explanation, how: Formats) -> str:
    """What became of the loss, in a sentence."""
    before, now = explanation.loss, explanation.loss_after
    if now == before:
        return f"The loss stays at {how.square(before)}."
    change = f"from {how.square(before)} to {how.square(now)}"
    if now < before:
        return f"The loss falls {change}."
    return f"The loss grows {change}: the step is too long for these rows."


# -- the tape --------------------------------------------------------------------------------------------------------

#: What each operation does, from the names of the nodes that it takes.
FORMULAS = {
    "matmul": "{} · {}",
    "add": "{} + {}",
    "subtract": "{} − {}",
    "square": "{} × {}",
    "mean": "{{1}}/{{n}} Σ {}",
}


def _tape_forward(explanation: Explanation, how: Formats) -> Iterator[Stop]:
    yield Stop(("Every operation makes a node, in topological order: after those that it is made of.",))
    for node in explanation.tape:
        made = (formula(node),) if node.edges else ()
        equation = Equation(node.operation, (node.name, *made, value(node.value, value_format(node.name, how))))
        yield Stop((equation,), node.name, "forward")


def formula(node: TapeNode) -> str:
    """What made a node: ``XW + b``."""
    parents = [edge.parent for edge in node.edges]
    return FORMULAS[node.operation].format(*parents * (2 if node.operation == "square" else 1))


def _tape_backward(explanation: Explanation, how: Formats) -> Iterator[Stop]:
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


# -- the witnesses ---------------------------------------------------------------------------------------------------


def other(explanation: Explanation) -> Witness:
    """Who is held against the numbers by hand, digit by digit: PyTorch, or else the tape."""
    named = {witness.name: witness for witness in explanation.witnesses}
    return named["torch"] if named["torch"].weights else named["tape"]


def digits(explanation: Explanation) -> list[Digits]:
    """Every parameter's derivative by hand, beside PyTorch's or the tape's."""
    hand, beside = explanation.hand, other(explanation)
    pairs = zip(_slopes(hand), _slopes(beside), beside.ulps_from_hand, strict=True)
    return [
        Digits(f"∂L/∂{step.symbol}", repr(mine), repr(theirs), numbers.ulps(apart))
        for step, (mine, theirs, apart) in zip(explanation.steps, pairs, strict=True)
    ]


def errors(explanation: Explanation) -> list[Error]:
    """The worst parameter of each gradient that was computed."""
    return [
        Error(
            _titled(witness),
            numbers.ulps_within(max(witness.ulps_from_exact), max(witness.bound_ratios)),
            numbers.ulps(max(witness.ulps_from_hand)),
            numbers.ratio(max(witness.bound_ratios)),
        )
        for witness in (explanation.hand, *explanation.witnesses)
        if witness.weights
    ]


def missing(explanation: Explanation) -> list[str]:
    """Who could not be asked, and what to do about it."""
    return [f"{witness.reason}" for witness in explanation.witnesses if witness.reason is not None]


def verdict(explanation: Explanation) -> str:
    """By hand against the other."""
    name, apart = _titled(other(explanation)), max(other(explanation).ulps_from_hand)
    if apart == 0:
        return f"{name} and the numbers by hand agree to the last bit."
    return f"{name} and the numbers by hand differ by at most {numbers.ulps(apart)} ULPs: they round in other places."


#: Why -0.9 may read -0.9000000000000341.
DOUBLES = "Digits that go on where a calculator ends: most decimals, such as 0.1, have no exact double."


def _titled(witness: Witness) -> str:
    return {"torch": "PyTorch", "numpy": "NumPy", "python": "Python"}.get(witness.name, witness.name)


def _slopes(witness: Witness) -> list[float]:
    assert witness.bias is not None
    return [*witness.weights, witness.bias]
