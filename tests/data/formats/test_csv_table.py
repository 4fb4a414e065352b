"""A CSV file read by itself: its header, its lines, what is expected of its length, and both readers of its cells."""

from __future__ import annotations

import gzip
import io
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from handgrad.data.errors import DataError
from handgrad.data.formats import csv_table, stored_file
from handgrad.data.formats.csv_table import CsvTable
from handgrad.data.formats.parts import Parts
from handgrad.data.formats.stored_file import StoredFile


def table(text: str, separator: str | None = None) -> CsvTable:
    return CsvTable("t.csv", text.encode(), separator)


def blocks(text: str, *places: int) -> list[list[list[float]]]:
    """The columns of each block, as lists."""
    return [[column.tolist() for column in block.columns] for block in table(text, ",").blocks(places)]


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are read sixteen bytes at a time, and rows one or two at a time."""
    monkeypatch.setattr(stored_file, "FIRST_PIECE", 16)
    monkeypatch.setattr(stored_file, "PIECE", 16)
    monkeypatch.setattr(csv_table, "ROWS_AT_A_TIME", 2)


# -- the header --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "separator", "notes"),
    [
        ("x,y\n1,2\n", None, []),
        ("x;y\n1;2\n", None, ["separator: semicolon"]),
        ("x;y\n1;2\n", ";", []),
        ("x,y\n1,2\n", ",", []),
        ("sep=;\nx;y\n1;2\n", None, ["separator: semicolon, as the first line says"]),
        ("sep=^\nx^y\n1^2\n", None, ["separator: '^', as the first line says"]),
        ("sep=,\nx,y\n1,2\n", None, []),
        ("# x,y\n1,2\n", None, ["header: '# x' begins with '#', as comments do; it was taken as a name"]),
        (" x,y\n1,2\n", None, ["header: spaces around 'x' were trimmed"]),
    ],
)
def test_what_is_odd_about_the_first_lines_is_noted(text: str, separator: str | None, notes: list[str]) -> None:
    found = table(text, separator)
    assert found.notes == notes
    np.testing.assert_array_equal(found.numbers([0], [1]), [[[1]], [[2]]])


@pytest.mark.parametrize("separator", ["", ",,", '"', "\n", "\r"])
def test_a_separator_is_one_character_that_ends_no_line_and_is_no_quote(separator: str) -> None:
    with pytest.raises(DataError, match=r"^separator: expected one character, such as ',' or ';', got '"):
        table("x,y\n1,2\n", separator)


@pytest.mark.parametrize("text", ["", "\n", "\n\n\n"])
def test_a_file_without_a_header_is_told(text: str) -> None:
    with pytest.raises(
        DataError, match=r"^t\.csv: expected a header and rows of numbers, got no data: the file is empty$"
    ):
        table(text)


@pytest.mark.parametrize("empty", [0, 1, 2])
def test_a_header_may_stand_below_empty_lines_and_be_of_several(empty: int) -> None:
    for header, lines in (("x,y\n", 1), ('"x\nand more",y\n', 2)):
        found = table("\n" * empty + header + "1,2\n\n3,4\n5,6")
        assert found.first_line == 1 + empty
        np.testing.assert_array_equal(found._fast([0, 1])[0], [[1, 2], [3, 4], [5, 6]])
        np.testing.assert_array_equal(found._slow([0, 1])[0], [[1, 2], [3, 4], [5, 6]])
        below = empty + lines
        assert [found.place(row) for row in range(3)] == [f"line {below + k}" for k in (1, 3, 4)]


@pytest.mark.parametrize(
    ("text", "hints"),
    [
        (",y,\na,1,\nb,2,\n", ["row names, as R and pandas write them", None, "a separator at the end of each line"]),
        ("x,y,\n1,2\n", [None, None, "the header ends with a separator, the rows do not"]),
        ("x,,y\n1,,2\n", [None, "two separators side by side", None]),
    ],
)
def test_a_column_without_a_name_is_seen_by_the_rows_below_the_header(text: str, hints: list[str | None]) -> None:
    found = table(text, ",")
    assert [found.hint(place) if not found.names[place] else None for place in range(3)] == hints


# -- what labels the rows ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("first", [0, 1, 2, -1, 0.5])
@pytest.mark.parametrize("rows", [1, 2, 9])
@pytest.mark.usefixtures("small_pieces")
def test_a_first_column_that_counts_the_rows_from_0_or_1_labels_them(first: float, rows: int) -> None:
    lines = [f"{k + first},{k * k}\n" for k in range(rows)]
    found = table(",y\n" + "".join(lines)).labels()
    note = "column 1 has no name and counts the rows, as a saved index does: left out"
    assert found == ({0: note} if first in (0, 1) else {})
    if rows > 2:
        for place in (1, 4, 8):
            other = lines.copy()
            other[place] = "7.5,1\n"
            assert table(",y\n" + "".join(other)).labels() == {}


@pytest.mark.parametrize("text", ["x,y\n0,5\n1,6\n", ",y\n", ",y\na,1\n", ",y\n0,1\nb,2\n", ",y\n0,1,2\n"])
def test_other_columns_label_no_rows(text: str) -> None:
    assert table(text, ",").labels() == {}


def test_no_more_is_read_than_tells_that_a_column_labels_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored_file, "FIRST_PIECE", 16)
    monkeypatch.setattr(stored_file, "PIECE", 16)
    found = table(",y\n" + "5,1\n" * 1000)
    read: list[int] = []
    pieces = StoredFile._pieces

    def counted(self: StoredFile) -> Iterator[bytes]:
        for piece in pieces(self):
            read.append(len(piece))
            yield piece

    monkeypatch.setattr(StoredFile, "_pieces", counted)
    assert found.labels() == {}
    assert sum(read) < 400


# -- cells -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cells", ["1,2\n", '1,"2"\n', "\u00a01,2\n"], ids=["plain", "quoted", "careful"])
@pytest.mark.usefixtures("small_pieces")
def test_blocks_are_the_table_whoever_reads_it(cells: str) -> None:
    text = "x,y\n" + "".join(f"{k},{k / 7!r}\n" for k in range(40)) + cells + "40,41\n"
    found = blocks(text, 1, 0)
    expected = [*([k / 7, k] for k in range(40)), [2, 1], [41, 40]]
    assert [list(row) for block in found for row in zip(*block, strict=True)] == expected
    assert max(len(block[0]) for block in found) <= 8
    (whole,) = table(text, ",").numbers([1, 0])
    assert whole.tolist() == expected


@pytest.mark.parametrize("careful", ["", "\u00a07,8\n"])
@pytest.mark.parametrize("large", [0, 1, 2, 20])
@pytest.mark.usefixtures("small_pieces")
def test_digits_that_float64_cannot_hold_are_refused_in_any_block(large: int, careful: str) -> None:
    rows = [f"{k},1\n" for k in range(21)]
    rows[large] = "9007199254740993,1\n"
    text = "x,y\n" + "".join(rows[:10]) + careful + "".join(rows[10:])
    line = 2 + large + (bool(careful) and large >= 10)
    told = rf"^t\.csv: line {line}, column 'x': '9007199254740993' has more digits"
    for read in (lambda: blocks(text, 1, 0), lambda: table(text, ",").numbers([1], [0])):
        with pytest.raises(DataError, match=told):
            read()
    assert len(blocks(text, 1)) > 1
    assert len(table(text, ",").numbers([1])[0]) == 21 + bool(careful)


@pytest.mark.parametrize(
    ("cell", "refused"),
    [
        ("9007199254740993", True), ("+9007199254740993", True), ("9007199254740993.", True),
        ("900719925474099.3", False),
        ("9007199254740992.0000001", True), ("9007199254740993e0", False), ("9.007199254740993E15", False),
        ("1234567890.12345678901", False), ("-9007199254740992", False), ("123456789012345678901234567890", True),
    ],
)  # fmt: skip
def test_digits_are_looked_at_where_they_are_written_out_beyond_2_53(cell: str, refused: bool) -> None:
    both = table(f"x,y\n1e300,1\n{cell},2\n", ",")
    for read in (both._fast, both._slow):
        if refused:
            with pytest.raises(DataError, match="has more digits"):
                read([0])
        else:
            assert read([0])[0].tolist() == [[1e300], [float(cell)]]


def test_what_is_missing_or_infinite_has_no_digits_to_look_at() -> None:
    found = table("x,y\n9007199254740992,1\n,2\nNA,3\ninf,4\nnan,5\n", ",")
    for read in (found._fast, found._slow):
        np.testing.assert_array_equal(read([0])[0][:, 0], [2.0**53, math.nan, math.nan, math.inf, math.nan])


@pytest.mark.parametrize(
    ("cell", "number"),
    [("1", 1), (" -2.5e3 ", -2500), ("inf", math.inf), ("-Infinity", -math.inf), ("NAN", math.nan), ("-nan", math.nan),
     ("", math.nan), ("NULL", math.nan), ("#N/A", math.nan), ("1e999", math.inf)],
)  # fmt: skip
def test_the_careful_reader_reads_what_a_cell_means(cell: str, number: float) -> None:
    np.testing.assert_array_equal(table(f"x,y\n{cell},2\n", ",")._slow([0]), [[[number]]])


@pytest.mark.parametrize("cell", ["two", "1_0", "0x1", "١", "nano", "infinite", "1,0", "na", "--1", "1e", "."])
def test_the_careful_reader_refuses_what_is_no_number(cell: str) -> None:
    with pytest.raises(DataError, match=r"^t\.csv: line 3, column 'y': expected a number, got '"):
        table(f"x;y\n1;2\n3;{cell}\n", ";")._slow([1])


@pytest.mark.parametrize(
    ("line", "told"),
    [("x , y", "the header stands here again: remove this line"), ("y,x", "write a number, or choose")],
)
def test_a_header_that_stands_again_among_the_rows_is_told(line: str, told: str) -> None:
    with pytest.raises(DataError) as caught:
        table(f"x,y\n1,2\n{line}\n3,4\n").numbers([0], [1])
    assert told in str(caught.value)


def test_parts_are_read_in_their_order() -> None:
    found = table("a,b,c\n1,2,3\n4,5,6\n").numbers([2, 0], [1], [])
    assert [part.tolist() for part in found] == [[[3, 1], [6, 4]], [[2], [5]], [[], []]]
    none = table("a,b,c\n").numbers([2, 0], [1])
    assert [part.shape for part in none] == [(0, 2), (0, 1)]


# -- rows --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("x,y\n1,2\n3\n", "line 3: expected 2 cells, as in the header, got 1 ('3'); fill in the missing cells"),
        ("x,y\n1,2\n3,4,5\n6,7\n", "line 3: expected 2 cells, as in the header, got 3 ('3,4,5'); quote cells that"),
        ("x,y\n1,2\n# half\n", "line 3: expected 2 cells, as in the header, got 1 ('# half'); it begins with '#'"),
        ("x\n7,2\n", "line 2: expected 1 cells, as in the header, got 2 ('7,2'); the header may use another"),
        ("\nx\n7,2\n", "line 3: expected 1 cells, as in the header, got 2 ('7,2'); the header may use another"),
        ("x\n\n7,2\n", "line 3: expected 1 cells, as in the header, got 2 ('7,2'); quote cells that hold"),
        ("x,y\n1,2,3\n4,5,7\n", "line 2: expected 2 cells, as in the header, got 3 ('1,2,3'); quote cells that hold"),
        ("x,y\n1,2,\n4,5,\n", "line 2: expected 2 cells, as in the header, got 3 ('1,2,'); each row ends with a sep"),
        ('x,y\n1,2\n3,"4\n', "line 3: a quoted cell begins in this row and does not end; close the quote"),
        ('x,y\n1,2\n\n3,"4"5\n', "line 4: the quotes do not fit (',' expected after '\"'); double a quote inside"),
        ("x,y\n1," + "9" * 140_000 + "\n", "line 2: a cell of this row has more than 131,072 characters; shorten it"),
        ("x,y\n1," + "9" * 140_000 + ',"', "line 2: a cell of this row has more than 131,072 characters; shorten it"),
        (
            'x,y\n1,"2\n' + "3,4\n" * 40_000,
            "line 2: a cell of this row has more than 131,072 characters; close its quote, which is open",
        ),
        ('x,y\n"1\n",2\n3\n', "line 4: expected 2 cells, as in the header, got 1 ('3'); fill in"),
    ],
)
def test_a_row_that_is_none_is_told_with_its_line(text: str, told: str) -> None:
    with pytest.raises(DataError) as caught:
        list(table(text, ",").records())
    assert str(caught.value).startswith(f"t.csv: {told}")


# -- how many rows are expected ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "pieces", "least", "most"),
    [
        ("x,y\n" + "1,2\n" * 1000, (2**16, 2**16), 1000, 1030),  # as many as there are, and two in a hundred
        ("x,y\n" + "1,2\n" * 1000, (800, 100), 1000, 1030),  # by the first block of many
        ("x,y\n" + "1,2\n" * 1000, (4, 100), 1000, 1030),  # a header alone in its block
        ("x,y\n" + "\n1,2\n\n" * 1000, (2**16, 2**16), 1000, 1030),  # two lines in three are empty
        ('n,x\n' + '"a\n\n\n",1\n' * 1000, (2**16, 2**16), 1000, 1030),  # rows of four lines
        ("x,y\n1,2\n", (2**16, 2**16), 1, 2),
        ("x,y\n1,2", (2**16, 2**16), 1, 1),
    ],
)  # fmt: skip
def test_about_as_many_rows_are_expected_as_come(
    monkeypatch: pytest.MonkeyPatch, content: str, pieces: tuple[int, int], least: int, most: int
) -> None:
    expected = asked_for(monkeypatch)
    monkeypatch.setattr(stored_file, "FIRST_PIECE", pieces[0])
    monkeypatch.setattr(stored_file, "PIECE", pieces[1])
    found = table(content, ",")
    rows = len(found.numbers([1])[0])
    assert least <= expected[0] <= most
    assert (rows, len(expected)) == (least, 1)


def test_of_a_packed_file_no_more_rows_are_expected_than_its_first_block_has(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = asked_for(monkeypatch)
    monkeypatch.setattr(stored_file, "FIRST_PIECE", 44)
    stored = gzip.compress(b"x,y\n" + b"1,2\n" * 1000)
    packed = StoredFile("t.csv.gz", lambda: io.BytesIO(stored), len(stored), compressed=True)
    assert len(CsvTable("t.csv.gz", packed, ",").numbers([0, 1])[0]) == 1000
    assert expected == [10]


def asked_for(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The rows that arrays are made for."""
    expected: list[int] = []

    def noted(source: str, widths: Any, rows: int) -> Parts:
        expected.append(rows)
        return Parts(source, widths, rows)

    made: Callable[..., Parts] = noted
    monkeypatch.setattr(csv_table, "Parts", made)
    return expected
