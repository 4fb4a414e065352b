"""Why bits differ: told where it is established, and not told where it might be a coincidence."""

from __future__ import annotations

import numpy as np
import pytest

from handgrad.backends.catalogue import load
from handgrad.backends.interface import Gradient, Parameters, Plan
from handgrad.compare.judge.causes import EXPLAINED_ROWS, ShownGradient, cause, evidence, evidence_at

RNG = np.random.default_rng(1)
X, Y = RNG.normal(size=(997, 4)) + 0.5, RNG.normal(size=997)


def summed(total, points, dtype="float64"):
    """ShownGradient of a backend that takes (2/n) Σ x r with this sum over the rows."""
    table, target = X.astype(dtype), Y.astype(dtype)
    n = np.dtype(dtype).type(len(target))
    found = []
    for point in points.astype(dtype):
        r = np.add.accumulate(table * point[:-1], axis=1)[:, -1] + point[-1] - target
        terms = np.column_stack([table * r[:, np.newaxis], r])
        found.append(ShownGradient(point, gradient=np.dtype(dtype).type(2) / n * total(terms)))
    return found


POINTS = RNG.normal(size=(24, 5))


def test_a_sum_from_the_first_row_to_the_last_is_recognised():
    shown = summed(lambda terms: np.add.accumulate(terms, axis=0)[-1], POINTS)
    assert cause(X, Y, 0.1, shown, "float64") == "to the bit: dW and db summed from the first row to the last"


def test_several_running_sums_are_recognised():
    def four(terms):
        held = np.add.accumulate(terms[:996].reshape(-1, 4, terms.shape[1]), axis=0)[-1]
        return (held[0] + held[2]) + (held[1] + held[3]) + terms[996]

    assert cause(X, Y, 0.1, summed(four, POINTS), "float64") == "to the bit: dW and db summed in 4 running sums"


def test_float32_numbers_summed_in_float64_are_recognised():
    def wide(table, right):
        terms = table.astype(np.float64) * right.astype(np.float64)[:, np.newaxis]
        return np.add.accumulate(terms, axis=0)[-1].astype(np.float32)

    table, target = X.astype(np.float32), Y.astype(np.float32)
    shown = []
    for point in POINTS.astype(np.float32):
        r = np.add.accumulate(table * point[:-1], axis=1)[:, -1] + point[-1] - target
        columns = np.column_stack([table, np.ones(len(target), dtype=np.float32)])
        shown.append(ShownGradient(point, gradient=np.float32(2) / np.float32(997) * wide(columns, r)))
    assert cause(table, target, 0.1, shown, "float32") == (
        "to the bit: dW and db summed in float64 and rounded at the end"
    )


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_plain_loop_is_explained_by_its_run_alone(dtype):
    table, target = X.astype(dtype), Y.astype(dtype)
    trainer, start = load("python")(table, target, dtype), Parameters(np.zeros(4), 0.0)
    shown = evidence(start, trainer.gradient_at(*start), trainer.train(Plan(0.05, 20, dtype=dtype)), dtype)
    assert "dW" in cause(table, target, 0.05, shown, dtype)
    assert "from the first row to the last" in cause(table, target, 0.05, shown, dtype)


def told_of(backend, rows, features, dtype):
    """What is said of a backend's gradients at some points."""
    rng = np.random.default_rng([rows, features])
    table, target = rng.normal(size=(rows, features)).astype(dtype), rng.normal(size=rows).astype(dtype)
    trainer = load(backend)(table, target, dtype)
    points = rng.normal(size=(16, features + 1)).astype(dtype)
    given = [trainer.gradient_at(point[:-1], float(point[-1])) for point in points]
    shown = evidence_at(points, [[*gradient.weights.tolist(), gradient.bias] for gradient in given])
    return cause(table, target, 0.1, shown, dtype)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(
    ("rows", "features", "order"),
    [
        (442, 1, "from the first row to the last"),
        (1024, 3, "from the first row to the last"),
        (1026, 2, "from row to row, 1024 rows at a time"),
        (1999, 10, "from row to row, 1024 rows at a time"),
    ],
)
def test_the_bits_of_numba_are_explained_with_one_block_and_with_two(rows, features, order, dtype):
    words = f"to the bit: dW and db summed {order} (from b − y on)"
    assert told_of("numba", rows, features, dtype) == words


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(
    ("rows", "features", "lanes"), [(997, 1, 16), (442, 2, 8), (1100, 4, 8), (442, 10, 4), (600, 7, 4)]
)
def test_the_bits_of_numba_tiled_are_explained_at_every_width(rows, features, lanes, dtype):
    told = told_of("numba-tiled", rows, features, dtype)
    running = lanes * (2 if dtype == "float32" else 1)
    assert told.startswith(f"to the bit: dW and db summed in {running} running sums")
    assert told.endswith("with fused multiply-add")
    assert ("rows each" in told) == (rows > (512 if features > 4 else 1024))


def test_a_wrong_bit_anywhere_is_not_explained():
    shown = summed(lambda terms: np.add.accumulate(terms, axis=0)[-1], POINTS)
    last = shown[-1].gradient.copy()
    last[:] = np.nextafter(last, np.inf)
    assert cause(X, Y, 0.1, [*shown[:-1], ShownGradient(shown[-1].at, gradient=last)], "float64") is None


def test_one_number_that_many_ways_give_proves_nothing():
    x, y = np.array([[1.0], [2.0]]), np.array([3.0, 4.0])
    gradient = load("numpy")(x, y).gradient_at([0.0], 0.0)
    assert cause(x, y, 0.1, evidence(Parameters(np.zeros(1), 0.0), gradient, None, "float64"), "float64") is None


def test_large_tables_are_left_alone():
    rows = EXPLAINED_ROWS + 1
    piece = ShownGradient(np.zeros(2), gradient=np.zeros(2))
    assert cause(np.zeros((rows, 1)), np.zeros(rows), 0.1, [piece], "float64") is None


def test_steps_over_skipped_epochs_are_no_evidence():
    trainer, start = load("numpy")(X, Y), Parameters(np.zeros(4), 0.0)
    training = trainer.train(Plan(0.05, 20, record=(1, 2, 10)))
    gradient: Gradient = trainer.gradient_at(*start)
    assert len(evidence(start, gradient, training, "float64")) == 1 + 2
