"""How the processes of a comparison are asked: in lanes, timed in rounds with the machine's own reading."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from handgrad.compare.judge.table import CheckedTable
from handgrad.compare.lanes import in_lanes
from handgrad.compare.side_by_side import runs
from handgrad.compare.side_by_side.prepare import Options, prepare
from handgrad.compare.side_by_side.runs import lanes
from handgrad.compare.side_by_side.side_by_side import side_by_side
from handgrad.compare.timing.statistics import groups_of, paired_ratio
from handgrad.data import builtin_sets
from handgrad.data.synthetic import synthetic


def done_in_lanes(count, tasks):
    """What `tell` heard."""
    heard = []
    with ThreadPoolExecutor(count) as pool:
        in_lanes(pool, count, tasks, lambda at_work, done: heard.append((at_work, done)))
    return heard


def test_tasks_begin_in_their_order_and_so_many_at_a_time():
    begun, together, most, lock = [], 0, 0, threading.Lock()

    def task(name):
        nonlocal together, most
        with lock:
            begun.append(name)
            together += 1
            most = max(most, together)
        meeting.wait(10)
        with lock:
            together -= 1

    meeting = threading.Barrier(2)  # none comes through alone
    heard = done_in_lanes(2, {name: lambda name=name: task(name) for name in "abcd"})
    assert sorted(begun[:2]) == ["a", "b"]
    assert sorted(begun[2:]) == ["c", "d"]
    assert most == 2
    assert heard[0] == ("a, b", 0)
    assert heard[-1][1] in (2, 3)  # the last two may be finished at the same moment
    assert set(heard[-1][0].split(", ")) <= {"c", "d"}


def test_one_lane_does_one_after_another():
    heard = done_in_lanes(1, {name: lambda: None for name in "abc"})
    assert heard == [("a", 0), ("b", 1), ("c", 2)]


def test_what_goes_wrong_in_a_lane_is_raised():
    with pytest.raises(ZeroDivisionError):
        done_in_lanes(2, {"fine": lambda: None, "broken": lambda: 1 // 0})


def test_large_data_are_set_up_alone(monkeypatch):
    monkeypatch.setattr(runs, "available_cores", lambda: 2)
    small = prepare(synthetic()[0], Options())
    rows = runs.ALONE_FROM_BYTES // 8
    large = replace(small.forecast, table=CheckedTable.of(np.zeros((rows, 1)), np.zeros(rows)))
    assert lanes(small) == 2
    assert lanes(replace(small, forecast=large)) == 1
    monkeypatch.setattr(runs, "available_cores", lambda: 1)
    assert lanes(small) == 1


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    """A small comparison, and its folder."""
    folder = tmp_path_factory.mktemp("runs")
    options = Options(backends=("python", "numpy", "numba"), epochs=3, budget_seconds=0.02)
    return side_by_side(builtin_sets.load("norris"), options, folder), folder


def test_every_epoch_has_its_share_of_the_machines_limit(compared):
    comparison, folder = compared
    shares = {name: result.speed.ceiling_fraction for name, result in comparison.backends.items()}
    assert all(share is not None and share > 0 for share in shares.values())
    assert shares["python"] < shares["numba"]
    again = side_by_side(
        builtin_sets.load("norris"),
        Options(backends=("python", "numpy", "numba"), epochs=3, budget_seconds=0.02, resume=True),
        folder,
    )
    assert {name: result.speed.ceiling_fraction for name, result in again.backends.items()} == shares


def test_relative_is_the_median_of_pairs(compared):
    speeds = {name: result.speed for name, result in compared[0].backends.items()}
    expected = paired_ratio(speeds["numba"].epoch_seconds, speeds["numpy"].epoch_seconds)
    assert speeds["numba"].relative == expected.value
    assert speeds["numpy"].relative == 1


def test_without_numba_there_is_no_limit_but_times():
    options = Options(backends=("python", "numpy"), epochs=3, budget_seconds=0.0)
    speeds = [r.speed for r in side_by_side(builtin_sets.load("norris"), options).backends.values()]
    assert [speed.ceiling_fraction for speed in speeds] == [None, None]
    assert all(groups_of(speed.epoch_seconds) for speed in speeds)


@pytest.mark.parametrize("backend", ["python", "numpy", "numba"])
def test_epochs_of_a_run_that_overflows_are_timed_at_a_standstill(backend):
    options = Options(backends=(backend,), epochs=2000, learning_rate=3.0, budget_seconds=0.0)
    result = side_by_side(builtin_sets.load("norris"), options).backends[backend]
    assert result.status == "diverged"
    assert result.speed.epoch_seconds.changed_answers == 0
    assert result.speed.epoch_seconds.median > 0
