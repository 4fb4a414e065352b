"""What is in the way of a table is told by its cause: row names, comments, blanks, stray separators and quotes."""

from __future__ import annotations

import gzip
import random
import re
import zlib
from pathlib import Path

import numpy as np
import pandas
import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handgrad.data.dataset import DataError, Dataset
from handgrad.data.formats.csv_blocks import Unsure
from handgrad.data.formats.csv_layout import (
    cause_of_cells,
    cause_of_header,
    cause_of_no_name,
    is_second_header,
    well_formed_quotes,
)
from handgrad.data.formats.csv_table import CsvTable
from handgrad.data.tables import load_table
from properties import examples

ROWS = [(1, 3), (2, 5), (3, 8), (4, 4)]


def table(header: str, row: str, folder: Path) -> Path:
    """A file of `ROWS`, of which `row` writes one; `{k}` counts them from 0."""
    path = folder / "t.csv"
    lines = [header, *(row.format(x=x, y=y, k=k) for k, (x, y) in enumerate(ROWS))]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def told(path: Path) -> str:
    with pytest.raises(DataError) as caught:
        load_table(path)
    text = str(caught.value)
    assert "\n" not in text
    assert text.startswith(str(path))
    return text


@pytest.mark.parametrize(
    ("header", "row", "cause"),
    [
        ("x,y", '"row {k}",{x},{y}', "begins with a name of its own, as R writes them"),
        ("x\ty", '"{k}"\t{x}\t{y}', "begins with its number, as R writes them"),
        ("x,y", "{x},5,{y}", "a decimal comma, write a point"),
        ("x,y", "{y},5,{x}", "quote cells that hold the separator"),
        (",x,y", "car {k},{x},{y}", "column 1 has no name (row names, as R and pandas write them)"),
        ("x,y", "{x},{y},", "each row ends with a separator, the header does not"),
        ("x,y,", "{x},{y}", "the header ends with a separator, the rows do not"),
        ("x;y;", "{x};{y};", "column 3 has no name (a separator at the end of each line)"),
        ("x\ty\t", "{x}\t{y}\t", "column 3 has no name (a separator at the end of each line)"),
        ("x\ty", "{x}\t\t{y}", "line 2: expected 2 cells, as in the header, got 3 ('1\\t\\t3'); separators"),
        ("|x|y", "|{x}|{y}", "column 1 has no name (a separator at the beginning of each line)"),
        ("x\t\ty", "{x}\t\t{y}", "column 2 has no name (two separators side by side)"),
        ("# made in May\nx,y", "{x},{y}", "line 1 ('# made in May'): begins with '#', as comments do"),
        ("% a, b and c\nx,y", "{x},{y}", "begins with '%', as comments do"),
        ("// made in May\nx;y", "{x};{y}", "begins with '//', as comments do"),
        ("# x y", "{x} {y}", "begins with '#', as comments do"),
        ("x,y", "{x},{y}\n# half of it", "line 3: expected 2 cells, as in the header, got 1 ('# half of it'); it"),
        ("x,y", "{x},{y}\n# half, of it", "line 3, column 'x': expected a number, got '# half'; remove lines of"),
        ("x y", "{x} {y}", "blanks between its cells; name the separator: ' '"),
        ("x   y", "{x}   {y}", "write one comma in place of each run of blanks"),
        ("  x y", "  {x} {y}", "write one comma in place of each run of blanks"),
        ("x:y", "{x}:{y}", "seems to have ':' between its cells; name the separator"),
        ("x~y", "{x}~{y}", "seems to have '~' between its cells; name the separator"),
        ('"x"1,y', "{x},{y}", "line 1: the quotes do not fit"),
        ("x,y", '{x},"{y}"0', "line 2: the quotes do not fit"),
        ("x,y", '"{x}" ,{y}', "line 2: the quotes do not fit"),
        ("x,y", '""{x},{y}', "line 2: the quotes do not fit"),
        ("x,y", '{x}"0,{y}', "line 2, column 'x': expected a number"),
        ("x,y", '{x}, "{y}"', "line 2, column 'y': expected a number, got ' \"3\"'; remove the quotes, or the blanks"),
        ("x,y", "{x},\ufeff{y}", "line 2, column 'y': expected a number"),
        ("x,y", "\ufeff{x},{y}", "line 2, column 'x': expected a number"),
        ("x,y\nkg,m", "{x},{y}", "line 2, column 'x': expected a number, got 'kg'; no cell of this line is a number"),
        ("x,y\n---,---", "{x},{y}", "no cell of this line is a number, as in one of units or dashes below the header"),
        ("x,y", "{x},#{y}", "column 'y': expected a number, got '#3'; write a number"),
        ("x,y", "#{x},{y}", "column 'x': expected a number, got '#1'; remove lines of comment"),
        ("x,y", "{x}\t{y}", "it seems to have '\\t' (tab) between its cells, the header another separator"),
        ("x,y", "{x},{y}\nSource: May", "got 1 ('Source: May'); remove it if it is no row, such as a note"),
        ("x,y", "{x},{y}\n\x1a", "it is the mark of DOS for the end of a file; remove it"),
        ("x,y", "{x},{y},\n{x},{y}", "got 3 ('1,3,'); it ends with a separator; remove that"),
        ("x,y", ",{x},{y}\n{x},{y}", "got 3 (',1,3'); it begins with a separator; remove that"),
        ("x,y", "{x}," + "9" * 200_000, "line 2: a cell of this row has more than 131,072 characters"),
    ],
)  # fmt: skip
def test_the_cause_is_named(tmp_path, header, row, cause):
    assert cause in told(table(header, row, tmp_path))


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("#,y", "{x},{y}"),
        ("% of all,y", "{x},{y}"),
        ("--,y", "{x},{y}"),
        ("price/m2,y", "{x},{y}"),
        ("of body mass,y", "{x},{y}"),
    ],
)
def test_an_odd_header_of_a_sound_table_is_read(tmp_path, header, row):
    dataset = load_table(table(header, row, tmp_path))
    assert dataset.feature_names == (header.partition(",")[0],)
    said = [note for note in dataset.notes if "as comments do" in note]
    assert len(said) == (header[0] in "#%-")


