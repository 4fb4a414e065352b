"""The layout of `numba-tiled`: X in tiles, each so many rows with the values of one feature side by side.

A vector instruction takes several rows at once. So X is kept in tiles (n / TILE, d, TILE), one behind the other in
memory, with zeros behind the last row, and every array begins at a cache line.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from handgrad.backends.interface import FloatArray

#: Bytes of a vector: the rows of a tile, of one feature.
WIDE = 128
#: Bytes of a cache line; a vector that straddles two of them costs two readings.
CACHE_LINE = 64


def aligned(shape: tuple[int, ...], dtype: Any) -> FloatArray:
    """An empty array of that shape and dtype whose memory starts at a cache line."""
    size = math.prod(shape) * np.dtype(dtype).itemsize
    memory = np.empty(size + CACHE_LINE, dtype=np.uint8)
    start = -memory.ctypes.data % CACHE_LINE
    empty: FloatArray = memory[start : start + size].view(dtype).reshape(shape)
    return empty


class Tiled(NamedTuple):
    """X in tiles (n / TILE, d, TILE), zeros behind its last row, and how many rows that are none of the zeros."""

    tiles: FloatArray
    rows: int

    def untiled(self) -> FloatArray:
        """A copy as (n, d)."""
        features = self.tiles.shape[1]
        return self.tiles.swapaxes(1, 2).reshape(-1, features)[: self.rows]

    def taken(self, rows: NDArray[np.int64]) -> FloatArray:
        """A copy of the rows named, (k, d)."""
        tile, lane = np.divmod(rows, self.tiles.shape[2])
        return self.tiles[tile, :, lane]


def tiled(X: FloatArray) -> Tiled:
    """A copy of X (n, d) in tiles."""
    (n, d), side = X.shape, WIDE // X.itemsize
    whole = n - n % side
    tiles = aligned((-(-n // side), d, side), X.dtype)
    tiles[: whole // side] = X[:whole].reshape(-1, side, d).swapaxes(1, 2)
    tiles[whole // side :] = 0
    if whole < n:
        tiles[-1, :, : n - whole] = X[whole:].T
    return Tiled(tiles, n)


def tiled_columns(columns: Sequence[FloatArray]) -> Tiled:
    """X of d columns (n,) in tiles; a single one that is whole tiles already is taken as it is, and not copied."""
    n, d, side = len(columns[0]), len(columns), WIDE // columns[0].itemsize
    whole = n - n % side
    if d == 1 and whole == n and columns[0].flags.c_contiguous:
        return Tiled(columns[0].reshape(-1, 1, side), n)
    tiles = aligned((-(-n // side), d, side), columns[0].dtype)
    tiles[whole // side :] = 0
    for j, column in enumerate(columns):
        tiles[: whole // side, j] = column[:whole].reshape(-1, side)
        tiles[whole // side :, j, : n - whole] = column[whole:]
    return Tiled(tiles, n)


def whole_vectors(y: FloatArray) -> FloatArray:
    """y (n,) with memory of its own behind it up to a whole vector, zeros: itself where it ends with one."""
    return y if y.size % (WIDE // y.itemsize) == 0 and y.flags.c_contiguous else padded(y)


def padded(y: FloatArray) -> FloatArray:
    """A copy of y (n,) with zeros behind it, up to a whole vector."""
    side = WIDE // y.itemsize
    copy = aligned((-(-y.size // side) * side,), y.dtype)
    copy[: y.size], copy[y.size :] = y, 0
    return copy[: y.size]
