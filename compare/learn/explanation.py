"""One step of descent on a few rows, taken apart: by hand, on the tape, and as every backend computes it.

By hand, the chain rule goes through the residuals. With ŷᵢ = Σⱼ xᵢⱼ Wⱼ + b, rᵢ = ŷᵢ − yᵢ and L = (1/n) Σ rᵢ²,

    ∂L/∂Wⱼ = Σᵢ ∂L/∂rᵢ · ∂rᵢ/∂Wⱼ = Σᵢ (2 rᵢ / n) · xᵢⱼ        ∂L/∂b = Σᵢ ∂L/∂rᵢ · ∂rᵢ/∂b = Σᵢ (2 rᵢ / n) · 1.

These are plain sums of plain numbers, one operation after the other, as with a pocket calculator. The tape's
numbers come from the tape itself: values and adjoints from its nodes, local derivatives from its pullbacks.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from handgrad.backends import catalogue
from handgrad.backends.autodiff import Node, backward
from handgrad.backends.exact import ExactTrainer
from handgrad.backends.interface import FloatArray, Gradient, InputError, check_parameters
from handgrad.backends.numpy import NumPyTrainer
from handgrad.backends.tape import loss
from handgrad.compare.judge.bounds import gradient_tolerances, over, ulps
from handgrad.compare.judge.hessian import hessian
from handgrad.compare.judge.table import two_parts
from handgrad.compare.results.explanation import Edge, Explanation, Row, Step, TapeNode, Value, Witness
from handgrad.data.dataset import Dataset

#: More rows or features than these nobody follows by hand.
MOST_ROWS = 12
MOST_FEATURES = 12

#: Where a person starts who is not told where: not at zero, where ŷ would be 0 in every row.
START_WEIGHT, START_BIAS = 1.0, 0.5

#: The backends that are asked for the same gradient, in the order of the page.
WITNESSES = ("exact", "torch", "tape", "numpy", "python")

#: The operations of the model, and what the node that each of them makes is called.
NAMES = {"matmul": "XW", "add": "ŷ", "subtract": "r", "square": "r²", "mean": "L"}


def explain(
    dataset: Dataset,
    rows: int = 2,
    weights: ArrayLike | None = None,
    bias: float = START_BIAS,
    learning_rate: float | None = None,
) -> Explanation:
    """Explains one step of full-batch descent on the first rows of a table.

    Args:
        dataset: The table.
        rows: How many of its rows: 1 to 12, and no more than it has.
        weights: (d,), before the step; default: 1 each.
        bias: Before the step.
        learning_rate: η; default: the largest power of ten below 1/λ_max of these rows.

    Raises:
        InputError: On another number of rows, features or weights, and on what is not a finite number.
    """
    X, y = _first_rows(dataset, rows)
    given = np.full(dataset.features, START_WEIGHT) if weights is None else weights
    start = check_parameters(given, bias, dataset.features, "float64")
    rate = gentle_rate(X) if learning_rate is None else _checked_rate(learning_rate)
    passed = [
        _forward(i, X[i].tolist(), y[i].item(), start.weights.tolist(), start.bias, len(y)) for i in range(len(y))
    ]
    hand = _by_hand(passed)
    steps = _steps(dataset.feature_names, [*start.weights.tolist(), start.bias], hand, rate)
    exact = ExactTrainer(X, y).exactly_at(*start)
    bounds = gradient_tolerances(X, y, *start, "float64").worst
    limits = np.append(bounds.weights, bounds.bias)
    return Explanation(
        source=dataset.source,
        features=dataset.feature_names,
        target=dataset.target_name,
        rows=tuple(passed),
        bias=start.bias,
        learning_rate=rate,
        learning_rate_choice="auto" if learning_rate is None else "given",
        square_sum=added(row.square for row in passed),
        loss=hand.loss,
        steps=steps,
        loss_after=NumPyTrainer(X, y).loss_at([step.new for step in steps[:-1]], steps[-1].new),
        tape=tape_of(X, y, start.weights, start.bias),
        hand=_held_against(exact, hand, limits, Witness("by hand", "manual")),
        witnesses=tuple(_witness(name, X, y, start, exact, hand, limits) for name in WITNESSES),
    )


def gentle_rate(X: FloatArray) -> float:
    """The largest power of ten that is at most 1/λ_max of X (n, d): there a step of descent surely lowers the loss."""
    return float(f"1e{math.floor(-math.log10(hessian(X).largest))}")


def added(terms: Iterable[float]) -> float:
    """One after the other; `sum` compensates from Python 3.12 on, which no pocket calculator does."""
    total = 0.0
    for term in terms:
        total += term
    return total


def _first_rows(dataset: Dataset, rows: int) -> tuple[FloatArray, FloatArray]:
    most = min(MOST_ROWS, dataset.rows)
    if not 1 <= rows <= most:
        raise InputError(f"{dataset.source}: expected 1 to {most} rows to explain, got {rows}")
    if dataset.features > MOST_FEATURES:
        raise InputError(
            f"{dataset.source}: expected at most {MOST_FEATURES} features to explain, got {dataset.features}; "
            "choose some (features)"
        )
    return dataset.X[:rows], dataset.y[:rows]


def _checked_rate(rate: float) -> float:
    if not (math.isfinite(rate) and rate > 0):
        raise InputError(f"learning rate: expected a positive number, got {rate!r}")
    return float(rate)


# -- by hand ---------------------------------------------------------------------------------------------------------


def _forward(index: int, x: list[float], target: float, weights: list[float], bias: float, n: int) -> Row:
    products = tuple(xj * w for xj, w in zip(x, weights, strict=True))
    predicted = added(products) + bias
    residual = predicted - target
    slope = 2 * residual / n
    return Row(
        number=index + 1,
        x=tuple(x),
        products=products,
        predicted=predicted,
        target=target,
        residual=residual,
        square=residual * residual,
        slope=slope,
        shares=tuple(slope * xj for xj in x),
    )


def _by_hand(rows: Sequence[Row]) -> Gradient:
    """Loss and gradient: what the rows give, added up."""
    shares = zip(*(row.shares for row in rows), strict=True)
    return Gradient(
        loss=added(row.square for row in rows) / len(rows),
        weights=[added(column) for column in shares],
        bias=added(row.slope for row in rows),
    )


def _steps(features: Sequence[str], old: list[float], gradient: Gradient, rate: float) -> tuple[Step, ...]:
    symbols = ["W"] if len(features) == 1 else [f"W{j}" for j in range(1, len(features) + 1)]
    slopes = [*gradient.weights, gradient.bias]
    names = [*features, None]
    return tuple(
        Step(symbol, name, value, slope, value - rate * slope)
        for symbol, name, value, slope in zip([*symbols, "b"], names, old, slopes, strict=True)
    )


# -- on the tape -----------------------------------------------------------------------------------------------------


def tape_of(X: FloatArray, y: FloatArray, weights: FloatArray, bias: float) -> tuple[TapeNode, ...]:
    """The tape backend's own tape of X (n, d) and y (n,) after its walk back, in topological order."""
    leaves = [Node(value) for value in (X, y, weights, np.float64(bias))]
    order = backward(loss(*leaves), wanted=leaves[2:])
    named = dict(zip(map(id, leaves), ("X", "y", "W", "b"), strict=True))
    names = {id(node): NAMES.get(node.operation, "") for node in order} | named
    return tuple(_described(node, names) for node in order)


