"""Reverse-mode autodiff from scratch: nodes of arrays, and the walk back over them, about a hundred lines.

Each operation makes a `Node` that holds its value, the nodes that it came from, and for each of them a pullback: the
chain rule's factor for that edge. Given ∂L/∂(this node), the pullback returns that node's share of ∂L/∂(its parent).
`backward` walks from the loss to the leaves, so that a node is visited when all shares of its adjoint have arrived.

    node = f(u, v)      adjoint(u) += adjoint(node) · ∂f/∂u      adjoint(v) += adjoint(node) · ∂f/∂v

Source: Griewank and Walther, *Evaluating Derivatives* (2008), chapter 3.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

Pullback = Callable[[Any], Any]


class Node:
    """A value on the tape.

    Attributes:
        value: An array or scalar.
        operation: What made it: "leaf", "matmul", "add", "subtract", "square" or "mean".
        parents: The nodes it came from, each with the pullback of that edge.
        adjoint: ∂L/∂value, of the value's shape; None until `backward` has been here.
    """

    __slots__ = ("adjoint", "operation", "parents", "value")

    def __init__(self, value: Any, operation: str = "leaf", *parents: tuple[Node, Pullback]) -> None:
        self.value = value
        self.operation = operation
        self.parents = parents
        self.adjoint: Any = None

    def __matmul__(self, other: Node) -> Node:
        """X (n, d) times W (d,): ∂/∂X = g Wᵀ (an outer product), ∂/∂W = Xᵀ g."""
        X, W = self.value, other.value
        return Node(X @ W, "matmul", (self, lambda g: np.outer(g, W)), (other, lambda g: g @ X))

    def __add__(self, other: Node) -> Node:
        """Both derivatives are 1; what was broadcast in the sum is summed on the way back."""
        return Node(
            self.value + other.value,
            "add",
            (self, lambda g: unbroadcast(g, self.value)),
            (other, lambda g: unbroadcast(g, other.value)),
        )

    def __sub__(self, other: Node) -> Node:
        """The derivatives are 1 and −1."""
        return Node(
            self.value - other.value,
            "subtract",
            (self, lambda g: unbroadcast(g, self.value)),
            (other, lambda g: -unbroadcast(g, other.value)),
        )

    def square(self) -> Node:
        """d(u²)/du = 2u."""
        return Node(self.value * self.value, "square", (self, lambda g: g * (2 * self.value)))

    def mean(self) -> Node:
        """d(mean u)/duᵢ = 1/n."""
        n = self.value.dtype.type(self.value.size)
        return Node(self.value.sum() / n, "mean", (self, lambda g: np.full_like(self.value, g / n)))


def unbroadcast(adjoint: Any, value: Any) -> Any:
    """Sums an adjoint over the axes along which its value was broadcast: each copy sends back its share."""
    if np.shape(adjoint) == np.shape(value):
        return adjoint
    shares = adjoint.sum(axis=tuple(range(np.ndim(adjoint) - np.ndim(value))))
    stretched = tuple(axis for axis, length in enumerate(np.shape(value)) if length == 1)
    return shares.sum(axis=stretched, keepdims=True)


def topological(end: Node) -> list[Node]:
    """All nodes that `end` depends on, each after its parents; a leaf first, `end` last."""
    order: list[Node] = []
    seen: set[int] = set()
    stack = [(end, False)]
    while stack:
        node, parents_done = stack.pop()
        if parents_done:
            order.append(node)
        elif id(node) not in seen:
            seen.add(id(node))
            stack.append((node, True))
            stack.extend((parent, False) for parent, _ in reversed(node.parents))
    return order


def backward(end: Node, wanted: Sequence[Node] | None = None) -> list[Node]:
    """Fills in `adjoint` from `end` (a scalar) back to the leaves; returns the nodes in the order of the forward pass.

    With `wanted`, only the edges on a path to one of those nodes are followed: nobody asks for ∂L/∂X in training.
    """
    order = topological(end)
    needed = {id(node) for node in (order if wanted is None else wanted)}
    for node in order:
        node.adjoint = None
        if any(id(parent) in needed for parent, _ in node.parents):
            needed.add(id(node))
    end.adjoint = end.value.dtype.type(1)
    for node in reversed(order):
        for parent, pullback in node.parents:
            if id(parent) in needed:
                share = pullback(node.adjoint)
                parent.adjoint = share if parent.adjoint is None else parent.adjoint + share
    return order
