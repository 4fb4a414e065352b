"""Numba at the machine's limit: the pass of `numba`, with its numbers laid out for vectors that stay in registers.

Loss and gradient need three kinds of sums over the rows, and one pass gives them all:

    r = X W + b − y,      Σ xᵢⱼ rᵢ  (d of them),      Σ rᵢ,      Σ rᵢ².

**Layout.** A vector instruction takes several rows at once, so the values of one feature lie side by side: X is kept in
tiles (n / TILE, d, TILE), one behind the other in memory, each so many rows of all features.

**Sums.** The rows are cut into chunks whose size depends on d alone. Each chunk leaves its sums in its own row of a
buffer; those of a block are added up in their order, and blocks in a fixed tree (`blocks.py`): the same bits in every
run, for any number of threads, and for rows that come block by block.

**The loop.** All epochs run in one call of compiled code, since an epoch of small data takes less time than a call from
Python. Mini-batches are copied into tiles of their own there, for the same reason.

The pass itself is `kernels/tiled_pass.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import get_num_threads
from numpy.typing import NDArray

from handgrad.backends.array_trainer import BlockTrainer, CompiledTrainer
from handgrad.backends.blocks import BLOCK_ROWS, Blocks, Summing
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
from handgrad.backends.kernels.tiles import Tiled, aligned, padded, tiled, tiled_columns, whole_vectors
from handgrad.backends.kernels.track import Track

#: Rows in a chunk of more features than `FEW`.
CHUNK_ROWS = 512
#: Rows in a chunk of one feature, of two, and of three or four: enough to make its bookkeeping small. A block has whole
#: chunks.
CHUNK_ROWS_OF_FEW = (4096, 2048, 1024, 1024)
#: Below so many bytes of X, waking the threads costs more than they save.
THREADED_FROM_BYTES = 384 * 1024


def chunk_rows(features: int) -> int:
    """Rows in a chunk."""
    return CHUNK_ROWS_OF_FEW[features - 1] if features <= FEW else CHUNK_ROWS


@dataclass(frozen=True)
class InTiles(Summing):
    """A pass over blocks in tiles."""

    block_rows: int = BLOCK_ROWS

    def bind(self, columns: Sequence[FloatArray], y: FloatArray) -> tuple[Tiled, FloatArray]:
        """Columns (m,) in tiles, and y (m,) with zeros behind it."""
        return tiled_columns(columns), whole_vectors(y)

    def bytes_of(self, bound: tuple[Tiled, FloatArray]) -> int:
        """Of tiles and y (m,)."""
        return int(bound[0].tiles.nbytes + bound[1].nbytes)


class TiledSums(InTiles):
    """The fused pass over some blocks, on one thread: Σ xⱼ r for each j, Σ r and Σ r² at θ (d + 1,), bias last."""

    def block_sums(self, bound: tuple[Tiled, FloatArray], point: FloatArray) -> FloatArray:
        """The sums (d + 2,)."""
        X, y = bound
        d, chunk = X.tiles.shape[1], chunk_rows(X.tiles.shape[1])
        sums = aligned((-(-y.size // chunk), d + 2), y.dtype)
        lanes = aligned((1, d + 2, NARROW // y.itemsize), y.dtype)
        all_sums(X.tiles, y, point, chunk, self.block_rows // chunk, lanes, sums)
        total: FloatArray = sums[0].copy()
        return total


class NumbaTiledTrainer(CompiledTrainer, BlockTrainer):
    """The fused pass over tiles and the whole loop over epochs, compiled."""

    name = "numba-tiled"
    summary = "the pass of numba at the machine's limit: tiles, vectors in registers"
    kind = "manual"
    requires = ("numba",)
    takes_blocks = True
    #: Rows in a block; whole chunks.
    block_rows = BLOCK_ROWS

    def bind(self, X: FloatArray, y: FloatArray) -> tuple[Tiled, FloatArray]:
        """X (n, d) in tiles, a copy of y (n,), and the buffers: nothing is allocated in an epoch."""
        n, d = X.shape
        self.chunk = chunk_rows(d)
        self.block = self.block_rows // self.chunk
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

    def gradient(self, X: Tiled | Blocks, y: FloatArray, weights: FloatArray, bias: Any) -> Gradient:
        """(2/n) Xᵀ r, (d,), and (2/n) Σ r, with the loss from the same residuals."""
        if isinstance(X, Blocks):
            return self.over_blocks(X, weights, bias)
        self.make_room(y.size)
        pass_over = all_sums_threaded if self.threaded else all_sums
        pass_over(X.tiles, y, np.append(weights, bias), self.chunk, self.block, self.lanes, self.sums)
        return self.mean_of(self.sums[0], y.size)

    def summing(self) -> TiledSums:
        """The pass over blocks of a source, which gives the bits of the one over memory."""
        return TiledSums(self.block_rows)

    def compiles(self, plan: Plan) -> bool:
        """Whether the compiled loop can follow the plan: where all rows are in a batch, and here."""
        return super().compiles(plan) and not self.streamed

    def descend(self, track: Track, rate: Any) -> int:
        """All full-batch epochs in one compiled call."""
        X, y = self.data
        loop = descend_threaded if self.threaded else descend
        return loop(X.tiles, y, rate, self.chunk, self.block, self.lanes, self.sums, track)

    def run(self, parameters: Parameters, plan: Plan, first: int, count: int) -> tuple[Parameters, list[float]]:
        """Epochs `first` to `first + count − 1`, those of mini-batches each in one compiled call, too."""
        if self.takes_all(plan):
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
            work = self.chunk, self.block, self.lanes, self.sums
            descend_batches(X.tiles, y, order, batch_X.tiles, batch_y, theta, rate, *work)
        return losses
