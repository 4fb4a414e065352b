"""The judge: passes what is right, names what is wrong, and is never content with comparing nothing."""

from __future__ import annotations

import math
from dataclasses import replace

import nist
import numpy as np
import pytest

from handgrad.backends.catalogue import catalogue, load
from handgrad.backends.interface import Gradient, InputError, Plan
from handgrad.compare.judge.bounds import gradient_tolerances, over
from handgrad.compare.judge.hessian import hessian
from handgrad.compare.judge.judge import Judge, Observed, judge
from handgrad.compare.judge.table import CheckedTable

#: `moments` takes no residuals, so that near an exact fit it lies outside the bound that the others keep.
BACKENDS = [
    name for name, entry in catalogue().items() if entry.reason() is None and entry.by_default and name != "moments"
]


def observed(backend, X, y, plan):
    trainer = load(backend)(X, y, plan.dtype)
    return Observed(trainer.gradient_at(np.zeros(trainer.features), 0.0), trainer.train(plan))


def judged(X, y, plan, seen, references=()):
    """What the judge makes of each backend on this table."""
    return judge(CheckedTable.of(X, y, plan.dtype), plan, seen, references)


def noisy(rows=60, features=2):
    rng = np.random.default_rng([rows, features])
    X = rng.normal(size=(rows, features)) + 1
    return X, X @ np.arange(1.0, features + 1) + 1 + rng.normal(size=rows)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("batch_size", [None, 16])
def test_every_correct_backend_passes_at_the_start_and_at_every_epoch(batch_size, dtype):
    X, y = noisy()
    plan = Plan(0.05, 12, batch_size=batch_size, dtype=dtype)
    verdicts = judge(
        CheckedTable.of(X, y, plan.dtype), plan, {name: observed(name, X, y, plan) for name in BACKENDS}, ("numpy",)
    )
    for name, accuracy in verdicts.items():
        assert accuracy.passed, (name, accuracy.reason)
        assert accuracy.epochs.epochs == tuple(range(13))
        assert accuracy.start_gradient.bound_ratio <= 1


def test_no_correct_backend_is_accused_on_many_random_problems():
    rng = np.random.default_rng(1)
    for trial in range(40):
        rows, features = int(rng.integers(1, 120)), int(rng.integers(1, 5))
        X = rng.normal(size=(rows, features)) * 10.0 ** rng.integers(-2, 3, features) + rng.normal(size=features)
        y = X @ rng.normal(size=features) + rng.normal(size=rows) * (trial % 3)
        dtype = ("float64", "float32")[trial % 2]
        plan = Plan(rng.uniform(0.1, 1.2) * hessian(X).limit, 30, dtype=dtype)
        for name in ("python", "numpy"):
            accuracy = judged(X, y, plan, {name: observed(name, X, y, plan)})[name]
            assert accuracy.passed, (trial, name, accuracy.reason)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", nist.WITH_INTERCEPT)
def test_the_gradient_at_the_certified_parameters_is_zero_within_the_bound(name, backend):
    X, y, certified = nist.table(name)
    given = load(backend)(X, y).gradient_at(certified[:-1], float(certified[-1]))
    bounds = gradient_tolerances(X, y, certified[:-1], float(certified[-1]), "float64")
    # the certified parameters are rounded to doubles: a gradient of H u |θ| belongs to that, and to no backend
    table = np.column_stack([X, np.ones(len(y))])
    rounding = 2 / len(y) * (table.T @ np.abs(table)) @ (2.0**-53 * np.abs(certified))
    allowed = np.array([*bounds.worst.weights, bounds.worst.bias]) + np.abs(rounding)
    assert over(np.array([*given.weights, given.bias]), allowed).max() <= 1


def test_a_factor_of_one_part_in_ten_to_the_twelve_is_named_with_its_size():
    X, y = noisy(1000, 1)
    plan = Plan(0.05, 3)
    right = observed("numpy", X, y, plan)
    wrong = right.gradient._replace(weights=right.gradient.weights * (1 + 1e-12))
    accuracy = judged(X, y, plan, {"wrong": replace(right, gradient=wrong)})["wrong"]
    assert not accuracy.passed
    assert accuracy.reason.startswith("dW1 at the start is 1e-12 off")


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_what_is_not_finite_never_passes(value):
    X, y = noisy()
    plan = Plan(0.05, 3)
    right = observed("numpy", X, y, plan)
    for gradient in (right.gradient._replace(bias=value), right.gradient._replace(loss=value)):
        assert not judged(X, y, plan, {"wrong": replace(right, gradient=gradient)})["wrong"].passed
    weights = right.training.recorded_weights.copy()
    weights[2, 0] = value
    accuracy = judge(
        CheckedTable.of(X, y, plan.dtype),
        plan,
        {"x": replace(right, training=replace(right.training, recorded_weights=weights))},
    )["x"]
    assert "after epoch 2 are not finite" in accuracy.reason


