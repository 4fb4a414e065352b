"""The sentences of a result file: each changes with its facts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from handgrad.compare.results import reasons
from handgrad.compare.results.arrival import Divergence
from handgrad.compare.results.checks import FaultFinding, SelfTest
from handgrad.compare.results.comparison import (
    Accuracy,
    BackendResult,
    Dependence,
    ParameterAccuracy,
    StartGradient,
)
from handgrad.compare.results.verdict import Objection
from handgrad.compare.results.violations import Violation

TOO_LARGE = Divergence(
    epoch=316,
    learning_rate=3.0,
    limit=0.90912,
    converging_rate=0.5,
    predicted_epoch=1315,
    dtype="float64",
    standardized=True,
)


def test_a_rate_above_the_limit_is_told_with_one_that_converges() -> None:
    assert reasons.of_divergence(TOO_LARGE) == (
        "the learning rate 3 is above the stability limit 2/λ_max = 0.9091; overflow was predicted at epoch 1,315; "
        "0.5 converges"
    )
    assert reasons.of_divergence(replace(TOO_LARGE, predicted_epoch=None, standardized=False)) == (
        "the learning rate 3 is above the stability limit 2/λ_max = 0.9091; 0.5 converges; standardised features "
        "allow a larger one"
    )


def test_a_rate_below_the_limit_is_not_blamed() -> None:
    assert reasons.of_divergence(replace(TOO_LARGE, learning_rate=0.1, dtype="float32")) == (
        "numbers left the range of float32 although the learning rate 0.1 is below the full-batch limit 0.9091; scale "
        "the data, or use a smaller rate"
    )
    growing = replace(TOO_LARGE, learning_rate=0.1, epoch=None, full_batch=False)
    assert reasons.of_divergence(growing) == (
        "the loss grows although the learning rate 0.1 is below the full-batch limit 0.9091; at 0.5 or below no "
        "mini-batch can drive it out of range"
    )


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (
            Violation("start", component="dW2", relative=1e-12, bound_ratio=4.21, worst_case_ratio=0.5),
            "dW2 at the start is 1e-12 off relative to the exact one, 4.21 times its √n bound, 0.5 times its worst "
            "case",
        ),
        (
            Violation("start", component="loss", relative=0.1, worst_case_ratio=2.0),
            "the loss at the start is 0.1 off relative to the exact one, inf times its √n bound, 2 times its worst "
            "case",
        ),
        (Violation("start", component="db"), "db at the start is not finite, or not 0 where the exact one is"),
        (Violation("parameters", epoch=3), "the parameters after epoch 3 are not finite"),
        (
            Violation("parameters", epoch=3, bound_ratio=12.345),
            "the parameters after epoch 3 are 12.3 times as far from the true ones as rounding explains",
        ),
        (Violation("missing", epoch=6), "the parameters after epoch 6 are missing"),
        (
            Violation("final", component="W1", epoch=100, given=9.0, expected=1.9802),
            "W1 at the end of the run is 9, but 1.9802 was recorded after epoch 100, which was its last",
        ),
        (Violation("losses", given=10, expected=101), "expected 101 losses, got 10"),
        (Violation("diverged", epoch=7, expected=12.3456), "diverged at epoch 7, where the true loss is 12.3"),
        (
            Violation("loss", epoch=7, given=1.25, expected=1.0),
            "the loss after epoch 7 is 1.25, but 1 at its own parameters",
        ),
    ],
)
def test_a_violation_is_told_with_its_numbers(found: Violation, told: str) -> None:
    assert reasons.of_violation(found) == told


def test_several_violations_are_told_one_after_the_other() -> None:
    both = [Violation("missing", epoch=6), Violation("parameters", epoch=3)]
    assert reasons.of_violations(both) == "; ".join(map(reasons.of_violation, both))


def test_a_pass_names_the_bound_that_decided_and_whether_the_run_was_followed() -> None:
    assert reasons.of_pass(0.05123, "likely", (0.0, 0.0714, None)) == (
        "gradient at the start within 0.051 of its √n bound, 3 recorded epochs within 0.071 of theirs"
    )
    assert reasons.of_pass(0.05, "worst", None) == (
        "gradient at the start within 0.05 of its worst-case bound (its data break the √n one); the trajectory was not "
        "judged: too long a run to follow exactly"
    )


def test_dependent_columns_are_named() -> None:
    found = (Dependence("both", ("age", "height")), Dependence("unit", ()))
    assert reasons.of_dependences(found) == (
        "column 'both' is a combination of 'age', 'height'; column 'unit' is constant: many parameters fit equally "
        "well, and those of minimum norm are given"
    )
    assert reasons.of_dependences(()) is None


WRONG = Accuracy(StartGradient(1.0, (1.0,), 1.0), ParameterAccuracy(), passed=False, reason="dW1 is off")
BLIND = SelfTest(
    backend="numpy",
    rows=10,
    features=1,
    dtype="float64",
    findings=(
        FaultFinding("factor", "", caught=True, smallest=1e-6, reason="seen"),
        FaultFinding("sign", "", caught=False, smallest=None, reason=""),
        FaultFinding("row", "", caught=False, smallest=None, reason="", harmless=True),
    ),
    accused="db is off",
    passed=False,
)


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (Objection("accuracy", "a"), "a: dW1 is off"),
        (Objection("failed", "b"), "b: no memory"),
        (Objection("timeout", "c"), "c: timeout"),
        (Objection("diverged", "b"), "b: diverged: no memory"),
        (Objection("nothing judged"), "nothing was judged"),
        (Objection("missed faults"), "self-test: the judge let pass: sign"),
        (Objection("false accusation"), "self-test: the judge accused numpy without a fault: db is off"),
        (Objection("blunt judge"), "self-test: the judge is too blunt: the smallest factor caught is 1 + 1e-6"),
    ],
)
def test_an_objection_is_told_with_its_backend_and_its_reason(found: Objection, told: str) -> None:
    results = {
        "a": BackendResult("ok", "manual", accuracy=WRONG),
        "b": BackendResult("failed", "manual", reason="no memory"),
        "c": BackendResult("timeout", "manual"),
    }
    assert reasons.of_objection(found, results, BLIND) == told


def test_agreement_counts_the_backends() -> None:
    assert reasons.of_agreement(1).startswith("1 backend within")
    assert reasons.of_agreement(5).startswith("5 backends within")
