"""Tables from files: every ordinary format is read, every defect is told in one line, and no number changes."""

from __future__ import annotations

import decimal
import gzip
import random
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest

from handgrad.data import tables
from handgrad.data.dataset import DataError
from handgrad.data.formats.csv_table import CsvTable
from handgrad.data.formats.stored_file import StoredFile
from handgrad.data.tables import is_parquet, load_table, stored_content

BAD = Path(__file__).parent / "badinput"

#: The file, and what its message must say.
REFUSED = {
    "empty.csv": ["no data", "empty"],
    "only_newlines.csv": ["no data"],
    "header_only.csv": ["a header and no rows"],
    "one_row.csv": ["at least 2 rows", "got 1"],
    "nan_in_x.csv": ["line 3", "'x'", "missing: 1", "in 1 of 4 rows", "drop"],
    "nan_in_y.csv": ["line 3", "'y'", "missing: 1", "drop"],
    "all_nan_column.csv": ["'x'", "no value", "3 rows"],
    "inf.csv": ["line 3", "'x'", "inf", "infinite: 2", "in 2 of 4 rows"],
    "text_in_numeric.csv": ["line 3", "'x'", "'two'"],
    "units.csv": ["line 2", "'x'", "'1 kg'", "unit"],
    "currency.csv": ["line 2", "'x'", "'$1'", "currency"],
    "ragged_long.csv": ["line 3", "expected 2 cells", "got 3"],
    "ragged_short.csv": ["line 3", "expected 2 cells", "got 1"],
    "unclosed_quote.csv": ["line 3", "quote"],
    "latin1_header.csv": ["line 1", "utf-8", "latin-1", "0xf6"],
    "truncated.csv.gz": ["cut off", "no row was used"],
    "truncated.parquet": ["cut off", "no row was used"],
    "duplicate_header.csv": ["'x'", "twice", "columns 1 and 2"],
    "constant_x.csv": ["'x'", "constant", "5"],
    "bigint.csv": ["line 2", "'9223372036854775809'", "more digits"],
    "huge_1e300.csv": ["'x'", "2e+301", "larger unit"],
    "r_row_names.csv": ["line 2", "expected 3 cells", "got 4", "as R writes them", "row.names = FALSE"],
    "trailing_separator.csv": ["column 4", "no name", "a separator at the end of each line"],
    "comment_head.csv": ["line 1", "begins with '#'", "comments"],
    "blank_separated.csv": ["line 1", "blanks between its cells", "name the separator: ' '"],
    "quote_midcell.csv": ["line 2", "quotes do not fit"],
}

#: The file, its rows, its names, and what a note must say.
READ = {
    "ok.csv": (20, ["x"], "y", "target: 'y', the last column"),
    "ok.csv.gz": (20, ["x"], "y", "last column"),
    "ok.parquet": (20, ["x"], "y", "last column"),
    "no_header.csv": (19, ["1"], "2.9", "every header cell is a number"),
    "two_rows.csv": (2, ["x"], "y", "as many rows as parameters"),
    "semicolon.csv": (20, ["x"], "y", "separator: semicolon"),
    "tab.csv": (20, ["x"], "y", "separator: tab"),
    "bom_utf8.csv": (20, ["x"], "y", "last column"),
    "utf16le_bom.csv": (20, ["x"], "y", "last column"),
    "utf8_header.csv": (3, ["größe_📏"], "目标", "last column"),
    "crlf.csv": (20, ["x"], "y", "last column"),
    "mixed_eol.csv": (3, ["x"], "y", "last column"),
    "no_final_newline.csv": (20, ["x"], "y", "last column"),
    "blank_lines_middle.csv": (3, ["x"], "y", "last column"),
    "quoted_comma_header.csv": (3, ["size, m2"], "y", "last column"),
    "spaces_in_header.csv": (3, ["x"], "y", "spaces around"),
    "constant_y.csv": (20, ["x"], "y", "R² is undefined"),
    "dup_columns.csv": (20, ["a", "b"], "y", "columns 'a' and 'b' are equal"),
    "html_header.csv": (3, ["<script>alert(1)</script>"], "y", "last column"),
    "formula_header.csv": (3, ['=HYPERLINK("URL","y")'], "y", "last column"),
    "large_offset.csv": (20, ["x"], "y", "last column"),
    "excel_sep_line.csv": (5, ["size", "rooms"], "price", "separator: semicolon, as the first line says"),
    "unnamed_index.csv": (12, ["x"], "y", "column 1 has no name and counts the rows"),
    "filtered_frame.parquet": (27, ["x"], "y", "'__index_level_0__' is the index of the DataFrame"),
}


