"""The last line of a comparison of two runs."""

from __future__ import annotations

import pytest

from handgrad.compare.results.diff import Change, Diff, TimeChange
from handgrad.compare.results.timing import Estimate
from handgrad.reports.bench.diff import verdict


def compared(*changes: Change) -> Diff:
    ratio = Estimate(1.0, 0.9, 1.1)
    times = tuple(TimeChange("100 × 1", "numpy", 1.0, 1.0, ratio, None, False, change) for change in changes)
    return Diff("before", "after", "bench", 0.05, (), times, (), True, ())


@pytest.mark.parametrize(
    ("changes", "counted"),
    [
        ((), "0 times compared"),
        (("same",), "1 time compared"),
        (("same", "faster"), "2 times compared, 1 faster"),
        (("unclear",), "1 time compared, 1 unclear: give more --budget"),
    ],
)
def test_the_verdict_counts_what_was_compared(changes: tuple[Change, ...], counted: str) -> None:
    assert verdict(compared(*changes)) == [f"nothing became worse ({counted})"]
