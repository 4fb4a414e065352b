"""The run of a backend: every epoch near the exact descent, to the bit the same again, in float32 as in float64."""

from __future__ import annotations

import numpy as np
import pytest

from handgrad.backends.interface import DType, Plan, Trainer
from handgrad.contract.cases import (
    DTYPES,
    assert_near,
    assert_same_bits,
    exact_path,
    problem,
    train,
)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("batch_size", [None, 1, 7, 100])
@pytest.mark.parametrize("shape", [(1, 1), (101, 1), (101, 3), (97, 16)], ids=str)
def test_every_epoch_of_a_run_lies_within_the_bound_of_the_exact_descent(
    backend: type[Trainer], shape: tuple[int, int], batch_size: int | None, dtype: DType
) -> None:
    """In full batch and in mini-batches, the last one shorter."""
    run = train(backend, problem(*shape, dtype), batch_size=batch_size, seed=7)
    assert_near(run, exact_path(*shape, dtype, batch_size))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("batch_size", [1, 7, 100])
@pytest.mark.parametrize("shape", [(101, 1), (97, 16)], ids=str)
def test_batches_in_the_files_order_lie_within_the_bound_of_the_exact_descent_in_that_order(
    backend: type[Trainer], shape: tuple[int, int], batch_size: int, dtype: DType
) -> None:
    """Batches may take the rows as they stand in a file."""
    run = train(backend, problem(*shape, dtype), batch_size=batch_size, order="file")
    assert_near(run, exact_path(*shape, dtype, batch_size, "file"))


def test_batches_in_the_files_order_do_not_depend_on_the_seed(backend: type[Trainer]) -> None:
    """Nothing is random there."""
    first, second = (train(backend, problem(101, 3), batch_size=7, seed=seed, order="file") for seed in (1, 2))
    assert_same_bits(first, second)
    assert (first.weights != train(backend, problem(101, 3), batch_size=7).weights).any()


def test_the_start_of_the_plan_is_where_the_run_starts(backend: type[Trainer]) -> None:
    """A run of no epochs ends at its start, and has its loss."""
    given = problem(101, 3)
    run = train(backend, given, epochs=0)
    np.testing.assert_array_equal(run.weights, given.weights)
    assert run.bias == given.bias
    np.testing.assert_array_equal(run.recorded_epochs, [0])
    assert run.losses.tolist() == [given.trainer(backend).loss_at(*given.start)]


def test_without_a_start_a_run_starts_at_zero(backend: type[Trainer]) -> None:
    """A plan need not have a start."""
    given = problem(101, 3)
    run = train(backend, given, start=None)
    np.testing.assert_array_equal(run.recorded_weights[0], np.zeros(3))
    assert run.recorded_biases[0] == 0


@pytest.mark.parametrize("batch_size", [None, 7])
def test_what_is_recorded_does_not_change_the_run(backend: type[Trainer], batch_size: int | None) -> None:
    """A run of which less is kept goes the same way."""
    full = train(backend, problem(101, 3), batch_size=batch_size)
    some = train(backend, problem(101, 3), batch_size=batch_size, record=(3, 1, 3, 99))
    assert some.recorded_epochs.tolist() == [0, 1, 3, 5]
    np.testing.assert_array_equal(some.recorded_weights, full.recorded_weights[[0, 1, 3, 5]])
    np.testing.assert_array_equal(some.recorded_biases, full.recorded_biases[[0, 1, 3, 5]])
    np.testing.assert_array_equal(some.losses, full.losses)
    np.testing.assert_array_equal(some.weights, full.weights)


@pytest.mark.parametrize("batch_size", [101, 102, 10_000])
def test_a_batch_of_all_rows_or_more_is_the_full_batch(backend: type[Trainer], batch_size: int) -> None:
    """In the order of the rows, and not in that of a permutation."""
    assert_same_bits(
        train(backend, problem(101, 3), batch_size=batch_size),
        train(backend, problem(101, 3), batch_size=None),
    )


