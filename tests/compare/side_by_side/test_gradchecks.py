"""gradcheck's work: every backend at both points, what is swept, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from handgrad.backends.catalogue import UnknownBackend
from handgrad.backends.interface import InputError, Parameters
from handgrad.backends.numpy import NumPyTrainer
from handgrad.compare.results.comparison import GradientChecks
from handgrad.compare.results.files import from_json, to_json
from handgrad.compare.side_by_side.evidence import most_moving
from handgrad.compare.side_by_side.gradchecks import MOST_FEATURES, MOST_SWEPT, check_backends
from handgrad.compare.side_by_side.prepare import Options, prepare
from handgrad.compare.side_by_side.side_by_side import NothingRan
from handgrad.data import builtin_sets
from handgrad.data.dataset import Dataset

BY_HAND = Options(backends=["python", "numpy"])


def wide(features: int) -> Dataset:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(features + 30, features))
    return Dataset.from_arrays(X, X @ np.arange(1.0, features + 1) + 1)


@pytest.fixture(scope="module")
def norris():
    return check_backends(builtin_sets.load("norris"), BY_HAND)


def test_every_backend_is_checked_at_the_start_and_at_the_optimum(norris):
    assert [(point.where, list(point.checks)) for point in norris.points] == [
        ("start", ["python", "numpy"]),
        ("optimum", ["python", "numpy"]),
    ]
    assert norris.passed


def test_at_the_optimum_relative_error_calls_a_right_gradient_wrong_and_the_bound_does_not(norris):
    check = norris.points[1].checks["numpy"]
    assert max(check.relative) > 1e-3
    assert check.bound_ratio < 1
    assert check.passed


def test_only_the_backend_by_hand_has_v_curves_and_numpy_comes_before_others(norris):
    for point in norris.points:
        assert point.checks["python"].sweeps == ()
        assert [sweep.parameter for sweep in point.checks["numpy"].sweeps] == [0, 1]


def test_errors_in_ulps_are_those_of_the_exact_derivative(norris):
    check = norris.points[0].checks["numpy"]
    expected = [abs(a - e) / np.spacing(abs(e)) for a, e in zip(check.analytic, check.exact, strict=True)]
    assert check.ulps == pytest.approx(expected, abs=0.5)  # half an ULP is the rounding of `exact`


def test_json_gives_the_same_checks_back(norris):
    assert from_json(to_json(norris), GradientChecks) == norris


@pytest.mark.parametrize("standardize", [True, False])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", ["norris", "longley", "anscombe1"])
def test_right_backends_pass_by_every_method_on_published_tables(name, dtype, standardize):
    options = Options(backends=["numpy", "tape", "exact"], dtype=dtype, standardize=standardize)
    assert check_backends(builtin_sets.load(name), options).passed


def test_a_gradient_with_a_mistake_fails_at_its_point(monkeypatch):
    right = NumPyTrainer.gradient

    def doubled(self, X, y, weights, bias):
        gradient = right(self, X, y, weights, bias)
        return gradient._replace(weights=2 * gradient.weights)

    monkeypatch.setattr(NumPyTrainer, "gradient", doubled)
    found = check_backends(builtin_sets.load("norris"), BY_HAND, points=["start"])
    assert not found.passed
    assert not found.points[0].checks["numpy"].passed
    assert found.points[0].checks["python"].passed


def test_a_start_that_is_given_is_where_the_check_is_done():
    options = Options(backends=["numpy"], start=Parameters(np.array([3.0]), -2.0))
    (point,) = check_backends(builtin_sets.load("norris"), options, points=["start"]).points
    assert point.checks["numpy"].point == (3.0, -2.0)


def test_a_wide_table_has_v_curves_of_the_weights_that_move_most_and_of_the_bias():
    found = check_backends(wide(20), Options(backends=["numpy"]), points=["start"])
    swept = [sweep.parameter for sweep in found.points[0].checks["numpy"].sweeps]
    assert len(swept) == MOST_SWEPT
    assert swept == sorted(swept)
    assert swept[-6:] == [15, 16, 17, 18, 19, 20]
    assert not {0, 1, 2, 3} & set(swept)


def test_most_moving_counts_the_scale_of_a_feature_and_always_has_the_bias():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(50, 3)) * [1.0, 100.0, 1.0]
    table = Dataset.from_arrays(X, X @ [5.0, 1.0, 2.0])
    assert most_moving(prepare(table, Options(standardize=False)), 2) == [1, 3]


def test_a_backend_that_is_missing_is_left_out_with_the_remedy(monkeypatch):
    from handgrad.backends.catalogue import Entry

    missing = Entry.missing
    monkeypatch.setattr(Entry, "missing", lambda self: ["torch"] if self.name == "torch" else missing(self))
    found = check_backends(builtin_sets.load("norris"), Options(backends=["torch", "numpy"]), points=["start"])
    assert "handgrad[torch]" in found.left_out["torch"]
    assert list(found.points[0].checks) == ["numpy"]
    with pytest.raises(NothingRan, match="handgrad\\[torch\\]"):
        check_backends(builtin_sets.load("norris"), Options(backends=["torch"]))


def test_what_cannot_be_checked_is_refused_with_a_remedy():
    with pytest.raises(UnknownBackend, match="numpi"):
        check_backends(builtin_sets.load("norris"), Options(backends=["numpi"]))
    with pytest.raises(InputError, match=f"at most {MOST_FEATURES} features.*choose some"):
        check_backends(wide(MOST_FEATURES + 1), BY_HAND)
