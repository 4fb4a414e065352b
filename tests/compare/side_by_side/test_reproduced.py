"""Why real backends differ: their gradients at the probe points are reproduced to the bit, or nothing is said."""

from __future__ import annotations

import numpy as np
import pytest

from handgrad.backends.catalogue import load
from handgrad.backends.interface import Parameters
from handgrad.compare.judge import causes
from handgrad.compare.judge.causes import cause, evidence_at, probe_points
from handgrad.compare.judge.fused import fused_multiply_add

RNG = np.random.default_rng(5)
X, Y = RNG.normal(size=(401, 1)) + 0.3, RNG.normal(size=401)
GOAL = Parameters(np.array([1.7]), -0.4)


def told(backend, dtype="float64", X=X, Y=Y):
    """What is said about a backend that is asked as its process is."""
    points = probe_points(GOAL, dtype)
    trainer = load(backend)(X, Y, dtype)
    answers = [trainer.gradient_at(point[:-1], float(point[-1])) for point in points]
    gradients = [[*answer.weights.tolist(), answer.bias] for answer in answers]
    return cause(X.astype(dtype), Y.astype(dtype), 0.1, evidence_at(points, gradients), dtype)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_loop_in_python_sums_from_the_first_row_to_the_last(dtype):
    assert told("python", dtype) == "to the bit: dW and db summed from the first row to the last"


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_numpy_sums_its_bias_pairwise(dtype):
    assert "db summed pairwise" in told("numpy", dtype)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_exact_backend_is_told_as_rounded_once(dtype):
    assert told("exact", dtype) == "to the bit: dW and db exact, rounded once"


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_eight_running_sums_with_fused_multiply_add_are_told_from_those_without(dtype):
    def gradient(point, times_plus):
        """The reference: lane by lane, in plain loops."""
        table, target = X[:, 0].astype(dtype), Y.astype(dtype)
        r = times_plus(table, np.full_like(table, point[0]), np.full_like(table, point[1])) - target
        sums = []
        for terms in (table, np.ones_like(table)):
            held = np.zeros(8, dtype=dtype)
            for i in range(400):
                k = slice(i % 8, i % 8 + 1)
                held[k] = times_plus(terms[i : i + 1], r[i : i + 1], held[k])
            four = held[:4] + held[4:]
            two = four[:2] + four[2:]
            total = times_plus(terms[400:], r[400:], two[:1] + two[1:])[0]
            sums.append(np.dtype(dtype).type(2) / np.dtype(dtype).type(401) * total)
        return sums

    points = probe_points(GOAL, dtype)
    table, target = X.astype(dtype), Y.astype(dtype)
    for times_plus, words in ((fused_multiply_add, ", with fused multiply-add"), (lambda a, b, c: a * b + c, "")):
        shown = evidence_at(points, [gradient(point, times_plus) for point in points])
        assert cause(table, target, 0.1, shown, dtype) == f"to the bit: dW and db summed in 8 running sums{words}"


def test_a_gradient_that_no_way_gives_gets_no_words():
    points = probe_points(GOAL, "float64")
    trainer = load("python")(X, Y)
    answers = [trainer.gradient_at(point[:-1], float(point[-1])) for point in points]
    off = [[*(a.weights * (1 + 2e-15)).tolist(), a.bias * (1 + 2e-15)] for a in answers]
    assert cause(X, Y, 0.1, evidence_at(points, off), "float64") is None


def test_one_other_bit_in_one_of_all_gradients_takes_the_words_away():
    points = probe_points(GOAL, "float64")
    trainer = load("python")(X, Y)
    answers = [trainer.gradient_at(point[:-1], float(point[-1])) for point in points]
    gradients = [[*a.weights.tolist(), a.bias] for a in answers]
    gradients[-1] = [float(np.nextafter(value, np.inf)) for value in gradients[-1]]
    assert cause(X, Y, 0.1, evidence_at(points, gradients), "float64") is None


def test_probe_points_are_the_same_each_time_and_apart_from_each_other():
    points = probe_points(Parameters(np.array([0.0, 3.0]), 0.0), "float32")
    assert points.dtype == np.float32
    assert points.shape == (causes.PROBES, 3)
    assert np.array_equal(points, probe_points(Parameters(np.array([0.0, 3.0]), 0.0), "float32"))
    assert len(np.unique(points)) == points.size


def test_an_answer_that_is_not_finite_is_no_evidence():
    points = probe_points(GOAL, "float64")
    answers = [[None, 1.0], *([1.0, 2.0] for _ in points[1:])]
    assert len(evidence_at(points, answers)) == len(points) - 1
