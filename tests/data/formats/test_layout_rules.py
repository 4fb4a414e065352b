"""What shows in the first lines of a file, and where it does not: each cause beside a table that is near it."""

from __future__ import annotations

import pytest

from handgrad.data.formats.csv_layout import (
    FIRST_LINES,
    cause_in_line,
    cause_of_header,
    cause_of_length,
    cause_of_no_name,
    comment_mark,
    find_separator,
    first_rows,
)
from handgrad.data.formats.stored_file import StoredFile
from handgrad.data.formats.text import Text


def text(content: str) -> Text:
    return Text(StoredFile.of("t", content.encode()))


@pytest.mark.parametrize(
    ("content", "separator"),
    [
        ("a,b\n1,2\n", ","),
        ("a;b,c;d\n1;2;3\n", ";"),
        ("a,b;c,d;e,f\n1;2;3\n", ";"),
        ("a\tb,c\n1\t2\n", "\t"),
        ("a|b\n", "|"),
        ("a;b|c|d\n1;2\n3|4|5\n", "|"),
        ("a;b;c|d\n1;2\n3|4|5\n", ";"),
        ("a\n1\n", ","),
        ("", ","),
        ("a;b,c,d\n" + "1;2\n" * 9, ";"),
        ("a;b,c,d\n" + "1;2\n" * 9 + "3\n", ";"),
        ("a;b,c,d\n" + "1;2\n" * 8 + "3\n", ","),
        ("a" * 200_000 + "\n1;2\n", ","),
        ("a," + "b" * 200_000 + "\n", ","),
    ],
)
def test_the_separator_is_that_on_which_ten_lines_agree_or_that_of_the_header(content: str, separator: str) -> None:
    assert find_separator(text(content)) == separator


@pytest.mark.parametrize("lines", [0, 1, 9, 10, 11, 30])
def test_the_first_rows_are_ten_without_empty_lines(lines: int) -> None:
    rows = first_rows(text("\n" + "1,2\n\n" * lines), ",")
    assert rows == [["1", "2"]] * min(lines, FIRST_LINES)
    assert FIRST_LINES == 10


def test_the_first_rows_are_fewer_where_a_cell_has_no_end() -> None:
    assert first_rows(text("1,2\n3," + "4" * 200_000 + "\n5,6\n"), ",") == [["1", "2"]]


@pytest.mark.parametrize(
    ("header", "rows", "cause"),
    [
        (["# a"], [["1", "2"]], "begins with '#'"),
        (["# a"], [["1"]], "begins with '#'"),
        (["# a", "b"], [["1", "2"]], None),
        (["# a", "b"], [["1", "2"], ["3"]], "begins with '#'"),
        (["# a", "b"], [["x", "z"]], "begins with '#'"),
        (["# a", "b"], [["x", "2"]], None),
        (["# a", "b"], [], "begins with '#'"),
        (["x y"], [["1 2"]], "name the separator: ' '"),
        (["x y"], [["1 2"], ["3"]], None),
        (["x"], [["1"]], None),
        (["a,b"], [["1,2"], ["3,4"]], "',' (comma) between"),
        (["a,b"], [["1,2"], ["3"]], None),
        (["  "], [[" "]], "got blanks"),
        (["A title"], [["x", "y"], ["1", "2"]], "as below a title"),
        (["a title"], [["1", "2"], ["3", "4"]], None),
        (["a title"], [["x", "y"], ["1"]], None),
        (["x y"], [["1", "2"]], None),
        (["x y", "z"], [["1 2"]], None),
        (["x y"], [["1 2", "3 4"]], None),
        (["x y", "z w"], [["1 2"]], None),
        (["x y"], [["1 2"], ["3 4", "5 6"]], None),
        (["x\ty"], [["1\t2"]], "seems to have '\\t' (tab) between"),
        (["x y "], [["1 2"]], "write one comma"),
        (["x  y"], [["1 2"]], "write one comma"),
        (["x:y"], [["1:2"]], "':' between"),
        (["x:y"], [["1:2"], ["3"]], None),
        (["x^y"], [["1^2"], ["3^4"]], "'^' between"),
    ],
)
def test_a_header_that_is_none_has_a_cause(header: list[str], rows: list[list[str]], cause: str | None) -> None:
    found = cause_of_header(header, rows)
    assert (found is None) == (cause is None), found
    assert (cause or "") in (found or "")


