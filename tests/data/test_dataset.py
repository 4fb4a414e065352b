"""Data sets from arrays and frames: nothing is changed, nothing is let in that is no number."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from handgrad.data.dataset import DataError, Dataset

X = np.array([[1.0, 2.0], [3.0, 5.0], [6.0, 7.0], [8.0, 1.0]])
y = np.array([1.0, 2.0, 4.0, 9.0])


def test_arrays_are_copied_and_read_only():
    given = X.copy()
    dataset = Dataset.from_arrays(given, y)
    given[0, 0] = 99
    assert dataset.X[0, 0] == 1
    assert given.flags.writeable
    with pytest.raises(ValueError, match="read-only"):
        dataset.X[0, 0] = 5
    with pytest.raises(ValueError, match="read-only"):
        dataset.y[0] = 5


@pytest.mark.parametrize("layout", [np.asfortranarray, lambda a: a[::-1], lambda a: a.astype(np.float32)])
def test_any_layout_becomes_float64_in_c_order(layout):
    dataset = Dataset.from_arrays(layout(X), y)
    assert dataset.X.dtype == np.float64
    assert dataset.X.flags.c_contiguous
    np.testing.assert_array_equal(dataset.X, layout(X))


def test_one_feature_may_be_a_flat_list_and_gets_a_name():
    dataset = Dataset.from_arrays([1, 2, 3], [3, 5, 7])
    assert (dataset.rows, dataset.features, dataset.feature_names, dataset.target_name) == (3, 1, ("X",), "y")
    assert Dataset.from_arrays(X, y[:, np.newaxis]).feature_names == ("X1", "X2")


def test_a_frame_and_a_series_give_their_names():
    dataset = Dataset.from_arrays(pd.DataFrame(X, columns=["a", "b"]), pd.Series(y, name="z"))
    assert (dataset.feature_names, dataset.target_name) == (("a", "b"), "z")


def test_a_frame_and_a_series_with_other_row_labels_are_refused():
    with pytest.raises(DataError, match="different indexes"):
        Dataset.from_arrays(pd.DataFrame(X), pd.Series(y, index=[3, 2, 1, 0]))


@pytest.mark.parametrize(
    ("left", "right", "says"),
    [
        (X, y[:3], r"y: expected shape \(4,\)"),
        (X[:, :0], y, r"shape \(n, d\)"),
        (X[:0], y[:0], r"shape \(n, d\)"),
        (X[np.newaxis], y, r"shape \(n, d\)"),
        ([["1", "2"]], [1], "expected numbers"),
        ([[1, 2], [3]], [1, 2], "rows of one length"),
        ([[1, "a"], [3, 4]], [1, 2], "expected numbers"),
        (np.array([[1, "a"], [3, 4]], dtype=object), [1, 2], "expected numbers, got 'a' .str. at row 0, column 1"),
        (X * 1j, y, "complex"),
        (np.array(["2024-01-01"], dtype="M8[D]"), [1], "datetime64"),
        ([[1.0], [np.nan]], [1, 2], "got none in row 1, column 'X'"),
        ([[1.0], [np.inf]], [1, 2], "got inf in row 1, column 'X'"),
        ([[2**53 + 1], [1]], [1, 2], "row 0, column 0: '9007199254740993' has more digits"),
        ([[10**400], [1]], [1, 2], "beyond float64"),
        ([[2**70 + 1], [1]], [1, 2], "more digits"),
        ([[1e160], [1]], [1, 2], "larger unit"),
        ([[1], [2]], [1e-200, 2e-200], "smaller unit"),
        (np.ma.masked_array([1.0, 2.0], [True, False]), [1, 2], "got none in row 0"),
    ],
)
def test_what_is_no_table_of_finite_numbers_is_refused(left, right, says):
    with pytest.raises(DataError, match=says):
        Dataset.from_arrays(left, right)


@pytest.mark.parametrize(
    ("names", "target", "says"),
    [
        (["a"], "y", "expected 2 feature names"),
        (["a", "a"], "y", "twice"),
        (["a", "y"], "y", "twice"),
        ([1, 2], "y", "str"),
    ],
)
def test_names_are_unique_and_as_many_as_columns(names, target, says):
    with pytest.raises(DataError, match=says):
        Dataset.from_arrays(X, y, names, target)


def test_a_frame_is_read_like_a_table():
    frame = pd.DataFrame({"name": list("abcd"), "x": [1, 2, 4, 8], "y": y})
    dataset = Dataset.from_frame(frame, features=["x"])
    assert (dataset.feature_names, dataset.target_name) == (("x",), "y")
    assert "target: 'y', the last column" in dataset.notes
    with pytest.raises(
        DataError, match=r"column 'name', row 0: expected a number, got 'a'|column 'name': expected num"
    ):
        Dataset.from_frame(frame)
    with pytest.raises(DataError, match="did you mean 'x'"):
        Dataset.from_frame(frame, features=["X"])


@pytest.mark.parametrize("dtype", ["Int64", "Float64", "object"])
def test_missing_values_of_every_pandas_type_are_found_and_dropped_on_request(dtype):
    frame = pd.DataFrame({"x": pd.array([1, None, 4, 8], dtype=dtype), "y": y})
    with pytest.raises(DataError, match="got none in row 1, column 'x'"):
        Dataset.from_frame(frame)
    dataset = Dataset.from_frame(frame, drop_missing=True)
    np.testing.assert_array_equal(dataset.X[:, 0], [1, 4, 8])


def test_a_frame_with_numbers_for_names_is_read():
    assert Dataset.from_frame(pd.DataFrame(X)).feature_names == ("0",)


def test_examining_refuses_what_no_line_fits():
    with pytest.raises(DataError, match="at least 3 rows"):
        Dataset.from_arrays(X[:2], y[:2]).examined()
    with pytest.raises(DataError, match=r"column 'X2' is constant \(0.1 in all 20 rows\)"):
        Dataset.from_arrays(np.c_[np.arange(20), np.full(20, 0.1)], np.arange(20)).examined()


def test_examining_says_what_weakens_a_fit():
    target = np.array([1.0, 2, 4, 9, 3, 7])
    twice = np.array([2.0, 5, 7, 1, 1, 8])
    notes = Dataset.from_arrays(np.c_[target, twice, np.arange(6), twice], target).examined().notes
    assert "columns 'X1' and 'y' are equal" in notes
    assert "columns 'X2' and 'X4' are equal" in notes
    assert any("R² is undefined" in n for n in Dataset.from_arrays(X, np.ones(4)).examined().notes)
    assert Dataset.from_arrays(X, y).examined().notes == ()


def test_it_prints_and_shows_itself():
    dataset = Dataset.from_arrays(X, y, ["a", "<b>"], source="file & co")
    assert "4 rows" in repr(dataset)
    assert "'<b>'" in repr(dataset)
    html = dataset._repr_html_()
    assert "<th>&lt;b&gt;</th>" in html
    assert "file &amp; co" in html
    assert html.count("<tr>") == 5
