"""The first two answers: who objects to the backends' agreement, and how far the training came for those that agree."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from handgrad.backends.catalogue import load
from handgrad.compare.results import reasons
from handgrad.compare.results.arrival import ArrivalState
from handgrad.compare.results.checks import FaultFinding, SelfTest
from handgrad.compare.results.comparison import BackendResult
from handgrad.compare.results.timing import SlowRun
from handgrad.compare.results.verdict import Objection
from handgrad.compare.side_by_side.answers import Answers
from handgrad.compare.side_by_side.arrival import arrival
from handgrad.compare.side_by_side.prepare import Options, Prepared, prepare
from handgrad.compare.side_by_side.verdict import (
    arrived,
    explanation,
    is_unexplained,
    judged,
    observation,
    verdict,
    with_gradient,
)
from handgrad.compare.timing.messages import GradientMessage
from handgrad.compare.timing.session import gradient_message, training_message
from handgrad.data.dataset import Dataset
from tests.reports.conftest import backend

RNG = np.random.default_rng(6)
TABLE = Dataset.from_arrays(RNG.normal(size=(40, 2)), RNG.normal(size=40) + 1)


@pytest.fixture(scope="module")
def prepared() -> Prepared:
    return prepare(TABLE, Options(epochs=8))


def answered(name: str, prepared: Prepared) -> Answers:
    """What a backend's process says, asked in this one."""
    trainer, start = load(name)(prepared.X, prepared.y, prepared.plan.dtype), prepared.forecast.start
    gradient, training = trainer.gradient_at(*start), trainer.train(prepared.plan)
    return Answers(0.0, 0.0, 0.0, gradient_message(gradient), training_message(training), None, None)


def at(state: ArrivalState, name: str, prepared: Prepared, passed: bool = True) -> BackendResult:
    """A backend whose run has come so far."""
    result = backend(name, features=2, passed=passed)
    assert result.trajectory is not None
    found = arrival(result.trajectory, result.losses, None, prepared)
    return replace(result, arrival=replace(found, state=state, digits=None if state == "diverged" else 3.0))


# -- who objects -------------------------------------------------------------------------------------------------------


def test_each_kind_of_objection_is_raised_and_told_with_its_backend(prepared: Prepared) -> None:
    right = backend("numpy")
    results = {
        "right": right,
        "wrong": backend("wrong", passed=False),
        "broken": replace(right, status="failed", accuracy=None, reason="it broke"),
        "late": replace(right, status="timeout", accuracy=None, reason="it took too long"),
        "gone": replace(right, status="diverged", accuracy=None, reason="it left"),
        "missing": replace(right, status="unavailable", accuracy=None, reason="not installed"),
    }
    found = verdict(results, prepared)
    assert found.objections == (
        Objection("accuracy", "wrong"),
        Objection("failed", "broken"),
        Objection("timeout", "late"),
        Objection("diverged", "gone"),
    )
    assert not found.passed
    assert found.agree is not None
    assert not found.agree.passed
    assert found.agree.reason == "; ".join(found.reasons)
    assert found.reasons[1:] == ("broken: it broke", "late: it took too long", "gone: diverged: it left")


def test_those_that_agree_are_counted_and_the_others_are_not(prepared: Prepared) -> None:
    right = backend("numpy")
    missing = replace(right, status="unavailable", accuracy=None, reason="not installed")
    found = verdict({"one": right, "two": right, "missing": missing}, prepared)
    assert found.passed
    assert found.objections == ()
    assert found.reasons == (reasons.of_agreement(2),)
    assert found.agree is not None
    assert (found.agree.passed, found.agree.reason) == (True, found.reasons[0])
    assert verdict({"missing": missing}, prepared).objections == (Objection("nothing judged"),)


