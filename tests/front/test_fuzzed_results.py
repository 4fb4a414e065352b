"""A result with something wrong in it is refused in one line, or makes a page; nothing in between."""

from __future__ import annotations

import random

import pytest
from fuzzed_results import KINDS, mutated, outcome, places, runs

#: Of each result, so many with something wrong in them; of so many of these one has its figures made, too.
BUDGET, FIGURES_OF = 150, 50


@pytest.mark.parametrize("kind", KINDS)
def test_a_result_with_something_wrong_in_it_is_refused_or_makes_a_page(kind: str) -> None:
    chance = random.Random(29)
    found = []
    for whole in (whole for its, whole in runs() if its == kind):
        paths = list(places(whole))
        for number in range(BUDGET):
            figures = "made" if number % FIGURES_OF == 0 else "none"
            found.append(outcome(kind, mutated(whole, paths, chance), figures))
    assert found.count("refused") >= 30
    assert found.count("page") >= 30


@pytest.mark.parametrize("kind", KINDS)
def test_the_result_that_is_made_wrong_makes_a_page_itself(kind: str) -> None:
    import json

    for whole in (whole for its, whole in runs() if its == kind):
        assert outcome(kind, json.dumps(whole).encode()) == "page"
