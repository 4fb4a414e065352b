"""A folder of Parquet files is one table, whatever its files and row groups are; what is wrong is told in one line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest

from handgrad.data.errors import DataError
from handgrad.data.stream import parquet_folder
from handgrad.data.stream.opening import about_bytes, load_any, open_stream
from handgrad.data.stream.parquet_folder import parquet_files
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


@pytest.mark.parametrize(
    ("columns", "told"),
    [("x", "it lacks 'y'"), ("zw", "it lacks 'x'"), ("w", "it lacks 'x'"), ("xyzw", "it has 'z', too"), ("yx", None)],
)
def test_every_file_has_the_columns_of_the_first_in_any_order(folder: Path, columns: str, told: str | None) -> None:
    write(folder / "e.parquet", **{name: [12.0 if name == "x" else 24.0] for name in columns})
    if told is None:
        np.testing.assert_array_equal(read(open_stream(folder))[-1], [12, 24])
    else:
        assert f"e.parquet: expected the columns of a.parquet, but {told}; all files of a table" in refused(folder)


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


# -- some of the rows --------------------------------------------------------------------------------------------------

#: Of the folder above: how many rows each row group has that has any.
GROUPS = [2, 2, 1, 3, 3, 1]


@pytest.fixture
def groups_read(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """The row groups that are read: their files, and their numbers there."""
    found: list[tuple[str, int]] = []
    whole = parquet_folder.whole_group

    def noted(names: Any, group: Any) -> Any:
        found.append((group[0].path.name, group[1]))
        return whole(names, group)

    monkeypatch.setattr(parquet_folder, "whole_group", noted)
    return found


@pytest.mark.parametrize("first", range(12))
def test_any_rows_are_read_and_no_row_group_without_them(folder: Path, groups_read: list[Any], first: int) -> None:
    stream = open_stream(folder)
    places = [f"a.parquet: row {k}" for k in range(5)] + [f"d.parquet: row {k}" for k in range(7)]
    owners = [k for k, rows in enumerate(GROUPS) for _ in range(rows)]
    named = [("a.parquet", 0), ("a.parquet", 1), ("a.parquet", 2), ("d.parquet", 0), ("d.parquet", 1), ("d.parquet", 2)]
    for last in range(first + 1, 13):
        for reading in READINGS:
            groups_read.clear()
            pieces = list(stream.pieces(reading, range(first, last)))
            assert np.concatenate([piece.columns[0] for piece in pieces]).tolist() == list(range(first, last))
            assert [len(piece.columns[1]) for piece in pieces] == [piece.rows for piece in pieces]
            told = [piece.place(row) for piece in pieces for row in range(piece.rows)]
            assert [place.rpartition("/")[2] for place in told] == places[first:last]
            if reading.ahead_bytes:
                assert sorted(groups_read) == [named[k] for k in sorted(set(owners[first:last]))]


@pytest.mark.parametrize(
    ("threads", "groups_ahead", "begun"),
    [(2, 2, (1, 2)), (2, 3, (2, 3)), (2, 4, (2, 4)), (2, 9, (2, 4)), (1, 9, (1, 3)), (8, 5, (4, 5)), (2, 1, None)],
)
def test_row_groups_are_read_ahead_as_far_as_their_bytes_fit(
    folder: Path, monkeypatch: pytest.MonkeyPatch, threads: int, groups_ahead: int, begun: tuple[int, int] | None
) -> None:
    asked: list[tuple[int, int]] = []
    monkeypatch.setattr(
        parquet_folder, "in_order", lambda work, given, *how: [asked.append(how), *map(work, given)][1:]
    )
    largest = 3 * 2 * 8  # of three rows of two columns
    for spare in (0, largest - 1):
        asked.clear()
        np.testing.assert_array_equal(
            read(open_stream(folder), ReadAhead(threads, groups_ahead * largest + spare))[:, 0], np.arange(12.0)
        )
        assert asked == ([begun] if begun else [])


def test_a_row_group_is_read_in_batches_where_two_do_not_fit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet_folder, "BATCH_ROWS", 3)
    x = np.arange(15.0)
    path = write(tmp_path / "t.parquet", 8, x=x, y=2 * x)
    pieces = list(open_stream(path).pieces(ReadAhead(2, 0)))
    assert [piece.rows for piece in pieces] == [3, 3, 2, 3, 3, 1]
    np.testing.assert_array_equal(np.concatenate([piece.columns[0] for piece in pieces]), x)
    told = [piece.place(row) for piece in pieces for row in range(piece.rows)]
    assert told == [f"{path}: row {k}" for k in range(15)]


def test_a_folder_without_rows_has_none(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", x=np.empty(0), y=np.empty(0))
    for reading in READINGS:
        assert list(open_stream(tmp_path).pieces(reading)) == []


def test_a_column_in_several_chunks_is_one() -> None:
    for chunks in ([[1.0, 2.0], [3.0]], [[1.0, 2.0, 3.0]], []):
        column = pyarrow.chunked_array(chunks, type=pyarrow.float64())
        assert parquet_folder.one_array(column).to_pylist() == column.to_pylist()


# -- which files -------------------------------------------------------------------------------------------------------


def test_files_are_those_called_parquet_in_the_order_of_their_paths_and_no_hidden_ones(tmp_path: Path) -> None:
    for name in ("b.PARQUET", "a.pq", "c/a.parq", "c_/d_.parquet", "t.csv", "_c/a.parquet", "c/.a.pq", "d.pq/a.pq"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = [file.relative_to(tmp_path).as_posix() for file in parquet_files(tmp_path)]
    assert found == ["a.pq", "b.PARQUET", "c/a.parq", "c_/d_.parquet", "d.pq/a.pq"]
    assert parquet_files(tmp_path / "_c") == [tmp_path / "_c" / "a.parquet"]


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (PermissionError(13, "Permission denied"), "a.parquet: no permission to read it"),
        (OSError(5, "Input/output error"), "a.parquet: the Parquet file is cut off or damaged ([Errno 5] Input/output"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_when_it_is_opened_and_later(
    folder: Path, monkeypatch: pytest.MonkeyPatch, error: OSError, told: str
) -> None:
    def fails(path: Path) -> tuple[int, int]:
        raise error

    stream = open_stream(folder)
    monkeypatch.setattr(parquet_folder, "stamp_of", fails)
    assert told in refused(folder)
    for reading in READINGS:
        with pytest.raises(DataError) as caught:
            read(stream, reading)
        assert told in str(caught.value)


def test_a_file_that_is_gone_is_told_to_who_asks_for_its_columns(folder: Path) -> None:
    stream = open_stream(folder)
    assert isinstance(stream.reader, parquet_folder.ParquetFolder)
    (folder / "a.parquet").unlink()
    with pytest.raises(DataError, match=r"a\.parquet: no such file any more"):
        stream.reader.check_numbers(stream.places)


def test_a_folder_that_cannot_be_read_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(path: Path, pattern: str) -> Any:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(Path, "rglob", fails)
    assert refused(folder) == f"{folder}: cannot be read (Input/output error)"


@pytest.mark.parametrize("reading", READINGS)
def test_pages_that_are_damaged_are_told(tmp_path: Path, reading: ReadAhead) -> None:
    path = write(tmp_path / "a.parquet", x=np.arange(500.0), y=np.arange(500.0))
    content = bytearray(path.read_bytes())
    content[4:400] = bytes(396)
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        read(open_stream(path), reading)
    assert str(caught.value).startswith(f"{path}: the Parquet file is cut off or damaged (")


def test_tables_are_known_again_by_the_times_of_their_files(folder: Path) -> None:
    before = open_stream(folder)
    assert before.stamp() == open_stream(folder).stamp()
    assert before.seekable
    write(folder / "c" / "d.parquet", 3, x=np.arange(7.0), y=np.arange(7.0))
    assert open_stream(folder).stamp() != before.stamp()