def test_columns_aligned_by_blanks_are_told_to_who_names_a_blank(tmp_path):
    path = table("x y", "{x:>4} {y:>{k}}", tmp_path)
    with pytest.raises(DataError, match="separators stand side by side; write one between two cells"):
        load_table(path, separator=" ")


def test_columns_that_are_named_are_read_whatever_stands_beside_them(tmp_path):
    path = table("x;y;", "{x};{y};", tmp_path)
    assert load_table(path, target="y", features=["x"]).y.tolist() == [3, 5, 8, 4]
    path = table(",x,y", "car {k},{x},{y}", tmp_path)
    assert load_table(path, features=["x"]).rows == 4


def test_a_header_that_ends_with_a_separator_is_told_to_who_names_columns_too(tmp_path):
    path = table("x,y,", "{x},{y}", tmp_path)
    with pytest.raises(DataError, match="the header ends with a separator, the rows do not; remove it"):
        load_table(path, target="y", features=["x"])


# -- Excel's first line ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "separator", "name"),
    [("sep=;", ";", "semicolon"), ('"sep=;"', ";", "semicolon"), ("SEP=\t", "\t", "tab"), ("sep=^", "^", "'^'")],
)
def test_a_line_that_names_the_separator_is_followed_and_counted(tmp_path, first, separator, name):
    path = table(f"{first}\nx{separator}y", f"{{x}}{separator}{{y}}", tmp_path)
    dataset = load_table(path)
    assert dataset.y.tolist() == [3, 5, 8, 4]
    assert f"separator: {name}, as the first line says" in dataset.notes
    path.write_text(path.read_text().replace("8", "eight"))
    assert "line 5, column 'y'" in told(path)


@pytest.mark.parametrize("name", ["sep=a", "sep=", '"sep="', "sep=1", "sep=;x"])
def test_a_column_may_be_called_sep(tmp_path, name):
    assert load_table(table(f"{name},y", "{x},{y}", tmp_path)).feature_names == (name.strip('"'),)
    assert "at least one feature" in told(table(name.replace(";", ""), "{x}", tmp_path))


# -- what labels the rows ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["", '""', "Unnamed: 0"])
@pytest.mark.parametrize("first", [0, 1])
def test_a_column_without_a_name_that_counts_the_rows_is_left_out(tmp_path, name, first):
    path = tmp_path / "t.csv"
    path.write_text(f"{name},x,y\n" + "".join(f"{k + first},{x},{y}\n" for k, (x, y) in enumerate(ROWS)))
    dataset = load_table(path)
    assert dataset.feature_names == ("x",)
    assert any("counts the rows, as a saved index does: left out" in note for note in dataset.notes)


