"""Numba with compensated sums: the gradient to the last digit, at several times the work.

Every value that is rounded away is kept. A number is a pair (high, low): the rounded value, and what it misses.

    TwoSum      a + b = s + e,  s = fl(a + b)      six operations (Knuth, *The Art of Computer Programming*, vol. 2)
    TwoProduct  a · b = p + e,  p = fl(a · b)      two, with a fused multiply-add: e = fma(a, b, −p)

Residuals and sums are such pairs, about twice as many digits as the dtype has (Ogita, Rump, Oishi 2005, "Accurate sum
and dot product"). The result, rounded once, lies within 1 ULP of the exact gradient at the given parameters, unless it
cancels by more than those digits.

Many running sums stand side by side, so that a vector instruction moves several of them at once without the compiler
reordering a sum: here it may not.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import numpy as np
from numba import prange
from numba.core import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from handgrad.backends.interface import FloatArray, Gradient, Parameters, Trainer
from handgrad.backends.numba import Function, aligned, compiled, copied

#: Running sums side by side, and rows to a block.
LANES = 128
#: Rows to a chunk; adding up a chunk's lanes should cost little beside filling them.
CHUNK_ROWS = 4096
#: Below so many bytes of X, waking the threads costs more than they save; a row is ten times the work of `numba`'s.
THREADED_FROM_BYTES = 128 * 1024


@intrinsic
def _fma(context: Any, a: Any, b: Any, c: Any) -> Any:
    """The value of a · b + c, rounded once; one instruction where the processor has it."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.fma(*arguments)

    same = isinstance(a, types.Float) and a == b == c
    return (a(a, b, c), generate) if same else None


fma: Any = _fma  # in compiled code it takes a, b, c alone


def exactly(function: Function, **options: Any) -> Function:
    """Compiled without leave to reorder anything: the errors below would otherwise be simplified to nothing."""
    return compiled(function, fastmath=False, **options)


def inner(function: Function) -> Function:
    """The same for what only compiled code calls."""
    return exactly(function, no_cpython_wrapper=True, no_cfunc_wrapper=True)


def threaded(function: Function) -> Function:
    """The same with the iterations of `prange` shared among threads."""
    return exactly(function, parallel=True)


@inner
def two_sum(a: Any, b: Any) -> Any:
    """The rounded sum, and what it misses."""
    s = a + b
    t = s - a
    return s, (a - (s - t)) + (b - t)


@inner
def add_products(x: FloatArray, high: FloatArray, low: FloatArray, total: FloatArray, rest: FloatArray) -> None:
    """Lane by lane, adds x · (high + low) to total + rest; all (m,)."""
    for i in range(x.size):
        product = x[i] * high[i]
        missing = fma(x[i], high[i], -product)
        total[i], error = two_sum(total[i], product)
        rest[i] += error + (missing + x[i] * low[i])


@inner
def add_scaled(x: FloatArray, weight: Any, total: FloatArray, rest: FloatArray) -> None:
    """Lane by lane, adds weight · x to total + rest; all (m,)."""
    for i in range(x.size):
        product = weight * x[i]
        missing = fma(weight, x[i], -product)
        total[i], error = two_sum(total[i], product)
        rest[i] += error + missing


@inner
def add_pairs(high: FloatArray, low: FloatArray, total: FloatArray, rest: FloatArray) -> None:
    """Lane by lane, adds high + low to total + rest; all (m,)."""
    for i in range(high.size):
        total[i], error = two_sum(total[i], high[i])
        rest[i] += error + low[i]


@inner
def add_squares(high: FloatArray, low: FloatArray, total: FloatArray, rest: FloatArray) -> None:
    """Lane by lane, adds (high + low)² to total + rest; all (m,)."""
    for i in range(high.size):
        product = high[i] * high[i]
        missing = fma(high[i], high[i], -product)
        total[i], error = two_sum(total[i], product)
        rest[i] += error + (missing + (high[i] + high[i]) * low[i])


@inner
def subtract(bias: Any, y: FloatArray, high: FloatArray, low: FloatArray) -> None:
    """The residual's start as pairs: b − y."""
    for i in range(y.size):
        high[i], low[i] = two_sum(bias, -y[i])


@inner
def fold(lanes: FloatArray) -> None:
    """Adds up lanes (2, LANES) into lane 0, the upper half to the lower until one is left."""
    half = LANES // 2
    while half > 0:
        add_pairs(lanes[0][half : 2 * half], lanes[1][half : 2 * half], lanes[0][:half], lanes[1][:half])
        half //= 2


@inner
def chunk_sums(X: FloatArray, y: FloatArray, first: int, last: int, theta: FloatArray, lanes: FloatArray) -> None:
    """Fills lanes (d + 3, 2, LANES): Σ xⱼ r for each feature, Σ r, Σ r², and room for r; adds each up in its lane 0."""
    d = X.shape[0]
    lanes[:] = 0
    for start in range(first, last, LANES):
        stop = min(start + LANES, last)
        m = stop - start
        high, low = lanes[d + 2, 0, :m], lanes[d + 2, 1, :m]
        subtract(theta[d], y[start:stop], high, low)
        for j in range(d):
            add_scaled(X[j][start:stop], theta[j], high, low)
        for j in range(d):
            add_products(X[j][start:stop], high, low, lanes[j, 0, :m], lanes[j, 1, :m])
        add_pairs(high, low, lanes[d, 0, :m], lanes[d, 1, :m])
        add_squares(high, low, lanes[d + 1, 0, :m], lanes[d + 1, 1, :m])
    for j in range(d + 2):
        fold(lanes[j])


