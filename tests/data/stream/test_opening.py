"""What can be streamed, how large it is, and the same table whether it is a file or a folder."""

from __future__ import annotations

import gzip
import os
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest

from handgrad.data.errors import DataError
from handgrad.data.formats import parts
from handgrad.data.stream.opening import about_bytes, load_any, open_stream
from handgrad.data.stream.pieces import ReadAhead

X = np.arange(1.0, 13)


def folder(path: Path, **columns: Any) -> Path:
    """Two files, the first of five rows."""
    path.mkdir(exist_ok=True)
    table = pyarrow.table(columns)
    for name, some in (("a.parquet", table[:5]), ("b.parquet", table[5:])):
        pyarrow.parquet.write_table(some, path / name)
    return path


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """For which tables memory was asked, one after another."""
    found: list[str] = []
    monkeypatch.setattr(parts, "refuse_beyond", lambda needed, what, remedy: found.append(what.partition(": ")[2]))
    return found


def test_a_folder_is_a_table_like_a_file(tmp_path: Path, asked: list[str]) -> None:
    path = folder(tmp_path / "t", a=X, b=X**2, y=3 * X)
    dataset = load_any(path, "b", ["y", "a"])
    np.testing.assert_array_equal(dataset.X, np.column_stack([3 * X, X]), strict=True)
    np.testing.assert_array_equal(dataset.y, X**2, strict=True)
    assert (dataset.feature_names, dataset.target_name, dataset.source) == (("y", "a"), "b", str(path))
    assert not dataset.X.flags.writeable
    assert not dataset.y.flags.writeable
    assert asked == ["a table of about 12 rows and 3 columns"]


def test_what_was_read_of_a_folder_is_not_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[np.ndarray] = []
    finished = parts.Parts.finished
    monkeypatch.setattr(parts.Parts, "finished", lambda self: made.extend(finished(self)) or tuple(made))
    dataset = load_any(folder(tmp_path / "t", x=X, y=X**2))
    assert np.shares_memory(dataset.X, made[0])
    assert np.shares_memory(dataset.y, made[1])


def test_rows_of_a_folder_with_an_empty_cell_are_left_out_where_that_is_asked_for(
    tmp_path: Path, asked: list[str]
) -> None:
    holed = X.copy()
    holed[6] = np.nan
    path = folder(tmp_path / "t", x=holed, y=3 * X)
    with pytest.raises(DataError, match=r"b\.parquet: row 1, column 'x': expected a finite number, got none"):
        load_any(path)
    asked.clear()
    assert load_any(path, drop_missing=True).X[:, 0].tolist() == np.delete(X, 6).tolist()
    assert asked[0] == "a table of about 0 rows and 2 columns"


def test_a_folder_that_no_line_can_be_fitted_to_is_told_unless_none_is(tmp_path: Path) -> None:
    path = folder(tmp_path / "t", x=np.ones(12), y=X)
    with pytest.raises(DataError, match="constant"):
        load_any(path)
    assert load_any(path, to_fit=False).rows == 12
    with pytest.raises(DataError, match=r"t: expected rows of numbers, got none"):
        load_any(folder(tmp_path / "t", x=X[:0], y=X[:0]), to_fit=False)


def test_a_file_is_read_as_it_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes("größe^z^y\n1^5^2\n^6^3\n4^7^9\n5^9^1\n".encode("latin-1"))
    how: dict[str, Any] = {"separator": "^", "encoding": "latin-1", "drop_missing": True}
    dataset = load_any(path, "y", ["größe"], **how)
    assert (dataset.X[:, 0].tolist(), dataset.y.tolist()) == ([1, 4, 5], [2, 9, 1])
    stream = open_stream(path, "y", ["größe"], **how)
    assert [[column.tolist() for column in piece.columns] for piece in stream.pieces(ReadAhead(1, 0))] == [
        [[1, 4, 5], [2, 9, 1]]
    ]
    assert (stream.path, stream.separator, stream.encoding) == (str(path), "^", "latin-1")
    path.write_text("x,y\n1,2\n1,3\n1,5\n")
    with pytest.raises(DataError, match="constant"):
        load_any(path)
    assert load_any(path, to_fit=False).rows == 3


def test_a_column_of_text_is_told_before_anything_is_read(tmp_path: Path) -> None:
    path = folder(tmp_path / "t", x=[str(x) for x in X], y=X)
    with pytest.raises(DataError, match="column 'x': expected numbers, got 'string'"):
        open_stream(path)


def test_a_file_of_parquet_is_a_folder_of_one(tmp_path: Path) -> None:
    path = folder(tmp_path / "t", x=X, y=2 * X) / "b.parquet"
    assert open_stream(path).rows == 7
    nameless = path.rename(tmp_path / "t" / "nameless")
    assert open_stream(nameless).rows == 7
    assert about_bytes(nameless, None) == 7 * 2 * 8


def test_a_table_is_a_stream_without_the_library_of_parquet_where_it_is_csv(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "handgrad.data.stream.parquet_folder", None)
    (tmp_path / "t.csv").write_text("x,y\n1,2\n2,3\n")
    assert open_stream(tmp_path / "t.csv").feature_names == ("x",)


@pytest.mark.skipif(sys.platform == "win32", reason="needs named pipes")
def test_what_cannot_be_read_twice_is_no_stream(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert about_bytes(pipe, None) is None
    threading.Thread(target=pipe.write_text, args=("x,y\n1,2\n",)).start()
    with pytest.raises(DataError, match=r"pipe: expected a file or a folder, got what cannot be read twice; save it"):
        open_stream(pipe)


# -- how large ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
@pytest.mark.parametrize(("features", "columns"), [(None, 3), (["b"], 2), (["b", "c"], 3), ([], 1)])
def test_a_table_of_text_takes_eight_bytes_for_each_cell_in_use(
    tmp_path: Path, mark: str, features: list[str] | None, columns: int
) -> None:
    path = tmp_path / "t.csv"
    path.write_text(mark.join(["1", "2", "3\n"]) * 1000)
    assert about_bytes(path, features) == pytest.approx(1000 * columns * 8, rel=0.02)


@pytest.mark.parametrize(("features", "columns"), [(None, 3), (["b"], 2), ([], 1)])
def test_a_table_of_parquet_takes_eight_bytes_for_each_cell_in_use(
    tmp_path: Path, features: list[str] | None, columns: int
) -> None:
    assert about_bytes(folder(tmp_path / "t", a=X, b=X, c=X), features) == 12 * columns * 8


def test_a_table_without_rows_takes_nothing(tmp_path: Path) -> None:
    assert about_bytes(folder(tmp_path / "t", a=X[:0], b=X[:0]), None) == 0


def test_of_what_is_packed_nobody_knows_how_many_lines_it_has(tmp_path: Path) -> None:
    path = tmp_path / "t.csv.gz"
    path.write_bytes(gzip.compress(b"x,y\n" + b"1,2\n" * 100))
    assert about_bytes(path, None) == 8 * path.stat().st_size