def test_a_column_that_pandas_named_is_kept_when_it_is_asked_for_and_told_when_it_is_kept(tmp_path):
    path = table("Unnamed: 0,x,y", "{k},{x},{y}", tmp_path)
    assert load_table(path, features=["Unnamed: 0"]).X[:, 0].tolist() == [0, 1, 2, 3]
    assert load_table(path, target="Unnamed: 0", features=["x"]).y.tolist() == [0, 1, 2, 3]
    dataset = load_table(table("Unnamed: 0,x,y", "{y},{x},{y}", tmp_path))
    assert dataset.feature_names == ("Unnamed: 0", "x")
    assert any("'Unnamed: 0'" in note and "is it a feature?" in note for note in dataset.notes)


def test_a_named_column_that_counts_the_rows_is_a_feature(tmp_path):
    assert load_table(table("t,y", "{k},{y}", tmp_path)).feature_names == ("t",)


def frame() -> pandas.DataFrame:
    return pandas.DataFrame({"x": [x for x, _ in ROWS], "y": [y for _, y in ROWS]})


@pytest.mark.parametrize(
    ("saved", "index"),
    [
        (frame().iloc[[0, 2, 3]], "__index_level_0__"),
        (frame().set_index(pandas.Index([7, 8, 9, 1], name="id")), "id"),
        (frame().set_index(pandas.Index(list("abcd"))), "__index_level_0__"),
    ],
)
def test_the_index_of_a_saved_frame_is_no_data(tmp_path, saved, index):
    saved.to_parquet(tmp_path / "t.parquet")
    dataset = load_table(tmp_path / "t.parquet")
    assert (dataset.feature_names, dataset.target_name) == (("x",), "y")
    assert f"column '{index}' is the index of the DataFrame that was saved: left out" in dataset.notes


def test_the_index_of_a_saved_frame_is_used_when_it_is_asked_for(tmp_path):
    frame().set_index("y").to_parquet(tmp_path / "t.parquet")
    assert load_table(tmp_path / "t.parquet", features=["y"]).X[:, 0].tolist() == [3, 5, 8, 4]
    assert load_table(tmp_path / "t.parquet", target="y").y.tolist() == [3, 5, 8, 4]
    assert "to use what labels the rows, name it: 'y'" in told(tmp_path / "t.parquet")
    frame()[["y"]].set_index("y").to_parquet(tmp_path / "t.parquet")
    assert "beside the one that labels the rows" in told(tmp_path / "t.parquet")


@pytest.mark.parametrize(
    "noted", [b"", b"{", b"[]", b"{}", b'{"index_columns": 5}', b'{"index_columns": [{}, 3, "z"]}', b"\xff"]
)
def test_metadata_that_pandas_never_wrote_do_not_matter(tmp_path, noted):
    plain = pyarrow.table({"x": [x for x, _ in ROWS], "y": [y for _, y in ROWS]})
    pyarrow.parquet.write_table(plain.replace_schema_metadata({b"pandas": noted}), tmp_path / "t.parquet")
    assert load_table(tmp_path / "t.parquet").feature_names == ("x",)


def test_the_index_of_a_frame_in_memory_is_no_data_either():
    dataset = Dataset.from_frame(pandas.DataFrame({"Unnamed: 0": [0, 1, 2, 3], **frame()}))
    assert dataset.feature_names == ("x",)
    assert any("left out" in note for note in dataset.notes)


# -- one grammar -------------------------------------------------------------------------------------------------------


def test_what_the_fast_reader_reads_the_slow_one_reads_alike():
    """Rows of sound and of damaged cells: where the fast reader gives numbers, the slow one gives the same."""
    draw = random.Random(11)
    sound = ["-nan(ind)", "1", "2.5", "-3e2", '"4"', "", '""', "NA", "inf", '"5\n"', " 6", "7 ", '" 8"', "nan", "9\t"]
    damaged = ['"1"2', '1"2', '"1"" 2"', '"1" ', ' "1"', "\ufeff1", '"', '""1', '"1""', "1\u00a0", "x", "1,2", '"1,2"']
    read = refused = 0
    for _ in range(3000):
        rows = [[draw.choice(sound if draw.random() < 0.93 else damaged) for _ in "xy"] for _ in range(4)]
        both = CsvTable("t", ("x,y\n" + "\n".join(map(",".join, rows)) + "\n").encode(), ",")
        try:
            (fast,) = both._fast([0, 1])
        except Unsure:
            refused += 1
        else:
            read += 1
            np.testing.assert_array_equal(fast, both._slow([0, 1])[0], err_msg=repr(rows))
    assert min(read, refused) > 500


