"""Numba with compensated sums: the gradient to the last digit, at a few times the work.

Every value that is rounded away is kept. A number is a pair (high, low): the rounded value, and what it misses.

    TwoSum      a + b = s + e,  s = fl(a + b)      six operations (Knuth, *The Art of Computer Programming*, vol. 2)
    TwoProduct  a · b = p + e,  p = fl(a · b)      two, with a fused multiply-add: e = fma(a, b, −p)

Residuals and sums are such pairs, about twice as many digits as the dtype has (Ogita, Rump, Oishi 2005, "Accurate sum
and dot product"). The result, rounded once, lies within 1 ULP of the exact gradient at the given parameters, unless it
cancels by more than those digits.

A vector of running sums stands side by side for each feature, so that an instruction moves several of them at once
without the compiler reordering a sum: here it may not. X is in the tiles of `numba`, and a pair stays in registers
while all features are added to it.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal, cast

import numpy as np
from numba import njit, prange
from numba.core import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from handgrad.backends.interface import FloatArray, Gradient, Parameters, Trainer
from handgrad.backends.lanes import add, first_of, fused, load, missed, multiply, spread, store, subtract
from handgrad.backends.numba import Function, Tiled, aligned, compiled, padded, tiled

#: Bytes of a vector: two registers with AVX2, as a pair and what it takes to add to it are four vectors and more.
WIDE = 64
#: Rows to a chunk, whole tiles; adding up a chunk's lanes should cost little beside filling them.
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


def inline(function: Function) -> Function:
    """Put in place where it is called: vectors as arguments would go through memory."""
    return cast(Function, njit(inline="always")(function))


def threaded(function: Function) -> Function:
    """The same with the iterations of `prange` shared among threads."""
    return exactly(function, parallel=True)


@inline
def two_sum(a: Any, b: Any) -> Any:
    """The rounded sums of two vectors, and what they miss."""
    s = add(a, b)
    t = subtract(s, a)
    return s, add(subtract(a, subtract(s, t)), subtract(b, t))


@inner
def add_pairs(high: FloatArray, low: FloatArray, total: FloatArray, rest: FloatArray) -> None:
    """Lane by lane, adds high + low to total + rest; all (m,)."""
    for i in range(high.size):
        s = total[i] + high[i]
        t = s - total[i]
        rest[i] += (total[i] - (s - t)) + (high[i] - t) + low[i]
        total[i] = s


@inner
def fold(lanes: FloatArray) -> None:
    """Adds up lanes (2, WIDE) into lane 0, the upper half to the lower until one is left."""
    half = lanes.shape[1] // 2
    while half > 0:
        add_pairs(lanes[0][half : 2 * half], lanes[1][half : 2 * half], lanes[0][:half], lanes[1][:half])
        half //= 2


@inner
def chunk_sums(X: FloatArray, y: FloatArray, first: int, last: int, theta: FloatArray, lanes: FloatArray) -> None:
    """Fills lanes (d + 2, 2, WIDE): Σ xⱼ r for each feature, Σ r and Σ r²; adds each up in its lane 0."""
    _, d, rows = X.shape
    side = lanes.shape[2]
    lanes[:] = 0
    for i in range(first, last, side):
        tile, row = i // rows, i % rows
        target = load(y, (i,), WIDE)
        high, low = two_sum(spread(theta[d], WIDE), subtract(spread(-y.dtype.type(0), WIDE), target))
        for j in range(d):
            w, x = spread(theta[j], WIDE), load(X, (tile, j, row), WIDE)
            product = multiply(w, x)
            high, error = two_sum(high, product)
            low = add(low, add(error, missed(w, x, product)))
        if last - i < side:
            high, low = first_of(high, last - i), first_of(low, last - i)
        for j in range(d):
            x = load(X, (tile, j, row), WIDE)
            product = multiply(x, high)
            total, error = two_sum(load(lanes, (j, 0), WIDE), product)
            rest = add(error, fused(x, low, missed(x, high, product)))
            store(total, lanes, (j, 0))
            store(add(load(lanes, (j, 1), WIDE), rest), lanes, (j, 1))
        total, error = two_sum(load(lanes, (d, 0), WIDE), high)
        store(total, lanes, (d, 0))
        store(add(load(lanes, (d, 1), WIDE), add(error, low)), lanes, (d, 1))
        product = multiply(high, high)
        total, error = two_sum(load(lanes, (d + 1, 0), WIDE), product)
        rest = add(error, fused(add(high, high), low, missed(high, high, product)))
        store(total, lanes, (d + 1, 0))
        store(add(load(lanes, (d + 1, 1), WIDE), rest), lanes, (d + 1, 1))
    for j in range(d + 2):
        fold(lanes[j])


@inner
def add_up(lanes: FloatArray, chunks: int) -> None:
    """The chunks' sums, in their order, into the first of lanes (chunks, d + 2, 2, WIDE)."""
    for c in range(1, chunks):
        for j in range(lanes.shape[1]):
            add_pairs(lanes[c, j, 0, :1], lanes[c, j, 1, :1], lanes[0, j, 0, :1], lanes[0, j, 1, :1])


