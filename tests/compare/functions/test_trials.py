"""The derived bounds hold for correct implementations, however they sum, in random trials; and what they promise shows.

The suite runs 200 trials of every function and format. All 10,000: `HANDGRAD_TRIALS=10000 pytest
tests/compare/functions/test_trials.py -n auto`; with `-s` it says how much of the bounds was used.
"""

from __future__ import annotations

import os
import zlib

import numpy as np
import pytest
from numpy.typing import NDArray

from contestants import CONTESTANTS, Chance
from handgrad.compare.functions.arrays import Operand
from handgrad.compare.functions.formats import FORMATS, Format
from handgrad.compare.functions.questions import question_of
from handgrad.compare.functions.references import reference_named
from handgrad.compare.functions.weighing import weigh
from handgrad.compare.results.functions.judgement import Judgement

TRIALS = int(os.environ.get("HANDGRAD_TRIALS", "200"))


def numbers(rng: np.random.Generator, shape: tuple[int, ...], format: Format) -> NDArray[np.float64]:
    """Of one kind out of six: well-conditioned, positive, wide, off centre, cancelling, equal."""
    kind, decades = rng.integers(6), 1 if format.name == "float16" else 2  # nothing overflows on the way
    x = rng.normal(size=shape)
    if kind == 1:
        x = rng.uniform(size=shape)
    elif kind == 2:
        x = x * 10.0 ** rng.uniform(-decades, decades, size=shape)
    elif kind == 3:
        x = x + 10.0 ** rng.uniform(0, decades / 2)
    elif kind == 4:
        middle = x.shape[-1] // 2
        x[..., middle : 2 * middle] = -x[..., :middle] * (1 + 2.0**-format.precision * rng.integers(0, 3))
    elif kind == 5:
        x = np.full(shape, rng.normal())
    return format.round(x)


def inputs(rng: np.random.Generator, name: str, format: Format) -> list[NDArray[np.float64]]:
    n = int(2 ** rng.uniform(0, 8))
    shapes = {
        "dot product": [(n,), (n,)],
        "matrix-vector": [(3, n), (n,)],
        "matrix-matrix": [(2, n), (n, 3)],
    }.get(name, [(n,)])
    return [numbers(rng, shape, format) for shape in shapes]


def held(name: str, format: Format, result: NDArray[np.float64], given: list[NDArray[np.float64]]) -> Judgement:
    reference = reference_named(name)
    problem = question_of([Operand(x, format.name) for x in given], (reference, reference.axis))
    return weigh(name, Operand(np.asarray(result), format.name), problem, None)


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("name", CONTESTANTS)
def test_the_bounds_hold_for_every_correct_implementation(name: str, format: str) -> None:
    largest, largest_worst = 0.0, 0.0
    rng = np.random.default_rng(zlib.crc32(f"{name} {format}".encode()))
    for trial in range(TRIALS):
        given = inputs(rng, name, FORMATS[format])
        found = held(name, FORMATS[format], CONTESTANTS[name](*given, Chance(rng, FORMATS[format])), given)
        assert found.passed, (trial, found)
        largest = max(largest, found.worst.over_bound or 0.0)
        largest_worst = max(largest_worst, found.worst.over_worst_case or 0.0)
    used = f"at most {largest:.2g} of the bound, {largest_worst:.2g} of the worst case"
    print(f"\n{name}, {format}: {TRIALS} trials, {used}")


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("name", [name for name in CONTESTANTS if name != "max-norm"])
def test_a_fault_beyond_the_smallest_that_shows_is_caught(name: str, format: str) -> None:
    """At the number for which it is told, in either direction."""
    rng = np.random.default_rng(zlib.crc32(f"{format} {name}".encode()))
    caught = 0
    for _ in range(TRIALS // 4):
        given = inputs(rng, name, FORMATS[format])
        result = np.array(CONTESTANTS[name](*given, Chance(rng, FORMATS[format])))
        best = held(name, FORMATS[format], result, given).best_conditioned
        if best is None or best.smallest_fault is None:
            continue
        roundoff = FORMATS[format].unit_roundoff
        fault = rng.choice([-1, 1]) * (best.smallest_fault * (1 + 4 * roundoff) + 4 * roundoff)
        result[best.index] = FORMATS[format].round(np.array(best.given + fault * best.exact))
        if np.isfinite(result[best.index]) and abs(best.exact) > FORMATS[format].smallest_normal:
            assert not held(name, FORMATS[format], result, given).passed
            caught += 1
    assert caught > TRIALS // 10


def test_a_relative_fault_of_1e_12_in_sums_of_1000_doubles_is_caught() -> None:
    for seed in range(TRIALS):
        x = np.random.default_rng(seed).uniform(size=1000)
        assert held("sum", FORMATS["float64"], np.array(x.sum()), [x]).passed
        assert not held("sum", FORMATS["float64"], np.array(x.sum() * (1 + 1e-12)), [x]).passed


def test_a_relative_fault_of_1e_12_in_one_of_1000_doubles_that_cancel_is_caught_where_it_is_promised() -> None:
    promised = 0
    for seed in range(TRIALS):
        x = np.random.default_rng(seed).normal(size=1000)
        right = held("sum", FORMATS["float64"], np.array(x.sum()), [x])
        assert right.passed
        assert right.worst.smallest_fault is not None
        if right.worst.smallest_fault < 1e-12:
            promised += 1
            assert not held("sum", FORMATS["float64"], np.array(x.sum() * (1 + 1e-12)), [x]).passed
    assert promised > TRIALS // 2
