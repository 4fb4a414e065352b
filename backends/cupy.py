"""CuPy: NumPy's own lines, on arrays that lie on a CUDA device.

The gradient is the formula, vectorised: X is read once for X W and again for Xᵀ r, each by a product of cuBLAS. The
parameters stay on the device; the loss comes back in every epoch, and the loop waits for it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cupy
import numpy as np
from numpy.typing import NDArray

from handgrad.backends.array_trainer import ArrayTrainer
from handgrad.backends.interface import Device, FloatArray, Gradient, Parameters


class CupyTrainer(ArrayTrainer):
    """The formula on a device's arrays."""

    name = "cupy"
    summary = "NumPy's lines on a CUDA device, by CuPy"
    kind = "manual"
    requires = ("cupy",)
    install = 'pip install "handgrad[cupy]"'
    devices = ("cuda",)
    by_default = False

    @classmethod
    def absent(cls, device: Device) -> str | None:
        """Why CuPy cannot compute there."""
        return None if cupy.cuda.is_available() else "CuPy sees no CUDA device here"

    @classmethod
    def device_name(cls, device: Device) -> str:
        """As the driver has it."""
        name = cupy.cuda.runtime.getDeviceProperties(0)["name"]
        return name.decode() if isinstance(name, bytes) else str(name)

    @classmethod
    def wake(cls, device: Device) -> None:
        """CuPy's context on the device, which its first array makes."""
        cupy.zeros(1).sum()
        cupy.cuda.get_current_stream().synchronize()

    def synchronize(self) -> None:
        """Waits until the device has done all that it was given."""
        cupy.cuda.get_current_stream().synchronize()

    def reading(self, size_bytes: int) -> Callable[[], Any]:
        """CuPy's sum of as many numbers of 4 bytes."""
        summed: Callable[[], Any] = cupy.ones(max(1, size_bytes // 4), dtype=np.float32).sum
        return summed

    def bind(self, X: FloatArray, y: FloatArray) -> tuple[Any, Any]:
        """X (n, d) by columns, and y (n,), on the device."""
        return cupy.array(X, order="F"), cupy.array(y)

    def take(self, X: Any, y: Any, rows: NDArray[np.int64]) -> tuple[Any, Any]:
        """Copies of the rows, (k, d) and (k,)."""
        index = cupy.asarray(rows)
        return X[index], y[index]

    def to_own(self, weights: FloatArray, bias: float) -> Parameters:
        """Arrays (d,) and () of the dtype, on the device."""
        return Parameters(cupy.array(weights, dtype=self.dtype), cupy.array(bias, dtype=self.dtype))

    def to_numpy(self, weights: Any, bias: Any) -> Parameters:
        """A copy (d,), and a float."""
        return Parameters(cupy.asnumpy(weights), float(bias))

    def gradient(self, X: Any, y: Any, weights: Any, bias: Any) -> Gradient:
        """(2/n) Xᵀ r, (d,), and (2/n) Σ r, with the loss from the same residuals."""
        residual = X @ weights + bias - y
        sums = cupy.concatenate([residual @ X, cupy.stack([residual.sum(), residual @ residual])])
        return self.mean_of(sums, len(y))
