"""Numba with compensated sums: the gradient to the last digit, at about twice the work.

Every value that is rounded away is kept: r and all sums are pairs (high, low), the rounded value and what it misses.
`kernels/compensated_pass.py` says how four operations add a product without losing any of it.

The result lies within 1 ULP of the exact gradient at the given parameters, unless it cancels to less than about 2⁻⁴⁶ of
what the largest numbers of a block would give. Beyond 10²⁹² sums are plain.

float32 needs none of this: a double holds more than a pair of float32, so `numba-tiled` sums it in float64. That is
within 1 ULP down to about 2⁻²⁷ of the terms.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import get_num_threads
from numpy.typing import NDArray

from handgrad.backends.array_trainer import ArrayTrainer
from handgrad.backends.interface import FloatArray, Gradient
from handgrad.backends.kernels.compensated_pass import BLOCK_ROWS, CHUNK_ROWS, all_sums, all_sums_threaded, means
from handgrad.backends.kernels.tiles import WIDE, Tiled, aligned, padded, tiled
from handgrad.backends.numba_tiled import NumbaTiledTrainer

#: Below so many bytes of X, waking the threads costs more than they save.
THREADED_FROM_BYTES = 128 * 1024


class Topped(NamedTuple):
    """X in tiles, and the largest magnitude of each feature, and of y, in each block of rows (blocks, d + 1)."""

    own: Tiled
    tops: FloatArray


def topped(X: Tiled, y: FloatArray) -> Topped:
    """X in tiles with what guards are chosen by, of it and y (n,); the rows behind the last one are zeros."""
    side = X.tiles.shape[2]
    columns = np.empty((len(X.tiles), X.tiles.shape[1] + 1))
    np.maximum(X.tiles.max(axis=2), -X.tiles.min(axis=2), out=columns[:, :-1])
    columns[:, -1] = np.maximum.reduceat(np.abs(y), np.arange(0, len(y), side))
    return Topped(X, np.maximum.reduceat(columns, np.arange(0, len(columns), BLOCK_ROWS // side)))


class NumbaCompensatedTrainer(ArrayTrainer):
    """Sums in pairs; the loop over epochs is the shared one, whose cost is small beside theirs."""

    name = "numba-compensated"
    summary = "compiled, with twice the digits in every sum: within 1 ULP"
    kind = "manual"
    requires = ("numba",)
    by_default = False
    compensated = True

    def bind(self, X: FloatArray, y: FloatArray) -> tuple[Any, FloatArray]:
        """X (n, d) in tiles with what guards are chosen by, and the buffers; for float32, `numba-tiled` in float64."""
        self.wide = NumbaTiledTrainer(X, y) if self.dtype == "float32" else None
        if self.wide is not None:
            bound: tuple[Tiled, FloatArray] = self.wide.data
            return bound
        get_num_threads()  # starts the threads; see `numba-tiled`
        self.lanes = np.empty((0, X.shape[1] + 2, 2, WIDE // X.itemsize))
        self.make_room(len(y))
        own_y = padded(y)
        return topped(tiled(X), own_y), own_y

    def make_room(self, rows: int) -> None:
        """Buffers for so many rows at least."""
        chunks, (has, *shape) = -(-rows // CHUNK_ROWS), self.lanes.shape
        if chunks > has:
            self.pairs, self.lanes = aligned((chunks, 2, BLOCK_ROWS), self.dtype), aligned((chunks, *shape), self.dtype)

    def take(self, X: Any, y: FloatArray, rows: NDArray[np.int64]) -> tuple[Any, FloatArray]:
        """Copies of the named rows (k,), in the same layout."""
        if self.wide is not None:
            return self.wide.take(X, y, rows)
        own_y = padded(y[rows])
        return topped(tiled(X.own.taken(rows)), own_y), own_y

    def predict(self, X: Any, weights: FloatArray, bias: Any) -> FloatArray:
        """ŷ = X W + b, (n,), in plain arithmetic."""
        rows: FloatArray = (X.own if self.wide is None else X).untiled()
        predicted: FloatArray = rows.astype(self.dtype, copy=False) @ weights + bias
        return predicted

    def gradient(self, X: Any, y: FloatArray, weights: FloatArray, bias: Any) -> Gradient:
        """(2/n) Xᵀ r, (d,), and (2/n) Σ r, with the loss, rounded to the dtype at the end."""
        if self.wide is not None:
            loss, d_weights, d_bias = self.wide.gradient(X, y, weights.astype(np.float64), np.float64(bias))
            return Gradient(np.float32(loss), d_weights.astype(np.float32), np.float32(d_bias))
        self.make_room(len(y))
        lanes = self.lanes[: -(-len(y) // CHUNK_ROWS)]
        pass_over = all_sums_threaded if X.own.tiles.nbytes >= THREADED_FROM_BYTES else all_sums
        pass_over(X.own.tiles, y, np.append(weights, bias), X.tops, self.pairs, lanes)
        mean = np.empty(len(weights) + 2)
        means(lanes[0], float(len(y)), mean)
        return Gradient(mean[-1], 2 * mean[:-2], 2 * mean[-2])
