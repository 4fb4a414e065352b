"""NumPy: vectorised, by hand, without temporaries that are not needed.

X is kept by columns: BLAS was seen to take both products, X W and Xᵀ r, up to 2.5 times as fast through it as through
rows. The rows are taken in blocks, so that one small residual buffer serves all and stays in cache. The blocks' sums
are merged in a fixed tree, as those of a source that gives one block after another.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from handgrad.backends.array_trainer import BlockTrainer
from handgrad.backends.blocks import BLOCK_ROWS, Blocks, Summing, merged
from handgrad.backends.interface import FloatArray, Gradient


class NumPyTrainer(BlockTrainer):
    """Vectorised NumPy with the gradient written by hand."""

    name = "numpy"
    summary = "vectorised, X by columns, in blocks"
    kind = "manual"
    requires = ("numpy",)
    takes_blocks = True
    #: So many rows that calls cost little beside their work, so few that the residual stays in cache.
    block_rows = BLOCK_ROWS

    def bind(self, X: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
        """X (n, d) by columns and y (the given ones, if they are so), and the buffer for one block's residual."""
        self.residual = np.empty(min(self.block_rows, len(y)), dtype=self.dtype)
        return np.asfortranarray(X), np.ascontiguousarray(y)

    def predict(self, X: FloatArray, weights: FloatArray, bias: Any, out: FloatArray | None = None) -> FloatArray:
        """ŷ = X W + b, (n,), into `out` where given."""
        return predicted(X, weights, bias, out)

    def loss(self, X: FloatArray, y: FloatArray, weights: FloatArray, bias: Any) -> Any:
        """(1/n) Σ r² of X (n, d) and y (n,), block by block; in units of y²."""
        if isinstance(X, Blocks):
            return self.over_blocks(X, weights, bias).loss
        residuals = (self.residuals(*block, weights, bias) for block in blocks(X, y, self.block_rows))
        return merged((residual.dot(residual) for residual in residuals), operator.add) / self.number(len(y))

    def gradient(self, X: FloatArray | Blocks, y: FloatArray, weights: FloatArray, bias: Any) -> Gradient:
        """(2/n) Xᵀ r, (d,), and (2/n) Σ r, block by block, with the loss from the same residual."""
        if isinstance(X, Blocks):
            return self.over_blocks(X, weights, bias)
        sums = [self.block_sums(*block, weights, bias) for block in blocks(X, y, self.block_rows)]
        squares, d_weights, d_bias = (merged(parts, operator.add) for parts in zip(*sums, strict=True))
        n = self.number(len(y))
        scale = self.number(2) / n
        return Gradient(squares / n, scale * d_weights, scale * d_bias)

    def block_sums(self, X: FloatArray, y: FloatArray, weights: FloatArray, bias: Any) -> tuple[Any, FloatArray, Any]:
        """Σ r², Xᵀ r (d,) and Σ r of one block."""
        return sums_of(X, self.residuals(X, y, weights, bias))

    def residuals(self, X: FloatArray, y: FloatArray, weights: FloatArray, bias: Any) -> FloatArray:
        """r = ŷ − y of one block, (rows,), in the buffer."""
        if len(y) > len(self.residual):
            self.residual = np.empty(len(y), dtype=self.dtype)
        residual = self.predict(X, weights, bias, out=self.residual[: len(y)])
        residual -= y
        return residual

    def summing(self) -> NumPySums:
        """The pass over blocks of a source."""
        return NumPySums(self.block_rows)


@dataclass(frozen=True)
class NumPySums(Summing):
    """The pass over some blocks: Σ xⱼ r for each feature, Σ r and Σ r² at θ (d + 1,), bias last."""

    block_rows: int = BLOCK_ROWS

    def bind(self, columns: Sequence[FloatArray], y: FloatArray) -> tuple[FloatArray, FloatArray]:
        """d columns (m,) side by side, and y (m,)."""
        return np.array(columns).T, y

    def block_sums(self, bound: tuple[FloatArray, FloatArray], point: FloatArray) -> FloatArray:
        """The sums (d + 2,)."""
        return merged((self.one_block(*block, point) for block in blocks(*bound, self.block_rows)), operator.add)

    def one_block(self, X: FloatArray, y: FloatArray, theta: FloatArray) -> FloatArray:
        """The sums (d + 2,) of a block, X (m, d) and y (m,)."""
        residual = predicted(X, theta[:-1], theta[-1])
        residual -= y
        squares, slopes, total = sums_of(X, residual)
        return np.array([*slopes, total, squares])


def predicted(X: FloatArray, weights: FloatArray, bias: Any, out: FloatArray | None = None) -> FloatArray:
    """ŷ = X W + b, (n,), into `out` where given."""
    one = X.shape[1] == 1  # of which a product of matrices takes twenty times as long
    found: FloatArray = np.multiply(X[:, 0], weights[0], out=out) if one else np.matmul(X, weights, out=out)
    found += bias
    return found


def sums_of(X: FloatArray, residual: FloatArray) -> tuple[Any, FloatArray, Any]:
    """Σ r², Xᵀ r (d,) and Σ r of X (m, d) and r (m,); `dot` would copy a block of X."""
    return residual.dot(residual), residual @ X, np.add.reduce(residual)


def blocks(X: FloatArray, y: FloatArray, rows: int) -> list[tuple[FloatArray, FloatArray]]:
    """X (n, d) and y (n,), cut into blocks of at most so many rows; views."""
    if len(y) <= rows:
        return [(X, y)]
    return [(X[first : first + rows], y[first : first + rows]) for first in range(0, len(y), rows)]
