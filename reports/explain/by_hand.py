"""The walk by hand: the problem, forward, the loss, the chain rule, the update."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from handgrad.compare.results.explanation import Explanation, Row, Step
from handgrad.reports.explain.calculator import Formats, added, bracketed, plain
from handgrad.reports.explain.steps import Equation, Stop
from handgrad.reports.look.names import shown


def problem(explanation: Explanation) -> Iterator[str | Equation]:
    """The model, the parameters before the step, and the learning rate."""
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


def forward(row: Row, explanation: Explanation, how: Formats) -> Iterator[Equation]:
    """One row: ŷ, r and r²."""
    weights = [bracketed(plain(step.old)) for step in explanation.steps[:-1]]
    products = added(f"{plain(x)} × {weight}" for x, weight in zip(row.x, weights, strict=True))
    bias, predicted = bracketed(plain(explanation.bias)), how.target(row.predicted)
    residual = how.target(row.residual)
    terms = added(how.target(product) for product in row.products)
    yield Equation(f"row {row.number}", ("ŷ", f"{products} + {bias}", f"{terms} + {bias}", predicted))
    yield Equation("", ("r", "ŷ − y", f"{predicted} − {bracketed(plain(row.target))}", residual))
    yield Equation("", ("r²", f"{bracketed(residual)} × {bracketed(residual)}", how.square(row.square)))


def loss(explanation: Explanation, how: Formats) -> Equation:
    """L as the mean of the squares."""
    n, total = len(explanation.rows), how.square(explanation.square_sum)
    squares = added(how.square(row.square) for row in explanation.rows)
    return Equation(
        "", ("L", "{1}/{n} Σ r²", f"{{({squares})}}/{{{n}}}", f"{{{total}}}/{{{n}}}", how.square(explanation.loss))
    )


def chain_rule(explanation: Explanation, how: Formats) -> Iterator[Stop]:
    """∂L/∂r of each row, then each parameter's derivative, one stop each."""
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


def update(explanation: Explanation, how: Formats) -> Iterator[Stop]:
    """Each parameter's step, and what became of the loss."""
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
