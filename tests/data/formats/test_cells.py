"""Cells, rows and columns at the edges of what is a number, in CSV and in Parquet."""

from __future__ import annotations

import math
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest

from handgrad.data.dataset import DataError
from handgrad.data.formats.csv_table import CsvTable
from handgrad.data.formats.parquet_table import ParquetTable
from handgrad.data.formats.stored_file import StoredFile
from handgrad.data.tables import load_table


def read(folder: Path, text: str, **how: Any) -> Any:
    path = folder / "t.csv"
    path.write_text(text, encoding="utf-8")
    return load_table(path, to_fit=False, **how)


#: Cells as most programs write them, and with blanks around some.
ROWS = ["1,{}\n", " 1 ,{}\n"]


@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize(
    "cell", ["9007199254740992", "-9007199254740992", "9007199254740994", "9007199254740993e0", "9007199254740992.0",
             "123456789012345", "9.007199254740993"]
)  # fmt: skip
def test_whole_numbers_that_float64_holds_are_read(tmp_path: Path, row: str, cell: str) -> None:
    assert read(tmp_path, "x,y\n" + row.format(cell)).y[0] == float(cell)


@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize(
    "cell", ["9007199254740993", "-9007199254740993", "9007199254740993.0", "99999999999999999999"]
)
def test_whole_numbers_that_float64_would_round_are_told(tmp_path: Path, row: str, cell: str) -> None:
    with pytest.raises(DataError, match=rf"line 3, column 'y': '{cell}' has more digits"):
        read(tmp_path, "x,y\n" + row.format("1") + row.format(cell))


@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize("cell", ["nan", "NaN", "-nan", "", "NA", "None", "#N/A"])
def test_cells_that_are_missing_drop_their_row_where_that_is_asked_for(tmp_path: Path, row: str, cell: str) -> None:
    found = read(tmp_path, "x,y\n" + row.format(cell) + row.format("7"), drop_missing=True)
    assert found.y.tolist() == [7]
    with pytest.raises(DataError, match="missing: 1, infinite: 0"):
        read(tmp_path, "x,y\n" + row.format(cell) + row.format("7"))


@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize("cell", ["inf", "-Infinity", "1e999"])
def test_cells_that_are_infinite_are_counted_as_that(tmp_path: Path, row: str, cell: str) -> None:
    with pytest.raises(DataError, match="missing: 0, infinite: 1"):
        read(tmp_path, "x,y\n" + row.format(cell) + row.format("7"))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("x,y\n1,2\n3\n4,5\n", "line 3: expected 2 cells, as in the header, got 1 ('3'); fill in the missing cells"),
        (
            "x,y\n1,2\n3,4,5\n6,7\n",
            "line 3: expected 2 cells, as in the header, got 3 ('3,4,5'); quote cells that hold",
        ),
        ("x;y\n1,2\n3,4\n", "line 2: expected 2 cells, as in the header, got 1 ('1,2'); fill in the missing cells"),
        ("x\n1,2\n3,4\n", "line 2: expected 1 cells, as in the header, got 2 ('1,2'); the header may use another"),
        ("x\n1\n2,3\n", "line 3: expected 1 cells, as in the header, got 2 ('2,3'); quote cells that hold"),
    ],
)
def test_rows_of_another_length_are_told_with_a_remedy(text: str, told: str) -> None:
    with pytest.raises(DataError) as caught:
        list(CsvTable("t.csv", StoredFile.of("t.csv", text.encode()), ";" if ";" in text else ",").records())
    assert str(caught.value).startswith(f"t.csv: {told}")


def test_a_separator_that_was_named_is_not_told_again(tmp_path: Path) -> None:
    assert not any("separator" in note for note in read(tmp_path, "x;y\n1;2\n", separator=";").notes)
    assert "separator: semicolon" in read(tmp_path, "x;y\n1;2\n").notes


# -- Parquet -----------------------------------------------------------------------------------------------------------


def parquet(folder: Path, **columns: Any) -> ParquetTable:
    path = folder / "t.parquet"
    pyarrow.parquet.write_table(pyarrow.table(columns), path)
    return ParquetTable("t.parquet", StoredFile.of("t.parquet", path.read_bytes()))


@pytest.mark.parametrize(
    ("column", "numbers"),
    [
        (pyarrow.array([True, False, None]), [1, 0, math.nan]),
        (pyarrow.array([Decimal("1.5"), None, Decimal("-2")], pyarrow.decimal128(9, 2)), [1.5, math.nan, -2]),
        (pyarrow.array([2**53, None, -(2**53)]), [2.0**53, math.nan, -(2.0**53)]),
        (pyarrow.array([2**60, None, 3]), [2.0**60, math.nan, 3]),
        (pyarrow.array([0.1, None], pyarrow.float32()), [float(np.float32(0.1)), math.nan]),
    ],
)
def test_columns_of_every_kind_of_number_are_read(tmp_path: Path, column: Any, numbers: list[float]) -> None:
    (found,) = parquet(tmp_path, x=column).numbers([0])
    np.testing.assert_array_equal(found[:, 0], numbers)


@pytest.mark.parametrize(
    ("column", "digits"),
    [(pyarrow.array([1, 2**53 + 1]), "9007199254740993"), (pyarrow.array([1, -(2**53) - 1]), "-9007199254740993"),
     (pyarrow.array([Decimal(1), Decimal(2**53 + 1)], pyarrow.decimal128(20, 0)), "9007199254740993")],
)  # fmt: skip
def test_whole_numbers_of_parquet_that_float64_would_round_are_told(tmp_path: Path, column: Any, digits: str) -> None:
    with pytest.raises(DataError, match=rf"row 1, column 'x': '{digits}' has more digits"):
        parquet(tmp_path, x=column).numbers([0])


def test_a_table_without_columns_is_none(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="expected columns of numbers, got none"):
        parquet(tmp_path)


def test_pages_that_are_damaged_are_told_in_one_line(tmp_path: Path) -> None:
    parquet(tmp_path, x=np.arange(5000.0), y=np.arange(5000.0))
    content = bytearray((tmp_path / "t.parquet").read_bytes())
    content[4:400] = bytes(396)
    with pytest.raises(
        DataError, match=r"the Parquet file is cut off or damaged \([^)]*[^.]\); get it again"
    ) as caught:
        ParquetTable("t.parquet", StoredFile.of("t.parquet", bytes(content))).numbers([0, 1])
    assert "\n" not in str(caught.value)