def write(folder: Path, text: str | bytes, name: str = "t.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def message(path: Path, **options) -> str:
    with pytest.raises(DataError) as caught:
        load_table(path, **options)
    text = str(caught.value)
    assert "\n" not in text
    assert len(text) < 800
    return text


def test_every_table_in_the_folder_is_expected_to_be_read_or_refused():
    assert {path.name for path in BAD.iterdir()} - {"README.md", ".gitattributes"} == READ.keys() | REFUSED.keys()


@pytest.mark.parametrize("name", REFUSED)
def test_a_defect_is_told_in_one_line(name):
    text = message(BAD / name)
    assert name in text
    for part in REFUSED[name]:
        assert part in text


@pytest.mark.parametrize("name", READ)
def test_an_ordinary_format_is_read(name):
    rows, features, target, note = READ[name]
    dataset = load_table(BAD / name)
    assert (dataset.rows, list(dataset.feature_names), dataset.target_name) == (rows, features, target)
    assert any(note in said for said in dataset.notes)
    assert dataset.source == str(BAD / name)


@pytest.mark.parametrize(
    "name", ["ok.csv.gz", "ok.parquet", "semicolon.csv", "tab.csv", "bom_utf8.csv", "utf16le_bom.csv", "crlf.csv"]
)
def test_all_formats_of_one_table_hold_the_same_numbers(name):
    expected, got = load_table(BAD / "ok.csv"), load_table(BAD / name)
    np.testing.assert_array_equal(got.X, expected.X)
    np.testing.assert_array_equal(got.y, expected.y)


def test_line_ends_of_every_kind_in_one_file_end_lines():
    dataset = load_table(BAD / "mixed_eol.csv")
    np.testing.assert_array_equal(np.c_[dataset.X, dataset.y], [[1, 3], [2, 5], [3, 7]])


def test_a_large_offset_keeps_every_digit():
    np.testing.assert_array_equal(load_table(BAD / "large_offset.csv").X[:, 0], 1e9 + np.arange(1, 21))


def test_latin_1_is_read_when_it_is_named():
    assert load_table(BAD / "latin1_header.csv", encoding="latin-1").feature_names == ("größe",)


def test_text_after_many_rows_is_found_on_its_line(tmp_path):
    rows = "".join(f"{k},{2 * k}\n" for k in range(25_000))
    text = message(write(tmp_path, f"x,y\n{rows}oops,1\n"))
    assert "line 25002, column 'x'" in text
    assert "'oops'" in text


def test_thousands_of_columns_for_a_few_rows_are_told_briefly(tmp_path):
    names = ",".join(f"c{j}" for j in range(5000))
    row = ",".join(str(j) for j in range(5000))
    path = write(tmp_path, f"{names},y\n" + f"{row},1\n" * 3)
    assert "at least 5,001 rows" in message(path)
    assert "c9" in message(path, target="nothing")
    assert "4,991 more" in message(path, target="nothing")


def test_a_very_long_name_is_kept_whole_and_shown_short(tmp_path):
    name = "x" * 100_000
    path = write(tmp_path, f"{name},y\n1,3\n2,5\n3,7\n")
    dataset = load_table(path)
    assert dataset.feature_names == (name,)
    assert len(repr(dataset)) < 500
    assert len(dataset._repr_html_()) < 1500
    assert "…" in message(write(tmp_path, f"{name},y\nten,3\n2,5\n"))


def test_a_long_cell_is_cut_and_its_control_characters_are_escaped(tmp_path):
    text = message(write(tmp_path, "x,y\n1,2\n\x1b[31m" + "a" * 1000 + ",5\n"))
    assert "\\x1b[31m" in text
    assert "\x1b" not in text
    assert "…" in text


@pytest.mark.parametrize("content", ["x,y\n1,3\n2,", "x,y\n1,3\n,5"])
def test_a_file_that_breaks_off_is_not_read_as_if_it_were_whole(tmp_path, content):
    assert "line 3" in message(write(tmp_path, content))


def test_an_open_quote_in_the_last_cell_is_not_closed_silently(tmp_path):
    assert "does not end" in message(write(tmp_path, 'x,y\n1,3\n2,5\n4,"5'))


def test_header_html_is_escaped_in_the_notebook_view():
    html = load_table(BAD / "html_header.csv")._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


# -- which columns ---------------------------------------------------------------------------------------------------


def test_target_and_features_are_chosen_by_name_and_in_the_order_asked(tmp_path):
    path = write(tmp_path, "a,b,c,d\n1,2,3,9\n4,5,7,8\n7,8,2,1\n5,5,1,0\n")
    dataset = load_table(path, target="b", features=["d", "a"])
    assert (dataset.feature_names, dataset.target_name) == (("d", "a"), "b")
    np.testing.assert_array_equal(dataset.X[0], [9, 1])
    assert dataset.notes == ()
    assert load_table(path, target="b").feature_names == ("a", "c", "d")


def test_columns_not_asked_for_may_hold_anything(tmp_path):
    path = write(tmp_path, 'name,x,y\n"two\nlines",1,3\n,2,5\n"a, b",3,8\n')
    dataset = load_table(path, features=["x"])
    np.testing.assert_array_equal(dataset.y, [3, 5, 8])
    assert "line 2, column 'name'" in message(path)


def test_lines_are_counted_through_cells_of_several_lines(tmp_path):
    path = write(tmp_path, 'name,x,y\n"two\nlines",1,3\nb,oops,5\n')
    assert "line 4, column 'x'" in message(path, features=["x"])


@pytest.mark.parametrize(("asked", "near"), [("Mpg", "mpg"), ("mgp", "mpg"), ("horse_power", "horsepower")])
def test_an_unknown_column_names_the_nearest_and_all(tmp_path, asked, near):
    path = write(tmp_path, "mpg,horsepower,y\n1,2,3\n2,3,5\n3,5,9\n4,4,4\n")
    for options in ({"target": asked}, {"features": [asked]}):
        text = message(path, **options)
        assert f"did you mean '{near}'?" in text
        assert "'mpg', 'horsepower', 'y'" in text


def test_the_target_is_no_feature(tmp_path):
    path = write(tmp_path, "x,y\n1,2\n2,3\n3,5\n")
    assert "also among the features" in message(path, target="x", features=["x"])
    assert "also among the features" in message(path, features=["x", "y"])


def test_a_feature_is_named_once(tmp_path):
    assert "every feature once" in message(write(tmp_path, "x,y\n1,2\n2,3\n3,5\n"), features=["x", "x"])


def test_one_column_alone_is_refused(tmp_path):
    assert "at least one feature beside the target 'y'" in message(write(tmp_path, "y\n1\n2\n"))


def test_a_column_without_a_name_is_refused_unless_it_is_not_needed(tmp_path):
    path = write(tmp_path, ",x,y\n0,1,3\n1,2,5\n3,3,8\n")
    assert "column 1 has no name (a row index?" in message(path)
    assert load_table(path, features=["x"]).rows == 3
    assert load_table(write(tmp_path, "a,b,\n1,3,7\n2,5,9\n4,4,1\n3,3,8\n")).y.tolist() == [7, 9, 1, 8]


def test_y_true_beside_y_is_the_truth_and_no_feature(tmp_path):
    path = write(tmp_path, "X,y,y_true\n1,3.1,3\n2,5.2,5\n3,6.8,7\n")
    dataset = load_table(path)
    assert (dataset.feature_names, dataset.target_name) == (("X",), "y")
    np.testing.assert_array_equal(dataset.y_true, [3, 5, 7])
    assert any("'y_true'" in note for note in dataset.notes)
    assert load_table(path, target="y_true", features=["X"]).target_name == "y_true"
    assert load_table(path, target="y", features=["X", "y_true"]).feature_names == ("X", "y_true")


def test_y_true_without_y_is_an_ordinary_column(tmp_path):
    dataset = load_table(write(tmp_path, "X,z,y_true\n1,3,3\n2,5,5\n3,6,7\n4,0,1\n"))
    assert (dataset.feature_names, dataset.target_name, dataset.y_true) == (("X", "z"), "y_true", None)


# -- missing values --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", ["", " ", "NA", "nan", "NaN", "-nan", "null", "N/A", "None"])
def test_every_spelling_of_missing_is_missing_and_not_a_number(tmp_path, cell):
    path = write(tmp_path, f"x,y\n1,3\n{cell},5\n3,8\n4,9\n")
    assert "got none in line 3, column 'x' (missing: 1, infinite: 0" in message(path)
    np.testing.assert_array_equal(load_table(path, drop_missing=True).X[:, 0], [1, 3, 4])


def test_dropping_rows_is_counted(tmp_path):
    path = write(tmp_path, "x,y\n1,3\n,5\n3,inf\n4,9\n5,1\n")
    dataset = load_table(path, drop_missing=True)
    np.testing.assert_array_equal(dataset.X[:, 0], [1, 4, 5])
    assert "dropped 2 of 5 rows with a missing or infinite value" in dataset.notes


def test_missing_cells_of_columns_not_in_use_do_not_matter(tmp_path):
    path = write(tmp_path, "a,x,y\n,1,3\n,2,5\n1,3,8\n")
    assert load_table(path, features=["x"]).rows == 3


def test_dropping_every_row_is_refused(tmp_path):
    assert "in 2 of 2 rows" in message(write(tmp_path, "x,y\n,1\n2,\n"), drop_missing=True)
    assert "no value in any of 3 rows" in message(BAD / "all_nan_column.csv", drop_missing=True)


def test_text_is_not_dropped_as_if_it_were_missing(tmp_path):
    assert "'two'" in message(BAD / "text_in_numeric.csv", drop_missing=True)


# -- cells -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "remedy"),
    [
        ("1,5", "decimal comma"),
        ("-0,25", "decimal comma"),
        ("1,500", "without the comma"),
        ("1,234,567.8", "between thousands"),
        ("1,234.5", "between thousands"),
        ("1 234", "between thousands"),
        ("1'234", "between thousands"),
        ("1_000", "between thousands"),
        ("12%", "percent"),
        ("€12", "currency"),
        ("12 €", "currency"),
        ("2024-05-01", "dates"),
        ("01.05.2024", "dates"),
        ("true", "1 and 0"),
        ("?", "leave the cell empty"),
        ("−3", "minus"),
        ("3 kg", "unit"),
        ("0x10", "decimal number"),
        ("١", "write a number"),
        ("1e", "write a number"),
        ("1.2.3", "write a number"),
        ("1/2", "decimal number"),
        ("12:30", "times"),
        ("3+2j", "real part"),
        ("3D+02", "e in front of the exponent"),
        ("1.5×10^3", "write e in place of the 10"),
        ("1.5x10^{-3}", "write e in place of the 10"),
        ("1.5 * 10**3", "write e in place of the 10"),
        ("12,34,567", "remove the commas between thousands"),
        ("0x1.8p3", "decimal number"),
        ("3-Jan-2020", "dates"),
        ("20200131T120000", "dates"),
        ("[3", "remove the brackets"),
        ("#WERT!", "spreadsheet's error"),
        *((cell, "; write a number") for cell in ("65+", "5*", "5:3", "1.5+3", "-1.#IND", "3\x1a", "5-")),
        ("3 4", "write one number"),
        ("3 ± 0.1", "write one number"),
        ("(3)", "minus sign"),
        ("=A1+1", "formulas"),
        ("#REF!", "spreadsheet's error"),
        ("“3”", "remove the quotes"),
        ("3\u200b", "cannot be seen"),
        ("blue", "write a number"),
    ],
)
def test_a_cell_that_is_no_number_gets_its_remedy(tmp_path, cell, remedy):
    text = message(write(tmp_path, f"x;y\n1;3\n{cell};5\n3;8\n"))
    assert "line 3, column 'x'" in text
    assert remedy in text


