"""Rows of a stream as blocks: cut by their numbers alone, in their order, within a budget, and every row counted."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest

from handgrad.backends.blocks import Summing
from handgrad.backends.interface import InputError
from handgrad.compare.blocks.stream_blocks import Budget, RowForm, Slice, StreamBlocks, joined, one_thread_each, units
from handgrad.data.dataset import LARGEST
from handgrad.data.errors import DataError
from handgrad.data.standardize import Standardization
from handgrad.data.stream.pieces import ReadAhead, RowPiece, TableStream

BLOCK = 4
FEATURES = 2

#: Ten rows of two features and a target, of which each number is its own.
TABLE = np.arange(30.0).reshape(10, 3)


class InMemory:
    """A reader of rows (n, d + 1) that are there, in pieces that end at these rows."""

    seekable = False

    def __init__(self, table: np.ndarray, ends: Sequence[int], rows: int | None = None) -> None:
        self.table, self.ends, self.rows = table, ends, rows

    def stamps(self) -> object:
        return len(self.table)

    def pieces(self, places: Sequence[int], reading: ReadAhead, rows: range | None = None) -> Iterator[RowPiece]:
        first = 0
        for end in self.ends:
            columns = [self.table[first:end, place].copy() for place in places]
            yield RowPiece(columns, lambda row, first=first: f"row {first + row}")  # type: ignore[misc]
            first = end


def stream_of(table: np.ndarray = TABLE, ends: Sequence[int] = (3, 3, 4, 10), rows: int | None = None) -> TableStream:
    places = tuple(range(table.shape[1]))
    return TableStream("t", ("a", "b"), "y", (), InMemory(table, ends, rows), places, drop_missing=False)


class Totals(Summing):
    """The sum of each column, the target last."""

    def bind(self, columns: Sequence[np.ndarray], y: np.ndarray) -> np.ndarray:
        return np.column_stack([*columns, y])

    def block_sums(self, bound: np.ndarray, point: Any) -> np.ndarray:
        return point * bound.sum(axis=0)


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(StreamBlocks, "block_rows", BLOCK)


def blocks_of(stream: TableStream | None = None, memory: int = 2**20, **how: Any) -> StreamBlocks:
    return StreamBlocks(stream or stream_of(), Budget(memory, 2), **how)


# -- units -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [1, 2, 3, 4, 7, 10, 11])
def test_units_have_so_many_rows_wherever_pieces_end(rows: int) -> None:
    pieces = stream_of().pieces(ReadAhead(1, 0))
    found = list(units(pieces, rows))
    expected = [TABLE[first : first + rows] for first in range(0, 10, rows)]
    assert len(found) == len(expected)
    for unit, some in zip(found, expected, strict=True):
        np.testing.assert_array_equal(np.column_stack([joined(unit, place) for place in range(3)]), some)
        alone = [part.alone() for part in unit]
        assert [piece.place(row) for piece in alone for row in range(piece.rows)] == [
            f"row {row[0] / 3:.0f}" for row in some
        ]
        np.testing.assert_array_equal(np.concatenate([piece.columns[1] for piece in alone]), some[:, 1])


def test_a_column_of_one_slice_is_no_copy() -> None:
    column = np.arange(5.0)
    one = Slice(RowPiece([column], str), 1, 4)
    assert np.shares_memory(joined([one], 0), column)
    assert joined([one, one], 0).tolist() == [1, 2, 3, 1, 2, 3]


# -- the budget --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("memory", "threads", "used", "blocks"),
    [
        (2**24, 2, 2, 1),  # 0.4 · 2²⁴ bytes are three tasks of 2 · 2²⁰: one for each of three, as one is at hand
        (2**25, 2, 2, 2),  # six
        (2**27, 2, 2, 4),  # 25: eight for each of three, but a task has no more than 4 MiB
        (2**25, 1, 1, 2),  # six, three for each of two, of which a power of two
        (2**25, 8, 6, 1),  # no more threads than tasks
        (5 * 2**20, 2, 1, 1),  # a single one
    ],
)
def test_memory_is_shared_by_tasks_and_by_what_is_read_ahead(memory: int, threads: int, used: int, blocks: int) -> None:
    assert Budget(memory, threads).for_rows(16, 2**16) == (ReadAhead(used, int(0.3 * memory)), blocks)


def test_memory_for_less_than_a_block_is_refused_with_what_it_takes() -> None:
    with pytest.raises(DataError) as caught:
        Budget(5 * 2**30 - 1, 2).for_rows(64, 2**24)
    assert str(caught.value) == (
        "--memory 5 GiB: a block of 16,777,216 rows of 8 columns needs about 5 GiB; give as much, or choose fewer "
        "columns (features)"
    )
    Budget(5 * 2**30, 2).for_rows(64, 2**24)


def test_a_row_has_its_features_and_its_target() -> None:
    least = 2 * BLOCK * 8 * (FEATURES + 1) * 5 // 2
    assert blocks_of(memory=least).reading()[0].threads == 1
    with pytest.raises(DataError, match="a block of 4 rows of 3 columns"):
        blocks_of(memory=least - 1).reading()


# -- a pass ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("memory", "task"), [(2**20, 10), (1500, 4), (3600, 8)])
def test_each_task_has_whole_blocks_and_every_pass_all_rows(memory: int, task: int) -> None:
    blocks = blocks_of(memory=memory)
    assert (blocks.passes, blocks.features) == (0, FEATURES)
    for passes in (1, 2):
        found = list(blocks.each(Totals(), 2.0))
        np.testing.assert_array_equal(found, [2 * TABLE[k : k + task].sum(axis=0) for k in range(0, 10, task)])
        assert (blocks.passes, blocks.rows) == (passes, 10)


def test_rows_are_those_that_the_files_tell_until_they_are_counted() -> None:
    assert blocks_of(stream_of(rows=10)).rows == 10
    blocks = blocks_of()
    assert blocks.like(dtype="float32").counted is None
    list(blocks.each(Totals(), 1.0))
    other = blocks.like(dtype="float32")
    assert (other.rows, other.dtype, other.passes) == (10, "float32", 0)
    assert (blocks.dtype, blocks.passes) == ("float64", 1)


def test_of_a_pass_is_told_how_far_it_is_but_never_that_it_is_over() -> None:
    told: list[float] = []
    blocks = blocks_of(stream_of(rows=10), memory=1500)
    blocks.tell = told.append
    list(blocks.each(Totals(), 1.0))
    assert told == [0.4, 0.8, 0.999]
    told.clear()
    unknown = blocks_of(memory=1500)
    unknown.tell = told.append
    for _ in range(2):
        list(unknown.each(Totals(), 1.0))
    assert told == [0, 0, 0, 0.4, 0.8, 0.999]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_rows_stay_as_they_are_without_units_and_as_doubles(dtype: Any) -> None:
    assert RowForm(None, dtype).is_identity is (dtype == "float64")
    assert RowForm(Standardization([0.0], [1.0]), dtype).is_identity is False


def test_another_number_of_rows_than_before_is_told() -> None:
    with pytest.raises(DataError, match=r"^t: changed while it was read: 10 rows in place of 11; run again"):
        list(blocks_of(stream_of(rows=11)).each(Totals(), 1.0))
    blocks = blocks_of()
    blocks.count(1234)
    with pytest.raises(DataError, match="10 rows in place of 1,234"):
        list(blocks.each(Totals(), 1.0))


def test_a_table_without_rows_is_told() -> None:
    for stream in (stream_of(ends=[]), stream_of(ends=[0])):
        with pytest.raises(DataError, match=r"^t: expected rows of numbers, got none$"):
            list(blocks_of(stream).each(Totals(), 1.0))
        with pytest.raises(DataError, match=r"^t: expected rows of numbers, got none$"):
            blocks_of(stream).head(3)


@pytest.mark.parametrize("rows", [1, 5, 10, 20])
def test_the_first_rows_are_those_of_the_table(rows: int) -> None:
    X, y = blocks_of().head(rows)
    np.testing.assert_array_equal(X, TABLE[:rows, :2])
    np.testing.assert_array_equal(y, TABLE[:rows, 2])


def test_features_are_standardised_and_the_target_is_not() -> None:
    used = Standardization([12.0, 13.0], [4.0, 8.0])
    X, y = blocks_of(standardization=used, dtype="float32").head(10)
    np.testing.assert_array_equal(X, used.apply(TABLE[:, :2]))
    np.testing.assert_array_equal(y, TABLE[:, 2])
    assert (X.dtype, y.dtype) == (np.float32, np.float32)


def test_what_has_its_form_already_is_no_copy() -> None:
    piece = RowPiece([np.arange(3.0)] * 3, str)
    for column in blocks_of().in_form([Slice(piece, 0, 3)]):
        assert np.shares_memory(column, piece.columns[0])


# -- what is wrong -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", [(0, 0), (3, 1), (9, 2)])
@pytest.mark.parametrize(
    ("cell", "dtype", "told"),
    [
        (np.nan, "float64", "expected a finite number, got none"),
        (np.inf, "float32", "expected a finite number, got inf"),
        (-1e200, "float64", "-1e+200 is too large to be squared in float64; give the column in a larger unit"),
        (1e39, "float32", "1e+39 is too large to be squared in float32"),
    ],
)
def test_a_cell_that_spoils_the_sums_is_told_with_its_place(
    place: tuple[int, int], cell: float, dtype: Any, told: str
) -> None:
    table = TABLE.copy()
    table[place] = cell
    blocks = blocks_of(stream_of(table), dtype=dtype)
    where = f"row {place[0]}, column '{'aby'[place[1]]}': "
    for read in (lambda: list(blocks.each(Squares(), 1.0)), lambda: blocks.head(10)):
        with pytest.raises(DataError) as caught:
            read()
        assert str(caught.value).startswith(where + told)


class Squares(Totals):
    """The sum of the squares of each column."""

    def block_sums(self, bound: np.ndarray, point: Any) -> np.ndarray:
        return np.asarray((bound * bound).sum(axis=0))


def test_a_cell_as_large_as_is_taken_is_taken() -> None:
    for most, dtype in ((LARGEST, "float64"), (float(np.finfo(np.float32).max), "float32")):
        table = TABLE.copy()
        table[4, 1] = -most
        assert blocks_of(stream_of(table), dtype=dtype).head(10)[0][4, 1] == -most  # type: ignore[arg-type]


def test_sums_that_are_finite_are_not_looked_into(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(StreamBlocks, "check", lambda self, unit: pytest.fail("each cell was looked at"))
    list(blocks_of().each(Totals(), 1.0))


def test_rows_that_are_not_counted_before_are_no_workers() -> None:
    with pytest.raises(InputError, match=r"^t: its rows are not counted before they are read, .* without drop_missing"):
        blocks_of().between([(0, 4)])


# -- threads -----------------------------------------------------------------------------------------------------------


def test_libraries_of_linear_algebra_have_one_thread_within_a_task() -> None:
    threadpoolctl = pytest.importorskip("threadpoolctl")

    def threads() -> set[int]:
        return {one["num_threads"] for one in threadpoolctl.threadpool_info() if one["user_api"] == "blas"}

    with threadpoolctl.threadpool_limits(2, "blas"):
        before = threads()
        with one_thread_each():
            assert threads() <= {1}
        assert threads() == before


def test_without_the_library_that_keeps_threads_back_they_are_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "threadpoolctl", None)
    with one_thread_each():
        pass