@inner
def add_up(lanes: FloatArray, chunks: int) -> None:
    """The chunks' sums, in their order, into the first of lanes (chunks, d + 3, 2, LANES)."""
    for c in range(1, chunks):
        for j in range(lanes.shape[1] - 1):
            add_pairs(lanes[c, j, 0, :1], lanes[c, j, 1, :1], lanes[0, j, 0, :1], lanes[0, j, 1, :1])


@exactly
def all_sums(X: FloatArray, y: FloatArray, theta: FloatArray, chunks: int, lanes: FloatArray) -> None:
    """Each chunk into its own lanes, then their total into the first chunk's; X (d, n), theta (d + 1,)."""
    for c in range(chunks):
        chunk_sums(X, y, c * CHUNK_ROWS, min((c + 1) * CHUNK_ROWS, y.size), theta, lanes[c])
    add_up(lanes, chunks)


@threaded
def all_sums_threaded(X: FloatArray, y: FloatArray, theta: FloatArray, chunks: int, lanes: FloatArray) -> None:
    """The same, the chunks shared among threads."""
    for c in prange(chunks):
        chunk_sums(X, y, c * CHUNK_ROWS, min((c + 1) * CHUNK_ROWS, y.size), theta, lanes[c])
    add_up(lanes, chunks)


@exactly
def means(high: FloatArray, low: FloatArray, rows: float, quotients: FloatArray) -> None:
    """(high + low) / rows, rounded once but for a last bit in 2⁵²; all float64 (m,)."""
    for j in range(high.size):
        quotient = high[j] / rows
        remainder = fma(-quotient, rows, high[j]) + low[j]
        quotients[j] = quotient + remainder / rows


class NumbaCompensatedTrainer(Trainer):
    """Sums in pairs; the loop over epochs is the shared one, whose cost is small beside theirs."""

    name: ClassVar[str] = "numba-compensated"
    summary: ClassVar[str] = "compiled, with twice the digits in every sum: within 1 ULP"
    kind: ClassVar[Literal["manual", "autodiff", "exact"]] = "manual"
    requires: ClassVar[tuple[str, ...]] = ("numba",)
    by_default: ClassVar[bool] = False
    compensated: ClassVar[bool] = True

    def bind(self, X: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Xᵀ (d, n) with contiguous features, and the lanes of each chunk."""
        chunks = -(-len(y) // CHUNK_ROWS)
        self.lanes = aligned((chunks, X.shape[1] + 3, 2, LANES), self.dtype)
        return copied(X.T), copied(y)

    def take(self, X: FloatArray, y: FloatArray, rows: NDArray[np.int64]) -> tuple[FloatArray, FloatArray]:
        """Copies of the rows."""
        return copied(np.take(X, rows, axis=1)), copied(y[rows])

    def to_own(self, weights: FloatArray, bias: float) -> Parameters:
        """Array and scalar of the dtype."""
        return Parameters(weights.astype(self.dtype), np.dtype(self.dtype).type(bias))

    def to_numpy(self, weights: FloatArray, bias: Any) -> Parameters:
        """A copy, and a float."""
        return Parameters(weights.copy(), float(bias))

    def predict(self, X: FloatArray, weights: FloatArray, bias: Any) -> FloatArray:
        """ŷ = X W + b, in plain arithmetic."""
        predicted: FloatArray = weights @ X + bias
        return predicted

    def loss(self, X: FloatArray, y: FloatArray, weights: FloatArray, bias: Any) -> Any:
        """(1/n) Σ r²; the pass gives the gradient along with it."""
        return self.gradient(X, y, weights, bias).loss

    def gradient(self, X: FloatArray, y: FloatArray, weights: FloatArray, bias: Any) -> Gradient:
        """(2/n) Xᵀ r and (2/n) Σ r, rounded to the dtype at the end."""
        chunks = -(-len(y) // CHUNK_ROWS)
        pass_over = all_sums_threaded if X.nbytes >= THREADED_FROM_BYTES else all_sums
        pass_over(X, y, np.append(weights, bias), chunks, self.lanes)
        high, low = self.lanes[0, :-1, :, 0].T.astype(np.float64)  # float32 pairs fit into one double
        mean = np.empty(len(high))
        means(high, low, float(len(y)), mean)
        *d_weights, d_bias = (2 * mean[:-1]).astype(self.dtype)
        return Gradient(mean[-1].astype(self.dtype), np.array(d_weights), d_bias)

    def update(self, weights: FloatArray, bias: Any, gradient: Gradient, learning_rate: float) -> Parameters:
        """W ← W − η dW, b ← b − η db."""
        rate = np.dtype(self.dtype).type(learning_rate)
        return Parameters(weights - rate * gradient.weights, bias - rate * gradient.bias)
