"""The numbers that the judge gives are those of their definitions: errors, ratios, where runs part."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from handgrad.backends.catalogue import load
from handgrad.backends.interface import Parameters, Plan
from handgrad.compare.judge.closed_form import solve
from handgrad.compare.judge.judge import Judge, Observed, judge, last_parameters
from handgrad.compare.judge.table import CheckedTable
from handgrad.compare.judge.trajectory import true_run
from handgrad.compare.results.comparison import ParameterAccuracy
from handgrad.contract.bounds import exact_gradient, fractions

RNG = np.random.default_rng(8)
X, Y = RNG.normal(size=(30, 2)) + 1, RNG.normal(size=30)
TABLE = CheckedTable.of(X, Y)
PLAN = Plan(0.05, 6)
JUDGE = Judge(TABLE, PLAN)


def observed(name="numpy", plan=PLAN):
    trainer = load(name)(X, Y, plan.dtype)
    return Observed(trainer.gradient_at(np.zeros(2), 0.0), trainer.train(plan))


def moved(seen, epoch, column, factor):
    """A run whose parameter is another from an epoch on."""
    weights, biases = seen.training.recorded_weights.copy(), seen.training.recorded_biases.copy()
    path = biases if column == 2 else weights[:, column]
    path[epoch:] *= factor
    return replace(seen, training=replace(seen.training, recorded_weights=weights, recorded_biases=biases))


def test_errors_at_the_start_are_those_of_the_gradient_and_ratios_include_the_loss():
    true = exact_gradient(X, Y, fractions(np.zeros(2)), Fraction(0))
    given = observed().gradient
    found = JUDGE.accuracy(Observed(given)).start_gradient
    pairs = [*zip(given.weights, true.weights, strict=True), (given.bias, true.bias)]
    errors = [abs(Fraction(float(value)) - exact) for value, exact in pairs]
    places = [float(np.spacing(abs(float(exact)))) for _, exact in pairs]
    assert found.max_ulp == pytest.approx(max(float(e) / p for e, p in zip(errors, places, strict=True)), rel=1e-12)
    relative = [float(error / abs(exact)) for error, (_, exact) in zip(errors, pairs, strict=True)]
    assert found.max_relative == pytest.approx(max(relative), rel=1e-12)
    assert (found.loss, found.weights, found.bias) == (given.loss, tuple(given.weights), given.bias)
    off = JUDGE.accuracy(Observed(given._replace(loss=given.loss * (1 + 1e-10)))).start_gradient
    assert (off.max_ulp, off.max_relative) == (found.max_ulp, found.max_relative)
    assert off.bound_ratio > 1e3 > found.bound_ratio
    likely, worst = JUDGE.at_start.bounds.likely, JUDGE.at_start.bounds.worst
    assert off.bound_ratio == pytest.approx(given.loss * 1e-10 / likely.loss, rel=1e-4)
    assert off.worst_case_ratio == pytest.approx(given.loss * 1e-10 / worst.loss, rel=1e-4)


@pytest.mark.parametrize("column", [0, 1, 2])
def test_errors_of_an_epoch_are_the_largest_of_its_parameters(column):
    found = JUDGE.accuracy(moved(observed(), 4, column, 1 + 1e-6))
    epochs = found.epochs
    true = float(JUDGE.true.parameters[4, column])
    assert epochs.epochs == tuple(range(7))
    assert epochs.max_relative[4] == pytest.approx(1e-6, rel=1e-6)
    assert epochs.max_ulp[4] == pytest.approx(1e-6 * abs(true) / np.spacing(abs(true)), rel=1e-6)
    assert epochs.bound_ratio[4] == pytest.approx(1e-6 * abs(true) / JUDGE.drift[4, column], rel=1e-6)
    assert max(epochs.bound_ratio[:4]) <= 1
    assert epochs.max_relative[0] == 0
    last = ParameterAccuracy(epochs.max_ulp[-1], epochs.max_relative[-1], None, epochs.bound_ratio[-1])
    assert found.parameters == last


def test_what_the_doubles_leave_of_the_true_path_counts():
    seen = observed()
    exact = replace(
        seen.training, recorded_weights=JUDGE.true.parameters[:, :2], recorded_biases=JUDGE.true.parameters[:, 2]
    )
    ratios = JUDGE.epochs(exact).bound_ratio
    rest = np.abs(JUDGE.true.rest) / JUDGE.drift
    np.testing.assert_allclose(ratios, rest.max(axis=1), rtol=1e-12)


# -- one against another -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("factor", [1 + 1e-6, 1 - 1e-6])
def test_two_runs_are_apart_by_what_differs_over_the_larger_of_the_two(factor):
    one = observed()
    other = moved(one, 3, 1, factor)
    pair = JUDGE.pair("it", one, other)
    assert (pair.reference, pair.first_epoch_apart) == ("it", 3)
    apart = 1 - 1e-6 if factor < 1 else 1 / (1 + 1e-6)
    assert pair.apart_by == pytest.approx(1 - apart, rel=1e-6)
    assert pair.final_apart == pytest.approx(1 - apart, rel=1e-6)
    bias = np.abs(JUDGE.true.parameters[3:, 1]) * 1e-6
    assert pair.parameter_ratio == pytest.approx(max(bias / (2 * JUDGE.drift[3:, 1])), rel=1e-5)
    assert pair.gradient_ratio == 0


def test_two_gradients_are_apart_by_their_difference_over_both_bounds():
    one = observed()
    other = replace(one, gradient=one.gradient._replace(bias=one.gradient.bias + 1e-9))
    bound = JUDGE.at_start.bounds.likely.bias
    assert JUDGE.bound == "likely"
    assert JUDGE.pair("it", one, other).gradient_ratio == pytest.approx(1e-9 / (2 * bound), rel=1e-5)


def test_a_pair_without_a_run_has_its_gradients_alone_and_one_that_agrees_parts_nowhere():
    one = observed()
    for pair in (
        JUDGE.pair("it", one, replace(one, training=None)),
        JUDGE.pair("it", replace(one, training=None), one),
    ):
        assert (pair.reference, pair.gradient_ratio) == ("it", 0)
        assert (pair.first_epoch_apart, pair.final_apart, pair.parameter_ratio) == (None, None, None)
    same = JUDGE.pair("it", one, one)
    assert (same.first_epoch_apart, same.apart_by, same.final_apart, same.parameter_ratio) == (None, None, 0, 0)


def test_runs_of_unlike_length_are_compared_as_far_as_both_go():
    one = observed()
    run = one.training
    short = replace(run, recorded_epochs=run.recorded_epochs[:3], recorded_weights=run.recorded_weights[:3],
                    recorded_biases=run.recorded_biases[:3])  # fmt: skip
    assert JUDGE.pair("it", moved(one, 2, 0, 2.0), replace(one, training=short)).first_epoch_apart == 2
    assert JUDGE.pair("it", moved(one, 3, 0, 2.0), replace(one, training=short)).first_epoch_apart is None


def test_numbers_that_are_not_finite_part_and_have_no_distance():
    one = observed()
    pair = JUDGE.pair("it", one, moved(one, 2, 0, math.inf))
    assert (pair.first_epoch_apart, pair.apart_by, pair.final_apart, pair.parameter_ratio) == (2, None, None, None)


def test_without_a_true_run_parameters_have_no_ratio(monkeypatch):
    monkeypatch.setattr("handgrad.compare.judge.judge.EXACT_PRODUCTS", 0)
    blind, one = Judge(TABLE, PLAN), observed()
    assert blind.true is None
    pair = blind.pair("it", one, moved(one, 2, 0, 1.5))
    assert (pair.first_epoch_apart, pair.parameter_ratio) == (2, None)
    assert pair.apart_by == pytest.approx(1 / 3)
    assert blind.ends() == [blind.start]


def test_where_a_run_parts_from_the_first_reference_is_told_of_its_parameters():
    one = observed()
    seen = {"numpy": one, "torch": moved(one, 5, 0, 1 + 1e-15), "x": moved(one, 2, 0, 1 + 1e-15)}
    found = judge(TABLE, PLAN, seen, ("numpy", "torch", "absent"))
    assert [pair.reference for pair in found["x"].pairs] == ["numpy", "torch"]
    assert [pair.reference for pair in found["numpy"].pairs] == ["torch"]
    assert found["x"].parameters.first_epoch_apart == 2
    assert last_parameters(None, found["x"].pairs) == ParameterAccuracy(first_epoch_apart=2)


# -- what it can follow ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("most", "follows"), [(47, False), (48, True)])
def test_mini_batches_are_followed_up_to_so_many_steps(monkeypatch, most, follows):
    monkeypatch.setattr("handgrad.compare.judge.judge.EXACT_STEPS", most)
    plan = Plan(0.01, 12, batch_size=8)  # 30 rows are four batches
    assert Judge(TABLE, plan).can_follow() == follows == (Judge(TABLE, plan).true is not None)


@pytest.mark.parametrize(("most", "follows"), [(6 * 16 - 1, False), (6 * 16, True)])
def test_full_batches_are_followed_up_to_so_many_products(monkeypatch, most, follows):
    monkeypatch.setattr("handgrad.compare.judge.judge.EXACT_PRODUCTS", most)
    assert Judge(TABLE, PLAN).can_follow() == follows


def test_the_run_is_that_of_the_rate_and_the_start_that_the_dtype_holds():
    start = Parameters(np.array([0.1, -0.3]), 0.7)
    plan = Plan(0.1, 5, start=start, dtype="float32")
    found = Judge(CheckedTable.of(X, Y, "float32"), plan)
    assert found.start.weights.tolist() == np.float32([0.1, -0.3]).tolist()
    assert found.start.bias == float(np.float32(0.7))
    assert found.ends()[0] == found.start
    *weights, bias = found.true.parameters[-1].tolist()
    assert (found.ends()[1].weights.tolist(), found.ends()[1].bias) == (weights, bias)


def test_a_run_whose_loss_grows_has_no_end_to_look_at():
    assert len(Judge(TABLE, Plan(1.2 * TABLE.hessian.limit, 20)).ends()) == 1
    assert len(Judge(TABLE, Plan(0.2 * TABLE.hessian.limit, 20)).ends()) == 2


def test_the_bound_that_is_trusted_decides_and_is_named():
    equal = CheckedTable.of(np.full((300_000, 1), 0.1, dtype=np.float32), np.full(300_000, 0.3), "float32")
    worst, likely = Judge(equal, Plan(0.1, 1, dtype="float32")), JUDGE
    errors = JUDGE.at_start.errors(observed().gradient)
    assert (worst.bound, likely.bound) == ("worst", "likely")
    assert (likely.deciding(errors) == errors.over_likely).all()
    assert (worst.deciding(errors) == errors.over_worst).all()
    assert (worst.growth(10**6, "float32"), likely.growth(10**6, "float32")) == (
        pytest.approx(10**6 * 2.0**-24 / (1 - 10**6 * 2.0**-24)),
        pytest.approx(6 * 10**3 * 2.0**-24),
    )


@pytest.mark.parametrize("share", [0.5, 2.0])
def test_the_reason_of_a_pass_holds_the_largest_ratio(share):
    bound = JUDGE.at_start.bounds.likely
    true = JUDGE.at_start.nearest
    seen = observed()
    near = replace(seen, gradient=seen.gradient._replace(bias=true[-1] + share * bound.bias))
    accuracy = JUDGE.accuracy(near)
    assert accuracy.passed == (share < 1)
    assert accuracy.start_gradient.bound_ratio == pytest.approx(share, rel=0.05)
    assert ("0.5" in accuracy.reason) == (share < 1)
    assert accuracy.bound == "likely"


# -- at the edges of these definitions ---------------------------------------------------------------------------------


def test_a_run_that_ends_with_the_loss_of_its_start_has_an_end():
    """At the solution nothing moves: both losses are 0, so that the run does not diverge."""
    table = CheckedTable.of([[1.0], [2.0]], [0.0, 0.0])
    assert len(Judge(table, Plan(0.1, 3)).ends()) == 2


@pytest.mark.parametrize(("share", "epochs", "record"), [(0.9, 40, (0, 1, 2)), (1.1, 3, (0, 1, 2))])
def test_the_last_loss_tells_whether_a_run_diverges(share, epochs, record):
    """Of the records in between the loss may have grown or fallen: only the last counts."""
    rate = share * TABLE.hessian.limit
    found = Judge(TABLE, Plan(rate, epochs, record=record))
    assert len(found.ends()) == (2 if found.true.losses[-1] <= found.true.losses[0] else 1)
    assert len(found.true.losses) > 2


def test_the_end_of_a_run_is_where_its_last_record_is():
    for record in (None, (0, 3), (0,)):
        found = Judge(TABLE, Plan(0.05, 9, record=record))
        end = found.ends()[1]
        assert [*end.weights.tolist(), end.bias] == found.true.parameters[-1].tolist()


def test_the_bound_is_trusted_only_where_it_is_at_both_ends(monkeypatch):
    for at_start, at_end in ((True, False), (False, True), (True, True)):
        kept = {0.0: at_start}
        monkeypatch.setattr(CheckedTable, "plain_sum_is_likely", lambda self, w, b, k=kept, e=at_end: k.get(b, e))
        assert Judge(TABLE, PLAN).trusted == (at_start and at_end)


def test_the_cheaper_of_both_ways_decides_whether_a_full_run_is_followed(monkeypatch):
    """Epoch by epoch 1,000 records of 1,000 epochs are cheap, and by powers of M one record of a million."""
    monkeypatch.setattr("handgrad.compare.judge.judge.EXACT_PRODUCTS", 5000)
    assert Judge(TABLE, Plan(0.05, 100)).can_follow()
    assert Judge(TABLE, Plan(0.05, 10**6, record=(0,))).can_follow()


@pytest.mark.parametrize("column", [0, 1, 2])
def test_the_largest_error_of_the_start_may_be_of_any_weight_or_of_the_bias(column):
    values = [float(v) for v in JUDGE.at_start.nearest]
    values[1 + column] *= 1 + 1e-7
    given = observed().gradient._replace(loss=values[0], weights=np.array(values[1:3]), bias=values[3])
    found = JUDGE.accuracy(Observed(given))
    assert found.start_gradient.max_relative == pytest.approx(1e-7, rel=1e-5)
    size = abs(float(JUDGE.at_start.nearest[1 + column]))
    assert found.start_gradient.max_ulp == pytest.approx(1e-7 * size / np.spacing(size), rel=1e-5)
    assert not found.passed


def test_the_rest_of_the_true_path_has_a_sign():
    """One place above a double that lies below the truth is nearer than one below it."""
    path, rest = JUDGE.true.parameters, JUDGE.true.rest
    epoch, column = np.unravel_index(np.argmax(np.abs(rest) / np.spacing(np.abs(path))), rest.shape)
    toward = np.nextafter(path[epoch, column], np.inf if rest[epoch, column] > 0 else -np.inf)
    given = path.copy()
    given[epoch, column] = toward
    run = replace(observed().training, recorded_weights=given[:, :2], recorded_biases=given[:, 2])
    found = JUDGE.epochs(run)
    place = float(np.spacing(abs(path[epoch, column])))
    left = place - abs(float(rest[epoch, column]))
    assert found.max_ulp[epoch] == pytest.approx(max(left / place, *in_places(epoch, column)), rel=1e-9)
    ratios = np.abs(rest[epoch]) / JUDGE.drift[epoch]
    ratios[column] = left / JUDGE.drift[epoch, column]
    assert found.bound_ratio[epoch] == pytest.approx(ratios.max(), rel=1e-9)


def in_places(epoch, column):
    path, rest = JUDGE.true.parameters[epoch], JUDGE.true.rest[epoch]
    return [float(abs(rest[j]) / np.spacing(abs(path[j]))) for j in range(3) if j != column]


def test_parameters_that_are_zero_in_both_runs_are_not_apart():
    table = CheckedTable.of([[1.0], [-1.0]], [0.0, 0.0])
    judge_here = Judge(table, Plan(0.1, 2))
    trainer = load("numpy")(table.X, table.y)
    one = Observed(trainer.gradient_at([0.0], 0.0), trainer.train(judge_here.plan))
    biases = one.training.recorded_biases.copy()
    biases[1:] = 1e-300
    other = replace(one, training=replace(one.training, recorded_biases=biases))
    pair = judge_here.pair("it", one, other)
    assert (pair.first_epoch_apart, pair.apart_by, pair.final_apart) == (1, 1.0, 1.0)


def test_a_run_without_a_true_one_is_judged_by_its_losses_alone(monkeypatch):
    monkeypatch.setattr("handgrad.compare.judge.judge.EXACT_PRODUCTS", 0)
    blind, seen = Judge(TABLE, PLAN), observed()
    assert blind.accuracy(seen).violations == ()
    losses = seen.training.losses.copy()
    losses[2] *= 2
    found = blind.accuracy(replace(seen, training=replace(seen.training, losses=losses)))
    assert [(v.what, v.epoch) for v in found.violations] == [("loss", 2)]


def test_the_parameters_where_runs_part_are_those_of_the_first_reference():
    one = observed()
    seen = {"numpy": moved(one, 4, 0, 1 + 1e-15), "torch": moved(one, 2, 0, 1 + 1e-15), "x": one}
    found = judge(TABLE, PLAN, seen, ("numpy", "torch"))["x"]
    assert [pair.first_epoch_apart for pair in found.pairs] == [4, 2]
    assert found.parameters.first_epoch_apart == 4


def test_the_distance_at_the_end_is_that_of_the_last_epoch():
    one = observed()
    pair = JUDGE.pair("it", one, moved(one, 6, 1, 1 - 1e-6))
    assert pair.first_epoch_apart == 6
    assert pair.final_apart == pytest.approx(1e-6, rel=1e-6)


def test_a_loss_that_falls_first_and_grows_then_is_held_against_its_start():
    values, vectors = TABLE.hessian.eigenvalues, TABLE.hessian.eigenvectors
    solution = solve(TABLE)
    far = vectors[:, np.argmin(values)] + 0.01 * vectors[:, np.argmax(values)]  # the steepest part is small at first
    start = Parameters(solution.weights + far[:2], solution.bias + far[2])
    plan = Plan(1.05 * TABLE.hessian.limit, 300, start=start)
    losses = true_run(TABLE, plan).losses
    beyond = int(np.flatnonzero(losses > losses[0])[0])
    below = int(np.flatnonzero(losses[2:] > losses[1])[0]) + 2
    assert losses[1] < losses[0]
    assert below < beyond
    assert len(Judge(TABLE, replace(plan, epochs=beyond)).ends()) == 1
    assert len(Judge(TABLE, replace(plan, epochs=below)).ends()) == 2
