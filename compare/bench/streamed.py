"""A table that memory does not hold as the one cell of a sweep: each epoch of a backend is a pass over its files.

Features and target are as they stand there: standardising them on the way would be a part of every pass. One pass
before all others takes what tells whether what is timed is right: ZᵀZ, |Z|ᵀ|Z| and max |Z| of Z = [X 1 y].
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import numpy as np

from handgrad.backends.blocks import Summing
from handgrad.backends.catalogue import Entry
from handgrad.backends.interface import DType, FloatArray
from handgrad.compare.bench.problem import CellProblem, Size, TimedProblem, curvature, norm, plan_of
from handgrad.compare.bench.tables import SweepTables
from handgrad.compare.blocks.description import write_description
from handgrad.compare.blocks.stream_blocks import Budget, StreamBlocks
from handgrad.compare.judge.bounds import Sizes, likely_growth
from handgrad.compare.lifetime import passing_file, temporary_folder
from handgrad.compare.results import reasons
from handgrad.compare.results.bench import BenchTable
from handgrad.compare.timing.laps import LapPlans
from handgrad.data.errors import DataError
from handgrad.data.stream.opening import open_stream
from handgrad.data.stream.pieces import TableStream


class RowSums(NamedTuple):
    """Of some rows: ZᵀZ and |Z|ᵀ|Z| (d + 2, d + 2), and max |Z| (d + 2,), Z = [X 1 y]."""

    products: FloatArray
    sizes: FloatArray
    largest: FloatArray


class RowSumming(Summing):
    """The pass that takes them, in float64."""

    def bind(self, columns: Sequence[FloatArray], y: FloatArray) -> FloatArray:
        """Z (m, d + 2) of columns (m,) and y (m,)."""
        return np.column_stack([*columns, np.ones(len(y)), y]).astype(np.float64, copy=False)

    def block_sums(self, bound: FloatArray, point: Any) -> RowSums:
        """Those of Z (m, d + 2); there is no point."""
        size = np.abs(bound)
        return RowSums(bound.T @ bound, size.T @ size, size.max(axis=0))

    def merge(self, left: RowSums, right: RowSums) -> RowSums:
        """Those of both."""
        return RowSums(
            left.products + right.products, left.sizes + right.sizes, np.maximum(left.largest, right.largest)
        )

    def is_finite(self, sums: RowSums) -> bool:
        """Whether all rows are numbers."""
        return bool(np.isfinite(sums.sizes).all())


@dataclass(frozen=True, eq=False)
class StreamedProblem(TimedProblem):
    """The rows of a stream, in a dtype, with their sums."""

    blocks: StreamBlocks
    sums: RowSums
    streamed: ClassVar[bool] = True

    @classmethod
    def of(cls, blocks: StreamBlocks) -> StreamedProblem:
        """The problem of all rows, which one pass takes."""
        sums: RowSums = blocks.total(RowSumming(), None)
        check_range_of(blocks, sums)
        return cls(plan_of(1 / curvature(sums.products), blocks.dtype), blocks, sums)

    @property
    def rows(self) -> int:
        """n."""
        return self.blocks.rows

    @property
    def features(self) -> int:
        """d."""
        return self.blocks.features

    @property
    def laps(self) -> LapPlans:
        """The laps of a clock, from starts at which predictions are no larger than the largest of |y|."""
        *width, _, height = self.sums.largest.tolist()
        return LapPlans.within(self.plan, self.rows, np.array(width), height, 1 / self.plan.learning_rate)

    @contextlib.contextmanager
    def file(self) -> Iterator[str]:
        """A file that says what to read."""
        with passing_file() as path:
            write_description(self.blocks, path)
            yield path

    def products(self) -> FloatArray:
        """ZᵀZ (d + 2, d + 2), Z = [X 1 y]."""
        return self.sums.products

    def slope_error(self, at: FloatArray) -> float:
        """The norm of what rounding explains of the gradient at weights and bias (d + 1,)."""
        point = np.append(at, -1.0)
        return self._error(at, max(0.0, float(point @ self.sums.products @ point)) / self.rows)

    def lap_error(self) -> float:
        """The norm of what rounding explains of a gradient wherever a lap may be.

        From a loss of at most (2 max |y|)², which does not grow, no lap goes farther than √(2 L/λ_max).
        """
        loss = (2 * float(self.sums.largest[-1] or 1.0)) ** 2
        far = self.laps.spread + math.sqrt(2 * loss * self.plan.learning_rate)
        return self._error(far, loss)

    def _error(self, at: FloatArray, loss: float) -> float:
        sizes = Sizes(self.sums.sizes, self.rows)
        return norm(sizes.slopes(at[np.newaxis], np.array([loss]), self.plan.dtype, likely_growth)[0])


def check_range_of(blocks: StreamBlocks, sums: RowSums) -> None:
    """Refuses numbers so large that descent has no rate.

    Raises:
        DataError: With the largest.
    """
    if not np.isfinite(sums.products).all():
        raise DataError(
            f"{blocks.stream.source}: its numbers reach {sums.largest.max():.3g}, whose squares float64 does not add "
            "up; give them in a larger unit"
        )


@dataclass(frozen=True, eq=False)
class StoredProblem(CellProblem):
    """Random numbers in a Parquet file, read as the table that was given is."""

    budget: Budget = field(kw_only=True)
    streamed: ClassVar[bool] = True

    @contextlib.contextmanager
    def file(self) -> Iterator[str]:
        """A file that says where they are."""
        import pyarrow
        import pyarrow.parquet

        with temporary_folder() as folder:
            path, told = Path(folder, "rows.parquet"), Path(folder, "rows")
            columns = [*self.X.T, self.y]
            table = pyarrow.table({f"x{j}": column.astype(np.float64) for j, column in enumerate(columns)})
            pyarrow.parquet.write_table(table, path)
            write_description(StreamBlocks(open_stream(path), self.budget, None, self.plan.dtype), str(told))
            yield str(told)


@dataclass(frozen=True, eq=False)
class StreamedTables(SweepTables):
    """One table that is a stream.

    Attributes:
        stream: The table.
        budget: Of each process.
    """

    stream: TableStream
    budget: Budget
    known: dict[DType, StreamedProblem] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """n; where the files do not tell, a pass does."""
        counted = self.stream.rows
        return self._problem("float64").rows if counted is None else counted

    def _problem(self, dtype: DType) -> StreamedProblem:
        if dtype not in self.known:
            self.known[dtype] = StreamedProblem.of(StreamBlocks(self.stream, self.budget, None, dtype))
        return self.known[dtype]

    def cell(self, size: Size) -> TimedProblem:
        """The table in the size's dtype.

        Raises:
            DataError: If a cell is no finite number, or the files are gone.
        """
        return self._problem(size.dtype)

    def start_up(self, size: Size, seed: int) -> CellProblem:
        """Random numbers in a Parquet file."""
        made = super().start_up(size, seed)
        return StoredProblem(made.plan, made.X, made.y, budget=self.budget)

    def check(self, size: Size) -> None:
        """Refuses a table with cells that are no numbers: the pass over it is taken."""
        self._problem(size.dtype)

    def digest(self) -> str:
        """By its files' sizes and times of change, and by how they are read."""
        return repr((self.stream.stamp(), self.stream.separator, self.stream.encoding))

    def left_out(self, entries: Mapping[str, Entry]) -> Mapping[str, str]:
        """Those that need all rows in memory."""
        return {name: reasons.OF_NO_BLOCKS for name, one in entries.items() if not one.takes_blocks}

    def passing(self, entries: Mapping[str, Entry]) -> list[str]:
        """Those that read all rows once."""
        return [name for name, one in entries.items() if one.takes_blocks and not one.reads_all_rows]

    def facts(self, memory_bytes: int | None) -> BenchTable:
        """What a result says of it, with the memory that was asked for, if any."""
        return BenchTable(
            source=self.stream.source,
            features=self.stream.feature_names,
            target=self.stream.target_name,
            streamed=True,
            memory_bytes=memory_bytes,
            notes=self.stream.notes,
        )
