"""The seam between rows and descent: the sums of a block, their merge in a fixed tree, and a descent from the total.

    block_sums(block, point) → sums      merge(sums, sums) → sums      descend: θ ← θ − η ∇L from the total

Rows are cut into blocks of `BLOCK_ROWS`, by their numbers alone: neither where they come from (memory, a stream, a
cluster), nor threads, files and partitions move a border. The blocks' sums are merged in a tree that depends on how
many blocks there are, and on nothing else (`merged`). So every layout of the same rows gives the same bits.

The tree is that of a binary counter: neighbours are merged as soon as both are there, and of n blocks no more than
log₂ n + 1 sums wait. It is also the order of pairwise summation, whose error grows like log n (Higham, *Accuracy and
Stability of Numerical Algorithms*, section 4.2).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from handgrad.backends.inputs import FloatArray, InputError
from handgrad.data.arrays import BLOCK_ROWS as BLOCK_ROWS
from handgrad.data.arrays import merged as merged


class Summing(ABC):
    """What one kind of pass does with a block. It holds no data, and can be sent to another process."""

    @abstractmethod
    def bind(self, columns: Sequence[FloatArray], y: FloatArray) -> Any:
        """Rows in the backend's own form: d columns (m,) and y (m,), of some blocks; both stay as they are."""

    @abstractmethod
    def block_sums(self, bound: Any, point: Any) -> Any:
        """The sums of bound rows at a point; where they are several blocks, those are merged in the tree."""

    def bytes_of(self, bound: Any) -> int:
        """Of memory, that bound rows take."""
        return sum(part.nbytes for part in bound)

    def merge(self, left: Any, right: Any) -> Any:
        """The sums of both, of which `left` are earlier rows; arrays (k,) of any shape are added."""
        return left + right

    def is_finite(self, sums: Any) -> bool:
        """Whether no cell of the rows can have been NaN or infinite."""
        return bool(np.isfinite(sums).all())


class Blocks(ABC):
    """Rows that come block by block, as often as they are asked for: d features and a target.

    Attributes:
        watch: Told the share of a pass that is done, from time to time, and 1 at its end; None tells nobody.
    """

    watch: Callable[[float], object] | None = None

    @property
    @abstractmethod
    def features(self) -> int:
        """d."""

    @property
    @abstractmethod
    def rows(self) -> int:
        """n, where it is known; some sources know it only after the first pass."""

    @abstractmethod
    def head(self, rows: int) -> tuple[FloatArray, FloatArray]:
        """The first so many rows, or all if there are fewer: X (m, d) and y (m,)."""

    @abstractmethod
    def each(self, summing: Summing, point: Any) -> Iterator[Any]:
        """The sums of each block in their order.

        Several blocks may come as one, where they are a power of two, and begin at a multiple of it: then they are a
        branch of the tree.
        """

    def between(self, borders: Sequence[tuple[int, int]]) -> Iterable[tuple[Sequence[FloatArray], FloatArray]]:
        """Neighbouring rows, d columns (m,) and y (m,) from each border's first row to before its last one.

        What is returned can be sent to another process, which then reads them itself.

        Raises:
            InputError: If the source cannot be read from a row on, or not by another process.
        """
        raise InputError("these rows cannot be read from another process; give arrays, or a Parquet file or folder")

    def total(self, summing: Summing, point: Any) -> Any:
        """The sums of all rows."""
        found = merged(self.each(summing, point), summing.merge)
        self.tell(1.0)
        return found

    def tell(self, share: float) -> None:
        """Says that so much of a pass is done."""
        if self.watch is not None:
            self.watch(share)

    def places(self) -> str | None:
        """Where its rows are, in words; None: in this process, or in files that it reads."""
        return None

    def held_bytes(self) -> list[int]:
        """What other processes hold of it, each."""
        return []


@dataclass(frozen=True, eq=False)
class MemoryBlocks(Blocks):
    """The rows of arrays, X (n, d) and y (n,), a block at a time."""

    X: FloatArray
    y: FloatArray
    block_rows: int = BLOCK_ROWS

    @property
    def features(self) -> int:
        """d."""
        return int(self.X.shape[1])

    @property
    def rows(self) -> int:
        """n."""
        return len(self.y)

    def head(self, rows: int) -> tuple[FloatArray, FloatArray]:
        """The first rows, X (m, d) and y (m,)."""
        return self.X[:rows], self.y[:rows]

    def each(self, summing: Summing, point: Any) -> Iterator[Any]:
        """The sums of each block in their order."""
        for first in range(0, self.rows, self.block_rows):
            some = slice(first, first + self.block_rows)
            columns = [np.ascontiguousarray(column) for column in self.X[some].T]
            yield summing.block_sums(summing.bind(columns, self.y[some]), point)


def merged_in_place(parts: FloatArray, block: int) -> FloatArray:
    """The total of parts (k, …), so many to a block: in a block in their order, blocks in the tree; parts are used up.

    It is `merged` for what is in memory all at once, as compiled passes leave it.
    """
    for place in range(1, block):
        others = parts[place::block]
        parts[::block][: len(others)] += others
    blocks, apart = parts[::block], 1
    while apart < len(blocks):
        blocks[: len(blocks) - apart : 2 * apart] += blocks[apart :: 2 * apart]
        apart *= 2
    total: FloatArray = blocks[0]
    return total