def _described(node: Node, names: dict[int, str]) -> TapeNode:
    kind = node.operation if node.parents else "data" if node.adjoint is None else "parameter"
    edges = tuple(
        Edge(
            parent=names[id(parent)],
            formula=_formula(node.operation, position),
            local=None if parent.adjoint is None else _value(local_derivative(node, position)),
        )
        for position, (parent, _) in enumerate(node.parents)
    )
    adjoint = None if node.adjoint is None else _value(node.adjoint)
    return TapeNode(names[id(node)], kind, _value(node.value), adjoint, edges)


def local_derivative(node: Node, position: int) -> Any:
    """∂node/∂parent, read off the pullback of that edge.

    A pullback is linear, so its answers to the unit vectors are the rows of the Jacobian. What works element
    by element has one factor per element, and answers with all of them to a vector of ones. Where a value was
    broadcast the factors are those of its copies.
    """
    parent, pullback = node.parents[position]
    if np.ndim(node.value) == 0:  # the mean: one row
        return pullback(node.value.dtype.type(1))
    units = np.eye(len(node.value), dtype=node.value.dtype)
    answers = np.array([pullback(unit) for unit in units])
    if node.operation == "matmul" or np.shape(parent.value) != np.shape(node.value):
        return answers
    return answers.diagonal()


def _formula(operation: str, position: int) -> str:
    """The local derivative as it stands in `Node`."""
    formulas = {
        "matmul": ("W", "X"),
        "add": ("1", "1"),
        "subtract": ("1", "-1"),
        "square": ("2 r",),
        "mean": ("1/n",),
    }
    return formulas[operation][position]


def _value(array: Any) -> Value:
    listed = np.asarray(array).tolist()
    if not isinstance(listed, list):
        return float(listed)
    return tuple(_value(part) for part in listed)  # type: ignore[return-value]


# -- the witnesses ---------------------------------------------------------------------------------------------------


def _witness(
    name: str, X: FloatArray, y: FloatArray, start: Any, exact: Gradient, hand: Gradient, limits: FloatArray
) -> Witness:
    """What a backend makes of the same gradient, or why it cannot run."""
    entry = catalogue.entry(name)
    empty = Witness(name, entry.kind, entry.version(), entry.reason())  # type: ignore[arg-type]
    if empty.reason is not None:
        return empty
    given = catalogue.load(name)(X, y).gradient_at(*start)
    return _held_against(exact, given, limits, empty, hand)


def _held_against(
    exact: Gradient, given: Gradient, limits: FloatArray, empty: Witness, hand: Gradient | None = None
) -> Witness:
    """The witness with its numbers, and how far they are from the exact ones and from those by hand."""
    numbers = np.array([*given.weights, given.bias], dtype=np.float64)
    nearest, rest = two_parts([*exact.weights, exact.bias])
    by_hand = numbers if hand is None else np.array([*hand.weights, hand.bias])
    return replace(
        empty,
        loss=float(given.loss),
        weights=tuple(numbers[:-1].tolist()),
        bias=float(numbers[-1]),
        ulps_from_exact=tuple(ulps(numbers, nearest, "float64", rest).tolist()),
        ulps_from_hand=tuple(ulps(numbers, by_hand, "float64").tolist()),
        bound_ratios=tuple(over(numbers - nearest - rest, limits).tolist()),
    )