def test_a_path_that_leaves_is_told_with_its_first_epoch():
    X, y = noisy()
    plan = Plan(0.05, 10)
    right = observed("numpy", X, y, plan)
    biases = right.training.recorded_biases.copy()
    biases[4:] += 1e-9
    accuracy = judge(
        CheckedTable.of(X, y, plan.dtype),
        plan,
        {"x": replace(right, training=replace(right.training, recorded_biases=biases))},
    )["x"]
    assert "the parameters after epoch 4 are" in accuracy.reason


def test_a_loss_that_is_not_that_of_its_own_parameters_is_told():
    X, y = noisy()
    plan = Plan(0.05, 10)
    right = observed("numpy", X, y, plan)
    losses = right.training.losses.copy()
    losses[7] *= 1 + 1e-10
    accuracy = judge(
        CheckedTable.of(X, y, plan.dtype), plan, {"x": replace(right, training=replace(right.training, losses=losses))}
    )["x"]
    assert "the loss after epoch 7" in accuracy.reason


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"weights": np.array([9.0, 9.0])}, "W1 at the end of the run is 9, but "),
        ({"bias": -9.0}, "b at the end of the run is -9, but "),
        ({"bias": math.nan}, "b at the end of the run is nan, but "),
    ],
)
@pytest.mark.parametrize("epochs", [10, 2000])
def test_final_parameters_are_those_recorded_last(changed, told, epochs):
    X, y = noisy()
    plan = Plan(0.05, epochs)
    right = observed("numpy", X, y, plan)
    found = judged(X, y, plan, {"x": replace(right, training=replace(right.training, **changed))})["x"]
    assert found.reason.startswith(told)
    assert found.reason.endswith(f"was recorded after epoch {epochs}, which was its last")
    one_bit = np.nextafter(right.training.weights, np.inf)
    assert not judged(X, y, plan, {"x": replace(right, training=replace(right.training, weights=one_bit))})["x"].passed


def test_missing_epochs_are_told():
    X, y = noisy()
    plan = Plan(0.05, 10)
    right = observed("numpy", X, y, plan)
    short = replace(
        right.training,
        recorded_epochs=right.training.recorded_epochs[:6],
        recorded_weights=right.training.recorded_weights[:6],
        recorded_biases=right.training.recorded_biases[:6],
    )
    assert "after epoch 6 are missing" in judged(X, y, plan, {"x": replace(right, training=short)})["x"].reason


def test_a_run_that_diverges_as_it_must_is_right_and_one_that_diverges_alone_is_not():
    X, y = noisy()
    plan = Plan(1.5 * hessian(X).limit, 2000)
    right = observed("numpy", X, y, plan)
    assert right.training.diverged_at is not None
    assert judged(X, y, plan, {"x": right})["x"].passed
    early = right.training.diverged_at // 2
    cut = replace(
        right.training,
        diverged_at=early,
        losses=right.training.losses[:early],
        recorded_epochs=right.training.recorded_epochs[:early],
        recorded_weights=right.training.recorded_weights[:early],
        recorded_biases=right.training.recorded_biases[:early],
    )
    assert f"diverged at epoch {early}" in judged(X, y, plan, {"x": replace(right, training=cut)})["x"].reason


def test_two_runs_part_where_their_bits_first_differ():
    X, y = noisy()
    plan = Plan(0.05, 10)
    one = observed("numpy", X, y, plan)
    weights = one.training.recorded_weights.copy()
    weights[3:, 1] = np.nextafter(weights[3:, 1], np.inf)
    other = replace(one, training=replace(one.training, recorded_weights=weights))
    pair = judged(X, y, plan, {"other": other, "numpy": one}, ("numpy",))["other"].pairs[0]
    assert (pair.reference, pair.first_epoch_apart) == ("numpy", 3)
    assert 0 < pair.apart_by < 1e-15
    assert pair.parameter_ratio <= 1
    same = judged(X, y, plan, {"other": one, "numpy": one}, ("numpy",))["other"].pairs[0]
    assert same.first_epoch_apart is None


