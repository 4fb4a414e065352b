"""Passes of the judge over all rows that need no exact sums: the sizes that bounds are made of, and plain sums.

They stay simple loops: a row is read once for all of it, and no library's threads wait for each other.
"""

from __future__ import annotations

from typing import Any

from handgrad.backends.interface import FloatArray
from handgrad.backends.kernels.compiling import compiled


@compiled
def add_magnitudes(
    X: FloatArray, y: FloatArray, weights: FloatArray, bias: float, totals: FloatArray, squares: FloatArray
) -> None:
    """Adds Σ |x|, Σ |x||r| and Σ |x| A of X (n, d), y (n,) to totals (3, d + 1), Σ r², Σ |r| A, Σ A² to squares (3,).

    r is the residual, and A = |x|ᵀ|w| + |b| + |y|, at weights (d,) and the bias in float64. The last of d + 1 is x = 1.
    """
    d = X.shape[1]
    for i in range(len(y)):
        residual, terms = bias - y[i], abs(bias) + abs(y[i])
        for j in range(d):
            residual += X[i, j] * weights[j]
            terms += abs(X[i, j]) * abs(weights[j])
        residual = abs(residual)
        for j in range(d):
            size = abs(X[i, j])
            totals[0, j] += size
            totals[1, j] += size * residual
            totals[2, j] += size * terms
        totals[0, d] += 1
        totals[1, d] += residual
        totals[2, d] += terms
        squares[0] += residual * residual
        squares[1] += residual * terms
        squares[2] += terms * terms


@compiled
def add_plainly(X: FloatArray, y: FloatArray, parameters: FloatArray, sums: FloatArray) -> None:
    """Adds Σ x r (d of them), Σ r and Σ r² of X (n, d) and y (n,) to sums (d + 2,), row by row, all in one dtype.

    Parameters (d + 1,) are the weights and the bias.
    """
    d = X.shape[1]
    for i in range(len(y)):
        residual: Any = X[i, 0] * parameters[0]
        for j in range(1, d):
            residual += X[i, j] * parameters[j]
        residual = residual + parameters[d] - y[i]
        for j in range(d):
            sums[j] += X[i, j] * residual
        sums[d] += residual
        sums[d + 1] += residual * residual
