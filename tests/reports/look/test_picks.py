"""Who stands for all: NumPy where it ran to the end, and the features that move the prediction most."""

from __future__ import annotations

from dataclasses import replace

import pytest

from handgrad.reports.look.picks import influence, largest_features, reference
from tests.reports.conftest import UNAVAILABLE, compared, nothing_ran, with_result


def test_numpy_stands_for_all_or_else_the_first_that_ran_to_the_end():
    everyone = compared()
    assert reference(everyone) == "numpy"
    failed = with_result(everyone, "numpy", UNAVAILABLE)
    assert reference(failed) == "python"
    diverged = replace(failed.backends["python"], status="diverged")
    assert reference(with_result(failed, "python", diverged)) == "numba"
    assert reference(nothing_ran()) is None


def test_influence_is_a_weight_times_the_scale_of_its_feature():
    base = compared(features=3).problem
    scaled = replace(base, scales=(1.0, 10.0, 0.5))
    assert influence(scaled, (2.0, -3.0, 8.0)) == [2.0, 30.0, 4.0]
    assert influence(replace(base, scales=()), (2.0, -3.0, 8.0)) == [2.0, 3.0, 8.0]


@pytest.mark.parametrize(("most", "picked"), [(0, []), (1, [2]), (2, [1, 2]), (3, [0, 1, 2]), (9, [0, 1, 2])])
def test_the_largest_features_come_in_the_order_of_the_table(most: int, picked: list[int]):
    base = compared(features=3)
    assert base.problem.destination is not None
    destination = replace(base.problem.destination, weights=(2.0, -3.0, 8.0))
    problem = replace(base.problem, destination=destination, scales=(1.0, 10.0, 5.0))
    assert largest_features(replace(base, problem=problem), most) == picked


def test_without_a_solution_the_features_are_those_that_a_backend_learned():
    base = compared(("numpy",), features=3)
    learned = replace(base.backends["numpy"], weights=(0.1, 0.2, -5.0))
    alone = replace(base, problem=replace(base.problem, destination=None), backends={"numpy": learned})
    assert largest_features(alone, 1) == [2]
    nobody = replace(alone, backends={"numpy": UNAVAILABLE})
    assert largest_features(nobody, 2) == [0, 1]
