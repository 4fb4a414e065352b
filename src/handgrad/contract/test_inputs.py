"""What goes into a backend: it stays as it was, its form does not matter, and what cannot be used is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from handgrad.backends.interface import InputError, Parameters, Plan, Trainer
from handgrad.contract.cases import (
    ContractProblem,
    assert_same_bits,
    problem,
    train,
)


@pytest.mark.parametrize("batch_size", [None, 7])
def test_arrays_that_were_given_stay_as_they_were(backend: type[Trainer], batch_size: int | None) -> None:
    """A backend never changes an array that it was given."""
    X, y, weights, bias = problem(101, 3)
    given = ContractProblem(np.array(X), np.array(y), np.array(weights), bias)
    train(backend, given, batch_size=batch_size)
    given.trainer(backend).gradient_at(given.weights, given.bias)
    for now, before in zip(given[:3], problem(101, 3)[:3], strict=True):
        np.testing.assert_array_equal(now, before)


def test_a_run_leaves_arrays_that_nobody_else_holds(backend: type[Trainer]) -> None:
    """Writing into a result must not reach the trainer, nor a later run the result of an earlier one."""
    given = problem(101, 3)
    trainer, plan = given.trainer(backend), Plan(given.rate, 3, start=given.start)
    first = trainer.train(plan)
    kept = first.weights.copy(), first.recorded_weights.copy()
    trainer.train(replace(plan, epochs=5))
    np.testing.assert_array_equal(first.weights, kept[0])
    np.testing.assert_array_equal(first.recorded_weights, kept[1])
    first.weights[:] = np.nan
    np.testing.assert_array_equal(trainer.train(plan).weights, kept[0])
    own = trainer.start(plan)
    trainer.to_numpy(*own).weights[:] = np.nan
    np.testing.assert_array_equal(trainer.to_numpy(*own).weights, given.start.weights)


def test_a_trainer_answers_for_its_own_rows_when_another_has_come(backend: type[Trainer]) -> None:
    """Two trainers of one class share nothing that either changes."""
    given, other = problem(101, 3), problem(5, 3)
    first = given.trainer(backend)
    expected = first.gradient_at(*given.start), first.train(Plan(given.rate, 3, start=given.start))
    other.trainer(backend).train(Plan(other.rate, 3, start=other.start))
    for got, before in zip(first.gradient_at(*given.start), expected[0], strict=True):
        np.testing.assert_array_equal(got, before)
    assert_same_bits(first.train(Plan(given.rate, 3, start=given.start)), expected[1])


def variants(X: NDArray[np.floating], y: NDArray[np.floating]) -> dict[str, tuple[Any, Any]]:
    """One set of numbers, X (n, d) and y (n,), in many forms."""
    apart_X, apart_y = np.zeros((2 * len(X), 2 * X.shape[1])), np.zeros(3 * len(y))
    apart_X[::2, 1::2], apart_y[::3] = X, y
    swapped = X.astype(">f8"), y.astype(">f8")
    return {
        "lists": (X.tolist(), y.tolist()),
        "tuples": (tuple(map(tuple, X.tolist())), tuple(y.tolist())),
        "a DataFrame and a Series": (
            pd.DataFrame(X, index=range(7, 7 + len(X))),
            pd.Series(y, index=range(3, 3 + len(y))),
        ),
        "a DataFrame of objects": (pd.DataFrame(X).astype(object), pd.Series(y).astype(object)),
        "Fortran order": (np.asfortranarray(X), y),
        "strides": (apart_X[::2, 1::2], apart_y[::3]),
        "backwards": (X[::-1].copy()[::-1], y[::-1].copy()[::-1]),
        "the other byte order": swapped,
        "writeable": (X.copy(), y.copy()),
    }


@pytest.mark.parametrize("variant", list(variants(np.ones((2, 1)), np.ones(2))))
def test_the_same_numbers_in_another_form_give_the_same_bits(backend: type[Trainer], variant: str) -> None:
    """Lists, tables, strides, the other byte order: the memory order is made in `bind`."""
    given = problem(101, 3)
    X, y = variants(given.X, given.y)[variant]
    plan = Plan(given.rate, 3, start=given.start)
    assert_same_bits(backend(X, y).train(plan), given.trainer(backend).train(plan))


@pytest.mark.parametrize("integers", [np.int64, np.int32, np.uint8, np.bool_])
def test_integers_are_computed_with_as_floats(backend: type[Trainer], integers: type[np.generic]) -> None:
    """uint8 wraps at 256 and int32 squares overflow, where a backend computes with what it is given."""
    X = np.arange(24).reshape(12, 2).astype(integers)
    y = (9 * np.arange(12)).astype(integers)
    plan = Plan(2**-12, 3, start=Parameters([1000, -1000], 100))
    assert_same_bits(backend(X, y).train(plan), backend(X.astype(float), y.astype(float)).train(plan))


def test_one_feature_may_come_as_a_vector(backend: type[Trainer]) -> None:
    """X (n,) is X (n, 1)."""
    given = problem(101, 1)
    plan = Plan(given.rate, 3, start=Parameters(float(given.weights[0]), given.bias))
    assert_same_bits(backend(given.X[:, 0], given.y).train(plan), given.trainer(backend).train(plan))


X32, Y3 = np.ones((3, 2)), np.ones(3)


OBJECT = np.array([[1, "two"], [3, 4], [5, 6]], dtype=object)


REFUSED: dict[str, tuple[Any, Any, list[str]]] = {
    "y too short": (X32, np.ones(2), ["rows", "3 and 2"]),
    "y as a row": (X32, np.ones((1, 3)), ["y: expected shape (n,) or (n, 1)", "(1, 3)", "give y[0]"]),
    "y as a table": (X32, np.ones((3, 2)), ["y: expected shape (n,)", "(3, 2)"]),
    "y as a number": (X32, 1.0, ["y: expected shape (n,)", "()"]),
    "X as a number": (1.0, Y3, ["X: expected shape (n, d) or (n,)", "()"]),
    "X with three axes": (np.ones((3, 2, 1)), Y3, ["X: expected shape (n, d) or (n,)", "(3, 2, 1)"]),
    "no rows": (np.ones((0, 2)), np.ones(0), ["at least one row", "(0, 2)"]),
    "nothing at all": ([], [], ["at least one row", "(0, 1)"]),
    "no features": (np.ones((3, 0)), Y3, ["one feature", "(3, 0)"]),
    "NaN in X": ([[1, 2], [3, np.nan], [5, 6]], Y3, ["X", "finite", "nan", "row 1, column 1"]),
    "infinity in X": ([[1, 2], [3, 4], [-np.inf, 6]], Y3, ["X", "finite", "-inf", "row 2, column 0"]),
    "NaN in y": (X32, [1, np.nan, np.nan], ["y", "finite", "nan", "row 1", "2 such in all"]),
    "infinity in y": (X32, [1, 2, np.inf], ["y", "finite", "inf", "row 2"]),
    "missing values": (pd.DataFrame({"a": [1, None, 3]}, dtype="Int64"), Y3, ["X", "expected"]),
    "None": (None, Y3, ["X: expected", "None"]),
    "text": ([["a", "b"]] * 3, Y3, ["X: expected numbers", "str"]),
    "numbers as text": ([["1", "2"]] * 3, Y3, ["X: expected numbers", "str"]),
    "text among numbers": (OBJECT, Y3, ["X: expected numbers", "two"]),
    "numbers as text among numbers": (X32, np.array([1, "2", 3], dtype=object), ["y: expected numbers", "'2'"]),
    "ragged rows": ([[1, 2], [3], [5, 6]], Y3, ["X", "unlike"]),
    "complex numbers": (np.ones((3, 2)) * 1j, Y3, ["X: expected numbers", "complex"]),
    "complex objects": (X32, np.array([1, 2j, 3], dtype=object), ["y: expected numbers", "complex"]),
    "dates": (np.array(["2020-01-01"] * 3, dtype="datetime64[D]"), Y3, ["X: expected numbers", "datetime"]),
    "integers beyond float64": ([[10**400], [1], [2]], Y3, ["X", "float64", "range"]),
    "columns of unlike length": ({"a": [1, 2, 3], "b": [1, 2]}, Y3, ["X: column 'b'", "expected shape (3,)", "(2,)"]),
    "a generator": ((row for row in X32), Y3, ["X: expected an array", "a generator", "a list"]),
    "hidden entries": (np.ma.masked_equal([[1.0], [2.0], [3.0]], 2.0), Y3, ["X", "masked"]),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_data_that_cannot_be_trained_on_is_refused_with_what_was_expected_and_what_came(
    backend: type[Trainer], case: str
) -> None:
    """In one line."""
    X, y, said = REFUSED[case]
    with pytest.raises(InputError) as caught:
        backend(X, y)
    for words in said:
        assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_number_beyond_float32_is_refused_and_named(backend: type[Trainer]) -> None:
    """It would be infinite."""
    with pytest.raises(InputError, match=r"X: .*float32.*1e\+300.*row 1, column 0"):
        backend([[1.0], [1e300]], [1.0, 2.0], "float32")


@pytest.mark.parametrize(
    ("weights", "bias", "said"),
    [
        ([1.0, 2.0], 0.0, ["weights: expected shape (3,)", "(2,)"]),
        (np.ones((3, 1)), 0.0, ["weights: expected shape (3,)", "(3, 1)"]),
        (1.0, 0.0, ["weights: expected shape (3,)", "(1,)"]),
        ([1.0, np.nan, 2.0], 0.0, ["weights", "finite", "nan"]),
        ([1.0, 2.0, 3.0], np.inf, ["bias", "finite", "inf"]),
        ([1.0, 2.0, 3.0], [1.0, 2.0], ["bias: expected one number", "(2,)"]),
        ([1.0, 2.0, 3.0], None, ["bias: expected", "None"]),
        (["a", "b", "c"], 0.0, ["weights: expected numbers", "str"]),
    ],
)  # fmt: skip
def test_parameters_that_do_not_fit_are_refused(
    backend: type[Trainer], weights: Any, bias: Any, said: list[str]
) -> None:
    """Wherever parameters go in."""
    trainer = problem(101, 3).trainer(backend)
    for use in (
        lambda: trainer.gradient_at(weights, bias),
        lambda: trainer.loss_at(weights, bias),
        lambda: trainer.train(Plan(0.01, 1, start=Parameters(weights, bias))),
    ):
        with pytest.raises(InputError) as caught:
            use()
        assert all(words in str(caught.value) for words in said), str(caught.value)


def test_a_plan_in_another_dtype_than_the_data_is_refused(backend: type[Trainer]) -> None:
    """Data is bound in one dtype."""
    with pytest.raises(InputError, match=r"float32.*float64"):
        problem(101, 3).trainer(backend).train(Plan(0.01, 1, dtype="float32"))
