"""Numba at the machine's limit: the pass of `numba`, with its numbers laid out for vectors that stay in registers.

Loss and gradient need three kinds of sums over the rows, and one pass gives them all:

    r = X W + b − y,      Σ xᵢⱼ rᵢ  (d of them),      Σ rᵢ,      Σ rᵢ².

**Layout.** A vector instruction takes several rows at once, so the values of one feature lie side by side: X is kept in
tiles (n / TILE, d, TILE), one behind the other in memory, each so many rows of all features.

**Sums.** The rows are cut into chunks whose size depends on d alone. Each chunk leaves its sums in its own row of a
buffer, and the chunks are added up in their order: the same bits in every run and for any number of threads.

**The loop.** All epochs run in one call of compiled code, since an epoch of small data takes less time than a call from
Python. Mini-batches are copied into tiles of their own there, for the same reason.

The pass itself is `kernels/tiled_pass.py`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import get_num_threads
from numpy.typing import NDArray

from handgrad.backends.array_trainer import CompiledTrainer
from handgrad.backends.interface import FloatArray, Gradient, Parameters, Plan, permutation
from handgrad.backends.kernels.tiled_pass import (
    FEW,
    NARROW,
    all_sums,
    all_sums_threaded,
    descend,
    descend_batches,
    descend_threaded,
)
from handgrad.backends.kernels.tiles import Tiled, aligned, padded, tiled
from handgrad.backends.kernels.track import Track

#: Rows in a chunk of more features than `FEW`.
CHUNK_ROWS = 512
#: Rows of a whole tile in any dtype, of which a chunk has whole ones.
CHUNK_MULTIPLE = 32
#: Multiply-adds in a chunk of few features: enough to make its bookkeeping small.
CHUNK_PRODUCTS = 4096
#: Below so many bytes of X, waking the threads costs more than they save.
THREADED_FROM_BYTES = 384 * 1024


class NumbaTiledTrainer(CompiledTrainer):
    """The fused pass over tiles and the whole loop over epochs, compiled."""

    name = "numba-tiled"
    summary = "the pass of numba at the machine's limit: tiles, vectors in registers"
    kind = "manual"
    requires = ("numba",)

    def bind(self, X: FloatArray, y: FloatArray) -> tuple[Tiled, FloatArray]:
        """X (n, d) in tiles, a copy of y (n,), and the buffers: nothing is allocated in an epoch."""
        n, d = X.shape
        self.chunk = CHUNK_PRODUCTS // d // CHUNK_MULTIPLE * CHUNK_MULTIPLE if d <= FEW else CHUNK_ROWS
        self.threaded = X.nbytes >= THREADED_FROM_BYTES
        get_num_threads()  # starts Numba's threads, which a compiled function that comes from the cache may not
        self.lanes, self.sums = np.empty((0, d + 2, NARROW // X.itemsize)), np.empty((0, d + 2))
        self.make_room(n)
        return tiled(X), padded(y)

    def make_room(self, rows: int) -> None:
        """Buffers for so many rows at least."""
        chunks, d = -(-rows // self.chunk), self.sums.shape[1] - 2
        if chunks > len(self.sums):
            self.sums = aligned((chunks, d + 2), self.dtype)
            self.lanes = aligned((chunks if self.threaded else 1, *self.lanes.shape[1:]), self.dtype)

    def take(self, X: Tiled, y: FloatArray, rows: NDArray[np.int64]) -> tuple[Tiled, FloatArray]:
        """Copies of the named rows (k,), in the same layout."""
        return tiled(X.taken(rows)), padded(y[rows])

    def predict(self, X: Tiled, weights: FloatArray, bias: Any) -> FloatArray:
        """ŷ = X W + b, (n,)."""
        predicted: FloatArray = X.untiled() @ weights + bias
        return predicted

    def gradient(self, X: Tiled, y: FloatArray, weights: FloatArray, bias: Any) -> Gradient:
        """(2/n) Xᵀ r, (d,), and (2/n) Σ r, with the loss from the same residuals."""
        self.make_room(y.size)
        pass_over = all_sums_threaded if self.threaded else all_sums
        pass_over(X.tiles, y, np.append(weights, bias), self.chunk, self.lanes, self.sums)
        return self.mean_of(self.sums[0], y.size)

    def descend(self, track: Track, rate: Any) -> int:
        """All full-batch epochs in one compiled call."""
        X, y = self.data
        loop = descend_threaded if self.threaded else descend
        return loop(X.tiles, y, rate, self.chunk, self.lanes, self.sums, track)

    def run(self, parameters: Parameters, plan: Plan, first: int, count: int) -> tuple[Parameters, list[float]]:
        """Epochs `first` to `first + count − 1`, those of mini-batches each in one compiled call, too."""
        if self.compiles(plan):
            return super().run(parameters, plan, first, count)
        theta = np.append(*parameters)
        losses = self.run_batches(theta, self.number(plan.learning_rate), plan, range(first, first + count))
        return Parameters(theta[:-1], theta[-1]), losses

    def run_batches(self, theta: FloatArray, rate: Any, plan: Plan, epochs: range) -> list[float]:
        """Mini-batch epochs; moves theta (d + 1,) and returns the loss over all rows before each."""
        X, y = self.data
        batch_X, batch_y = self.take(X, y, np.arange(plan.batch_size or self.rows))
        losses: list[float] = []
        for epoch in epochs:
            losses.append(float(self.loss(X, y, theta[:-1], theta[-1])))
            if not np.isfinite(losses[-1]):
                break
            order = permutation(self.rows, plan, epoch)
            descend_batches(X.tiles, y, order, batch_X.tiles, batch_y, theta, rate, self.chunk, self.lanes, self.sums)
        return losses
