"""Numba: one fused, compiled pass over the rows per epoch, as a Numba user writes it.

NumPy reads X once for X W and again for Xᵀ r. A compiled loop takes all that a row adds to loss and gradient at once:

    rᵢ = b − yᵢ + Σⱼ xᵢⱼ wⱼ,      Σ rᵢ²,      Σ xᵢⱼ rᵢ  (d of them),      Σ rᵢ.

The rows are cut into blocks, so that threads can share them. Each block has sums of its own, which are added up in
their order: the same bits for any number of threads.

**float32.** A literal such as `0.0` is a double to Numba, and would turn the sums it is added to into doubles. All sums
start as numbers of the arrays.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import get_num_threads, prange

from handgrad.backends.array_trainer import CompiledTrainer
from handgrad.backends.interface import FloatArray, Gradient, Plan
from handgrad.backends.kernels.compiling import compiled, threaded
from handgrad.backends.kernels.recording import record
from handgrad.backends.kernels.track import Track

#: Rows to a block.
BLOCK_ROWS = 1024
#: Below so many bytes of X, waking the threads costs more than they save.
THREADED_FROM_BYTES = 384 * 1024


@compiled
def block_sums(X: FloatArray, y: FloatArray, theta: FloatArray, block: int, sums: FloatArray) -> None:
    """Σ xⱼ r for each feature, Σ r and Σ r² over one block of rows, into sums (d + 2); theta (d + 1), the bias last."""
    n, d = X.shape
    sums[:] = 0
    r_total = r_squares = X.dtype.type(0)
    for i in range(block * BLOCK_ROWS, min((block + 1) * BLOCK_ROWS, n)):
        r = theta[d] - y[i]
        for j in range(d):
            r += X[i, j] * theta[j]
        for j in range(d):
            sums[j] += X[i, j] * r
        r_total += r
        r_squares += r * r
    sums[d], sums[d + 1] = r_total, r_squares


@compiled
def all_sums(X: FloatArray, y: FloatArray, theta: FloatArray) -> Any:
    """The sums over all rows, (d + 2): those of each block, added up in their order."""
    sums = np.empty((math.ceil(y.size / BLOCK_ROWS), theta.size + 1), X.dtype)
    for block in range(len(sums)):
        block_sums(X, y, theta, block, sums[block])
    for block in range(1, len(sums)):
        sums[0] += sums[block]
    return sums[0]


@threaded
def all_sums_threaded(X: FloatArray, y: FloatArray, theta: FloatArray) -> Any:
    """The sums over all rows, (d + 2), as `all_sums` has them, the blocks shared among threads."""
    sums = np.empty((math.ceil(y.size / BLOCK_ROWS), theta.size + 1), X.dtype)
    for block in prange(len(sums)):
        block_sums(X, y, theta, block, sums[block])
    for block in range(1, len(sums)):
        sums[0] += sums[block]
    return sums[0]


@compiled
def descend(X: FloatArray, y: FloatArray, rate: Any, track: Track) -> int:
    """Epochs θ ← θ − η ∇L of X (n, d) until the track ends or a loss is not finite; returns how many losses it has."""
    theta, losses, n, kept, due = track.theta, track.losses, y.dtype.type(y.size), 0, 0
    for epoch in range(losses.size):
        if epoch == due:
            kept, due = record(track, kept)
        sums = all_sums(X, y, theta)
        losses[epoch] = sums[-1] / n
        if not np.isfinite(losses[epoch]):
            return epoch + 1
        theta -= rate * (y.dtype.type(2) / n * sums[:-1])
    record(track, kept)
    return losses.size


class NumbaTrainer(CompiledTrainer):
    """The fused pass and the loop over epochs, compiled."""

    name = "numba"
    summary = "one fused, compiled pass over the rows, threaded when they are many"
    kind = "manual"
    requires = ("numba",)

    def bind(self, X: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
        """X (n, d) by rows, and y; copies, as Numba compiles anew for an array that nobody may write to."""
        self.threaded = X.nbytes >= THREADED_FROM_BYTES
        get_num_threads()  # starts Numba's threads, which a compiled function that comes from the cache may not
        return np.array(X, order="C"), y.copy()

    def gradient(self, X: FloatArray, y: FloatArray, weights: FloatArray, bias: Any) -> Gradient:
        """(2/n) Xᵀ r, (d,), and (2/n) Σ r, with the loss from the same residuals."""
        pass_over = all_sums_threaded if self.threaded else all_sums
        return self.mean_of(pass_over(X, y, np.append(weights, bias)), y.size)

    def compiles(self, plan: Plan) -> bool:
        """Whether the loop over epochs is compiled: where X is small; a call does not show beside threads' work."""
        return not self.threaded and self.takes_all(plan)

    def descend(self, track: Track, rate: Any) -> int:
        """All epochs in one compiled call."""
        return descend(*self.data, rate, track)