def test_a_divergence_is_explained_by_the_true_run_or_by_the_hessian_of_full_batches(prepared: Prepared) -> None:
    right = backend("numpy")
    assert right.accuracy is not None
    gone = replace(right, status="diverged")
    not_followed = replace(gone, accuracy=replace(right.accuracy, epochs=None))
    not_judged = replace(gone, accuracy=None)
    limit = prepared.table.hessian.limit
    leaving = prepare(TABLE, Options(epochs=3000, learning_rate=2 * limit))
    batches = prepare(TABLE, Options(epochs=3000, learning_rate=2 * limit, batch_size=8))
    assert leaving.forecast.overflow_epoch is not None
    assert [is_unexplained(one, prepared) for one in (gone, not_followed, not_judged)] == [False, True, True]
    assert [is_unexplained(one, leaving) for one in (gone, not_followed, not_judged)] == [False] * 3
    assert [is_unexplained(one, batches) for one in (gone, not_followed, not_judged)] == [False, True, True]
    assert not is_unexplained(replace(not_judged, status="failed"), prepared)


# -- how far the training came -----------------------------------------------------------------------------------------


def test_the_least_far_of_those_that_are_right_stands_for_all(prepared: Prepared) -> None:
    results = {
        "far": at("yes", "far", prepared),
        "near": at("not yet", "near", prepared),
        "wrong": at("diverged", "wrong", prepared, passed=False),
        "silent": replace(backend("silent"), arrival=None),
    }
    found = arrived(results)
    assert found is not None
    assert found.state == "not yet"
    assert found.states == {"far": "yes", "near": "not yet"}
    assert found.reason.startswith("near: 3 digits after ")
    gone = arrived(results | {"gone": at("diverged", "gone", prepared)})
    assert gone is not None
    assert (gone.state, list(gone.states)) == ("diverged", ["far", "near", "gone"])
    assert verdict(results, prepared).arrived == found


def test_who_was_not_judged_may_say_how_far_it_came_and_if_nobody_can_nothing_is_said(prepared: Prepared) -> None:
    unjudged = replace(at("yes", "exact", prepared), accuracy=None)
    found = arrived({"exact": unjudged})
    assert found is not None
    assert found.states == {"exact": "yes"}
    assert arrived({"wrong": at("yes", "wrong", prepared, passed=False)}) is None
    assert arrived({}) is None


# -- from answers to results -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_what_a_process_answered_is_judged_as_arrays_of_the_dtype(dtype: str) -> None:
    prepared = prepare(TABLE, Options(epochs=8, dtype=dtype))  # type: ignore[arg-type]
    answer = answered("numpy", prepared)
    seen = observation(answer, prepared)
    run = load("numpy")(prepared.X, prepared.y, prepared.plan.dtype).train(prepared.plan)
    assert seen.training is not None
    for name in ("weights", "losses", "recorded_epochs", "recorded_weights", "recorded_biases"):
        np.testing.assert_array_equal(getattr(seen.training, name), getattr(run, name))
    assert seen.training.weights.dtype == seen.training.recorded_weights.dtype == dtype
    assert (seen.training.bias, seen.training.diverged_at) == (run.bias, None)
    lost = replace_gradient(answer, GradientMessage(None, [None, 1.0], None))
    assert math.isnan(observation(lost, prepared).gradient.loss)
    assert math.isnan(observation(lost, prepared).gradient.bias)
    assert np.isnan(observation(lost, prepared).gradient.weights).tolist() == [True, False]


def replace_gradient(answer: Answers, gradient: GradientMessage) -> Answers:
    return Answers(0.0, 0.0, 0.0, gradient, answer.training, None, None)


def test_who_answered_is_judged_beside_the_references_and_told_why_it_differs(prepared: Prepared) -> None:
    results = {name: replace(backend(name), accuracy=None) for name in ("python", "numpy", "late")}
    answers = {name: answered(name, prepared) for name in ("python", "numpy")}
    found = judged(results, answers, {}, {"python": "one sum after another", "numpy": None}, prepared)
    assert [name for name, result in found.items() if result.accuracy is not None] == ["python", "numpy"]
    python, numpy = found["python"].accuracy, found["numpy"].accuracy
    assert python is not None
    assert numpy is not None
    assert [pair.reference for pair in python.pairs] == ["numpy"]
    assert numpy.pairs == ()
    assert (python.explanation, numpy.explanation) == ("one sum after another", None)
    assert python.passed
    assert numpy.passed


