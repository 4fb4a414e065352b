"""The ends of laps: right ones are never accused, whatever the units, and a lap that was cut short always is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from handgrad.backends.catalogue import load
from handgrad.backends.interface import Plan
from handgrad.compare.judge.table import CheckedTable
from handgrad.compare.judge.trajectory import true_run
from handgrad.compare.laps import ends as lap_ends
from handgrad.compare.laps.ends import HeldLaps, LapJudge
from handgrad.compare.timing.laps import LapPlans


def table_of(kind, dtype="float64", rows=60):
    rng = np.random.default_rng([rows, len(kind)])
    X = rng.normal(size=(rows, 3)) + 1
    y = X @ [1.0, -2.0, 0.5] + 1 + rng.normal(size=rows)
    if kind == "timestamps":
        X = 1.7e12 + 1000 * np.arange(rows)[:, None] + np.zeros((rows, 1))
    elif kind == "units":
        X = X * [1e-9, 1.0, 1e9]
    elif kind == "dependent":
        X[:, 2] = X[:, 0] + X[:, 1]
    elif kind == "constant target":
        y = np.ones(rows)
    elif kind == "zeros":
        y = np.zeros(rows)
    elif kind == "tiny and huge":
        X, y = X[:, :1] * 1e149, y * 1e-149
    return CheckedTable.of(X, y, dtype)


def laps_of(table, plan, backend="numpy", epochs=(1, 7, 1000), cut=0):
    """Laps that a backend has run, a few epochs fewer than it should have."""
    plans = LapPlans.of(plan, table.X, table.y, table.hessian.largest)
    trainer = load(backend)(table.X, table.y, table.dtype)
    for number, count in enumerate(epochs):
        lap = plans.lap(count, number)
        done, _ = trainer.run(trainer.start(lap), lap, 0, count - cut)
        weights, bias = trainer.to_numpy(*done)
        yield lap, (*weights.tolist(), float(bias))


KINDS = ["plain", "timestamps", "units", "dependent", "constant target", "zeros", "tiny and huge"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("backend", ["python", "numpy", "numba-tiled"])
@pytest.mark.parametrize("batch_size", [None, 16])
def test_right_ends_are_never_accused(kind, backend, batch_size):
    table = table_of(kind)
    judge = LapJudge(table)
    for lap in laps_of(table, Plan(0.1, 1, batch_size=batch_size), backend):
        assert judge.ratio(lap) <= 1


@pytest.mark.parametrize("batch_size", [None, 16])
def test_right_ends_in_float32_are_never_accused(batch_size):
    table = table_of("plain", "float32")
    for lap in laps_of(table, Plan(0.1, 1, batch_size=batch_size, dtype="float32")):
        assert LapJudge(table).ratio(lap) <= 1


@pytest.mark.parametrize("kind", KINDS[:-2])
@pytest.mark.parametrize("batch_size", [None, 16])
def test_a_lap_that_was_cut_short_is_found(kind, batch_size):
    table = table_of(kind)
    for lap in laps_of(table, Plan(0.1, 1, batch_size=batch_size), epochs=(2, 1000), cut=1):
        assert LapJudge(table).ratio(lap) > 1


def test_the_power_is_the_true_path_and_so_is_the_eigenbasis(monkeypatch):
    table = table_of("plain")
    (lap,) = laps_of(table, Plan(0.1, 1), epochs=(5000,))
    true = true_run(table, lap[0])
    exact = (*true.parameters[-1].tolist(),)
    assert LapJudge(table).ratio((lap[0], exact)) < 1e-3
    by_powers = LapJudge(table).by_powers(lap[0], np.append(*lap[0].start))
    assert np.abs(by_powers.end - true.parameters[-1]).max() <= 2 * by_powers.uncertainty.max() + 1e-15
    monkeypatch.setattr(lap_ends, "POWERED", 0)
    assert LapJudge(table).ratio((lap[0], exact)) < 0.1
    assert LapJudge(table).ratio(lap) <= 1
    (short,) = laps_of(table, Plan(0.1, 1), epochs=(5000,), cut=1)
    assert LapJudge(table).ratio(short) > 1


def test_what_is_not_finite_has_no_ratio_and_is_wrong():
    table = table_of("plain")
    (lap,) = laps_of(table, Plan(0.1, 1), epochs=(5,))
    held = HeldLaps(LapJudge(table), full=True)
    assert held.add(lap) is None
    wrong = held.add((lap[0], (None, *lap[1][1:])))
    assert wrong is not None
    assert (wrong.ratio, wrong.laps, wrong.held, wrong.right) == (None, 2, 2, False)


def test_with_mini_batches_the_first_lap_and_one_that_is_drawn_are_held():
    table = table_of("plain")
    held = HeldLaps(LapJudge(table), full=False)
    for lap in laps_of(table, Plan(0.1, 1, batch_size=16), epochs=(1, 5, 6, 7, 8)):
        assert held.add(lap) is None
    found = held.end()
    assert (found.laps, found.held, found.against, found.right) == (5, 2, "float64 run", True)
    held = HeldLaps(LapJudge(table), full=False)
    for lap in laps_of(table, Plan(0.1, 1, batch_size=16), epochs=(2, 5, 6, 7, 8), cut=1):
        held.add(lap)
    assert not held.end().right


def test_every_lap_starts_elsewhere_and_the_same_lap_at_the_same_point():
    table = table_of("units")
    plans = LapPlans.of(Plan(0.1, 1), table.X, table.y, table.hessian.largest)
    starts = [tuple(plans.lap(10, number).start.weights.tolist()) for number in range(20)]
    assert len(set(starts)) == 20
    again = LapPlans.of(Plan(0.1, 1), table.X, table.y, table.hessian.largest)
    assert tuple(again.lap(10, 3).start.weights.tolist()) == starts[3]
    other = LapPlans.of(replace(plans.plan, seed=1), table.X, table.y, table.hessian.largest)
    assert tuple(other.lap(10, 3).start.weights.tolist()) != starts[3]
