"""The stress script in short: one trial of each kind."""

from __future__ import annotations

import sys

import pytest
import stress


@pytest.mark.skipif(sys.platform != "linux", reason="strikes as only Linux allows")
@pytest.mark.parametrize("name", ["compare killed", "compare signalled", "two at once", "full disk", "no home"])
def test_what_happens_in_the_hour_of_a_long_run_costs_nothing(name: str) -> None:
    assert stress.passed(name, 0, 1) is None
