"""One step of descent on a few rows, every number of it: frozen types that turn into JSON. Nothing here computes.

Numbers stand twice, found in two ways: by hand, row by row, in `Row` and `Step`; and on the tape, in `TapeNode`. Units:
products, predictions and residuals are in those of y, squares and loss in those of y².
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

#: A number, a vector, or a matrix by rows.
Value = float | tuple[float, ...] | tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Row:
    """The forward pass of one row, and what it gives to the gradient.

    Attributes:
        number: Which row of the table, from 1.
        x: (d,), its features.
        products: (d,), xⱼ Wⱼ.
        predicted: ŷ = Σ xⱼ Wⱼ + b.
        target: y.
        residual: r = ŷ − y.
        square: r².
        slope: ∂L/∂r = 2 r / n.
        shares: (d,), ∂L/∂r · ∂r/∂Wⱼ with ∂r/∂Wⱼ = xⱼ; the share of the bias is the slope itself, as ∂r/∂b = 1.
    """

    number: int
    x: tuple[float, ...]
    products: tuple[float, ...]
    predicted: float
    target: float
    residual: float
    square: float
    slope: float
    shares: tuple[float, ...]


@dataclass(frozen=True)
class Step:
    """What happens to one parameter: new = old − η · gradient."""

    symbol: str
    feature: str | None
    old: float
    gradient: float
    new: float


@dataclass(frozen=True)
class Edge:
    """An edge of the tape, from a node to one that it came from.

    Attributes:
        parent: The name of that node.
        formula: The local derivative as a formula: "1", "-1", "2 r", "1/n", "X" or "W".
        local: Its numbers: one per element for what works element by element, a matrix for the product; null where
            the walk back does not take this edge, since it leads to data only.
    """

    parent: str
    formula: str
    local: Value | None


@dataclass(frozen=True)
class TapeNode:
    """A node of the tape: what made it, its value, its adjoint ∂L/∂value (null where nobody asks for it)."""

    name: str
    operation: str
    value: Value
    adjoint: Value | None
    edges: tuple[Edge, ...]


@dataclass(frozen=True)
class Witness:
    """What one backend makes of the same gradient; without numbers where it cannot run, for the `reason`.

    `weights` (d,), `bias` and the three lists (d + 1,), the bias last: the errors in ULPs of the exact value, the
    differences from the gradient by hand in ULPs of that, the errors over the worst case of rounding.
    """

    name: str
    gradient: Literal["manual", "autodiff", "exact"]
    version: str | None = None
    reason: str | None = None
    loss: float | None = None
    weights: tuple[float, ...] = ()
    bias: float | None = None
    ulps_from_exact: tuple[float, ...] = ()
    ulps_from_hand: tuple[float, ...] = ()
    bound_ratios: tuple[float, ...] = ()


@dataclass(frozen=True)
class Explanation:
    """One step of descent, explained.

    Attributes:
        source: Where the rows came from.
        features: d names.
        target: The name of y.
        rows: n of them.
        bias: Before the step; the weights are those of `steps`.
        learning_rate: η.
        learning_rate_choice: "auto" is the largest power of ten below 1/λ_max, at which the loss surely falls.
        square_sum: Σ r².
        loss: L = Σ r² / n.
        steps: (d + 1,), one per weight, then the bias.
        loss_after: The loss at the new parameters.
        tape: The nodes in topological order, each after those that it came from; the walk back takes them in reverse.
        hand: The gradient by hand, held against the exact one like the backends'.
        witnesses: The backends; the exact one first.
    """

    source: str
    features: tuple[str, ...]
    target: str
    rows: tuple[Row, ...]
    bias: float
    learning_rate: float
    learning_rate_choice: Literal["auto", "given"]
    square_sum: float
    loss: float
    steps: tuple[Step, ...]
    loss_after: float
    tape: tuple[TapeNode, ...]
    hand: Witness
    witnesses: tuple[Witness, ...]