@exactly
def all_sums(X: FloatArray, y: FloatArray, theta: FloatArray, chunks: int, lanes: FloatArray) -> None:
    """Each chunk into its own lanes, then their total into the first chunk's; X in tiles, theta (d + 1,)."""
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

    def bind(self, X: FloatArray, y: FloatArray) -> tuple[Tiled, FloatArray]:
        """X in tiles, and the lanes of each chunk."""
        chunks = -(-len(y) // CHUNK_ROWS)
        self.lanes = aligned((chunks, X.shape[1] + 2, 2, WIDE // X.itemsize), self.dtype)
        return tiled(X), padded(y)

    def take(self, X: Tiled, y: FloatArray, rows: NDArray[np.int64]) -> tuple[Tiled, FloatArray]:
        """Copies of the rows."""
        return tiled(X.taken(rows)), padded(y[rows])

    def to_own(self, weights: FloatArray, bias: float) -> Parameters:
        """Array and scalar of the dtype."""
        return Parameters(weights.astype(self.dtype), np.dtype(self.dtype).type(bias))

    def to_numpy(self, weights: FloatArray, bias: Any) -> Parameters:
        """A copy, and a float."""
        return Parameters(weights.copy(), float(bias))

    def predict(self, X: Tiled, weights: FloatArray, bias: Any) -> FloatArray:
        """ŷ = X W + b, in plain arithmetic."""
        predicted: FloatArray = X.untiled() @ weights + bias
        return predicted

    def loss(self, X: Tiled, y: FloatArray, weights: FloatArray, bias: Any) -> Any:
        """(1/n) Σ r²; the pass gives the gradient along with it."""
        return self.gradient(X, y, weights, bias).loss

    def gradient(self, X: Tiled, y: FloatArray, weights: FloatArray, bias: Any) -> Gradient:
        """(2/n) Xᵀ r and (2/n) Σ r, rounded to the dtype at the end."""
        chunks = -(-len(y) // CHUNK_ROWS)
        pass_over = all_sums_threaded if X.tiles.nbytes >= THREADED_FROM_BYTES else all_sums
        pass_over(X.tiles, y, np.append(weights, bias), chunks, self.lanes)
        high, low = self.lanes[0, :, :, 0].T.astype(np.float64)  # float32 pairs fit into one double
        mean = np.empty(len(high))
        means(high, low, float(len(y)), mean)
        *d_weights, d_bias = (2 * mean[:-1]).astype(self.dtype)
        return Gradient(mean[-1].astype(self.dtype), np.array(d_weights), d_bias)

    def update(self, weights: FloatArray, bias: Any, gradient: Gradient, learning_rate: float) -> Parameters:
        """W ← W − η dW, b ← b − η db."""
        rate = np.dtype(self.dtype).type(learning_rate)
        return Parameters(weights - rate * gradient.weights, bias - rate * gradient.bias)
