"""What the plain Numba loop adds up, and in which order; its trajectory is held by the contract."""

from __future__ import annotations

import numpy as np
import pytest

from handgrad.backends import numba as own
from handgrad.backends.interface import DType, Plan, Trainer
from handgrad.backends.numba import BLOCK_ROWS, NumbaTrainer


def problem(rows: int, features: int, dtype: DType) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """X, y and parameters (d + 1,), bias last; nobody may write to them."""
    rng = np.random.default_rng([rows, features])
    arrays = [rng.normal(size=shape).astype(dtype) for shape in ((rows, features), rows, features + 1)]
    for array in arrays:
        array.flags.writeable = False
    return arrays[0], arrays[1], arrays[2]


def added_in_order(terms: np.ndarray) -> np.ndarray:
    """Block by block from the first row to the last, then the blocks; every addition rounded to the dtype."""
    blocks = [terms[first : first + BLOCK_ROWS] for first in range(0, len(terms), BLOCK_ROWS)]
    return np.add.accumulate([np.add.accumulate(block, axis=0)[-1] for block in blocks], axis=0)[-1]


@pytest.mark.parametrize("threaded_from", [0, 10**12])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("rows", "features"), [(1, 1), (BLOCK_ROWS, 2), (BLOCK_ROWS + 1, 3), (5000, 1), (3000, 17)])
def test_sums_are_those_of_the_dtype_in_the_order_of_rows_with_threads_and_without(
    rows: int, features: int, dtype: DType, threaded_from: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own, "THREADED_FROM_BYTES", threaded_from)
    X, y, theta = problem(rows, features, dtype)
    r = np.add.accumulate(np.column_stack([theta[-1] - y, X * theta[:-1]]), axis=1)[:, -1]
    sums = added_in_order(np.column_stack([X * r[:, np.newaxis], r, r * r]))
    n = np.dtype(dtype).type(rows)
    got = NumbaTrainer(X, y, dtype).gradient_at(theta[:-1], theta[-1])
    np.testing.assert_array_equal([*got.weights, got.bias], 2 / n * sums[:-1])
    assert got.loss == sums[-1] / n


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("rate", [0.1, 1e30])
def test_the_compiled_loop_takes_the_steps_of_the_shared_one(rate: float, dtype: DType) -> None:
    X, y, _ = problem(1500, 3, dtype)
    trainer, plan = NumbaTrainer(X, y, dtype), Plan(rate, 30, dtype=dtype)
    with np.errstate(over="ignore", invalid="ignore"):
        (ours, losses), (theirs, shared) = (run(trainer, trainer.start(plan), plan, 0, 30) for run in LOOPS)
    assert losses == shared
    assert len(losses) == 30 or not np.isfinite(losses[-1])
    assert ours.weights.tobytes() == theirs.weights.tobytes()
    assert ours.bias == theirs.bias


LOOPS = (NumbaTrainer.run, Trainer.run)


def test_one_program_serves_arrays_that_may_not_be_written_to_and_batches() -> None:
    X, y, _ = problem(50, 2, "float64")
    NumbaTrainer(X, y).train(Plan(0.1, 2, batch_size=7))
    NumbaTrainer(np.asfortranarray(X.copy()), y).train(Plan(0.1, 2))
    for function in (own.all_sums, own.descend):
        kinds = {tuple(str(argument) for argument in signature) for signature in function.signatures}
        assert not any("readonly" in kind or "F)" in kind for arguments in kinds for kind in arguments)
