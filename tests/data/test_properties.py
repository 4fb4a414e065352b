"""What holds of any table and any file: every number comes back, and what is no table is told, never raised."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handgrad.data.dataset import DataError, Dataset
from handgrad.data.formats.csv_blocks import Unsure
from handgrad.data.formats.csv_table import CsvTable
from handgrad.data.generated import write_csv
from handgrad.data.model_file import Model, load, save
from handgrad.data.standardize import Standardization
from handgrad.data.tables import load_table
from properties import Made, examples, numbers, problems

BAD = Path(__file__).parent / "badinput"

FINITE = st.floats(allow_nan=False, allow_infinity=False)

#: What a table takes: squares that float64 holds.
IN_RANGE = FINITE.filter(lambda value: value == 0 or 1e-140 < abs(value) < 1e140)

#: Names that a header may hold; what stands around them is trimmed.
NAMES = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=8).map(str.strip).filter(bool)

tables = st.integers(1, 3).flatmap(
    lambda d: st.lists(st.tuples(*[IN_RANGE] * (d + 1)), min_size=1, max_size=12).map(np.array)
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for all examples: each writes its file anew."""
    return tmp_path_factory.mktemp("properties")


# -- every number comes back -------------------------------------------------------------------------------------------


@given(table=tables, names=st.lists(NAMES, min_size=4, max_size=4, unique=True))
@examples()
def test_what_is_written_as_csv_is_read_to_the_bit(folder: Path, table: Any, names: list[str]) -> None:
    names = [name for name in names if name not in ("y", "y_true")] + [f"plain {k}" for k in range(4)]
    made = Dataset.from_arrays(table[:, :-1], table[:, -1], names[: table.shape[1] - 1], "y")
    write_csv(made, folder / "t.csv")
    read = load_table(folder / "t.csv", target="y", features=made.feature_names, to_fit=False)
    assert (read.X.tobytes(), read.y.tobytes()) == (made.X.tobytes(), made.y.tobytes())
    assert read.feature_names == made.feature_names


@given(
    table=tables,
    separator=st.sampled_from(",;\t|"),
    quoting=st.sampled_from((csv.QUOTE_MINIMAL, csv.QUOTE_ALL)),
    end=st.sampled_from(("\n", "\r\n", "\r")),
    encoding=st.sampled_from(("utf-8", "utf-8-sig", "utf-16")),
    packed=st.booleans(),
)
@examples()
def test_however_a_table_is_laid_out_its_numbers_are_the_same(
    folder: Path, table: Any, separator: str, quoting: Any, end: str, encoding: str, packed: bool
) -> None:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=separator, quoting=quoting, lineterminator=end)
    writer.writerows([[f"c{k}" for k in range(table.shape[1])], *table.tolist()])
    content = text.getvalue().encode(encoding)
    (folder / "t.csv").write_bytes(gzip.compress(content) if packed else content)
    read = load_table(folder / "t.csv", target="c0", to_fit=False)
    assert np.column_stack([read.y, read.X]).tobytes() == table.tobytes()


@given(table=tables)
@examples()
def test_what_pandas_writes_as_parquet_is_read_to_the_bit(folder: Path, table: Any) -> None:
    pd.DataFrame(table, columns=[f"c{k}" for k in range(table.shape[1])]).to_parquet(folder / "t.parquet")
    read = load_table(folder / "t.parquet", target="c0", to_fit=False)
    assert np.column_stack([read.y, read.X]).tobytes() == table.tobytes()


@given(
    weights=st.lists(FINITE, min_size=1, max_size=4),
    bias=FINITE,
    names=st.lists(NAMES, min_size=5, max_size=5, unique=True),
    used=st.none() | st.lists(st.tuples(FINITE, st.floats(5e-324, 1e308)), min_size=4, max_size=4),
    details=st.dictionaries(st.text(max_size=5), FINITE | st.text(max_size=9) | st.none(), max_size=3),
    format=st.sampled_from(("json", "pickle")),
)
@examples()
def test_a_model_comes_back_to_the_bit(
    folder: Path, weights: Any, bias: float, names: Any, used: Any, details: Any, format: Any
) -> None:
    d = len(weights)
    scaling = used and Standardization(*np.array(used[:d]).T)
    model = Model(np.array(weights), bias, tuple(names[:d]), names[-1], scaling, details)
    save(model, folder / "m", format)
    read = load(folder / "m")
    assert read.weights.tobytes() == model.weights.tobytes()
    assert np.float64(read.bias).tobytes() == np.float64(bias).tobytes()
    assert (read.feature_names, read.target_name) == (model.feature_names, model.target_name)
    assert read.details == details
    assert (read.standardization is None) == (scaling is None)
    if read.standardization and scaling:
        assert read.standardization.means.tobytes() == scaling.means.tobytes()
        assert read.standardization.scales.tobytes() == scaling.scales.tobytes()


# -- standardised ------------------------------------------------------------------------------------------------------


