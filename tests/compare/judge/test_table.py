"""The checked table: what follows from it is worked out once, and is that of the numbers held."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from handgrad.backends.exact import ExactTrainer
from handgrad.backends.interface import DType, InputError, Plan
from handgrad.backends.numpy import NumPyTrainer
from handgrad.compare.judge.closed_form import solve
from handgrad.compare.judge.gradcheck import gradcheck
from handgrad.compare.judge.judge import Judge
from handgrad.compare.judge.table import CheckedTable

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
