"""PyTorch: tensors, `loss.backward()` and `torch.optim.SGD`: what a PyTorch user would write.

No derivative is written here. Autograd records the operations of the forward pass and walks them backwards.

On a device the same lines run on tensors that lie there. The loss comes back in every epoch, as in most scripts; that
the loop waits for it there is part of what an epoch costs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from handgrad.backends.interface import Device, FloatArray, Gradient, Parameters, Trainer


class TorchTrainer(Trainer):
    """PyTorch's autograd as the reference."""

    name = "torch"
    summary = "PyTorch tensors, autograd and torch.optim.SGD"
    kind = "autodiff"
    requires = ("torch",)
    install = 'pip install "handgrad[torch]"'
    devices = ("cpu", "cuda")

    @classmethod
    def absent(cls, device: Device) -> str | None:
        """Why PyTorch cannot compute there."""
        if device == "cpu" or torch.cuda.is_available():
            return None
        build = "" if torch.version.cuda else f" ({torch.__version__} is built without CUDA)"
        return f"PyTorch sees no CUDA device here{build}"

    @classmethod
    def device_name(cls, device: Device) -> str:
        """As the driver has it."""
        return device if device == "cpu" else str(torch.cuda.get_device_name(device))

    @classmethod
    def wake(cls, device: Device) -> None:
        """PyTorch's context on the device, which its first tensor makes."""
        torch.zeros(1, device=device).cpu()

    def synchronize(self) -> None:
        """Waits until the device has done all that it was given."""
        if self.device != "cpu":
            torch.cuda.synchronize(self.device)

    def reading(self, size_bytes: int) -> Callable[[], Tensor]:
        """PyTorch's sum of as many numbers of 4 bytes."""
        total: Callable[[], Tensor] = torch.ones(max(1, size_bytes // 4), dtype=torch.float32, device=self.device).sum
        return total

    def bind(self, X: FloatArray, y: FloatArray) -> tuple[Tensor, Tensor]:
        """X (n, d) and y as tensors of their own: PyTorch does not promise to leave a read-only array alone."""
        self.optimizer: torch.optim.SGD | None = None
        own_X, own_y = (torch.tensor(np.ascontiguousarray(one), device=self.device) for one in (X, y))
        return own_X, own_y

    def take(self, X: Tensor, y: Tensor, rows: NDArray[np.int64]) -> tuple[Tensor, Tensor]:
        """Copies of the rows, (k, d) and (k,)."""
        index = torch.from_numpy(rows).to(self.device)
        return X[index], y[index]

    def to_own(self, weights: FloatArray, bias: float) -> Parameters:
        """Leaf tensors (d,) and () whose gradient autograd will fill in."""
        dtype = getattr(torch, self.dtype)
        return Parameters(
            torch.tensor(weights, dtype=dtype, device=self.device, requires_grad=True),
            torch.tensor(bias, dtype=dtype, device=self.device, requires_grad=True),
        )

    def to_numpy(self, weights: Tensor, bias: Tensor) -> Parameters:
        """A copy, and a float."""
        return Parameters(weights.detach().cpu().numpy().copy(), float(bias.detach()))

    def predict(self, X: Tensor, weights: Tensor, bias: Tensor) -> Tensor:
        """ŷ = X W + b."""
        return X @ weights + bias

    def loss(self, X: Tensor, y: Tensor, weights: Tensor, bias: Tensor) -> Tensor:
        """(1/n) Σ (ŷ − y)², as PyTorch has it; nothing is recorded for autograd."""
        with torch.no_grad():
            return torch.nn.functional.mse_loss(self.predict(X, weights, bias), y)

    def gradient(self, X: Tensor, y: Tensor, weights: Tensor, bias: Tensor) -> Gradient:
        """One forward pass, then one backward pass over the graph that it left."""
        weights.grad = bias.grad = None  # autograd adds to what is there
        loss = torch.nn.functional.mse_loss(self.predict(X, weights, bias), y)
        loss.backward()  # type: ignore[no-untyped-call]
        return Gradient(loss.detach(), weights.grad, bias.grad)

    def update(self, weights: Tensor, bias: Tensor, gradient: Gradient, learning_rate: float) -> Parameters:
        """`optimizer.step()`, which changes the parameters in place."""
        weights.grad, bias.grad = gradient.weights, gradient.bias
        self.optimizer_of(weights, bias, learning_rate).step()
        return Parameters(weights, bias)

    def optimizer_of(self, weights: Tensor, bias: Tensor, learning_rate: float) -> torch.optim.SGD:
        """The optimizer that holds these parameters at this rate; made once for a run."""
        held: list[dict[str, Any]] = self.optimizer.param_groups if self.optimizer else []
        if not held or held[0]["params"][0] is not weights or held[0]["lr"] != learning_rate:
            self.optimizer = torch.optim.SGD([weights, bias], lr=learning_rate)
        assert self.optimizer is not None
        return self.optimizer


class TorchCompileTrainer(TorchTrainer):
    """PyTorch's forward pass, which `torch.compile` turns into one program with its backward pass.

    What a PyTorch user would do who wants it faster and changes nothing else. The first call compiles, for seconds.
    """

    name = "torch-compile"
    summary = "PyTorch with torch.compile, which needs a C++ compiler"
    kind = "autodiff"
    requires = ("torch",)
    install = 'pip install "handgrad[torch]"'
    devices = ("cpu", "cuda")
    by_default = False

    def bind(self, X: FloatArray, y: FloatArray) -> tuple[Tensor, Tensor]:
        """X (n, d) and y as tensors, and the compiled loss; `dynamic=None` has batches of two sizes share a program."""
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
