"""Plans, batches and results: what the interface does apart from any backend."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pytest

from handgrad.backends.interface import (
    RECORDED_AT_MOST,
    InputError,
    Parameters,
    Plan,
    batches,
    check_data,
    check_parameters,
    permutation,
    steady,
)
from handgrad.backends.numpy import NumPyTrainer


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        *[("learning_rate", value, "learning rate: expected a positive number") for value in (0, np.nan, "1", None)],
        ("learning_rate", 10**400, "learning rate: expected a positive number"),
        ("record", 5, "record: expected epochs, got 5"),
        *[("epochs", value, "epochs: expected a whole number, 0 or more") for value in (-1, 1.5, True, "1", None)],
        *[("epochs", value, "epochs: expected at most 1,000,000,000,000, got 1") for value in (10**12 + 1, 10**40)],
        *[("batch_size", value, "batch size: expected a whole number, 1 or more") for value in (0, -1, 2.5, "1", True)],
        *[("seed", value, "seed: expected a whole number, 0 or more") for value in (-1, 0.5, None)],
        ("record", [0, 1.5], "epoch to record: expected a whole number, 0 or more, got 1.5"),
        ("record", range(-1, 3), "epoch to record: expected a whole number, 0 or more, got -1"),
        ("record", range(3, -2, -1), "epoch to record: expected a whole number, 0 or more, got -1"),
        ("order", "backwards", "order: expected 'shuffled' or 'file', got 'backwards'"),
        ("dtype", "float16", "dtype: expected 'float64' or 'float32', got 'float16'"),
    ],
)  # fmt: skip
def test_a_plan_that_cannot_be_followed_is_refused(field: str, value: Any, said: str) -> None:
    with pytest.raises(InputError) as caught:
        Plan(**{"learning_rate": 0.1, "epochs": 3, field: value})
    assert str(caught.value).startswith(said)
    assert repr(value) in str(caught.value) or field == "record"


def test_numbers_of_numpy_make_a_plan() -> None:
    plan = Plan(np.float32(0.5), np.int64(3), np.int32(2), seed=np.uint8(1), record=np.arange(2))  # type: ignore[arg-type]
    run = NumPyTrainer(np.ones((5, 1)), np.ones(5)).train(plan)
    assert run.recorded_epochs.tolist() == [0, 1, 3]


@pytest.mark.parametrize("epochs", [0, 1, 7, RECORDED_AT_MOST])
def test_few_epochs_are_all_recorded(epochs: int) -> None:
    assert Plan(0.1, epochs).recorded() == list(range(epochs + 1))


@pytest.mark.parametrize("epochs", [RECORDED_AT_MOST + 1, 1999, 12_345, 10**9])
def test_of_many_epochs_evenly_spread_ones_are_recorded(epochs: int) -> None:
    marks = Plan(0.1, epochs).recorded()
    assert (marks[0], marks[-1], len(marks)) == (0, epochs, RECORDED_AT_MOST + 1)
    gaps = np.diff(marks)
    assert 1 <= gaps.min() <= gaps.max() <= gaps.min() + 1


def test_epochs_to_record_come_in_order_with_start_and_end_and_none_beyond() -> None:
    assert Plan(0.1, 10, record=(7, 3, 7, 11)).recorded() == [0, 3, 7, 10]
    assert Plan(0.1, 10, record=()).recorded() == [0, 10]


@pytest.mark.parametrize(("rows", "size"), [(1, 1), (7, 1), (7, 2), (7, 7), (7, 100), (101, 10), (101, None)])
def test_an_epochs_batches_hold_every_row_once(rows: int, size: int | None) -> None:
    cut = list(batches(rows, Plan(0.1, 1, batch_size=size), epoch=3))
    assert sorted(np.concatenate(cut).tolist()) == list(range(rows))
    assert {len(batch) for batch in cut[:-1]} <= {size}
    assert 1 <= len(cut[-1]) <= (size or rows)


def test_batches_in_the_files_order_are_its_pieces() -> None:
    for epoch in (0, 1):
        cut = [rows.tolist() for rows in batches(5, Plan(0.1, 2, batch_size=2, seed=epoch, order="file"), epoch)]
        assert cut == [[0, 1], [2, 3], [4]]


def test_batches_depend_on_seed_and_epoch_and_on_nothing_else() -> None:
    def order(seed: int, epoch: int, size: int, epochs: int) -> list[int]:
        return np.concatenate(list(batches(101, Plan(0.1, epochs, size, seed=seed), epoch))).tolist()

    assert order(1, 2, 10, 5) == order(1, 2, 3, 50) == permutation(101, Plan(0.7, 9, seed=1), 2).tolist()
    assert len({tuple(order(seed, epoch, 10, 5)) for seed in range(3) for epoch in range(3)}) == 9


@pytest.mark.parametrize("record", [range(1, 10**30, 2), range(10**30 + 1, 0, -2)])
def test_a_range_of_epochs_beyond_the_run_is_not_gone_through(record: range) -> None:
    assert Plan(0.1, 6, None, record=record).recorded() == [0, 1, 3, 5, 6]


def test_data_that_is_already_right_is_not_copied() -> None:
    X, y = np.ones((3, 2)), np.ones(3)
    checked_X, checked_y = check_data(X, y, "float64")
    assert np.shares_memory(checked_X, X)
    assert np.shares_memory(checked_y, y)


def test_parameters_are_copied_and_rounded_to_the_dtype() -> None:
    weights = np.array([0.1, 0.2])
    checked = check_parameters(weights, 0.1, 2, "float32")
    assert checked.weights.dtype == np.float32
    assert checked.bias == float(np.float32(0.1)) != 0.1
    assert not np.shares_memory(check_parameters(weights, 0.1, 2, "float64").weights, weights)


def test_a_backend_without_mini_batches_refuses_them_and_takes_all_rows() -> None:
    class FullBatchOnly(NumPyTrainer):
        name: ClassVar[str] = "whole"
        minibatch: ClassVar[bool] = False

    trainer = FullBatchOnly(np.ones((5, 1)), np.ones(5))
    with pytest.raises(InputError, match="backend 'whole': expected all 5 rows in a batch, got a batch size of 4"):
        trainer.train(Plan(0.1, 1, batch_size=4))
    for size in (None, 5, 6):
        assert len(trainer.train(Plan(0.1, 1, batch_size=size)).losses) == 2


def test_what_a_clock_sees_records_only_start_and_end() -> None:
    plan = Plan(0.1, 5, batch_size=2, seed=3, start=Parameters([1.0], 2.0))
    timed = steady(plan, 100)
    assert timed.recorded() == [0, 100]
    assert (timed.learning_rate, timed.batch_size, timed.seed, timed.start) == (0.1, 2, 3, plan.start)


def test_a_result_tells_its_loss_and_where_it_ended() -> None:
    run = NumPyTrainer([[1.0], [2.0]], [1.0, 2.0]).train(Plan(0.1, 3))
    assert repr(run).startswith("Training(3 epochs, done: loss 2.5 → ")
    assert "\n" not in repr(run)


def test_mini_batches_that_diverge_within_an_epoch_stop_there() -> None:
    """The first epoch starts finite and ends beyond float64: nothing of it is kept."""
    X, y = np.array([[1e6]] * 60), np.arange(60.0)
    run = NumPyTrainer(X, y).train(Plan(1.0, 5, batch_size=1))
    assert run.diverged_at == 1
    assert len(run.losses) == 1
    assert run.recorded_epochs.tolist() == [0]
    assert run.weights.tolist() == [0.0]
