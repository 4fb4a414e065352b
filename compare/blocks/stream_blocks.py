"""A stream as a source of blocks: pieces of any size are cut into blocks by row numbers, whose sums threads take.

Several neighbouring blocks are one task, where they are small: a power of two of them that begins at a multiple of it
is a branch of the tree in which sums are merged, so that this changes no bit.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, ClassVar, NamedTuple

import numpy as np

from handgrad.backends.blocks import BLOCK_ROWS, Blocks, Summing
from handgrad.backends.interface import DType, FloatArray, InputError
from handgrad.data.dataset import LARGEST
from handgrad.data.errors import DataError, shown
from handgrad.data.memory import amount
from handgrad.data.standardize import Standardization
from handgrad.data.stream.pieces import ReadAhead, RowPiece, TableStream, in_order

#: Bytes of the columns of a task: so many that Python's part of it is small.
TASK_BYTES = 2**22

#: What is told of a pass before its end, at most.
LAST_SHARE = 0.999

#: Of the memory, what pieces that are read ahead may take, and what the tasks' own copies may.
AHEAD_SHARE, TASKS_SHARE = 0.3, 0.4


class Slice(NamedTuple):
    """Rows `first` to `last` of a piece."""

    piece: RowPiece
    first: int
    last: int

    def alone(self) -> RowPiece:
        """A piece of these rows."""
        columns = [column[self.first : self.last] for column in self.piece.columns]
        return RowPiece(columns, lambda row: self.piece.place(self.first + row))

    def column(self, place: int) -> FloatArray:
        """Those of a column, (m,)."""
        return self.piece.columns[place][self.first : self.last]


@dataclass(frozen=True)
class Budget:
    """What reading and summing may take.

    Attributes:
        memory_bytes: Of data at once.
        threads: For reading, and as many for sums.
    """

    memory_bytes: int
    threads: int

    def for_rows(self, row_bytes: int, block_rows: int = BLOCK_ROWS) -> tuple[ReadAhead, int]:
        """How to read, and the blocks of a task, for rows of so many bytes, and blocks of so many rows.

        Raises:
            DataError: If not even one block fits.
        """
        block = block_rows * row_bytes
        tasks = int(self.memory_bytes * TASKS_SHARE) // (2 * block)  # each holds its columns, and a form of its own
        if tasks < 1:
            raise DataError(
                f"--memory {amount(self.memory_bytes)}: a block of {block_rows:,} rows of {row_bytes // 8:,} columns "
                f"needs about {amount(2 * block / TASKS_SHARE)}; give as much, or choose fewer columns (features)"
            )
        threads = min(self.threads, tasks)
        at_once = min(TASK_BYTES // block, tasks // (threads + 1))
        return ReadAhead(threads, int(self.memory_bytes * AHEAD_SHARE)), 2 ** int(math.log2(max(1, at_once)))


class RowForm(NamedTuple):
    """What is done to rows of a file before a backend gets them: they are standardised, if at all, and of a dtype."""

    standardization: Standardization | None
    dtype: DType

    @property
    def is_identity(self) -> bool:
        """Whether they stay as they are."""
        return self.standardization is None and self.dtype == "float64"

    def of(self, columns: Sequence[FloatArray]) -> list[FloatArray]:
        """The columns (m,) of the features, then the target, in this form."""
        made = list(columns)
        if self.standardization is not None:
            for j, (mean, scale) in enumerate(
                zip(self.standardization.means, self.standardization.scales, strict=True)
            ):
                made[j] = (made[j] - mean) / scale
        return [column.astype(self.dtype, copy=False) for column in made]


@dataclass(eq=False)
class StreamBlocks(Blocks):
    """The rows of a stream, standardised and in a dtype.

    Attributes:
        stream: Where they come from.
        budget: What may be used.
        standardization: What is taken off each feature, and what it is divided by; None leaves them.
        dtype: The format in which they are given to a backend.
        counted: Rows that a pass has seen, here or where these blocks come from; None before the first.
        block_rows: Rows in a block.
        passes: How often all rows have been read, or have been begun to be.
    """

    stream: TableStream
    budget: Budget
    standardization: Standardization | None = None
    dtype: DType = "float64"
    counted: int | None = None
    block_rows: ClassVar[int] = BLOCK_ROWS
    passes: int = field(default=0, init=False)

    @property
    def features(self) -> int:
        """d."""
        return self.stream.features

    @property
    def rows(self) -> int:
        """n, once a pass has counted them, or where the files tell."""
        assert self._known_rows is not None, "no pass has counted the rows yet"
        return self._known_rows

    @property
    def _known_rows(self) -> int | None:
        return self.stream.rows if self.counted is None else self.counted

    def like(self, **changes: Any) -> StreamBlocks:
        """These rows with other settings, as far as they have been counted."""
        other = replace(self, **changes)
        other.watch = self.watch
        return other

    @property
    def form(self) -> RowForm:
        """What is done to its rows."""
        return RowForm(self.standardization, self.dtype)

    def reading(self) -> tuple[ReadAhead, int]:
        """How to read, and the blocks of a task."""
        return self.budget.for_rows(8 * (self.features + 1), self.block_rows)

    def head(self, rows: int) -> tuple[FloatArray, FloatArray]:
        """The first rows, X (m, d) and y (m,)."""
        reading, _ = self.reading()
        with closing(self.stream.pieces(reading)) as pieces:
            unit = next(units(pieces, rows), None)
        if unit is None:
            raise DataError(f"{self.stream.source}: expected rows of numbers, got none")
        self.check(unit)
        *columns, y = self.in_form(unit)
        return np.column_stack(columns), y

    def between(self, borders: Sequence[tuple[int, int]]) -> Iterable[tuple[list[FloatArray], FloatArray]]:
        """Rows between borders, as another process can read them from the same files.

        Raises:
            InputError: If only reading all rows tells which is which.
        """
        if not self.stream.seekable:
            raise InputError(
                f"{self.stream.source}: its rows are not counted before they are read, so that no worker can begin "
                "with its own; give a Parquet file or folder, without drop_missing"
            )
        from handgrad.compare.blocks.description import StreamPart  # which makes blocks of what it describes

        return StreamPart(self, borders)

    def each(self, summing: Summing, point: Any) -> Iterator[Any]:
        """The sums of some blocks after the other."""
        reading, blocks = self.reading()
        self.passes, seen, known = self.passes + 1, 0, self._known_rows
        with one_thread_each(), closing(self.stream.pieces(reading)) as pieces:
            tasks = units(pieces, blocks * self.block_rows)
            with closing(in_order(partial(self.sums, summing, point), tasks, reading.threads)) as found:
                for sums, rows in found:
                    seen += rows
                    yield sums
                    self.tell(min(seen / known, LAST_SHARE) if known else 0.0)
        self.count(seen)

    def count(self, seen: int) -> None:
        """Notes how many rows a pass has seen.

        Raises:
            DataError: If there were none, or others before.
        """
        known = self._known_rows
        if not seen:
            raise DataError(f"{self.stream.source}: expected rows of numbers, got none")
        if known is not None and known != seen:
            raise DataError(
                f"{self.stream.source}: changed while it was read: {seen:,} rows in place of {known:,}; run again when "
                "nobody writes to it"
            )
        self.counted = seen

    @np.errstate(over="ignore", invalid="ignore")
    def sums(self, summing: Summing, point: Any, unit: Sequence[Slice]) -> tuple[Any, int]:
        """The sums of some blocks, and how many rows they have; what is not finite in them is looked at."""
        *columns, y = self.in_form(unit)
        found = summing.block_sums(summing.bind(columns, y), point)
        if not summing.is_finite(found):
            self.check(unit)
        return found, len(y)

    def in_form(self, unit: Sequence[Slice]) -> list[FloatArray]:
        """The columns (m,) of the features, then the target, standardised and of the dtype."""
        return self.form.of([joined(unit, place) for place in range(self.features + 1)])

    def check(self, unit: Sequence[Slice]) -> None:
        """Refuses a cell that is no finite number, or too large to be squared.

        Raises:
            DataError: With its file, row and column.
        """
        most = LARGEST if self.dtype == "float64" else float(np.finfo(np.float32).max)
        for part in map(Slice.alone, unit):
            self.stream.check_finite(part)
            for name, column in zip((*self.stream.feature_names, self.stream.target_name), part.columns, strict=True):
                row = int(np.argmax(np.abs(column)))
                if abs(column[row]) > most:
                    raise DataError(
                        f"{part.place(row)}, column {shown(name)}: {column[row]:g} is too large to be squared in "
                        f"{self.dtype}; give the column in a larger unit"
                    )


def one_thread_each() -> AbstractContextManager[object]:
    """Keeps BLAS to the thread that calls it: each task has one, and BLAS's own would wait for each other."""
    try:
        from threadpoolctl import threadpool_limits
    except ImportError:
        return nullcontext()
    found: AbstractContextManager[object] = threadpool_limits(1, user_api="blas")
    return found


def units(pieces: Iterator[RowPiece], rows: int) -> Iterator[list[Slice]]:
    """Slices of pieces that have so many rows together, but for the last."""
    unit, left = list[Slice](), rows
    for piece in pieces:
        first = 0
        while first < piece.rows:
            last = min(piece.rows, first + left)
            unit.append(Slice(piece, first, last))
            left, first = left - (last - first), last
            if not left:
                yield unit
                unit, left = [], rows
    if unit:
        yield unit


def joined(unit: Sequence[Slice], place: int) -> FloatArray:
    """A column (m,) of all slices; a view where there is one."""
    parts = [part.column(place) for part in unit]
    (first, *others) = parts
    return np.concatenate(parts) if others else first
