"""What this machine can do at most: read memory, and multiply and add. Runs inside a worker, with its threads.

A pass of gradient descent must read X and y once. The time in which the same bytes are merely read, and added up as
integers, is a limit that no such pass can beat. It is taken over and over the same working set, so that it stays in
whichever cache holds it, and with one thread or with all, whichever is faster for that size: waking threads takes a few
microseconds. The idea is that of STREAM (McCalpin 1995) and of the roofline (Williams, Waterman and Patterson 2009).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import get_num_threads, prange
from numpy.typing import NDArray

from handgrad.backends.kernels.compiling import compiled, threaded
from handgrad.compare.clock import perf_counter

#: Bytes of a cache line: a vector that straddles two of them costs two readings.
CACHE_LINE = 64

#: Working sets from the smallest on, each twice the one before.
SMALLEST_BYTES = 16 * 1024
#: A limit is the best of so many tries, each at least so long.
TRIES = 5
TRY_SECONDS = 0.002
#: Rows and columns of the matrices whose product gives the peak: beyond any cache's latency, a few milliseconds each.
PRODUCT_SIZE = 768

Words = NDArray[np.int64]


@compiled
def total(words: Any) -> Any:
    """The sum, wrapping around: adding integers has a latency of one cycle, so that reading is what takes the time."""
    found = np.int64(0)
    for i in range(words.size):
        found += words[i]
    return found


@compiled
def read(words: Any, times: Any) -> Any:
    """Reads all words so many times with one thread. Each time one is changed, or the compiler would read but once."""
    found = np.int64(0)
    for turn in range(times):
        found += total(words)
        words[0] = turn
    return found


@threaded
def read_threaded(words: Any, times: Any, parts: Any) -> Any:
    """Reads all words so many times with so many threads, each a part that begins at a cache line."""
    found = np.zeros(parts, np.int64)
    ends = words.size * np.arange(parts + 1) // parts // 8 * 8
    ends[parts] = words.size
    for turn in range(times):
        for part in prange(parts):
            found[part] += total(words[ends[part] : ends[part + 1]])
        words[0] = turn
    return found.sum()


class Reader:
    """A working set of so many bytes (rounded down to words of 8), and the fastest way to read it."""

    def __init__(self, size_bytes: int) -> None:
        self.bytes = size_bytes
        room = np.ones(max(1, size_bytes // 8) + CACHE_LINE // 8, np.int64)  # not zeros: zeroed pages need not exist
        skipped = -room.ctypes.data % CACHE_LINE // 8
        self.words: Words = room[skipped : skipped + max(1, size_bytes // 8)]
        self.threaded = False
        if get_num_threads() > 1:
            alone = best(self.seconds)
            self.threaded = True
            self.threaded = best(self.seconds) < alone

    def seconds(self, times: int) -> float:
        """The time in which the whole is read so many times."""
        began = perf_counter()
        if self.threaded:
            read_threaded(self.words, times, get_num_threads())
        else:
            read(self.words, times)
        return perf_counter() - began


def best(seconds: Callable[[int], float]) -> float:
    """The shortest time of one, from tries that are long enough; the first call compiles and does not count."""
    seconds(1)
    times = 1
    while (took := seconds(times)) < TRY_SECONDS:
        times *= max(2, min(10, int(TRY_SECONDS / max(took, 1e-9))))
    return min(seconds(times) for _ in range(TRIES)) / times


def levels(largest_bytes: int) -> list[tuple[int, float]]:
    """Sizes of a working set with the bytes per second, doubling up to the first not smaller than the largest."""
    found, size = [], SMALLEST_BYTES
    while True:
        reader = Reader(size)
        found.append((size, size / best(reader.seconds)))
        if size >= largest_bytes:
            return found
        size *= 2


def operations_per_second(dtype: str) -> float:
    """Multiplications and additions of the fastest matrix product: 2 m³ for matrices (m, m)."""
    left = np.full((PRODUCT_SIZE, PRODUCT_SIZE), 0.5, dtype=dtype)
    out = np.empty_like(left)

    def seconds(times: int) -> float:
        began = perf_counter()
        for _ in range(times):
            np.matmul(left, left, out=out)
        return perf_counter() - began

    return float(2 * PRODUCT_SIZE**3 / best(seconds))
