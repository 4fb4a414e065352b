"""Arrays and tables of other libraries: read to the bit, or told in one line that names the argument."""

from __future__ import annotations

import sys
import types
from collections import UserDict, deque
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from unittest.mock import Mock

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import scipy.sparse

import handgrad as hg
from handgrad.backends.inputs import check_data
from handgrad.data import foreign
from handgrad.data.arrays import as_numbers
from handgrad.data.dataset import Dataset

X, Y = [1.0, 2.0, 4.0, 7.0], [3.0, 5.0, 9.0, 15.5]
MATRIX = np.c_[X, Y]
#: A whole number that float64 would round.
LONG = 2**53 + 1


def of_torch(make: Callable[[Any], Any]) -> Callable[[], Any]:
    return lambda: make(pytest.importorskip("torch", reason="PyTorch is not installed"))


#: What stands for X or y, with the numbers of X in one column.
ONE_COLUMN: dict[str, Callable[[], Any]] = {
    "column": lambda: np.array(X)[:, np.newaxis],
    "DataFrame": lambda: pd.DataFrame({"a": X}),
    "nullable": lambda: pd.DataFrame({"a": pd.array([1, 2, 4, 7], dtype="Int64")}),
    "pandas on Arrow": lambda: pd.DataFrame({"a": pd.array([1, 2, 4, 7], dtype="int64[pyarrow]")}),
    "objects": lambda: pd.Series(X, dtype=object),
    "categories": lambda: pd.DataFrame({"a": pd.Categorical(X)}),
    "sparse pandas": lambda: pd.DataFrame({"a": pd.arrays.SparseArray(X)}),
    "Arrow table": lambda: pa.table({"a": X}),
    "Arrow batch": lambda: pa.record_batch({"a": pa.array(X)}),
    "Arrow array": lambda: pa.array(X),
    "Arrow chunks": lambda: pa.chunked_array([X[:1], X[1:]]),
    "Arrow dictionary": lambda: pa.table({"a": pa.array(X).dictionary_encode()}),
    "Arrow stream": lambda: types.SimpleNamespace(__arrow_c_stream__=pa.table({"a": X}).__arrow_c_stream__),
    "dict": lambda: {"a": X},
    "mapping": lambda: UserDict(a=np.array(X)),
    "dict's values": lambda: dict(enumerate(X)).values(),
    "record array": lambda: np.rec.fromarrays([X], names="a"),
    "sparse matrix": lambda: scipy.sparse.csr_matrix(np.array(X)[:, np.newaxis]),
    "sparse by keys": lambda: scipy.sparse.dok_array(np.array(X)[:, np.newaxis]),
    "deque": lambda: deque(X),
    "tuples": lambda: tuple((x,) for x in X),
    "unmasked": lambda: [np.ma.masked_array([x]) for x in X],
    "on the GPU": lambda: types.SimpleNamespace(__cuda_array_interface__={}, get=lambda: np.array(X)),
    "tensor": of_torch(lambda torch: torch.tensor(X, dtype=torch.float64)),
    "bfloat16": of_torch(lambda torch: torch.tensor(X, dtype=torch.bfloat16)),
    "float8": of_torch(lambda torch: torch.tensor(X).to(torch.float8_e4m3fn)),
    "on a graph": of_torch(lambda torch: torch.tensor(X, requires_grad=True) * 1),
    "parameter": of_torch(lambda torch: torch.nn.Parameter(torch.tensor(X))),
    "negative view": of_torch(lambda torch: torch._neg_view(-torch.tensor(X))),
    "sparse tensor": of_torch(lambda torch: torch.tensor(X)[:, None].to_sparse()),
    "tensors in a list": of_torch(lambda torch: [torch.tensor([x], requires_grad=True) for x in X]),
}  # fmt: skip


