"""PyTorch compiled: the same forward pass, with `torch.compile` turning it and its backward pass into one program.

What a PyTorch user would do who wants it faster and changes nothing else. The first call compiles, for many seconds.
"""

from __future__ import annotations

from typing import ClassVar, Literal

import torch
from torch import Tensor

from handgrad.backends.interface import FloatArray, Gradient
from handgrad.backends.torch import TorchTrainer


class TorchCompileTrainer(TorchTrainer):
    """PyTorch's autograd, its graph compiled."""

    name: ClassVar[str] = "torch-compile"
    summary: ClassVar[str] = "PyTorch with torch.compile, which needs a C++ compiler"
    kind: ClassVar[Literal["manual", "autodiff", "exact"]] = "autodiff"
    requires: ClassVar[tuple[str, ...]] = ("torch",)
    install: ClassVar[str] = 'pip install "handgrad[torch]"'
    by_default: ClassVar[bool] = False

    def bind(self, X: FloatArray, y: FloatArray) -> tuple[Tensor, Tensor]:
        """Tensors, and the compiled loss; `dynamic=None` lets batches of two sizes share a program."""
        self.compiled_loss = torch.compile(self.forward, dynamic=None)
        return super().bind(X, y)

    def forward(self, X: Tensor, y: Tensor, weights: Tensor, bias: Tensor) -> Tensor:
        """(1/n) Σ (ŷ − y)², to be compiled."""
        return torch.nn.functional.mse_loss(self.predict(X, weights, bias), y)

    def gradient(self, X: Tensor, y: Tensor, weights: Tensor, bias: Tensor) -> Gradient:
        """The compiled forward pass, then the compiled backward pass."""
        weights.grad = bias.grad = None  # autograd adds to what is there
        loss = self.compiled_loss(X, y, weights, bias)
        loss.backward()  # type: ignore[no-untyped-call]
        return Gradient(loss.detach(), weights.grad, bias.grad)