def test_equal_rows_break_the_sqrt_n_bound_and_the_worst_case_decides():
    rng = np.random.default_rng(2)
    rows = 300_000
    X, y = np.full((rows, 1), 0.1, dtype=np.float32), np.full(rows, 0.3, dtype=np.float32)
    assert not CheckedTable.of(X, y, "float32").plain_sum_is_likely([0.0], 0.0)
    assert CheckedTable.of(rng.normal(size=(1000, 1)), rng.normal(size=1000)).plain_sum_is_likely([0.0], 0.0)
    exact = Judge(CheckedTable.of(X, y, "float32"), Plan(0.1, 1, dtype="float32"))
    in_order = np.float32(2) / np.float32(rows) * np.add.accumulate(X[:, 0] * -y)[-1]
    bias = np.float32(2) / np.float32(rows) * np.add.accumulate(-y)[-1]
    loss = np.add.accumulate(y * y)[-1] / np.float32(rows)
    accuracy = exact.accuracy(Observed(Gradient(float(loss), np.array([in_order]), float(bias))))
    assert accuracy.start_gradient.bound_ratio > 1
    assert accuracy.passed, accuracy.reason
    assert "worst-case bound" in accuracy.reason


def test_comparing_nothing_is_a_failure():
    X, y = noisy()
    plan = Plan(0.05, 10)
    with pytest.raises(InputError, match="nothing compared"):
        judged(X, y, plan, {})
    right = observed("numpy", X, y, plan)
    nothing = replace(
        right.training, recorded_epochs=np.array([99]), recorded_weights=np.zeros((1, 2)), recorded_biases=np.zeros(1)
    )
    with pytest.raises(InputError, match="nothing compared"):
        judged(X, y, plan, {"x": replace(right, training=nothing)})


def test_too_many_mini_batch_steps_are_said_not_to_be_judged():
    X, y = noisy(50, 1)
    plan = Plan(0.01, 500, batch_size=1)
    trainer = load("numpy")(X, y)
    accuracy = judge(
        CheckedTable.of(X, y, plan.dtype), plan, {"numpy": Observed(trainer.gradient_at([0.0], 0.0), None)}
    )["numpy"]
    assert accuracy.epochs is None
    assert "not judged" in accuracy.reason


def test_a_wide_table_is_judged_at_the_start_and_says_that_its_long_run_is_not_followed():
    X, y = noisy(300, 200)
    plan = Plan(learning_rate=0.1 / 200, epochs=100)
    exact = Judge(CheckedTable.of(X, y, plan.dtype), plan)
    assert exact.true is None
    trainer = load("numpy")(X, y)
    found = exact.accuracy(Observed(trainer.gradient_at(np.zeros(200), 0.0), trainer.train(plan)))
    assert found.passed
    assert found.epochs is None
    assert "not judged" in found.reason


FLUSHED = "as where numbers below the smallest normal one are flushed to zero"


def flushing(X, y, plan):
    """What a machine gives that takes numbers below the normal ones for zero: the squares are such numbers here."""
    right = observed("numpy", X, y, plan)
    return Observed(right.gradient._replace(loss=0.0), replace(right.training, losses=0 * right.training.losses))


def test_numbers_below_the_normal_ones_that_were_flushed_to_zero_are_named_as_that():
    X, y = noisy()
    y, plan = y * 1e-157, Plan(0.05, 3)
    accuracy = judged(X, y, plan, {"numpy": flushing(X, y, plan)})["numpy"]
    assert not accuracy.passed
    assert [(v.what, v.flushed) for v in accuracy.violations] == [("start", True), ("loss", True)]
    assert accuracy.reason.count(FLUSHED) == 2


def test_a_loss_of_zero_among_normal_numbers_is_not_taken_for_flushed():
    X, y = noisy()
    plan = Plan(0.05, 3)
    accuracy = judged(X, y, plan, {"numpy": flushing(X, y, plan)})["numpy"]
    assert not accuracy.passed
    assert not any(v.flushed for v in accuracy.violations)
    assert FLUSHED not in accuracy.reason
