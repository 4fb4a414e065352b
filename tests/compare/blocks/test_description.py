"""A stream that another process opens has the same columns, rows, units and settings."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest

from handgrad.compare.blocks.description import (
    StreamDescription,
    is_description,
    read_description,
    write_description,
)
from handgrad.compare.blocks.stream_blocks import Budget, StreamBlocks
from handgrad.data.errors import DataError
from handgrad.data.standardize import Standardization
from handgrad.data.stream.opening import open_stream

X = np.arange(20.0).reshape(10, 2)
Y = np.arange(10.0) ** 2
UNITS = Standardization([9.0, 10.0], [2.0, 4.0])


@pytest.fixture
def blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StreamBlocks:
    """Ten rows in four row groups, by a path from the folder in which they are; the features in another order."""
    monkeypatch.chdir(tmp_path)
    pyarrow.parquet.write_table(pyarrow.table({"a": X[:, 0], "y": Y, "b": X[:, 1]}), "t.parquet", row_group_size=3)
    return StreamBlocks(open_stream("t.parquet", "y", ["b", "a"]), Budget(2**24, 2), UNITS, "float32")


def test_blocks_that_are_described_are_those_that_are_opened(
    blocks: StreamBlocks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_description(blocks, "blocks.json")
    here = blocks.head(10)
    monkeypatch.chdir("/")
    found = read_description(str(tmp_path / "blocks.json"), "float32")
    for one, other in zip(found.head(10), here, strict=True):
        np.testing.assert_array_equal(one, other, strict=True)
    assert (found.rows, found.budget, found.stream.feature_names) == (10, Budget(2**24, 2), ("b", "a"))
    monkeypatch.chdir(tmp_path)
    plain = StreamDescription.of(blocks.like(standardization=None)).opened("float64")
    np.testing.assert_array_equal(plain.head(10)[0], X[:, ::-1], strict=True)


def test_separator_encoding_and_what_is_left_out_go_with_it(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes("größe^y\n1^2\n^3\n4^5\n".encode("latin-1"))
    stream = open_stream(path, separator="^", encoding="latin-1", drop_missing=True)
    blocks = StreamBlocks(stream, Budget(2**24, 1))
    blocks.count(2)
    found = StreamDescription.of(blocks).opened("float64")
    assert found.stream.feature_names == ("größe",)
    assert (found.rows, found.standardization) == (2, None)
    assert [array.tolist() for array in found.head(9)] == [[[1], [4]], [2, 5]]


def test_a_table_that_has_other_rows_by_then_is_told(blocks: StreamBlocks) -> None:
    description = StreamDescription.of(blocks)
    pyarrow.parquet.write_table(pyarrow.table({"a": X[:3, 0], "y": Y[:3], "b": X[:3, 1]}), "t.parquet")
    with pytest.raises(DataError, match=r"t\.parquet: changed while it was read: 3 rows in place of 10"):
        description.opened("float32")


def test_a_table_that_was_written_anew_with_as_many_rows_is_told(tmp_path: Path, blocks: StreamBlocks) -> None:
    path = str(tmp_path / "described")
    write_description(blocks, path)
    read_description(path, "float64")
    os.utime(blocks.stream.path, ns=(0, 0))
    with pytest.raises(DataError, match="changed while it was read; run again"):
        read_description(path, "float64")


def test_a_description_is_told_from_arrays(tmp_path: Path, blocks: StreamBlocks) -> None:
    write_description(blocks, "blocks.json")
    np.save(tmp_path / "arrays.npy", X)
    (tmp_path / "empty").write_bytes(b"")
    assert [is_description(name) for name in ("blocks.json", "arrays.npy", "empty")] == [True, False, False]


@pytest.mark.parametrize("borders", [[(0, 4), (4, 8), (8, 10)], [(4, 8)], [(2, 4), (4, 5)], [(9, 10)]])
def test_rows_between_borders_are_read_here_and_elsewhere(blocks: StreamBlocks, borders: list[tuple[int, int]]) -> None:
    part = blocks.between(borders)
    form = (X[:, ::-1] - UNITS.means) / UNITS.scales
    for reading in (part, pickle.loads(pickle.dumps(part))):
        found = list(reading)
        assert len(found) == len(borders)
        for (columns, y), (first, last) in zip(found, borders, strict=True):
            np.testing.assert_array_equal(np.column_stack(columns), form[first:last])
            np.testing.assert_array_equal(y, Y[first:last])
            assert {column.dtype for column in (*columns, y)} == {np.dtype(np.float32)}


def test_a_cell_between_borders_that_is_no_number_is_told(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pyarrow.parquet.write_table(pyarrow.table({"x": [1.0, 2.0, None, 4.0], "y": [1.0, 2.0, 3.0, 5.0]}), path)
    blocks = StreamBlocks(open_stream(path), Budget(2**24, 1))
    with pytest.raises(DataError, match=r"row 2, column 'x': expected a finite number, got none"):
        list(blocks.between([(1, 2), (2, 3)]))
    assert len(list(blocks.between([(3, 4)]))) == 1
    path.unlink()
    with pytest.raises(DataError, match="no such file any more"):
        list(blocks.between([(3, 4)]))
