"""A CSV file as a stream gives the numbers that `load_table` gives, and says what is wrong in its words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from handgrad.data.errors import DataError
from handgrad.data.formats import stored_file
from handgrad.data.stream.opening import about_bytes, open_stream
from handgrad.data.stream.pieces import ReadAhead
from handgrad.data.tables import load_table

READING = ReadAhead(2, 2**20)


def read(path: Path) -> np.ndarray:
    pieces = list(open_stream(path).pieces(READING))
    return np.column_stack([np.concatenate(parts) for parts in zip(*(piece.columns for piece in pieces), strict=True)])


@pytest.fixture(autouse=True)
def _small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored_file, "FIRST_PIECE", 64)
    monkeypatch.setattr(stored_file, "PIECE", 64)


@pytest.mark.parametrize(
    "late",
    ["", '"7",8\n', "\u00a07,8\n"],
    ids=["fast", "a quoted cell", "a cell that the careful reader alone reads"],
)
def test_the_numbers_are_those_in_memory(tmp_path: Path, late: str) -> None:
    path = tmp_path / "t.csv"
    rows = "".join(f"{k},{k / 7!r}\n" for k in range(200))
    path.write_text("x,y\n" + rows + late + rows, encoding="utf-8")
    whole = load_table(path)
    np.testing.assert_array_equal(read(path), np.column_stack([whole.X, whole.y]))


def test_a_saved_index_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(",x,y\n" + "".join(f"{k},{k % 7},{k % 5}\n" for k in range(100)))
    assert open_stream(path).feature_names == ("x",)
    assert open_stream(path).notes == load_table(path).notes
    path.write_text(",x,y\n" + "".join(f"{k if k < 99 else 7},{k % 7},{k % 5}\n" for k in range(100)))
    with pytest.raises(DataError, match="column 1 has no name"):
        open_stream(path)


def test_rows_are_counted_by_the_first_reading(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("x,y\n" + "1,2\n" * 500)
    stream = open_stream(path)
    assert stream.rows is None
    assert sum(piece.rows for piece in stream.pieces(READING)) == 500
    assert stream.rows == 500
    assert about_bytes(path, None) == pytest.approx(500 * 16, rel=0.05)


def test_what_is_wrong_far_down_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("x,y\n" + "1,2\n" * 500 + "1,two\n")
    with pytest.raises(DataError, match="line 502, column 'y': expected a number, got 'two'"):
        read(path)
    path.write_text("x,y\n" + "1,2\n" * 500 + f"1,{2**53 + 1}\n")
    with pytest.raises(DataError, match="line 502, column 'y': '9007199254740993' has more digits"):
        read(path)


def test_a_file_that_changes_is_told(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("x,y\n" + "1,2\n" * 500)
    stream = open_stream(path)
    path.write_text("x,y\n" + "1,2\n" * 400)
    with pytest.raises(DataError, match=r"t\.csv: changed while it was read"):
        list(stream.pieces(READING))
    path.unlink()
    with pytest.raises(DataError, match=r"t\.csv: no such file any more"):
        list(stream.pieces(READING))


def test_a_file_is_known_again_by_its_name_and_its_time(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("x,y\n1,2\n")
    before = open_stream(path)
    assert before.stamp() == open_stream(path).stamp()
    assert not before.seekable
    path.write_text("x,y\n1,2\n2,3\n")
    later = open_stream(path)
    other = path.rename(tmp_path / "u.csv")
    assert len({before.stamp(), later.stamp(), open_stream(other).stamp()}) == 3


@pytest.mark.parametrize("late", ["", "\u00a07,8\n"], ids=["fast", "careful"])
def test_each_row_knows_its_line(tmp_path: Path, late: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text("x,y\n" + "".join(f"{k},1\n" for k in range(30)) + "\n" + late + "30,1\n31,1\n", encoding="utf-8")
    pieces = list(open_stream(path).pieces(READING))
    told = [piece.place(row) for piece in pieces for row in range(piece.rows)]
    lines = [k for k in range(2, 36) if k != 32][: len(told)]
    assert len(told) == 32 + bool(late)
    assert told == [f"{path}: line {line}" for line in lines]
