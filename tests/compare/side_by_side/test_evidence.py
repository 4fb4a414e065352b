"""What stands behind a verdict: checks by the way where they are cheap, and a judge that is tested itself."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from handgrad.compare.judge import self_test
from handgrad.compare.results.verdict import Objection
from handgrad.compare.side_by_side.evidence import (
    CHEAP_NUMBERS,
    TEST_ROWS,
    gradchecks,
    judge_under_test,
    precision_table,
    spread,
)
from handgrad.compare.side_by_side.prepare import Options, prepare
from handgrad.compare.side_by_side.verdict import blindness, verdict
from handgrad.data import builtin_sets
from handgrad.data.dataset import Dataset
from handgrad.data.synthetic import synthetic


@pytest.fixture(scope="module")
def prepared():
    return prepare(synthetic(seed=0)[0], Options())


@pytest.fixture(scope="module")
def tested(prepared):
    return judge_under_test(prepared)


def test_a_small_problem_is_checked_by_the_way_at_both_points(prepared):
    points = gradchecks(prepared, ["torch", "numpy"])
    assert [point.where for point in points] == ["start", "optimum"]
    assert all(point.checks["numpy"].passed and len(point.checks["numpy"].sweeps) == 2 for point in points)


def test_what_is_not_cheap_or_did_not_run_is_not_checked_by_the_way(prepared):
    assert gradchecks(prepared, ["torch", "numba"]) == ()
    rows = CHEAP_NUMBERS // 2 + 1
    large = prepare(synthetic(num_samples=rows, seed=0)[0], Options())
    assert gradchecks(large, ["numpy"]) == ()


def test_the_judge_of_a_thousand_rows_catches_a_factor_of_one_part_in_ten_to_the_twelve(tested):
    assert tested.rows == 1000
    assert tested.passed
    assert tested.smallest_factor <= 1e-12


def test_a_long_table_is_tested_on_evenly_taken_rows_and_batches_are_left_out():
    large = prepare(synthetic(num_samples=3 * TEST_ROWS, seed=0)[0], Options(batch_size=7, epochs=1))
    assert judge_under_test(large).rows == TEST_ROWS


def test_rows_are_spread_from_the_first_to_the_last():
    assert spread(5, 10).tolist() == [0, 1, 2, 3, 4]
    few = spread(1000, 11)
    assert (few[0], few[-1], len(few)) == (0, 999, 11)
    assert set(np.diff(few)) <= {99, 100}


def test_a_judge_that_misses_a_fault_costs_the_verdict(prepared, monkeypatch):
    monkeypatch.setattr(self_test, "verdict_on", lambda judge, backend, make: "")
    blind = judge_under_test(prepared)
    assert not blind.passed
    assert blindness(blind) == [Objection("missed faults")]
    assert "swapped sign" in blind.missed
    found = verdict({}, prepared, blind)
    assert found.objections == (Objection("nothing judged"), Objection("missed faults"))
    assert len(found.reasons) == 2
    assert "swapped sign" in found.reasons[1]


def test_a_fault_that_changes_nothing_here_is_told_as_harmless_and_costs_nothing():
    x = np.array([1.0, 2.0, 1.0, 2.0])
    table = prepare(Dataset.from_arrays(x, np.full(4, 7.0)), Options())  # dW is exactly 0: its sign may swap
    found = judge_under_test(table)
    swapped = next(finding for finding in found.findings if finding.fault == "swapped sign")
    assert (swapped.caught, swapped.harmless) == (False, True)
    assert found.passed
    assert blindness(found) == []


def test_a_judge_that_accuses_the_innocent_costs_the_verdict(prepared, tested):
    hasty = replace(tested, accused="dW1 is off", passed=False)
    assert blindness(hasty) == [Objection("false accusation")]
    assert any("accused numpy without a fault: dW1 is off" in said for said in verdict({}, prepared, hasty).reasons)


def test_a_blunt_judge_costs_the_verdict(prepared, tested):
    first, *others = tested.findings
    blunt = replace(tested, findings=(replace(first, smallest=1e-6), *others), passed=False)
    assert blindness(blunt) == [Objection("blunt judge")]
    assert verdict({}, prepared, blunt).reasons[1] == (
        "self-test: the judge is too blunt: the smallest factor caught is 1 + 1e-6"
    )


def test_a_judge_that_passed_says_nothing(tested):
    assert blindness(tested) == []


def test_digits_of_every_backend_that_ran_stand_in_the_order_of_the_rows():
    found = precision_table(builtin_sets.load("norris"), ["numpy", "exact"])
    assert [(row.dtype, row.preparation) for row in found.rows][:3] == [
        ("float64", "as given"),
        ("float64", "centred"),
        ("float64", "standardised"),
    ]
    assert found.gradients["numpy"] == tuple(row.gradient_digits for row in found.rows)
    for exact, numpy in zip(found.gradients["exact"][:3], found.gradients["numpy"][:3], strict=True):
        assert exact >= numpy
        assert exact > 15.9
