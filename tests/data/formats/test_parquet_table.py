"""A Parquet file read by itself: what is no table is told, and numbers are taken a column at a time where they can."""

from __future__ import annotations

import gc
import io
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest

from handgrad.data.errors import DataError
from handgrad.data.formats.parquet_table import ParquetTable, _index_columns, damaged
from handgrad.data.formats.stored_file import StoredFile


def stored(**columns: Any) -> bytes:
    file = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table(columns), file, row_group_size=2)
    return file.getvalue()


def table(**columns: Any) -> ParquetTable:
    return ParquetTable("t.parquet", StoredFile.of("t.parquet", stored(**columns)))


@pytest.mark.parametrize("opened", [False, True])
def test_columns_come_in_the_order_asked_with_nan_for_what_is_missing(opened: bool) -> None:
    columns = {"a": [1, None, 3], "b": [1.5, 2.5, None], "c": [Decimal("0.1"), Decimal("-0.7"), None]}
    found = table(**columns)
    if opened:
        file = pyarrow.parquet.ParquetFile(io.BytesIO(stored(**columns)))
        found = ParquetTable.of("t.parquet", file)
    assert (found.source, found.names, found.notes) == ("t.parquet", ["a", "b", "c"], [])
    one, two = found.numbers([2, 0], [1])
    np.testing.assert_array_equal(one, [[0.1, 1], [-0.7, np.nan], [np.nan, 3]])
    np.testing.assert_array_equal(two, [[1.5], [2.5], [np.nan]])


@pytest.mark.parametrize("column", [["1", "2"], [b"1", b"2"], [[1], [2]]])
def test_a_column_of_something_else_is_refused_only_where_it_is_asked_for(column: Any) -> None:
    found = table(x=column, y=[1.0, 2.0])
    with pytest.raises(DataError, match=r"^t\.parquet: column 'x': expected numbers, got '.*turn it into numbers"):
        found.numbers([0])
    assert found.numbers([1])[0].tolist() == [[1], [2]]


@pytest.mark.parametrize("content", [b"PAR1", b"PAR1" + b"x" * 100, b""])
def test_what_is_no_file_of_parquet_is_told(content: bytes) -> None:
    with pytest.raises(DataError, match=r"^t\.parquet: the Parquet file is cut off or damaged \(.*\); get it again"):
        ParquetTable("t.parquet", StoredFile.of("t.parquet", content))


def test_of_what_pyarrow_says_a_line_is_told_without_its_full_stop() -> None:
    assert damaged("t", ValueError(".. is no page.\nTry again.\nOr not.")) == (
        "t: the Parquet file is cut off or damaged (.. is no page); get it again, no row was used"
    )


def test_what_pyarrow_says_never_reaches_a_terminal_as_it_is() -> None:
    assert damaged("t", ValueError("type: \x1b[31m")).startswith(
        r"t: the Parquet file is cut off or damaged (type: \x1b[31m)"
    )
    assert damaged("t", ValueError("")).startswith("t: the Parquet file is cut off or damaged (ValueError)")


def test_an_encrypted_file_is_told() -> None:
    content = stored(x=[1.0])[4:-4]
    for head in (b"PAR1", b"PARE"):
        with pytest.raises(DataError, match=r"^t: the Parquet file is encrypted; save it without encryption$"):
            ParquetTable("t", StoredFile.of("t", head + content + b"PARE"))


def test_metadata_nested_without_end_say_nothing_of_an_index() -> None:
    schema = pyarrow.schema([("x", pyarrow.float64())], metadata={"pandas": "[" * 100_000})
    assert _index_columns(schema) == []


def test_numbers_are_not_taken_one_by_one_where_they_are_doubles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ParquetTable, "_one_by_one", lambda self, *how: pytest.fail("one by one"))
    (found,) = table(x=[1.5, None, 3.0], b=[True, None, False], n=[1, 2, None]).numbers([0, 1, 2])
    np.testing.assert_array_equal(found, [[1.5, 1, 1], [np.nan, np.nan, 2], [3, 0, np.nan]])


def test_the_file_is_closed_when_nobody_reads_the_table_any_more() -> None:
    stream = io.BytesIO(stored(x=[1.0, 2.0]))
    found = ParquetTable("t", StoredFile("t", lambda: stream, 100))
    assert found.numbers([0])[0].tolist() == [[1], [2]]
    assert not stream.closed
    del found
    gc.collect()
    assert stream.closed
