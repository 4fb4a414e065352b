"""The fused pass of `numba-cuda`: one reading of X and y gives Σ xⱼ r for each feature, Σ r and Σ r².

**Layout.** X lies by columns, (d, n padded): neighbouring threads take neighbouring rows, so that what a warp reads of
a feature is one stretch of memory, which begins at a whole sector.

**Order.** The rows are cut into as many parts as `parts_of` says, by their number alone, a part to a block of threads.
A block adds up its rows thread by thread, in their order, and its threads' sums in a tree; a second kernel adds up the
blocks', in a tree, too. Nothing is added in the order in which threads arrive: the same bits in every run.

**Few features** (`FEW`): a thread has whole rows. It holds several of them in registers at once, so that enough reading
is under way, and the sums of all its rows.

**More**: the threads of a block take a row each, for its residual r, which they leave in shared memory; then each warp
takes features of its own, and reads the same rows again, which are still in the cache.

A kernel is compiled for one number of features, since registers have no index. Nothing here is beyond what Numba's
simulator knows (no warp shuffles), so that the program runs without a device, too: NUMBA_ENABLE_CUDASIM=1.
"""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numba import cuda, float32, from_dtype

#: Threads of a block, in warps; a power of two.
THREADS = 256
WARP = 32
WARPS = THREADS // WARP
#: Blocks at most: several times as many as any device runs at once, so that the last ones leave little of it idle.
BLOCKS = 4096
#: The most features whose rows a thread holds whole, and the numbers that it holds of X, at least.
FEW, HELD = 16, 8


with contextlib.suppress(ImportError, AttributeError):  # a warning that few blocks do not fill a device: they need not
    importlib.import_module("numba.cuda.dispatcher").config.CUDA_LOW_OCCUPANCY_WARNINGS = 0


def kernel(function: Callable[..., Any]) -> Any:
    """A program for the device, which is given as many blocks and threads as it is started with."""
    return cuda.jit(function)


def inner_kernel(function: Callable[..., Any]) -> Any:
    """A part of such programs."""
    return cuda.jit(device=True)(function)


