"""How far a run has come on its way to the least-squares solution, held to runs that go there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from handgrad.backends.catalogue import load
from handgrad.compare.results.arrival import Arrival
from handgrad.compare.results.comparison import Trajectory
from handgrad.compare.side_by_side.arrival import arrival, common_digits, divergence
from handgrad.compare.side_by_side.prepare import Options, Prepared, prepare
from handgrad.data import builtin_sets
from handgrad.data.dataset import Dataset
from handgrad.data.tables import load_table

TABLES = Path(__file__).parents[2] / "data" / "specimens"


def judged(dataset: Dataset, options: Options) -> tuple[Arrival, Prepared]:
    """Where NumPy's run has come to."""
    prepared = prepare(dataset, options)
    run = load("numpy")(prepared.X, prepared.y, prepared.plan.dtype).train(prepared.plan)
    weights, biases = prepared.back(run.recorded_weights.tolist(), run.recorded_biases.tolist())
    epochs = tuple(run.recorded_epochs.tolist())
    path = Trajectory(epochs, weights, biases)
    return arrival(path, run.losses.tolist(), run.diverged_at, prepared), prepared


def nearly_dependent() -> Dataset:
    """Two columns that nearly cancel: on the way to 1 and 1 their weights are off by many times their size."""
    a = np.sin(np.arange(40.0))
    b = a + 0.05 * np.cos(3.0 * np.arange(40.0))
    return Dataset.from_arrays(np.column_stack([a, b]), 30 * a - 29 * b + 5)