@pytest.mark.parametrize("kind", ONE_COLUMN)
def test_one_column_of_any_library_is_read_as_it_is(kind: str) -> None:
    given = ONE_COLUMN[kind]()
    if kind == "float8":
        exact = [1.0, 2.0, 4.0, 7.0]
        assert as_numbers(given, "X").tolist() == exact
    for X_given, y_given in ((given, Y), (MATRIX, given)):
        table, target = check_data(X_given, y_given, "float64")
        dataset = Dataset.from_arrays(X_given, y_given)
        np.testing.assert_array_equal(table, dataset.X)
        np.testing.assert_array_equal(target, dataset.y)
        assert (table.ravel() if X_given is given else target).tolist() == X


TABLES: dict[str, Callable[[], Any]] = {
    "mixed DataFrame": lambda: pd.DataFrame({"a": pd.array([1, 2, 4, 7], dtype="Int64"), "b": Y}),
    "Arrow": lambda: pa.table({"a": X, "b": Y}),
    "dict of Series": lambda: {"a": pd.Series(X), "b": Y},
    "structured": lambda: np.array(list(zip(X, Y, strict=True)), dtype=[("a", "f8"), ("b", "f4")]),
    "float32 beside float64": lambda: pd.DataFrame({"a": np.array(X, np.float32), "b": Y}),
}  # fmt: skip


@pytest.mark.parametrize("kind", TABLES)
def test_a_table_gives_its_columns_and_their_names(kind: str) -> None:
    given = TABLES[kind]()
    assert check_data(given, Y, "float64")[0].tolist() == MATRIX.tolist()
    dataset = Dataset.from_arrays(given, {"price": Y})
    assert (dataset.feature_names, dataset.target_name) == (("a", "b"), "price")
    assert dataset.X.tolist() == MATRIX.tolist()
    assert Dataset.from_frame(given, "a").y.tolist() == X


def test_the_front_door_takes_a_column_and_a_tensor_alike() -> None:
    expected = hg.gradient(X, Y, [1.5], 0.25)
    assert hg.gradient({"a": X}, np.array(Y)[:, np.newaxis], np.array([1.5]), 0.25) == expected
    plain = hg.train(X, Y, "numpy", epochs=2)
    assert hg.train(pa.table({"a": X}), pd.DataFrame({"t": Y}), "numpy", epochs=2).losses.tolist() == (
        plain.losses.tolist()
    )