@pytest.mark.parametrize("cell", ["1e5", "+1.5", ".5", "5.", " 7 ", "1E+05", "-0.0", '"2.5"', "1e-400", "00012"])
def test_numbers_in_any_usual_spelling_are_read(tmp_path, cell):
    dataset = load_table(write(tmp_path, f"x,y\n-1,3\n{cell},5\n3,8\n"))
    assert dataset.X[1, 0] == float(cell.strip(' "'))


def test_both_readers_read_the_same_doubles(tmp_path):
    random.seed(7)
    cells = [repr(random.uniform(-1, 1) * 10.0 ** random.randint(-140, 140)) for _ in range(2000)]
    cells += ["2.2250738585072011e-308", "4.9e-324", "0.1", "9007199254740992", "", "inf"]
    cells += [f"{decimal.Decimal(random.random()):.40f}" for _ in range(200)]
    table = CsvTable("t", ("x,y\n" + "".join(f"{cell},1\n" for cell in cells)).encode())
    (fast,), (slow,) = table._fast([0, 1]), table._slow([0, 1])
    np.testing.assert_array_equal(fast, slow)
    np.testing.assert_array_equal(slow[:2000, 0], [float(cell) for cell in cells[:2000]])


@pytest.mark.parametrize("cell", ["9007199254740993", "-9007199254740993", "9007199254740993.0", "9007199254740992.5"])
def test_digits_that_float64_cannot_hold_are_refused(tmp_path, cell):
    assert f"line 3, column 'x': '{cell}' has more digits" in message(write(tmp_path, f"x,y\n1,3\n{cell},5\n3,8\n"))


