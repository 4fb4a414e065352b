"""The self-test: the judge catches every kind of fault, down to a size that the report may claim."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from handgrad.backends.catalogue import catalogue, load
from handgrad.backends.interface import InputError, Plan
from handgrad.compare.judge.faults import Fault, Scaled, with_fault
from handgrad.compare.judge.judge import Judge
from handgrad.compare.judge.self_test import KINDS, self_test, verdict_on
from handgrad.compare.judge.table import CheckedTable

BACKENDS = [
    name
    for name, entry in catalogue().items()
    if entry.reason() is None and entry.by_default and name not in ("moments", "python")
]


def problem(rows=1000):
    rng = np.random.default_rng(1)
    X = rng.normal(size=(rows, 2))
    return X, X @ [2.0, -1.0] + 1 + 0.1 * rng.normal(size=rows)


@cache
def report(dtype="float64", backend="numpy"):
    return self_test(CheckedTable.of(*problem(), dtype), Plan(0.3, 8, dtype=dtype), load(backend))


def test_a_factor_of_one_part_in_ten_to_the_twelve_on_a_thousand_rows_is_caught():
    assert report().rows == 1000
    assert report().smallest_factor <= 1e-12


@pytest.mark.parametrize("kind", [kind.name for kind in KINDS])
def test_every_kind_of_fault_is_caught(kind):
    found = {finding.fault: finding for finding in report().findings}[kind]
    assert found.caught
    assert found.reason


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_backend_without_a_fault_is_not_accused(backend, dtype):
    X, y = problem(200)
    assert verdict_on(Judge(CheckedTable.of(X, y, dtype), Plan(0.3, 8, dtype=dtype)), load(backend), Fault) == ""


def test_the_self_test_passes_and_says_so():
    assert report().passed
    assert report().accused == ""
    assert report("float32").passed


def test_a_blind_judge_does_not_pass_its_self_test(monkeypatch):
    monkeypatch.setattr(Judge, "violations", lambda self, start, epochs, training: ())
    blind = self_test(CheckedTable.of(*problem(100)), Plan(0.3, 3), load("numpy"))
    assert not blind.passed
    assert not any(finding.caught for finding in blind.findings)


def test_float32_sums_are_no_fault_in_float32():
    assert "float32 sums" not in [finding.fault for finding in report("float32").findings]


def test_the_fault_changes_what_it_says_and_nothing_else():
    X, y = problem(50)
    right = load("numpy")(X, y).gradient_at([0.5, 0.5], 0.1)
    wrong = with_fault(load("numpy"), lambda: Scaled(0.5))(X, y).gradient_at([0.5, 0.5], 0.1)
    assert wrong.loss == right.loss
    assert wrong.bias == 1.5 * right.bias
    np.testing.assert_array_equal(wrong.weights, 1.5 * right.weights)


@pytest.mark.parametrize("plan", [Plan(0.1, 1), Plan(0.1, 5, batch_size=10)])
def test_a_plan_that_cannot_show_every_fault_is_refused(plan):
    with pytest.raises(InputError, match="expected a full-batch plan"):
        self_test(CheckedTable.of(*problem(20)), plan, load("numpy"))