def test_bits_are_explained_where_gradients_were_asked_for(prepared: Prepared) -> None:
    from handgrad.compare.judge.causes import probe_points

    answer = answered("python", prepared)
    assert explanation(answer, prepared) is None
    points = probe_points(prepared.forecast.goal, "float64")
    trainer = load("python")(prepared.X, prepared.y)
    given = [trainer.gradient_at(point[:-1], float(point[-1])) for point in points]
    rows = [[*gradient.weights.tolist(), gradient.bias] for gradient in given]
    asked = Answers(0.0, 0.0, 0.0, answer.gradient, answer.training, None, None, rows)
    told = explanation(asked, prepared)
    assert told is not None
    assert "from the first row to the last" in told
    lost = [[None, *row[1:]] for row in rows]
    assert explanation(Answers(0.0, 0.0, 0.0, answer.gradient, answer.training, None, None, lost), prepared) is None


def test_a_run_that_was_left_out_is_judged_by_its_gradient_alone(prepared: Prepared) -> None:
    slow = replace(backend("slow", features=2), status="skipped", accuracy=None, slow=SlowRun(83.0, 109.0, 0.25))
    right = answered("python", prepared).gradient
    sent = {
        "right": right,
        "wrong": GradientMessage(right.loss, [2 * (weight or 1.0) for weight in right.weights], right.bias),
        "short": GradientMessage(right.loss, right.weights[:1], right.bias),
    }
    found = judged(dict.fromkeys(sent, slow), {}, sent, {}, prepared)
    assert [found[name].status for name in sent] == ["skipped", "failed", "failed"]
    assert all(result.accuracy is None for result in found.values())
    assert found["right"].slow is not None
    assert 0 < (found["right"].slow.gradient_ratio or 0) < 1
    assert found["right"].reason == reasons.of_slow_run(found["right"].slow)
    assert (found["wrong"].reason or "").startswith("dW1 at the start is ")
    assert found["short"].reason == "its gradient at the start has not one weight for each feature"


@pytest.mark.parametrize("bound", ["likely", "worst"])
def test_a_gradient_is_told_as_a_part_of_the_bound_that_decides(bound: str) -> None:
    judged_one = backend("slow").accuracy
    assert judged_one is not None
    gradient = replace(judged_one.start_gradient, bound_ratio=0.25, worst_case_ratio=0.125)
    slow = replace(backend("slow"), slow=SlowRun(83.0, 109.0, 0.25))
    found = with_gradient(slow, replace(judged_one, bound=bound, start_gradient=gradient))  # type: ignore[arg-type]
    assert found.slow is not None
    assert found.slow.gradient_ratio == {"likely": 0.25, "worst": 0.125}[bound]


@pytest.mark.parametrize(
    ("caught", "accused", "passed", "objections"),
    [
        (True, "", True, ()),
        (False, "", False, ("missed faults",)),
        (True, "dW is off", False, ("false accusation",)),
        (False, "dW is off", False, ("missed faults", "false accusation")),
        (True, "", False, ("blunt judge",)),
    ],
)
def test_a_judge_that_does_not_pass_its_own_test_is_objected_to(
    caught: bool, accused: str, passed: bool, objections: tuple[str, ...], prepared: Prepared
) -> None:
    finding = FaultFinding("factor", "a factor", caught, 1e-8, "")
    tested = SelfTest("numpy", 3, 1, "float64", (finding,), accused, passed)
    assert [one.kind for one in verdict({"numpy": backend("numpy")}, prepared, tested).objections] == [*objections]