@pytest.mark.parametrize("cell", ["9007199254740992", "9223372036854775808", "9.1e15", "1e22", "123456789012345678e0"])
def test_large_numbers_that_are_exact_or_rounded_on_purpose_are_read(tmp_path, cell):
    assert load_table(write(tmp_path, f"x,y\n1,3\n{cell},5\n3,8\n")).X[1, 0] == float(cell)


def test_a_number_beyond_float64_counts_as_infinite(tmp_path):
    assert "got inf in line 3" in message(write(tmp_path, "x,y\n1,3\n1e400,5\n3,8\n"))


def test_a_target_whose_squares_vanish_is_refused(tmp_path):
    assert "smaller unit" in message(write(tmp_path, "x,y\n1,1e-200\n2,2e-200\n3,5e-200\n"))


# -- separators, encodings, files ------------------------------------------------------------------------------------


def test_decimal_commas_between_semicolons_are_told_and_not_taken_for_separators(tmp_path):
    assert "decimal comma" in message(write(tmp_path, "x;y\n1,5;2,5\n2,5;3,5\n"))


def test_decimal_commas_between_commas_are_told(tmp_path):
    assert "expected 2 cells, as in the header, got 4" in message(write(tmp_path, "x,y\n1,5,2,5\n2,5,3,5\n"))