@given(made=problems(powers=8), used=st.lists(st.tuples(numbers(8), st.floats(1e-6, 1e6)), min_size=4, max_size=4))
@examples()
def test_parameters_in_the_users_units_are_those_of_the_formula_each_rounded_once(made: Made, used: Any) -> None:
    fitted = Standardization(*np.array(used[: made.X.shape[1]]).T)
    weights, bias = fitted.weights_back(made.weights, made.bias)
    assert (weights == made.weights / fitted.scales).all()
    moved = sum(Fraction(w) * Fraction(m) for w, m in zip(weights.tolist(), fitted.means.tolist(), strict=True))
    assert float(bias) == float(Fraction(made.bias) - moved)


@given(made=problems(powers=8), power=st.integers(-300, 300))
@examples()
def test_a_power_of_two_as_unit_of_a_feature_changes_no_bit_of_what_it_becomes(made: Made, power: int) -> None:
    X = np.vstack([made.X, made.X[:1] + 1 + np.abs(made.X[:1])])  # no column is constant
    one, other = Standardization.fit(X), Standardization.fit(np.ldexp(X, power))
    np.testing.assert_array_equal(other.apply(np.ldexp(X, power)), one.apply(X))
    np.testing.assert_array_equal(np.ldexp(other.means, -power), one.means)
    np.testing.assert_array_equal(np.ldexp(other.scales, -power), one.scales)


# -- what is no table --------------------------------------------------------------------------------------------------

#: Pieces of which files are made that one reader takes and another does not.
PIECES = st.sampled_from(
    ["1", "2.5", "-3e4", ".5", "1.", "+7", "1e400", "1e-400", "nan", "inf", "NA", "", " ", "\t", ",", ",", ",", ";",
     "|", '"', '""', "\n", "\n", "\n", "\r\n", "\r", "\ufeff", "\0", "x", "y", "#", "ü", "1,5", "0x1", "1_0", "٣",
     "9007199254740993", "1e", "e1", "--1", "Infinity", "-", "\x0b", "\x85", "\u2028", "null", "true"]
)  # fmt: skip
TEXTS = st.lists(PIECES, max_size=40).map("".join)
HEADED = st.tuples(st.sampled_from(("x,y\n", "x;y\n", '"x","y"\n', "a\tb\n", "x\n", "")), TEXTS).map("".join)


def columns_of(table: CsvTable) -> list[int]:
    return list(range(len(table.names)))


def outcome(read: Callable[[list[int]], Any], columns: list[int]) -> Any:
    """What a reader gives, or what it says is wrong; None where it leaves the file to the other."""
    try:
        return read(columns)[0]
    except Unsure:
        return None
    except DataError as told:
        return str(told)


@given(text=HEADED)
@examples(200)
def test_what_the_fast_reader_reads_is_what_the_slow_one_does(text: str) -> None:
    try:
        table = CsvTable("t.csv", text.encode())
    except DataError:
        return
    fast = outcome(table._fast, columns_of(table))
    if fast is not None:
        np.testing.assert_equal(outcome(table._slow, columns_of(table)), fast)


def told_of(read: Callable[..., Any], path: Path, **how: Any) -> str:
    """What a reader says is wrong with a file; nothing where it reads it. Whatever else it raises goes on."""
    try:
        read(path, **how)
    except DataError as told:
        return str(told)
    return ""


#: Pieces of a file that are replaced: where, by what, and how many bytes.
CHANGES = st.lists(st.tuples(st.integers(0, 1 << 20), st.binary(max_size=3), st.integers(0, 3)), max_size=4)


def changed(content: bytes, changes: Any) -> bytes:
    """A file's content with some changes."""
    for place, inserted, removed in changes:
        at = place % (len(content) + 1)
        content = content[:at] + inserted + content[at + removed :]
    return content


@given(content=HEADED.map(str.encode) | st.binary(max_size=200), packed=st.booleans())
@examples(100)
def test_any_file_is_a_table_or_is_told_in_one_line(folder: Path, content: bytes, packed: bool) -> None:
    (folder / "t.csv").write_bytes(gzip.compress(content) if packed else content)
    assert "\n" not in told_of(load_table, folder / "t.csv", drop_missing=len(content) % 2 == 0)


@given(
    name=st.sampled_from(sorted(path.name for path in BAD.iterdir() if path.stat().st_size < 20_000)),
    changes=CHANGES,
    kept=st.none() | st.integers(0, 1 << 20),
)
@examples(100)
def test_any_damage_to_a_file_is_told_in_one_line(folder: Path, name: str, changes: Any, kept: int | None) -> None:
    content = changed((BAD / name).read_bytes(), changes)
    damaged = folder / f"damaged{''.join((BAD / name).suffixes)}"
    damaged.write_bytes(content if kept is None else content[: kept % (len(content) + 1)])
    assert "\n" not in told_of(load_table, damaged)


@given(format=st.sampled_from(("json", "pickle")), changes=CHANGES)
@examples(100)
def test_any_damage_to_a_model_file_is_told_in_one_line(folder: Path, format: Any, changes: Any) -> None:
    model = Model(np.array([1 / 3, -2.0]), 0.5, ("a", "b"), "y", Standardization.identity(2), {"epochs": 3})
    save(model, folder / "m", format)
    (folder / "m").write_bytes(changed((folder / "m").read_bytes(), changes))
    assert "\n" not in told_of(load, folder / "m")
