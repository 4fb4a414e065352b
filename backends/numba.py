"""Numba: one fused, compiled pass over the rows per epoch, as a Numba user writes it.

NumPy goes through memory once for X W and once more for Xᵀ r. A compiled loop has a row in its hands already, so it
takes all that the row adds to loss and gradient at once:

    rᵢ = b − yᵢ + Σⱼ xᵢⱼ wⱼ,      Σ rᵢ²,      Σ xᵢⱼ rᵢ  (d of them),      Σ rᵢ.

The rows are cut into blocks, so that threads can share them. Each block has sums of its own, which are added up in
their order: the same bits for any number of threads.

**float32.** A literal such as `0.0` is a double to Numba, and would turn the sums it is added to into doubles. All sums
start as numbers of the arrays.

**The loop** over full-batch epochs is compiled, too: an epoch of small data takes less time than a call from Python.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import numpy as np
from numba import get_num_threads, prange
from numpy.typing import NDArray

from handgrad.backends.interface import FloatArray, Gradient, Parameters, Plan, Trainer
from handgrad.backends.kernels.compiling import compiled, threaded

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
def all_sums(X: FloatArray, y: FloatArray, theta: FloatArray, sums: FloatArray) -> None:
    """Each block's sums into its row of sums (blocks, d + 2), then their total, in their order, into the first."""
    for block in range(len(sums)):
        block_sums(X, y, theta, block, sums[block])
    for block in range(1, len(sums)):
        sums[0] += sums[block]


@threaded
def all_sums_threaded(X: FloatArray, y: FloatArray, theta: FloatArray, sums: FloatArray) -> None:
    """Each block's sums and their total as `all_sums` has them, the blocks shared among threads."""
    for block in prange(len(sums)):
        block_sums(X, y, theta, block, sums[block])
    for block in range(1, len(sums)):
        sums[0] += sums[block]


@compiled
def step(theta: FloatArray, sums: FloatArray, n: Any, rate: Any) -> Any:
    """θ ← θ − η ∇L, unless the loss is not finite; returns the loss before."""
    loss = sums[-1] / n
    if np.isfinite(loss):
        scale = theta.dtype.type(2) / n
        for j in range(theta.size):
            theta[j] -= rate * (scale * sums[j])
    return loss


@compiled
def descend(X: FloatArray, y: FloatArray, theta: FloatArray, rate: Any, sums: FloatArray, losses: FloatArray) -> int:
    """Epochs until `losses` is full, or one of them not finite; returns how many there are."""
    for epoch in range(losses.size):
        all_sums(X, y, theta, sums)
        losses[epoch] = step(theta, sums[0], theta.dtype.type(y.size), rate)
        if not np.isfinite(losses[epoch]):
            return epoch + 1
    return losses.size


@compiled
def descend_threaded(
    X: FloatArray, y: FloatArray, theta: FloatArray, rate: Any, sums: FloatArray, losses: FloatArray
) -> int:
    """Epochs as `descend` has them, with threads; apart from it, since whoever needs none need not wait for it."""
    for epoch in range(losses.size):
        all_sums_threaded(X, y, theta, sums)
        losses[epoch] = step(theta, sums[0], theta.dtype.type(y.size), rate)
        if not np.isfinite(losses[epoch]):
            return epoch + 1
    return losses.size


class NumbaTrainer(Trainer):
    """The fused pass and the loop over epochs, compiled."""

    name: ClassVar[str] = "numba"
    summary: ClassVar[str] = "one fused, compiled pass over the rows, threaded when they are many"
    kind: ClassVar[Literal["manual", "autodiff", "exact"]] = "manual"
    requires: ClassVar[tuple[str, ...]] = ("numba",)

    def bind(self, X: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
        """X by rows, and y."""
        self.threaded = X.nbytes >= THREADED_FROM_BYTES
        get_num_threads()  # starts Numba's threads, which a compiled function that comes from the cache may not
        return np.ascontiguousarray(X), np.ascontiguousarray(y)

    def take(self, X: FloatArray, y: FloatArray, rows: NDArray[np.int64]) -> tuple[FloatArray, FloatArray]:
        """Copies of the rows."""
        return X[rows], y[rows]

    def to_own(self, weights: FloatArray, bias: float) -> Parameters:
        """Array and scalar of the dtype."""
        return Parameters(weights.astype(self.dtype), np.dtype(self.dtype).type(bias))

    def to_numpy(self, weights: FloatArray, bias: Any) -> Parameters:
        """A copy, and a float."""
        return Parameters(weights.copy(), float(bias))

    def predict(self, X: FloatArray, weights: FloatArray, bias: Any) -> FloatArray:
        """ŷ = X W + b."""
        predicted: FloatArray = X @ weights + bias
        return predicted

    def loss(self, X: FloatArray, y: FloatArray, weights: FloatArray, bias: Any) -> Any:
        """(1/n) Σ r²; the pass gives the gradient along with it."""
        return self.gradient(X, y, weights, bias).loss

    def gradient(self, X: FloatArray, y: FloatArray, weights: FloatArray, bias: Any) -> Gradient:
        """(2/n) Xᵀ r and (2/n) Σ r, with the loss from the same residuals."""
        sums = room_for_sums(X)
        (all_sums_threaded if self.threaded else all_sums)(X, y, np.append(weights, bias), sums)
        n = y.dtype.type(y.size)
        scale = y.dtype.type(2) / n
        return Gradient(sums[0, -1] / n, scale * sums[0, :-2], scale * sums[0, -2])

    def update(self, weights: FloatArray, bias: Any, gradient: Gradient, learning_rate: float) -> Parameters:
        """W ← W − η dW, b ← b − η db."""
        rate = np.dtype(self.dtype).type(learning_rate)
        return Parameters(weights - rate * gradient.weights, bias - rate * gradient.bias)

    def run(self, parameters: Parameters, plan: Plan, first: int, count: int) -> tuple[Parameters, list[float]]:
        """Full-batch epochs in one compiled call; mini-batches by the shared loop."""
        if not self.takes_all(plan):
            return super().run(parameters, plan, first, count)
        X, y = self.data
        theta, losses = np.append(*parameters), np.empty(count, dtype=self.dtype)
        loop = descend_threaded if self.threaded else descend
        done = loop(X, y, theta, theta.dtype.type(plan.learning_rate), room_for_sums(X), losses)
        finished: list[float] = losses[:done].tolist()
        return Parameters(theta[:-1], theta[-1]), finished


def room_for_sums(X: FloatArray) -> FloatArray:
    """An empty (blocks, d + 2) for the sums of each block of rows."""
    n, d = X.shape
    return np.empty((-(-n // BLOCK_ROWS), d + 2), dtype=X.dtype)