@pytest.mark.parametrize("batch_size", [None, 7])
def test_a_run_in_two_pieces_is_the_run_in_one(backend: type[Trainer], batch_size: int | None) -> None:
    """Nothing but the parameters is carried from one epoch to the next."""
    given = problem(101, 3)
    whole = train(backend, given, batch_size=batch_size)
    trainer, plan = given.trainer(backend), Plan(given.rate, 5, batch_size, given.start)
    parameters, first = trainer.run(trainer.start(plan), plan, 0, 2)
    parameters, second = trainer.run(parameters, plan, 2, 3)
    end = trainer.to_numpy(*parameters)
    np.testing.assert_array_equal(end.weights, whole.weights)
    assert end.bias == whole.bias
    assert [*first, *second] == whole.losses[:-1].tolist()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("batch_size", [None, 7])
@pytest.mark.parametrize("shape", [(101, 1), (101, 3), (97, 16)], ids=str)
def test_a_run_repeats_to_the_bit(
    backend: type[Trainer], shape: tuple[int, int], batch_size: int | None, dtype: DType
) -> None:
    """In the same trainer, and in another."""
    given = problem(*shape, dtype)
    first = train(backend, given, batch_size=batch_size)
    assert_same_bits(first, train(backend, given, batch_size=batch_size))
    trainer = given.trainer(backend)
    for _ in range(2):
        assert_same_bits(first, trainer.train(Plan(given.rate, 5, batch_size, given.start, dtype=dtype)))


def test_batches_follow_the_seed(backend: type[Trainer]) -> None:
    """Another seed is another order."""
    first, second = (train(backend, problem(101, 3), batch_size=7, seed=seed) for seed in (1, 2))
    assert (first.weights != second.weights).any()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("record", [None, (0, 3, 4, 11)], ids=str)
@pytest.mark.parametrize("diverges", [False, True])
def test_what_is_recorded_is_what_the_shared_loop_passes_to_the_bit(
    backend: type[Trainer], diverges: bool, record: tuple[int, ...] | None, dtype: DType
) -> None:
    """Compiled loops record inside; one of these runs leaves the dtype's range on its way."""
    if backend.own_rounding:
        pytest.skip("its loop is compiled as a whole, and may round otherwise than one gradient does, as it says")
    if backend.own_steps:
        pytest.skip("its steps are its own, and not made of its gradient")
    given = problem(101, 3, dtype)
    rate = given.rate * 2.0 ** (diverges * {"float64": 100, "float32": 12}[dtype])
    shared = type("Shared", (backend,), {"run": Trainer.run, "run_recording": Trainer.run_recording})
    ours, theirs = (train(b, given, learning_rate=rate, epochs=12, record=record) for b in (backend, shared))
    assert_same_bits(ours, theirs)
    assert ours.diverged_at in range(4, 12) if diverges else ours.diverged_at is None


def test_float32_gives_float32(backend: type[Trainer]) -> None:
    """What comes out is of the dtype, or a float that it holds."""
    given = problem(101, 3, "float32")
    run = train(backend, given)
    assert run.weights.dtype == run.recorded_weights.dtype == np.float32
    assert given.trainer(backend).gradient_at(*given.start).weights.dtype == np.float32
    for number in (
        run.bias,
        *run.recorded_biases.tolist(),
        *given.trainer(backend).gradient_at(*given.start)[::2],
    ):
        assert number == float(np.float32(number))


def test_float32_differs_from_float64_by_more_than_float64_rounds(backend: type[Trainer]) -> None:
    """The dtype of a plan is not for show."""
    single = train(backend, problem(101, 3, "float32"))
    double = train(backend, problem(101, 3, "float64"))
    apart = np.abs(single.weights - double.weights).max()
    assert 1e-12 < apart < 1e-4