def test_a_comma_inside_a_header_of_semicolons_is_no_separator(tmp_path):
    dataset = load_table(write(tmp_path, "price, USD;y\n1;3\n2;5\n3;8\n"))
    assert dataset.feature_names == ("price, USD",)


@pytest.mark.parametrize("separator", ["|", "\t", ";", ",", ":"])
def test_a_separator_can_be_named(tmp_path, separator):
    path = write(tmp_path, "x,y\n1,3\n2,5\n3,8\n".replace(",", separator))
    assert load_table(path, separator=separator).features == 1


@pytest.mark.parametrize("separator", ["", ",,", '"', "\n"])
def test_an_impossible_separator_is_refused(separator):
    assert "one character" in message(BAD / "ok.csv", separator=separator)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1", "cp1252"])
def test_an_encoding_can_be_named(tmp_path, encoding):
    path = write(tmp_path, "größe,y\n1,3\n2,5\n3,8\n".encode(encoding))
    assert load_table(path, encoding=encoding).feature_names == ("größe",)


def test_a_wrong_or_unknown_encoding_is_told(tmp_path):
    assert "'klingon' is not known" in message(BAD / "ok.csv", encoding="klingon")
    assert "expected ascii text" in message(BAD / "utf8_header.csv", encoding="ascii")
    path = write(tmp_path, "x,y\n1,3\n".encode("utf-16-le"))
    assert "null bytes" in message(path)


def test_a_csv_file_that_is_called_parquet_is_read_by_its_content(tmp_path):
    assert load_table(write(tmp_path, "x,y\n1,3\n2,5\n3,8\n", "t.parquet")).rows == 3
    for content in (b"", b"PAXX\0\0"):
        assert "the Parquet file is cut off or damaged" in message(write(tmp_path, content, "t.parquet"))


