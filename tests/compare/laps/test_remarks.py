"""What is remarkable of a backend: the words come and go with the numbers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from handgrad.compare.laps.remarks import remarked
from handgrad.compare.results.comparison import Accuracy, BackendResult, ParameterAccuracy, StartGradient
from handgrad.compare.results.timing import Speed, Timing
from handgrad.compare.results.violations import Remark
from handgrad.reports.compare.remarks import remark


def timing(seconds, changed=0):
    samples = tuple(seconds * (1 + 0.001 * k) for k in range(10))
    return Timing(seconds, seconds, seconds * 1.01, samples, changed_answers=changed, largest_change=1e-16)


def result(ratio, seconds=1e-3, changed=0):
    start = StartGradient(1.0, (1.0,), 1.0, bound_ratio=ratio)
    speed = Speed(0.1, 0.1, 0.1, timing(seconds, changed))
    return BackendResult("ok", "manual", accuracy=Accuracy(start, ParameterAccuracy()), speed=speed)


def kinds(limit=None, **ratios):
    found = remarked(
        {name: one if isinstance(one, BackendResult) else result(one) for name, one in ratios.items()},
        dict.fromkeys(ratios, limit),
        set(ratios) - {"moments"},
    )
    return {name: [one.kind for one in found.remarks] for name, found in found.items() if found.remarks}


def test_a_hundred_times_its_peers_is_told_and_what_is_small_or_alone_is_not():
    assert kinds(numpy=0.18, python=0.0017, tape=0.0016) == {"numpy": ["beside peers"]}
    assert kinds(numpy=0.05, python=0.0017, tape=0.0016) == {}
    assert kinds(numpy=0.18, python=0.1, tape=0.0016, numba=0.0016) == {}
    assert kinds(numpy=0.009, python=0.00001, tape=0.00001) == {}
    assert kinds(numpy=0.18) == {}


def test_what_does_not_pass_is_no_peer_and_gets_no_remark():
    wrong = result(5.0)
    assert wrong.accuracy is not None
    wrong = replace(wrong, accuracy=replace(wrong.accuracy, passed=False))
    assert kinds(numpy=wrong, python=0.0017, tape=0.0016) == {}


def test_an_epoch_shorter_than_reading_its_rows_is_told_of_those_that_read_them():
    assert kinds(timing(2e-3), numpy=0.1, moments=0.1) == {"numpy": ["faster than reading"]}
    assert kinds(timing(1.2e-3), numpy=0.1) == {}


def test_laps_that_change_are_told():
    assert kinds(numpy=result(0.1, changed=2)) == {"numpy": ["changes"]}


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (Remark("beside peers", 0.18, 0.0017), "x is within its bound, at 0.18 of it, but the others are at 0.0017"),
        (Remark("faster than reading", 2.5, 1.5), "x takes an epoch in 2.5 times less time than this machine needs"),
        (Remark("changes", 1e-16, 1), "1 lap, run twice, ended at other parameters (by up to 1e-16 of the largest)"),
        (Remark("changes", None, 3), "3 laps, run twice, ended at other parameters (beyond what is finite)"),
    ],
)
def test_a_remark_is_told_with_its_numbers(found, told):
    assert told in remark("x", found)
