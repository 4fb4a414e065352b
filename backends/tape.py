"""The tape: the loss as operations on nodes, and its derivative by one walk back over them; none is written here.

Reverse-mode autodiff from scratch, to be read: `Node` and `backward` are `autodiff.py`. As PyTorch does, each gradient
records the forward pass anew.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from handgrad.backends.array_trainer import ArrayTrainer
from handgrad.backends.autodiff import Node, backward
from handgrad.backends.interface import FloatArray, Gradient


def predict(X: Node, weights: Node, bias: Node) -> Node:
    """ŷ = X W + b, recorded."""
    return X @ weights + bias


def loss(X: Node, y: Node, weights: Node, bias: Node) -> Node:
    """(1/n) Σ (ŷ − y)², recorded."""
    return (predict(X, weights, bias) - y).square().mean()


class TapeTrainer(ArrayTrainer):
    """The tape at work: the forward pass is written, the derivative is not."""

    name = "tape"
    summary = "reverse-mode autodiff from scratch, to be read"
    kind = "autodiff"
    requires = ("numpy",)

    def bind(self, X: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
        """X (n, d) by rows, and y (n,)."""
        return np.ascontiguousarray(X), np.ascontiguousarray(y)

    def loss(self, X: FloatArray, y: FloatArray, weights: FloatArray, bias: Any) -> Any:
        """(1/n) Σ (ŷ − y)² of X (n, d) and y (n,): the forward pass alone."""
        return loss(Node(X), Node(y), Node(weights), Node(bias)).value

    def gradient(self, X: FloatArray, y: FloatArray, weights: FloatArray, bias: Any) -> Gradient:
        """The adjoints of the parameters, (d,) and a number, after one walk back from the loss."""
        W, b = Node(weights), Node(bias)
        end = loss(Node(X), Node(y), W, b)
        backward(end, wanted=(W, b))
        return Gradient(end.value, W.adjoint, b.adjoint)
