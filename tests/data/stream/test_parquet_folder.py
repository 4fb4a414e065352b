"""A folder of Parquet files is one table, whatever its files and row groups are; what is wrong is told in one line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest

from handgrad.data.errors import DataError
from handgrad.data.stream.opening import about_bytes, load_any, open_stream
from handgrad.data.stream.pieces import ReadAhead, TableStream

READINGS = [ReadAhead(2, 2**24), ReadAhead(1, 2**24), ReadAhead(2, 0)]


def write(path: Path, rows: int | None = None, **columns: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pyarrow.parquet.write_table(pyarrow.table(columns), path, row_group_size=rows or 1000)
    return path


def read(stream: TableStream, reading: ReadAhead = READINGS[0]) -> np.ndarray:
    return np.column_stack(
        [np.concatenate(parts) for parts in zip(*(p.columns for p in stream.pieces(reading)), strict=True)]
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Twelve rows of x and y in three files, one of them empty, with odd row groups; and what is no part of it."""
    x = np.arange(12.0)
    write(tmp_path / "t" / "a.parquet", 2, x=x[:5], y=2 * x[:5])
    write(tmp_path / "t" / "b.parquet", x=x[:0], y=x[:0])
    write(tmp_path / "t" / "c" / "d.parquet", 3, x=x[5:], y=2 * x[5:])
    write(tmp_path / "t" / "_temporary" / "e.parquet", x=x, y=x)
    (tmp_path / "t" / "_SUCCESS").write_text("")
    (tmp_path / "t" / ".part.parquet").write_text("")
    return tmp_path / "t"


@pytest.mark.parametrize("reading", READINGS)
def test_rows_come_in_the_order_of_the_names_of_files(folder: Path, reading: ReadAhead) -> None:
    stream = open_stream(folder)
    assert (stream.rows, stream.feature_names, stream.target_name) == (12, ("x",), "y")
    np.testing.assert_array_equal(read(stream, reading), np.column_stack([np.arange(12.0), 2 * np.arange(12.0)]))
    assert about_bytes(folder, None) == 12 * 2 * 8


def test_a_folder_that_fits_is_a_table_in_memory(folder: Path) -> None:
    dataset = load_any(folder)
    assert (dataset.rows, dataset.feature_names, dataset.notes) == (12, ("x",), ("target: 'y', the last column",))
    np.testing.assert_array_equal(dataset.y, 2 * np.arange(12.0))


@pytest.mark.parametrize("reading", READINGS)
def test_whole_numbers_booleans_and_what_is_missing_are_floats(tmp_path: Path, reading: ReadAhead) -> None:
    write(tmp_path / "a.parquet", n=np.array([1, 2], dtype=np.int32), b=[True, False], y=[1.5, None])
    write(tmp_path / "b.parquet", n=np.array([2**53, -1]), b=[True, True], y=np.array([1, 2], dtype=np.float32))
    found = read(open_stream(tmp_path), reading)
    np.testing.assert_array_equal(found, [[1, 1, 1.5], [2, 0, np.nan], [2**53, 1, 1], [-1, 1, 2]])


def test_a_saved_index_is_left_out(tmp_path: Path) -> None:
    import pandas

    frame = pandas.DataFrame({"x": [1.0, 2.0], "y": [3.0, 4.0]}, index=pandas.Index([5, 6], name="key"))
    frame.to_parquet(tmp_path / "a.parquet")
    stream = open_stream(tmp_path)
    assert stream.feature_names == ("x",)
    assert "index of the DataFrame" in stream.notes[0]


def refused(path: Path, **how: Any) -> str:
    with pytest.raises(DataError) as caught:
        read(open_stream(path, **how))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_other_columns_in_one_file_are_told(folder: Path) -> None:
    other = write(folder / "e.parquet", x=[1.0], z=[2.0])
    assert refused(folder).startswith(f"{other}: expected the columns of a.parquet, but it lacks 'y'")
    write(other, x=[1.0], y=[2.0], z=[2.0])
    assert "it has 'z', too" in refused(folder)
    write(other, x=["1"], y=[2.0])
    assert refused(folder).startswith(f"{other}: column 'x': expected numbers, got 'string'")


def test_files_that_are_none_are_told(folder: Path) -> None:
    (folder / "z.parquet").write_bytes(b"")
    assert (
        refused(folder)
        == f"{folder / 'z.parquet'}: expected a Parquet file, got one of 0 bytes; remove it, or get it again"
    )
    (folder / "z.parquet").write_bytes(b"PAR1" + b"x" * 100)
    assert "z.parquet: the Parquet file is cut off or damaged" in refused(folder)
    assert "expected Parquet files (*.parquet) in the folder, found none" in refused_empty(folder)


def refused_empty(folder: Path) -> str:
    (folder / "empty").mkdir()
    return refused(folder / "empty")


@pytest.mark.parametrize("reading", READINGS)
def test_a_file_that_disappears_or_changes_is_told(folder: Path, reading: ReadAhead) -> None:
    stream = open_stream(folder)
    assert len(read(stream, reading)) == 12
    last = folder / "c" / "d.parquet"
    write(last, 3, x=[1.0] * 8, y=[1.0] * 8)
    with pytest.raises(DataError, match=r"d\.parquet: changed while it was read"):
        read(stream, reading)
    last.unlink()
    with pytest.raises(DataError, match=r"d\.parquet: no such file any more"):
        read(stream, reading)


@pytest.mark.parametrize("reading", READINGS)
def test_a_cell_that_is_no_number_is_told_with_file_and_row(tmp_path: Path, reading: ReadAhead) -> None:
    write(tmp_path / "a.parquet", 2, x=[1.0, 2.0, 3.0], y=[1.0, 2.0, 3.0])
    second = write(tmp_path / "b.parquet", 2, x=[1.0, 2.0, np.inf, 4.0], y=[1.0, None, 3.0, 4.0])
    stream = open_stream(tmp_path)
    told = []
    for piece in stream.pieces(reading):
        try:
            stream.check_finite(piece)
        except DataError as error:
            told.append(str(error))
    assert f"{second}: row 2, column 'x': expected a finite number, got inf; correct it" in " ".join(told)
    left = open_stream(tmp_path, drop_missing=True)
    assert left.rows is None
    np.testing.assert_array_equal(read(left, reading)[:, 0], [1, 2, 3, 1, 4])
    places = [piece.place(piece.rows - 1) for piece in left.pieces(reading)]
    assert places[-1] == f"{second}: row 3"


def test_a_whole_number_with_too_many_digits_is_told_with_its_row(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", 2, x=[1, 2, 2**53 + 1], y=[1, 2, 3])
    assert refused(tmp_path).startswith(
        f"{tmp_path / 'a.parquet'}: row 2, column 'x': '9007199254740993' has more digits"
    )