@pytest.mark.parametrize("cell", ['"a ""b"" c"', '""""', '""', '"a,b"', '"a\nb"', "a", '"1"'])
def test_sound_quotes_stay_with_the_fast_reader(cell):
    sound = CsvTable("t", f"name,x,y\n{cell},1,2\n{cell},3,4\n".encode(), ",")
    assert sound._fast([1, 2])[0].tolist() == [[1, 2], [3, 4]]


BLOCKS = st.lists(st.sampled_from([b"1", b",", b'"', b'"', b"\n", b"\n", b"x"]), max_size=25).map(b"".join)

#: A file whose every quote opens a cell, closes one, or is doubled within one.
QUOTED_CELL = rb'"(?:[^"]|"")*"'
WELL_FORMED = re.compile(rb'(?:(?:%s|[^",\n]*)(?:[,\n]|\Z))*' % QUOTED_CELL)


@given(content=BLOCKS)
@examples(300)
def test_quotes_fit_exactly_where_the_grammar_says_so(content: bytes) -> None:
    assert well_formed_quotes(content, ",") is bool(WELL_FORMED.fullmatch(content))


# -- what is no text ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"\x89PNG\r\n\x1a\n\0", "a picture (PNG)"),
        (b"\x28\xb5\x2f\xfd\x04", "Zstandard"),
        (b"ARROW1\0\0\xff", "an Arrow or Feather file"),
        (b"BZh91AY&SY\0", "bzip2"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "an old Excel workbook"),
        (b'[{"x": 1, "y": 3}]', "JSON"),
        (b'{"x": [1, 2]}', "JSON"),
        (b"<!DOCTYPE html>\n<html>", "HTML or XML"),
        (b'<?xml version="1.0"?>', "HTML or XML"),
        (b"<table>\n<tr><td>1</td></tr></table>\n", "HTML or XML"),
        (b'\xef\xbb\xbf[{"x": 1, "y": 3}]', "JSON"),
        (b"[1, 2, 3]\n", "JSON"),
        (b"{}", "JSON"),
        (b"| x | y |\n|---|--:|\n| 1 | 2 |\n", "a table of Markdown"),
        (b"\\begin{tabular}{ll}\nx & y\n", "LaTeX"),
        (b"[data]\r\nx = [1, 2]\n", "TOML or INI"),
        (b"[[rows]]\nx=1\ny=2\n", "TOML or INI"),
        (b"---\nrows:\n  - x: 1\n    y: 2\n", "YAML"),
        (b"---\n- x: 1\n  y: 2\n", "YAML"),
        (b"| x | y |\n|---+---|\n| 1 | 2 |\n", "a table of Markdown"),
        (b"x & y \\\\\n1 & 2 \\\\\n", "LaTeX"),
        (b"% of May\n@RELATION r\n@attribute x numeric\n@data\n1,2\n", "ARFF"),
        (b"%%MatrixMarket matrix array real general\n2 2\n", "a file of Matrix Market"),
        (b"1 1:0.5 2:0.3\n0 1:0.2\n", "a file of LIBSVM"),
        (b"{\\rtf1 x,y\\par\n1,2\\par\n}", "a document (RTF)"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:4d\n", "a pointer of Git LFS, for which `git lfs"),
        (b"<!-- of May -->\n<p>", "HTML or XML"),
        (b"<table><tr><td>1</td></tr>" * 500, "HTML or XML"),
        (b"<rows>\n" + b"<row x='1' y='2'/>\n" * 500, "HTML or XML"),
        (b"PK\x05\x06" + bytes(18), "a ZIP archive"),
        (b"ORC\n\x03\0", "an ORC file"),
        (b"Obj\x01\x04\x14avro.codec", "an Avro file"),
        (b"\xff\xff\xff\xff\xf0\0\0\0\x10\0\0\0", "an Arrow stream"),
        (b"RDX3\nX\n\0\0\0\x03", "a file of R's own format"),
        (b"<stata_dta><header>", "a Stata file"),
        (b"$FL2@(#) SPSS DATA FILE", "an SPSS file"),
        (b"MATLAB 5.0 MAT-file", "a MATLAB file"),
        (b"\x80\x04\x95\x10\0", "a Python pickle"),
        (b"\x04\x22\x4d\x18d", "LZ4"),
        *((zlib.compress(b"x,y\n" + b"1,2\n2,3.5\n" * 9, level), "zlib") for level in (0, 1, 6, 9)),
        (b"Rar!\x1a\x07\0", "a RAR archive"),
        (b"a.csv" + bytes(252) + b"ustar\x0000", "a tar archive"),
        (gzip.compress(gzip.compress(b"x,y\n1,2\n", mtime=0), mtime=0), "a file compressed twice by gzip"),
    ],
)
def test_a_file_of_another_format_is_told(tmp_path, content, name):
    path = tmp_path / "t.csv"
    path.write_bytes(content)
    assert f"expected CSV, TSV or Parquet, got {name}" in told(path).replace("a file compressed by ", "")


@pytest.mark.parametrize(
    "header",
    ["[kg],y", "{x},y", "<b>,y", "<b>x</b>,y", "{},y", "[1],y", "ORC,y", "x\x01,y", "xy,y", "BZh,y", "%PDF,y", "x^2,y",
     "x^,y", "x^größe,y", "MATLAB 5.1,y", "Obj,y", "A,y", "PK,y", "GIF89a,y", "[x=1],y", "|x|,y", "PAR1,y",
     "%PDF-f(x),y", "@relation,y", "x&z,y"],
)  # fmt: skip
def test_a_header_that_begins_as_another_format_does_is_a_header(tmp_path, header):
    dataset = load_table(table(header, "{x},{y}", tmp_path))
    assert dataset.feature_names == (header.partition(",")[0],)


def test_utf_32_with_its_mark_is_read(tmp_path):
    (tmp_path / "t.csv").write_bytes("x,y\n1,3\n2,5\n3,8\n".encode("utf-32"))
    assert load_table(tmp_path / "t.csv").rows == 3


def test_one_line_alone_shows_no_blanks_between_cells(tmp_path):
    (tmp_path / "t.csv").write_text("404: Not Found")
    assert "at least one feature beside the target '404: Not Found'" in told(tmp_path / "t.csv")


def test_a_separator_beyond_ascii_can_be_named(tmp_path):
    assert load_table(table("x¦y", "{x}¦{y}", tmp_path), separator="¦").y.tolist() == [3, 5, 8, 4]


@pytest.mark.parametrize(
    ("cells", "column", "rows", "told"),
    [
        (["m", "kg"], 0, [["m", "kg"], ["1", "2"], ["3", "4"]], True),
        (["m", "kg"], 0, [["m", "kg"], ["1", "x"], ["3", "4"]], True),
        (["m", "kg"], 0, [["1", "2"], ["m", "kg"], ["3", "4"]], False),
        (["m", "kg"], 1, [["s", "kg"], ["1", "2"], ["3", "4"]], False),
        (["m", "7"], 0, [["m", "7"], ["1", "2"], ["3", "4"]], False),
        (["m", "kg"], 0, [["m", "kg"]], False),
        (["m", "kg"], 0, [], False),
        (["m", "kg"], 1, [["m", "kg"], ["1", "2"], ["3"]], False),
        (["m", "kg"], 0, [["m", "kg"], ["1", "2"], ["m", "4"]], False),
    ],
)
def test_a_line_of_units_is_the_first_and_no_other_has_words(cells, column, rows, told):
    assert is_second_header(cells, column, rows) is told


@pytest.mark.parametrize(
    ("cells", "expected", "told"),
    [
        (["a b", "c"], 3, None),
        (["7"], 2, None),
        (["7,5"], 3, None),
        (["1;2"], 2, "it seems to have ';' (semicolon) between its cells, the header another separator"),
        (["end of data"], 2, "remove it if it is no row, such as a note; otherwise fill in the missing cells"),
        (["1", "2", ""], 2, "it ends with a separator; remove that"),
        (["", "1", "2"], 2, "it begins with a separator; remove that"),
        (["1", "2", "3"], 2, None),
        (["1", "2", ""], 1, None),
        (["\x1a"], 2, "it is the mark of DOS for the end of a file; remove it"),
    ],
)
def test_a_line_of_another_length_is_told_by_its_own_cells(cells, expected, told):
    assert cause_of_cells(cells, expected) == told


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([["1", "", "2"], ["3", ""]], "two separators side by side"),
        ([["1", ""], ["2"]], None),
        ([["1", ""], ["2", ""]], "a separator at the end of each line"),
    ],
)
def test_a_column_without_a_name_is_told_by_all_first_rows(rows, told):
    assert cause_of_no_name(1, rows) == told


def test_one_run_of_blanks_is_enough_to_tell_runs_of_blanks():
    assert cause_of_header(["x y"], [["1  2"], ["3 4"]]) == (
        "has blanks between its cells; write one comma in place of each run of blanks"
    )
