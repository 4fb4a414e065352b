"""Numba on a CUDA device: the fused pass of `numba`, written for a graphics processor, and the loop over epochs there.

One reading of the device's memory gives all that an epoch needs:

    r = X W + b − y,      Σ xᵢⱼ rᵢ  (d of them),      Σ rᵢ,      Σ rᵢ².

An epoch reads each number of X and y once, and reading is what takes its time: 8 (d + 1) bytes a row in float64, for
4 d + 4 operations. The parameters stay on the device from epoch to epoch: what comes back is d + 1 numbers and the
losses, at the end of a run or where they are recorded. A step after a loss that is not finite moves nothing, as in the
shared loop.

The kernels are `kernels/cuda_pass.py`. They are tested by Numba's simulator, without a device.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numba import cuda

from handgrad.backends.array_trainer import ArrayTrainer
from handgrad.backends.interface import Device, FloatArray, Gradient, Parameters, Plan
from handgrad.backends.kernels.cuda_pass import THREADS, merge_kernel, padded, parts_of, read, step, sums_kernel


class NumbaCudaTrainer(ArrayTrainer):
    """One pass over the device's memory per epoch; parameters and losses stay there in between."""

    name = "numba-cuda"
    summary = "the fused pass of numba on a CUDA device, the loop over epochs there, too"
    kind = "manual"
    requires = ("numba",)
    install = 'pip install "handgrad[cuda]"'
    devices = ("cuda",)
    by_default = False
    minibatch = False
    own_rounding = True

    @classmethod
    def absent(cls, device: Device) -> str | None:
        """Why Numba cannot compute there."""
        return None if cuda.is_available() else "Numba sees no CUDA device here"

    @classmethod
    def device_name(cls, device: Device) -> str:
        """As the driver has it."""
        name = cuda.get_current_device().name
        return name.decode() if isinstance(name, bytes) else str(name)

    @classmethod
    def wake(cls, device: Device) -> None:
        """Numba's context on the device, which its first array makes."""
        cuda.to_device(np.zeros(1))
        cuda.synchronize()

    def synchronize(self) -> None:
        """Waits until the device has done all that it was given."""
        cuda.synchronize()

    def reading(self, size_bytes: int) -> Callable[[], Any]:
        """A sum of as many numbers of 4 bytes, cut as the rows are."""
        words = cuda.to_device(np.ones(max(1, size_bytes // 4), np.float32))
        blocks, each = parts_of(words.size)
        return partial(read[blocks, THREADS], words, each, cuda.device_array(blocks, np.float32))

    def bind(self, X: FloatArray, y: FloatArray) -> tuple[Any, Any]:
        """X (n, d) by columns as (d, n padded), y (n padded,), and all that an epoch writes to, on the device."""
        (n, d), number = X.shape, np.dtype(self.dtype).type
        self.blocks, self.each = parts_of(n)
        self.partial = cuda.device_array((d + 2, self.blocks), self.dtype)
        self.sums = cuda.device_array(d + 2, self.dtype)
        self.count = cuda.to_device(np.array([n], self.dtype))
        self.scale = cuda.to_device(np.array([number(2) / number(n)]))
        columns, targets = np.zeros((d, padded(n)), self.dtype), np.zeros(padded(n), self.dtype)
        columns[:, :n], targets[:n] = X.T, y
        return cuda.to_device(columns), cuda.to_device(targets)

    def pass_over(self, X: Any, y: Any, theta: Any) -> None:
        """The sums at theta (d + 1,), which is on the device, into `sums` there: Σ xⱼ r, Σ r and Σ r²."""
        sums_kernel(self.features, self.dtype)[self.blocks, THREADS](X, y, theta, self.rows, self.each, self.partial)
        merge_kernel(self.dtype)[1, THREADS](self.partial, self.sums)

    def predict(self, X: Any, weights: FloatArray, bias: Any) -> FloatArray:
        """ŷ = X W + b, (n,), of the data brought back."""
        predicted: FloatArray = X.copy_to_host()[:, : self.rows].T @ weights + bias
        return predicted

    def gradient(self, X: Any, y: Any, weights: FloatArray, bias: Any) -> Gradient:
        """(2/n) Xᵀ r, (d,), and (2/n) Σ r, with the loss from the same residuals."""
        self.pass_over(X, y, cuda.to_device(np.append(weights, bias)))
        return self.mean_of(self.sums.copy_to_host(), self.rows)

    def run(self, parameters: Parameters, plan: Plan, first: int, count: int) -> tuple[Parameters, list[float]]:
        """Epochs `first` to `first + count − 1`, given to the device one after the other, and waited for at the end."""
        theta = cuda.to_device(np.append(*parameters))
        rate = cuda.to_device(np.array([plan.learning_rate], self.dtype))
        losses = cuda.device_array(count, self.dtype)
        for epoch in range(count):
            self.pass_over(*self.data, theta)
            step[1, THREADS](self.sums, theta, losses, epoch, rate, self.scale, self.count)
        moved, before = theta.copy_to_host(), losses.copy_to_host().tolist()
        done = next((k + 1 for k, loss in enumerate(before) if not math.isfinite(loss)), count)
        return Parameters(moved[:-1], moved[-1]), before[:done]