def test_an_excel_workbook_is_told(tmp_path):
    assert "save it as CSV" in message(write(tmp_path, b"PK\x03\x04rest", "t.xlsx"))


def test_a_missing_file_names_its_neighbour(tmp_path):
    write(tmp_path, "x,y\n", "train.csv")
    assert "no such file (did you mean 'train.csv'?)" in message(tmp_path / "trian.csv")
    assert message(tmp_path / "nowhere" / "t.csv").endswith("no such file")


def test_a_folder_is_told(tmp_path):
    assert "got a folder" in message(tmp_path)


def test_a_file_without_permission_is_told(tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    path = write(tmp_path, "x,y\n1,2\n")
    monkeypatch.setattr(Path, "open", refuse)
    assert "no permission" in message(path)


def test_a_gzip_file_damaged_in_the_middle_is_refused(tmp_path):
    packed = bytearray(gzip.compress(("x,y\n" + "".join(f"{k},{k * k}\n" for k in range(999))).encode()))
    packed[len(packed) // 2] ^= 0xFF
    assert "damaged" in message(write(tmp_path, bytes(packed), "t.csv.gz"))


def test_a_million_rows_take_the_fast_reader(tmp_path, monkeypatch):
    x = np.arange(10**6) / 7
    path = write(tmp_path, "x,y\n" + "".join(map("%r,1.5\n".__mod__, x.tolist())) + "0.5,2\n")
    monkeypatch.setattr(CsvTable, "_slow", lambda self, *parts: pytest.fail("the slow reader was used"))
    dataset = load_table(path)
    assert dataset.rows == 10**6 + 1
    np.testing.assert_array_equal(dataset.X[:-1, 0], x)


def test_cells_of_several_lines_do_not_slow_down_a_long_table(tmp_path, monkeypatch):
    monkeypatch.setattr(CsvTable, "_slow", lambda self, *parts: pytest.fail("the slow reader was used"))
    cell = '"' + "line, with words\n" * 20 + '"'
    path = write(
        tmp_path, "name,x,y\n" + "".join(f"{cell},{k},{k % 7}\n" for k in range(8000))
    )  # several of its blocks
    np.testing.assert_array_equal(load_table(path, features=["x"]).X[:, 0], np.arange(8000))


def test_damage_anywhere_is_an_error_in_one_line_or_a_table_of_finite_numbers(tmp_path):
    originals = [
        path.read_bytes() for path in (BAD / "ok.csv", BAD / "ok.csv.gz", BAD / "ok.parquet", BAD / "units.csv")
    ]
    draw = random.Random(3)
    for k in range(400):
        content = bytearray(draw.choice(originals))
        for _ in range(draw.randint(1, 4)):
            content[draw.randrange(len(content))] = draw.choice(b'",;\n\r\0 .eE+-x19\xff')
        path = write(tmp_path, bytes(content), f"{k}.csv")
        try:
            dataset = load_table(path)
        except DataError as error:
            said = str(error)
        else:
            said = ""
            assert np.isfinite(dataset.X).all(), content
        assert "\n" not in said, content


# -- what is read at once ----------------------------------------------------------------------------------------------


def test_a_small_file_is_read_at_once_and_a_large_one_in_pieces(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "SMALL_BYTES", 8)
    small, large = write(tmp_path, "x,y\n1,2\n", "small.csv"), write(tmp_path, "x,y\n1,23\n", "large.csv")
    whole, piecewise = stored_content(small, "small"), stored_content(large, "large")
    for path in (small, large):
        path.write_text("other\n")
    assert b"".join(whole.pieces()) == b"x,y\n1,2\n"
    assert b"".join(piecewise.pieces()) == b"other\n"
    assert (whole.source, whole.stored_bytes, piecewise.source, piecewise.stored_bytes) == ("small", 8, "large", 9)


@pytest.mark.parametrize("small", [0, 2**20])
def test_what_is_packed_may_expand_to_the_memory_that_is_free(tmp_path, monkeypatch, small):
    monkeypatch.setattr(tables, "SMALL_BYTES", small)
    monkeypatch.setattr(tables, "available_bytes", lambda: 12)
    packed, plain = write(tmp_path, gzip.compress(b"x,y\n1,2\n3,4\n")), write(tmp_path, "x,y\n1,2\n3,4\n", "plain")
    found = [stored_content(path, "t") for path in (packed, plain)]
    assert [(content.compressed, content.most_bytes) for content in found] == [(True, 12), (False, None)]
    assert b"".join(found[0].pieces()) == b"x,y\n1,2\n3,4\n"
    assert "expands to more than" in message(write(tmp_path, gzip.compress(b"x,y\n1,2\n3,4\n5,6\n")))


@pytest.mark.parametrize("name", ["t.parquet", "t.PARQUET", "t.pq", "t.csv"])
@pytest.mark.parametrize("content", [b"", b"\0\1\2\0", b"x,y\n1,2\n3,4\n5,7\n", b"PAR1\0", b"x,PAR1", b"PAR1,y\n"])
def test_a_file_is_of_parquet_by_its_beginning_or_by_its_name_where_it_is_no_text(tmp_path, name, content):
    called = name != "t.csv" and content in (b"", b"\0\1\2\0", b"PAR1,y\n")
    assert is_parquet(StoredFile.of(name, content)) is (called or content == b"PAR1\0")


def test_another_format_is_told_below_many_blanks_or_a_mark(tmp_path):
    assert "got HTML or XML; save it as CSV" in message(write(tmp_path, " \n" * 1500 + "<html>"))
    assert "got JSON; save it as CSV" in message(write(tmp_path, b"\xef\xbb\xbf" + b'[{"x": 1, "y": 3}]'))


def test_a_table_is_for_a_fit_unless_it_is_not_and_keeps_all_rows_unless_asked(tmp_path):
    path = write(tmp_path, "x,y\n1,2\n1,3\n1,5\n")
    assert "constant" in message(path)
    assert load_table(path, to_fit=False).rows == 3
    assert "drop_missing" in message(write(tmp_path, "x,y\n1,2\n,3\n3,5\n4,4\n"))


# -- Parquet ---------------------------------------------------------------------------------------------------------


def parquet(folder: Path, **columns) -> Path:
    path = folder / "t.parquet"
    pyarrow.parquet.write_table(pyarrow.table(columns), path)
    return path


def test_parquet_of_every_numeric_type_is_read(tmp_path):
    ten = [decimal.Decimal(text) for text in ("0.1", "2.5", "3.3", "1.1", "7.7", "6.6", "1.0")]
    path = parquet(
        tmp_path,
        a=pyarrow.array([1, 2, 3, 4, 5, 6, 9], pyarrow.uint8()),
        b=pyarrow.array([1.5, 2, 3, 4, 5, 6, 8], pyarrow.float32()),
        c=ten,
        d=[True, False, True, True, False, True, False],
        e=pyarrow.array([2**60, 0, 1, 2, 3, 4, 5], pyarrow.int64()),
        y=[1.0, 2, 3, 4, 5, 6, 0],
    )
    dataset = load_table(path)
    np.testing.assert_array_equal(dataset.X[0], [1, 1.5, 0.1, 1, 2.0**60])
    assert dataset.rows == 7


@pytest.mark.parametrize("value", [2**53 + 1, 2**64 - 1])
def test_parquet_integers_that_float64_cannot_hold_are_refused(tmp_path, value):
    path = parquet(tmp_path, x=pyarrow.array([1, value, 2], pyarrow.uint64()), y=[1.0, 2, 3])
    assert f"row 1, column 'x': '{value}' has more digits" in message(path)


def test_parquet_missing_values_are_told_with_their_row(tmp_path):
    path = parquet(tmp_path, x=[1, 2, None, 4], y=[1.0, 2, 3, float("nan")])
    assert "got none in row 2, column 'x' (missing: 2, infinite: 0, in 2 of 4 rows)" in message(path)
    assert load_table(path, drop_missing=True).rows == 2


def test_parquet_text_is_told_with_its_type_unless_it_is_not_needed(tmp_path):
    path = parquet(tmp_path, name=["a", "b", "c"], x=[1, 2, 3], y=[1.0, 5, 6])
    assert "column 'name': expected numbers, got 'string'" in message(path)
    assert load_table(path, features=["x"]).rows == 3


def test_parquet_column_names_may_hold_points(tmp_path):
    path = parquet(tmp_path, **{"a.b": [1, 2, 3], "a": [4, 1, 2], "y": [1.0, 5, 6]})
    assert load_table(path, features=["a.b"]).X[0, 0] == 1