def parts_of(rows: int) -> tuple[int, int]:
    """How many blocks share so many rows, and how many rows each has, whole rounds of its threads."""
    rounds = -(-rows // THREADS)
    each = -(-rounds // BLOCKS) * THREADS
    return -(-rows // each), each


def padded(rows: int) -> int:
    """Rows with room behind them, so that each column begins at a whole stretch of memory."""
    return -(-rows // WARP) * WARP


@inner_kernel
def end_of(block: int, each: int, rows: int) -> int:
    """Where the rows of a block end; `min` is beyond what Numba compiles for a device."""
    end = (block + 1) * each
    return end if end < rows else rows


@inner_kernel
def add_up(shared: Any, thread: int, width: int) -> None:
    """The numbers of each `width` threads in a tree, into the first of them; `shared` has one of every thread."""
    cuda.syncthreads()
    half = width // 2
    while half > 0:
        if thread % width < half:
            shared[thread] += shared[thread + half]
        cuda.syncthreads()
        half //= 2


@cache
def sums_kernel(features: int, dtype: str) -> Any:
    """The pass for so many features: (X (d, padded), y (padded,), theta (d + 1,), rows, each, partial (d + 2, blocks)).

    It leaves the sums of each block in a column of `partial`: Σ xⱼ r, then Σ r and Σ r².
    """
    return _narrow(features, dtype) if features <= FEW else _wide(features, dtype)


def _narrow(features: int, dtype: str) -> Any:
    """A thread has whole rows, `held` of them at once."""
    kind, zero = from_dtype(np.dtype(dtype)), np.dtype(dtype).type(0)
    held, ahead, count = max(1, HELD // features), features + 1, features + 2

    @kernel
    def pass_over(X: Any, y: Any, theta: Any, rows: Any, each: Any, partial: Any) -> None:
        shared = cuda.shared.array(THREADS, kind)
        x = cuda.local.array((held, features), kind)
        target = cuda.local.array(held, kind)
        point = cuda.local.array(ahead, kind)
        total = cuda.local.array(count, kind)
        thread, block = cuda.threadIdx.x, cuda.blockIdx.x
        for j in range(ahead):
            point[j] = theta[j]
        for j in range(count):
            total[j] = zero
        last = end_of(block, each, rows)
        for start in range(block * each + thread, last, held * THREADS):
            for k in range(held):
                row = start + k * THREADS
                row = row if row < last else start  # what lies beyond is read here, and counts nothing
                target[k] = y[row]
                for j in range(features):
                    x[k, j] = X[j, row]
            for k in range(held):
                r = point[features] - target[k]
                for j in range(features):
                    r += x[k, j] * point[j]
                r = r if start + k * THREADS < last else zero
                for j in range(features):
                    total[j] += x[k, j] * r
                total[features] += r
                total[features + 1] += r * r
        for j in range(count):
            shared[thread] = total[j]
            add_up(shared, thread, THREADS)
            if thread == 0:
                partial[j, block] = shared[0]
            cuda.syncthreads()

    return pass_over


def _wide(features: int, dtype: str) -> Any:
    """A thread has a row for its residual, a warp has `own` features for their sums."""
    kind, zero = from_dtype(np.dtype(dtype)), np.dtype(dtype).type(0)
    own = -(-features // WARPS)

    @kernel
    def pass_over(X: Any, y: Any, theta: Any, rows: Any, each: Any, partial: Any) -> None:
        shared = cuda.shared.array(THREADS, kind)
        residuals = cuda.shared.array(THREADS, kind)
        total = cuda.local.array(own, kind)
        thread, block = cuda.threadIdx.x, cuda.blockIdx.x
        warp, lane = thread // WARP, thread % WARP
        for k in range(own):
            total[k] = zero
        r_total = r_squares = zero
        last = end_of(block, each, rows)
        for start in range(block * each, last, THREADS):
            row, r = start + thread, zero
            if row < last:
                r = theta[features] - y[row]
                for j in range(features):
                    r += X[j, row] * theta[j]
            residuals[thread] = r
            r_total += r
            r_squares += r * r
            cuda.syncthreads()
            for k in range(own):
                j = warp + WARPS * k
                if j < features:
                    for m in range(lane, end_of(0, THREADS, last - start), WARP):
                        total[k] += X[j, start + m] * residuals[m]
            cuda.syncthreads()
        for k in range(own):
            shared[thread] = total[k]
            add_up(shared, thread, WARP)
            if lane == 0 and warp + WARPS * k < features:
                partial[warp + WARPS * k, block] = shared[thread]
            cuda.syncthreads()
        shared[thread], residuals[thread] = r_total, r_squares
        add_up(shared, thread, THREADS)
        add_up(residuals, thread, THREADS)
        if thread == 0:
            partial[features, block], partial[features + 1, block] = shared[0], residuals[0]

    return pass_over


@cache
def merge_kernel(dtype: str) -> Any:
    """Adds up the blocks: (partial (d + 2, blocks), sums (d + 2,)); a warp of its one block has rows of `partial`."""
    kind, zero = from_dtype(np.dtype(dtype)), np.dtype(dtype).type(0)

    @kernel
    def merge(partial: Any, sums: Any) -> None:
        shared = cuda.shared.array(THREADS, kind)
        thread = cuda.threadIdx.x
        warp, lane = thread // WARP, thread % WARP
        count, blocks = partial.shape
        for first in range(0, count, WARPS):
            total = zero
            if first + warp < count:
                for block in range(lane, blocks, WARP):
                    total += partial[first + warp, block]
            shared[thread] = total
            add_up(shared, thread, WARP)
            if lane == 0 and first + warp < count:
                sums[first + warp] = shared[thread]
            cuda.syncthreads()

    return merge


@kernel
def step(sums: Any, theta: Any, losses: Any, epoch: Any, rate: Any, scale: Any, rows: Any) -> None:
    """One step, θ ← θ − η (2/n) Σ, of theta (d + 1,), and the loss before it; a loss that is not finite moves nothing.

    `rate`, `scale` (2/n) and `rows` are arrays (1,) of the dtype, since a number of Python would be a double.
    """
    loss = sums[sums.size - 1] / rows[0]
    j = cuda.threadIdx.x
    while j < theta.size:
        if loss - loss == 0:
            theta[j] -= rate[0] * (scale[0] * sums[j])
        j += THREADS
    if cuda.threadIdx.x == 0:
        losses[epoch] = loss


@kernel
def read(words: Any, each: Any, partial: Any) -> None:
    """Reads all words (m,) of 4 bytes once and adds them up, those of each block into `partial` (blocks,)."""
    shared = cuda.shared.array(THREADS, float32)
    thread, block = cuda.threadIdx.x, cuda.blockIdx.x
    last = end_of(block, each, words.size)
    total = np.float32(0)
    for start in range(block * each + thread, last, THREADS):
        total += words[start]
    shared[thread] = total
    add_up(shared, thread, THREADS)
    if thread == 0:
        partial[block] = shared[0]
