"""The checked table: what follows from it is worked out once, and is that of the numbers held."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from handgrad.backends.exact import ExactTrainer, Moments
from handgrad.backends.interface import DType, InputError, Plan
from handgrad.backends.numpy import NumPyTrainer
from handgrad.compare.judge.bounds import Magnitudes
from handgrad.compare.judge.closed_form import solve
from handgrad.compare.judge.gradcheck import gradcheck
from handgrad.compare.judge.hessian import exact_hessian
from handgrad.compare.judge.judge import Judge
from handgrad.compare.judge.table import CheckedTable, plain_sum, point_of_blocks

RNG = np.random.default_rng(7)
X, Y = RNG.normal(size=(40, 3)) + 0.1, RNG.normal(size=40)


def test_what_follows_from_a_table_is_kept() -> None:
    table = CheckedTable.of(X, Y)
    assert table.sizes is table.sizes
    assert table.hessian is table.hessian
    assert table.exact.moments is table.exact.moments


def test_a_float32_table_is_exact_about_the_numbers_that_float32_holds() -> None:
    table = CheckedTable.of(X, Y, "float32")
    assert table.X.dtype == table.y.dtype == np.float32
    held = ExactTrainer(X.astype(np.float32).astype(np.float64), Y.astype(np.float32).astype(np.float64))
    assert table.exact.moments == held.moments
    point = table.at([0.1, 0.2, 0.3], 0.4)  # no float32s: the point is rounded, too
    there = np.array([0.1, 0.2, 0.3], dtype=np.float32).astype(np.float64), float(np.float32(0.4))
    assert point.exact == held.exactly_at(*there)


def test_the_exact_point_holds_what_a_double_leaves() -> None:
    point = CheckedTable.of(X, Y).at([0.5, -0.5, 1.0], 0.25)
    right = NumPyTrainer(X, Y).gradient_at([0.5, -0.5, 1.0], 0.25)
    assert point.errors(right).over_likely.max() <= 1
    off = right._replace(bias=right.bias * (1 + 1e-10))
    assert point.errors(off).over_likely.argmax() == 4  # loss, three weights, bias
    assert point.errors(off).over_worst.max() > 1


def test_all_rows_in_order_are_the_table_itself_and_fewer_are_another() -> None:
    table = CheckedTable.of(X, Y)
    assert table.taking(np.arange(40)) is table
    assert table.taking(np.arange(40)[::-1]).y.tolist() == Y[::-1].tolist()
    assert table.taking(np.array([0, 39])).rows == 2


def test_a_plan_and_a_trainer_of_another_dtype_are_refused() -> None:
    table = CheckedTable.of(X, Y, "float32")
    with pytest.raises(InputError, match="expected a plan in the table's float32"):
        Judge(table, Plan(0.1, 1))
    with pytest.raises(InputError, match="expected a table in the trainer's float64"):
        gradcheck(NumPyTrainer(X, Y), table, np.zeros(3), 0.0)


def test_wrong_shapes_and_what_is_not_finite_are_refused() -> None:
    with pytest.raises(InputError, match="as many rows"):
        CheckedTable.of(X, Y[:-1])
    with pytest.raises(InputError):
        CheckedTable.of([[np.nan]], [1.0])


@pytest.mark.parametrize("batch_size", [None, 10])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_judge_takes_the_exact_products_the_sizes_and_the_hessian_of_a_table_once(
    dtype: DType, batch_size: int | None, passes: Counter[tuple[str, bytes]]
) -> None:
    table = CheckedTable.of(X, Y, dtype)
    Judge(table, Plan(0.05, 5, batch_size=batch_size, dtype=dtype))
    for weights in (np.zeros(3), np.ones(3)):
        gradcheck(NumPyTrainer(X, Y, dtype), table, weights, 0.0)
    solve(table)
    assert table.hessian.rank == 4
    whole = table.X.astype(np.float64).tobytes()
    assert [passes[name, whole] for name in ("exact", "sizes", "hessian")] == [1, 1, 1]
    assert max(passes.values()) == 1  # the batches, too


@pytest.fixture
def compiled_passes(monkeypatch):
    """Compiled passes for tables of any size."""
    monkeypatch.setattr("handgrad.backends.exact_sums.COMPILED_FROM", 0)
    monkeypatch.setattr("handgrad.compare.judge.bounds.BLOCK_ROWS", 7)
    monkeypatch.setattr("handgrad.compare.judge.table.BLOCK_ROWS", 7)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_compiled_pass_for_bounds_sums_what_the_other_does(compiled_passes, monkeypatch, dtype):
    rng = np.random.default_rng(5)
    table = CheckedTable.of(rng.normal(size=(60, 3)), rng.normal(size=60), dtype)
    found = Magnitudes.at(table.X, table.y, [0.5, -1.0, 2.0], -0.25)
    monkeypatch.setattr("handgrad.backends.exact_sums.COMPILED_FROM", 10**9)
    expected = Magnitudes.at(table.X, table.y, [0.5, -1.0, 2.0], -0.25)
    for name in ("rows", "columns", "with_residual", "with_terms", "squares"):
        np.testing.assert_allclose(getattr(found, name), getattr(expected, name), rtol=1e-13)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_compiled_plain_sum_rounds_every_operation_to_the_dtype(compiled_passes, dtype):
    rng = np.random.default_rng(6)
    table, number = CheckedTable.of(rng.normal(size=(60, 2)), rng.normal(size=60), dtype), np.dtype(dtype).type
    w0, w1, b = (number(value) for value in (0.3, -0.7, 0.1))
    sums = [number(0)] * 4
    for (x0, x1), t in zip(table.X, table.y, strict=True):
        r = x0 * w0 + x1 * w1 + b - t
        sums = [total + term for total, term in zip(sums, (x0 * r, x1 * r, r, r * r), strict=True)]
    found, scale = plain_sum(table, [w0, w1], b), number(2) / number(60)
    assert [*found.weights, found.bias] == [scale * total for total in sums[:3]]
    assert found.loss == sums[3] / number(60)


def test_a_point_that_is_asked_for_again_costs_no_pass(monkeypatch):
    table, points = CheckedTable.of([[1.0], [2.0], [4.0]], [1.0, 3.0, 5.0]), [0.5, 0.25, 0.125, 1.0]
    found = [table.at([w], 0.0) for w in points]
    monkeypatch.setattr(Magnitudes, "at", None)
    assert [table.at([w], 0.0) for w in points] == found
    monkeypatch.undo()
    assert table.at([0.5], 0.5).exact != found[0].exact


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_stream_of_blocks_is_judged_as_the_table_that_they_make(dtype):
    table, weights = CheckedTable.of(X, Y, dtype), np.array([0.1, -0.2, 0.3])
    blocks = [(X[:11], Y[:11]), (X[11:11], Y[11:11]), (X[11:38], Y[11:38]), (X[38:], Y[38:])]
    found, sums = point_of_blocks(iter(blocks), weights, 0.7, dtype)
    expected = table.at(weights, 0.7)
    assert found.exact == expected.exact
    given = NumPyTrainer(X, Y, dtype).gradient_at(weights, 0.7)
    np.testing.assert_allclose(found.errors(given).over_likely, expected.errors(given).over_likely, rtol=1e-12)
    np.testing.assert_allclose(found.errors(given).over_worst, expected.errors(given).over_worst, rtol=1e-12)
    assert found.errors(given).over_likely.max() <= 1
    wrong = given._replace(bias=given.bias * 1.001)
    assert found.errors(wrong).over_worst.max() > 1
    moments = Moments.from_sums(sums)
    assert moments == table.exact.moments
    np.testing.assert_allclose(exact_hessian(moments).eigenvalues, table.hessian.eigenvalues, rtol=1e-6)


def test_bounds_of_a_long_stream_of_small_blocks_are_compiled(monkeypatch):
    asked = []
    monkeypatch.setattr("handgrad.compare.judge.bounds.is_large", lambda rows, features: asked.append(rows))
    point_of_blocks([(X[:11], Y[:11]), (X[11:38], Y[11:38]), (X[38:], Y[38:])], [0.1, -0.2, 0.3], 0.7)
    assert asked == [11, 38, 40]


def test_a_stream_without_rows_or_with_what_is_no_number_is_refused():
    for blocks in ([], [(X[:0], Y[:0])], [(X, Y), (X, Y * np.nan)], [(X, Y), (X[:, :2], Y)]):
        with pytest.raises(InputError):
            point_of_blocks(blocks, [0.0, 0.0, 0.0], 0.0)
