"""Which columns are features and which is the target: by name, by place, and where a column has no name of its own."""

from __future__ import annotations

import numpy as np
import pytest

from handgrad.data.columns import choose_columns, clean_header, counts_rows, saved_index
from handgrad.data.errors import DataError, UnknownColumn


@pytest.mark.parametrize(
    ("column", "counts"),
    [
        ([0, 1, 2], True), ([1, 2, 3], True), ([0], True), ([1], True), ([], False),
        ([2, 3, 4], False), ([-1, 0, 1], False), ([0, 2, 3], False), ([0, 1, 1], False), ([1, 2.5], False),
    ],
)  # fmt: skip
def test_a_column_counts_the_rows_from_0_or_from_1_and_by_ones(column: list[float], counts: bool) -> None:
    assert counts_rows(np.array(column, dtype=np.float64)) is counts


def test_columns_without_a_name_may_stand_twice_and_others_may_not() -> None:
    assert clean_header(["", " ", "y"], "t")[0] == ["", "", "y"]
    with pytest.raises(DataError, match=r"'x' stands twice \(columns 1 and 3\)"):
        clean_header(["x", "y", " x"], "t")


def test_spaces_around_names_are_trimmed_and_told() -> None:
    assert clean_header([" x", "y ", "z"], "t") == (["x", "y", "z"], ["header: spaces around 'x', 'y' were trimmed"])
    assert clean_header(["x", "a b"], "t") == (["x", "a b"], [])


@pytest.mark.parametrize(
    ("target", "features", "told"),
    [
        ("x", ["x"], "t: 'x' is the target and also among the features; name another target"),
        (None, ["x", "y"], "t: 'y' is the target and also among the features"),
        ("y", ["x", "x"], "t: expected every feature once, got 'x', 'x'"),
        ("y", [], "t: expected at least one feature beside the target 'y', got none"),
        ("z", None, "t: no column is called 'z'; the target can be: 'x', 'y', ''"),
        ("y", ["X"], "t: no column is called 'X' (did you mean 'x'?); the feature can be: 'x', 'y', ''"),
        ("y", None, "t: column 3 has no name (a row index? a separator at the end of the line?); name it, save"),
    ],
)
def test_columns_that_cannot_be_had_are_told(target: str | None, features: list[str] | None, told: str) -> None:
    with pytest.raises(DataError) as caught:
        choose_columns(["x", "y", ""] if target else ["x", "y"], target, features, "t")
    assert str(caught.value).startswith(told)


def test_a_saved_index_is_told_by_its_name_where_it_has_one() -> None:
    assert saved_index("") == "column 1 has no name and counts the rows, as a saved index does: left out"
    assert saved_index("Unnamed: 0").startswith("column 1 ('Unnamed: 0') has no name")


def test_a_header_of_numbers_alone_is_doubted() -> None:
    assert clean_header(["1", "y"], "t")[1] == []
    assert "is there no header" in clean_header(["1", "2.5"], "t")[1][0]


def test_a_column_without_a_name_cannot_be_asked_for() -> None:
    for role in ({"target": ""}, {"target": "y", "features": [""]}):
        with pytest.raises(UnknownColumn, match="no column is called ''"):
            choose_columns(["", "x", "y"], **{"target": None, "features": None, **role}, where="t")  # type: ignore[arg-type]


def test_the_target_without_its_noise_is_no_feature_unless_it_is_asked_for() -> None:
    names = ["x", "y_true", "y"]
    plain = choose_columns(names, None, None, "t")
    assert (plain.features, plain.target, plain.y_true, plain.indices) == ((0,), 2, 1, [0, 2, 1])
    assert plain.notes == ("column 'y_true' is the target without its noise, not a feature",
                           "target: 'y', the last column but that one")  # fmt: skip
    asked = choose_columns(names, "y_true", None, "t")
    assert (asked.features, asked.target, asked.y_true, asked.notes) == ((0, 2), 1, None, ())
    used = choose_columns(names, "y", ["y_true", "x"], "t")
    assert (used.features, used.target, used.y_true, used.notes) == ((1, 0), 2, None, ())
    other = choose_columns(["x", "z", "y_true"], None, None, "t")
    assert (other.features, other.target, other.y_true) == ((0, 1), 2, None)
    with pytest.raises(DataError, match="at least one feature beside the target 'y', got none"):
        choose_columns(["y", "y_true"], None, None, "t")


def test_a_target_other_than_y_has_no_values_without_noise() -> None:
    found = choose_columns(["x", "y", "y_true"], "x", None, "t")
    assert (found.features, found.target, found.y_true, found.indices) == ((1,), 0, None, [1, 0])


@pytest.mark.parametrize(
    ("names", "named"),
    [(["", "y"], ""), (["id", "y"], "; to use what labels the rows, name it: 'id'"),
     (["", "id", "y"], "; to use what labels the rows, name it: 'id'")],
)  # fmt: skip
def test_what_labels_the_rows_is_offered_where_it_can_be_named(names: list[str], named: str) -> None:
    labels = dict.fromkeys(range(len(names) - 1), "left out")
    with pytest.raises(DataError) as caught:
        choose_columns(names, None, None, "t", labels)
    assert str(caught.value) == f"t: expected at least one feature beside the target 'y', got none{named}"