#: What is told of X; the message names it and says what to do.
TOLD: dict[str, tuple[Callable[[], Any], str]] = {
    "None": (lambda: None, "X: expected an array of numbers, got None"),
    "iterator": (lambda: iter(X), "X: expected an array of numbers, got a list_iterator, which can be read only once"),
    "endless": (lambda: map(float, iter(int, 1)), "X: expected an array of numbers, got a map, which can be read only"),
    "set": (lambda: set(X), "X: expected an array of numbers, got a set, whose elements have no order; give a list"),
    "lazy": (
        lambda: types.SimpleNamespace(collect=list, columns=["a"]),
        "X: expected an array of numbers, got an object of type SimpleNamespace, which is not computed yet; give .coll",
    ),
    "no columns": (dict, "X: expected at least one column, got none"),
    "nested": (lambda: {"a": MATRIX}, "X: column 'a': expected shape (n,), got (4, 2)"),
    "strings": (lambda: pd.DataFrame({"a": list("abcd")}), "X: column 'a': expected numbers, got 'a' (str) at row 0;"),
    "dates": (
        lambda: pa.table({"a": pd.date_range("2020", periods=4)}),
        "X: column 'a': expected numbers, got datetime64",
    ),
    "durations": (lambda: np.array([1, 2, 3, 4], "m8[s]"), "X: expected numbers, got timedelta64[s]; divide it"),
    "complex": (lambda: np.array(X) * 1j, "X: expected numbers, got complex128; give its real part or"),
    "long in a list": (lambda: [LONG, 1.5, 2, 3], "X at row 0: '9007199254740993' has more digits"),
    "long in a frame": (
        lambda: pd.DataFrame({"a": [LONG, 2, 3, 4], "b": Y}),
        "X: column 'a' at row 0: '9007199254740993' has more",
    ),
    "long beside NA": (lambda: pd.array([LONG, None, 1, 2], dtype="Int64"), "X at row 0: '9007199254740993' has"),
    "long beside null": (lambda: pa.array([LONG, None, 1, 2]), "X at row 0: '9007199254740993' has more digits"),
    "NA": (lambda: pd.array([1, None, 3, 4], dtype="Int64"), "X: expected finite float64 numbers, got nan at row 1,"),
    "null": (lambda: pa.table({"a": [1, None, 3, 4]}), "X: expected finite float64 numbers, got nan at row 1, c"),
    "masked in a list": (
        lambda: [np.ma.masked_equal([x], 2.0) for x in X],
        "X: expected finite float64 numbers, got nan at row 1, column 0",
    ),
    "signalling NaN": (lambda: [Decimal("sNaN")] * 4, "X: expected finite float64 numbers"),
    "too wide": (lambda: scipy.sparse.csr_array((10**7, 10**7)), "X: a sparse array of 10000000 × 10000000 takes 7"),
    "meta tensor": (
        of_torch(lambda torch: torch.empty(4, device="meta")),
        "X: expected an array of numbers, got an object of type Tensor that cannot be read as one (",
    ),
    "conjugate": (of_torch(lambda torch: (torch.tensor(X) * 1j).conj()), "X: expected numbers, got complex64; give"),
}  # fmt: skip


@pytest.mark.parametrize("kind", TOLD)
def test_what_holds_no_real_numbers_is_told_in_one_line(kind: str) -> None:
    make, said = TOLD[kind]
    with pytest.raises(hg.InputError) as caught:
        hg.train(make(), Y, "numpy")
    assert str(caught.value).startswith(said)
    assert len(str(caught.value).splitlines()) == 1
    with pytest.raises(hg.DataError) as caught_as_data:
        hg.side_by_side(make(), Y, "numpy")
    assert len(str(caught_as_data.value).splitlines()) == 1


def test_what_another_library_says_is_cut_to_its_first_line() -> None:
    class Broken:
        def __array__(self, *_: Any, **__: Any) -> Any:
            raise RuntimeError("no\x1b[31m device\nTraceback (most recent call last):\n" + "x" * 10_000)

    with pytest.raises(hg.InputError) as caught:
        hg.gradient(Broken(), Y, 1.0, 0.0)
    assert str(caught.value) == (
        "X: expected an array of numbers, got an object of type Broken that cannot be read as one "
        r"(RuntimeError: no\x1b[31m device)"
    )


@pytest.mark.parametrize("answer", [lambda name: 5, lambda name: 1 / 0, lambda name: Mock()])
def test_an_object_that_answers_anything_is_told_in_one_line(answer: Callable[[str], Any]) -> None:
    class Strange:
        def __getattr__(self, name: str) -> Any:
            return answer(name)

    for X_given, y_given, name in ((Strange(), Y, "X"), (X, Strange(), "y"), (Strange(), pd.Series(Y), "X")):
        with pytest.raises(hg.DataError, match=f"^{name}: expected an array of numbers, got an object of") as caught:
            Dataset.from_arrays(X_given, y_given)
        assert len(str(caught.value).splitlines()) == 1


def test_a_target_of_several_columns_is_told_with_their_names() -> None:
    with pytest.raises(hg.InputError, match=r"^y: expected one column, got 2 \('a', 'b'\); choose one of them$"):
        hg.train(X, pd.DataFrame({"a": X, "b": Y}), "numpy")