@pytest.mark.parametrize(
    ("header", "rows", "cause"),
    [
        (["x", "y"], [["1", "2", ""], ["3", "4", " "]], "each row ends with a separator"),
        (["x", "y"], [["1", "2", "5"], ["3", "4", ""]], None),
        (["x", "y"], [["1", "", "2"], ["3", "", "4"]], "separators stand side by side"),
        (["x", "y"], [["1", "", "2"], ["3", "", "", "4"]], "separators stand side by side"),
        (["x", "y"], [["1", "", "2"], ["3", "4"]], "separators stand side by side"),
        (["x", "y"], [["1", "2", "", ""], ["3", "4", "", ""]], "separators stand side by side"),
        (["x", "y"], [["1", "2"], ["3", "4"]], None),
        (["x", ""], [["1"], ["3"]], "the header ends with a separator"),
        (["x", "y"], [["1"], ["3"]], None),
        (["x", "y", ""], [["1"], ["3"]], None),
        (["x", ""], [["1"], ["3", "4"]], None),
        (["x", "y"], [["a", "1", "2"], ["b", "3", "4"]], "a name of its own"),
        (["x", "y"], [["a", "1", "2"], ["7", "3", "4"]], None),
        (["x", "y"], [["1", "1", "2"], ["2", "3", "4"]], "its number"),
        (["x", "y"], [["0", "1", "2"], ["1", "3", "4"]], "its number"),
        (["x", "y"], [["2", "1", "2"], ["3", "3", "4"]], None),
        (["x", "y"], [["a", "1", "2", "3"], ["b", "3", "4", "5"]], None),
    ],
)
def test_rows_of_another_length_have_a_cause(header: list[str], rows: list[list[str]], cause: str | None) -> None:
    found = cause_of_length(header, rows)
    assert (found is None) == (cause is None), found
    assert (cause or "") in (found or "")


@pytest.mark.parametrize(
    ("place", "rows", "cause"),
    [
        (2, [["1", "2"]], "the header ends with a separator, the rows do not"),
        (2, [], None),
        (0, [["car", "2"], ["bus", "4"]], "row names"),
        (0, [["car", "2"], ["7", "4"]], None),
        (0, [["7", "2"], ["8", "4"]], None),
        (0, [["", "2"], ["bus", "4"]], "row names"),
        (1, [["1", "car"], ["2", "bus"]], None),
        (1, [["1", ""], ["2", " "]], "at the end of each line"),
        (1, [["1", "", "3"], ["2", "", "4"]], "side by side"),
        (0, [["", "3"], ["", "4"]], "at the beginning of each line"),
        (1, [["1", ""], ["2", "", "4"]], "side by side"),
    ],
)
def test_a_column_without_a_name_has_a_cause(place: int, rows: list[list[str]], cause: str | None) -> None:
    found = cause_of_no_name(place, rows)
    assert (found is None) == (cause is None), found
    assert (cause or "") in (found or "")


@pytest.mark.parametrize(
    ("cell", "mark"), [("# a", "#"), ("  % b", "%"), ("//", "//"), ("REM c", "REM"), ("REMARK", None), ("a # b", None)]
)
def test_comments_begin_with_a_mark_that_is_told(cell: str, mark: str | None) -> None:
    assert comment_mark(cell) == mark
    assert cause_in_line([cell]) == (None if mark is None else f"it begins with {mark!r}, as comments do; remove it")


@pytest.mark.parametrize(("cells", "told"), [(["# half", "of it"], True), (["1", "# half"], False), (["", "#"], False)])
def test_a_row_is_a_comment_by_its_first_cell(cells: list[str], told: bool) -> None:
    assert (cause_in_line(cells) is not None) is told
