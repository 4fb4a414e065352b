"""The stress script in short: one trial of each kind."""

from __future__ import annotations

import sys

import pytest

import stress


@pytest.mark.skipif(sys.platform != "linux", reason="strikes as only Linux allows")
@pytest.mark.parametrize("name", ["compare killed", "compare signalled", "two at once", "full disk", "no home"])
def test_what_happens_in_the_hour_of_a_long_run_costs_nothing(name: str) -> None:
    tries = (stress.outcome(name, number, 1) for number in range(4))
    reason, struck = next((found for found in tries if found[0] is not None or found[1]), (None, False))
    assert reason is None
    assert struck, "four runs ended before they were struck: nothing was shown"