def test_columns_whose_rows_are_labelled_differently_are_refused() -> None:
    mixed = {"a": pd.Series(X), "b": pd.Series(Y, index=[3, 2, 1, 0])}
    for call in (lambda: hg.train(mixed, Y, "numpy"), lambda: Dataset.from_arrays(mixed, Y)):
        with pytest.raises(hg.DataError, match="same row labels"):
            call()


def test_a_whole_number_beside_a_missing_one_is_not_rounded_when_the_row_is_dropped() -> None:
    frame = pd.DataFrame({"a": pd.array([LONG - 2, None, 1, 2], dtype="Int64"), "t": Y})
    assert Dataset.from_frame(frame, "t", drop_missing=True).X.ravel().tolist() == [LONG - 2, 1, 2]
    frame["a"] = frame["a"].replace(LONG - 2, LONG)
    with pytest.raises(hg.DataError, match="more digits"):
        Dataset.from_frame(frame, "t", drop_missing=True)


def test_a_format_that_jax_adds_to_numpy_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    ml_dtypes = pytest.importorskip("ml_dtypes", reason="ml_dtypes comes with JAX")
    for name in ("bfloat16", "float8_e4m3fn", "int4"):
        assert as_numbers(np.array(X).astype(getattr(ml_dtypes, name)), "X").tolist() == X


def test_a_float_array_is_not_copied_and_no_library_is_imported() -> None:
    array = np.array(X)
    assert foreign.as_array(array, "X") is array
    frame = pd.DataFrame(MATRIX)
    assert np.shares_memory(check_data(frame, Y, "float64")[0], frame.to_numpy())
    assert "polars" not in sys.modules


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"weights": [1.0, 2.0]}, r"weights: expected shape \(1,\), one per feature, got \(2,\)"),
        ({"weights": "a"}, "weights: expected numbers, got 'a'"),
        ({"weights": {1.0}}, "weights: expected an array of numbers, got a set"),
        ({"weights": [10**400]}, "weights at row 0: .* is beyond float64's range"),
        ({"bias": None}, "bias: expected an array of numbers, got None"),
        ({"bias": [1, 2]}, "bias: expected one number"),
        ({"bias": float("nan")}, "bias: expected finite float64 numbers, got nan"),
        ({"epochs": 1.5}, "epochs: expected a whole number"),
        ({"epochs": "3"}, "epochs: expected a whole number"),
        ({"epochs": None}, "epochs: expected a whole number"),
        ({"threads": 0}, "threads: expected a whole number, 1 or more, got 0"),
        ({"timeout_seconds": -1}, "timeout: expected a number of seconds, 0 or more, got -1"),
        ({"budget_seconds": float("nan")}, "budget: expected a number of seconds, 0 or more, got nan"),
        ({"learning_rate": True}, "learning rate: expected a positive number, got True"),
    ],
)
def test_side_by_side_tells_of_an_option_before_anything_runs(more: dict[str, Any], said: str) -> None:
    with pytest.raises(hg.InputError, match=said):
        hg.side_by_side(X, Y, "python", **more)


def test_side_by_side_starts_where_any_kind_of_number_says() -> None:
    expected = hg.gradient(X, Y, [1.5], 0.5).loss
    for weights, bias in ((np.float64(1.5), np.array([0.5])), ((1.5,), np.float32(0.5))):
        found = hg.side_by_side(
            X, Y, "python", 0.01, np.int64(1), weights=weights, bias=bias, budget_seconds=0.01, standardize=False
        )  # type: ignore[arg-type]
        assert found.backends["python"].losses[0] == expected
        assert found.problem.epochs == 1


def test_a_data_set_is_not_taken_for_an_array_nor_its_target_given_twice() -> None:
    dataset = Dataset.from_arrays(X, Y)
    with pytest.raises(hg.InputError, match="X: expected an array or a table, got a Dataset; give"):
        hg.train(dataset, Y, "numpy")
    with pytest.raises(TypeError, match="no y beside a Dataset"):
        hg.side_by_side(dataset, Y)