def test_the_promised_epochs_are_those_that_it_takes() -> None:
    promised = prepare(nearly_dependent(), Options()).forecast.epochs_needed(6)
    assert promised is not None
    just, _ = judged(nearly_dependent(), Options(epochs=promised))
    before, _ = judged(nearly_dependent(), Options(epochs=promised - max(2, promised // 100)))
    assert just.digits is not None
    assert before.digits is not None
    assert just.digits == pytest.approx(6, abs=0.01)
    assert just.digits >= 6 > before.digits
    assert (just.state, before.state) == ("yes", "not yet")


def test_the_epochs_are_told_in_the_users_units() -> None:
    """12 digits of Longley are known to take 183,039; the error alone would shrink as far in 168,826."""
    prepared = prepare(builtin_sets.load("longley"), Options())
    assert prepared.forecast.epochs_needed(6) == pytest.approx(98_307, abs=2)
    assert prepared.forecast.epochs_needed(12) == pytest.approx(183_039, abs=2)
    assert prepared.problem.curvature is not None
    assert prepared.problem.curvature.epochs_for["6"] == prepared.forecast.epochs_needed(6)
    found = judged(builtin_sets.load("longley"), Options(epochs=5))[0]
    assert found.epochs_for == {str(digits): prepared.forecast.epochs_needed(digits) for digits in (6, 9, 12)}


def test_what_rounding_stops_is_not_promised_to_arrive_in_epochs_already_done() -> None:
    found, _ = judged(builtin_sets.load("norris"), Options(dtype="float32"))
    assert found.state == "not yet"
    assert found.dtype == "float32"
    promised = found.epochs_for["6"]
    assert promised is not None
    assert promised < found.epochs == 100


def test_descent_on_dependent_columns_converges_to_the_solution_nearest_to_its_start() -> None:
    table = Dataset.from_arrays([[1, 2, 3], [2, 4, 5], [3, 6, 1], [4, 8, 0], [5, 10, 7]], [1.0, 2.0, 4.0, 3.0, 7.0])
    found, prepared = judged(table, Options(epochs=100))
    assert found.state == "yes"
    assert found.nearest_to_start
    assert found.predicted_contraction == prepared.table.hessian.contraction(prepared.plan.learning_rate)
    assert found.contraction == pytest.approx(found.predicted_contraction, rel=0.02)


def test_the_loss_stands_over_the_lowest_that_there_is() -> None:
    found, prepared = judged(builtin_sets.load("longley"), Options(epochs=50))
    table = np.column_stack([prepared.X, np.ones(len(prepared.y))])
    lowest = np.mean((table @ np.append(*prepared.forecast.goal) - prepared.y) ** 2)
    start = np.mean(prepared.y**2)
    assert found.state == "not yet"
    assert found.loss_ratio is not None
    assert 1 < found.loss_ratio < start / lowest
    arrived, _ = judged(builtin_sets.load("norris"), Options(epochs=50))
    assert arrived.loss_ratio == pytest.approx(1, abs=1e-9)


def test_a_lowest_loss_of_zero_has_no_ratio() -> None:
    x = np.arange(5.0)
    assert judged(Dataset.from_arrays(x, np.zeros(5)), Options(epochs=5))[0].loss_ratio is None


def test_mini_batches_are_told_from_full_ones() -> None:
    few, _ = judged(builtin_sets.load("norris"), Options(epochs=5, batch_size=7, learning_rate=0.1))
    many, _ = judged(builtin_sets.load("norris"), Options(epochs=5, batch_size=1000))
    assert (few.full_batch, many.full_batch) == (False, True)


def test_a_run_that_leaves_the_range_has_diverged_and_says_when_that_was_predicted() -> None:
    found, prepared = judged(builtin_sets.load("norris"), Options(epochs=2000, learning_rate=1.5))
    assert found.state == "diverged"
    assert found.digits is None
    assert found.contraction is None
    assert found.loss_ratio is not None
    assert found.loss_ratio > 1e290
    run = load("numpy")(prepared.X, prepared.y, "float64").train(prepared.plan)
    assert run.diverged_at is not None
    why = divergence(run.diverged_at, prepared)
    assert why.predicted_epoch == pytest.approx(run.diverged_at, rel=0.01)
    assert why.converging_rate < why.limit < why.learning_rate == 1.5
    assert judged(builtin_sets.load("norris"), Options(learning_rate=why.converging_rate))[0].state == "yes"


def test_digits_are_those_of_the_worst_parameter() -> None:
    assert common_digits([1.001, 2.0], [1.0, 2.0], [1.0, 2.0]) == pytest.approx(3, abs=1e-6)
    assert common_digits([1e-5, 2.0], [0.0, 2.0], [1.0, 2.0]) == pytest.approx(5)
    assert common_digits([1e-5, 2.0], [0.0, 2.0], [100.0, 2.0]) == pytest.approx(7)
    assert common_digits([1.0, 2.0], [1.0, 2.0], [1.0, 2.0]) == 16
    assert common_digits([-7.0, 2.0], [1.0, 2.0], [1.0, 2.0]) == 0


def specimen(name: str) -> Dataset:
    """A table on which something was said wrongly once."""
    return load_table(TABLES / f"{name}.csv")


def test_a_parameter_whose_goal_is_0_up_to_rounding_is_judged_by_what_it_could_be() -> None:
    """The bias of proportional columns: 1e-16 beside predictions of 1."""
    for name in ("collinear_units", "proportional_tenths", "collinear_dummies"):
        found, _ = judged(specimen(name), Options())
        assert found.state == "yes", name
        assert found.digits is not None
        assert found.digits > 14, name


def test_a_small_goal_that_rounding_allows_is_judged_by_itself() -> None:
    x = np.linspace(-1, 1, 9)
    table = Dataset.from_arrays(x, 2 * x + 1e-9)
    _, prepared = judged(table, Options())
    assert prepared.forecast.digit_sizes[-1] == pytest.approx(1e-9, rel=1e-6)


def test_columns_that_are_equal_arrive_when_their_sum_does() -> None:
    found, _ = judged(specimen("collinear_twins"), Options(epochs=3000, standardize=False))
    assert found.state == "yes"
    assert found.digits == pytest.approx(10.2, abs=0.05)
    assert found.epochs_for["6"] == 1763
    at = {k: judged(specimen("collinear_twins"), Options(epochs=k, standardize=False))[0] for k in (1762, 1763)}
    assert (at[1762].state, at[1763].state) == ("not yet", "yes")


def test_no_contraction_is_read_from_rounding() -> None:
    for name in ("timestamps_ms", "near_constant_ulp", "proportional_tenths"):
        found, _ = judged(specimen(name), Options())
        assert (found.state, found.contraction, found.window) == ("yes", None, None), name


def test_a_transient_is_held_against_the_same_epochs_of_the_prediction() -> None:
    """Longley's first hundred epochs shrink the error faster than its slowest component ever will."""
    found, prepared = judged(builtin_sets.load("longley"), Options())
    assert found.window == (50, 100)
    assert found.expected_contraction == prepared.forecast.contraction_between(50, 100)
    assert found.contraction == pytest.approx(found.expected_contraction, abs=1e-9)
    assert found.predicted_contraction > found.expected_contraction + 1e-4


def test_where_no_rate_gets_there_in_float64_standardising_is_the_remedy() -> None:
    found, _ = judged(specimen("timestamps_sec"), Options(standardize=False))
    assert found.state == "not yet"
    assert found.best_contraction == 1
    assert found.condition == pytest.approx(8e34, rel=0.1)
    assert [one.kind for one in found.remedies] == ["standardize"]
    (remedy,) = found.remedies
    assert judged(specimen("timestamps_sec"), Options(epochs=remedy.epochs or 0))[0].state == "yes"


def test_a_run_arrives_with_what_it_is_told_to_change() -> None:
    table = nearly_dependent()
    found, _ = judged(table, Options(epochs=50, learning_rate=0.02))
    kinds = {one.kind: one for one in found.remedies}
    assert set(kinds) == {"epochs", "rate"}
    for one in found.remedies:
        assert one.epochs is not None
        assert judged(table, Options(epochs=one.epochs, learning_rate=one.learning_rate))[0].state == "yes"
    found, _ = judged(table, Options(epochs=50, batch_size=8, learning_rate=0.1))
    assert [one.kind for one in found.remedies][-1] == "full batch"


def test_a_run_whose_loss_grows_diverges_though_its_numbers_are_finite() -> None:
    """Rate 1.5 of at most 1, a hundred epochs: the loss is 1e60, and no double overflows."""
    found, prepared = judged(builtin_sets.load("norris"), Options(epochs=100, learning_rate=1.5))
    assert (found.state, found.digits) == ("diverged", None)
    assert found.loss is not None
    assert found.loss > 1e60
    assert divergence(None, prepared).epoch is None
    few, _ = judged(builtin_sets.load("norris"), Options(epochs=100, batch_size=6, learning_rate=1.5))
    assert few.state == "diverged"
    calm, _ = judged(builtin_sets.load("norris"), Options(epochs=100, batch_size=6, learning_rate=0.1))
    assert calm.state != "diverged"


def test_float32_is_told_to_use_float64() -> None:
    found, _ = judged(builtin_sets.load("norris"), Options(dtype="float32"))
    assert found.stopped_by_rounding
    assert [one.kind for one in found.remedies] == ["float64"]


def test_mini_batches_that_share_one_solution_come_to_rest_there() -> None:
    """Seen: "they keep moving around the solution; a smaller rate brings it nearer", of a target that a line fits."""
    x = np.arange(1.0, 65.0) / 8
    for noise, kinds in ((0.0, ["full batch"]), (0.1, ["smaller rate", "full batch"])):
        table = Dataset.from_arrays(x[:, None], 2 * x + 1 + noise * np.sin(9 * x))
        found, _ = judged(table, Options(epochs=3, batch_size=8, learning_rate=0.05))
        assert found.state == "not yet"
        assert [one.kind for one in found.remedies] == kinds
    rests, _ = judged(Dataset.from_arrays(x[:, None], 2 * x + 1), Options(epochs=300, batch_size=8, learning_rate=0.05))
    assert rests.state == "yes"


def test_a_rate_for_mini_batches_keeps_each_of_them_in_range() -> None:
    table = Dataset.from_arrays([[0.0], [0.1], [0.2], [9.0]], [0.0, 1.0, 2.0, 3.0])
    found, prepared = judged(table, Options(epochs=400, batch_size=1, learning_rate=0.5, standardize=False))
    assert found.state == "diverged"
    rate = divergence(None, prepared).converging_rate
    stays, _ = judged(table, Options(epochs=400, batch_size=1, learning_rate=rate, standardize=False))
    assert stays.state == "not yet"
