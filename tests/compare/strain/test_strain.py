"""What a worker went without while it was timed: read from a made-up system, weighed without a clock."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from handgrad.compare.strain.disturbance import TEAM_KEEPS, disturbance, together
from handgrad.compare.strain.strain import (
    Counters,
    Strain,
    counters,
    processors,
    strain,
    strain_of_pool,
    threads,
    throttled,
)
from handgrad.compare.timing import statistics


def system(root: Path, files: dict[str, str]) -> Path:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return root


# -- what is read


@pytest.mark.parametrize(
    ("groups", "place", "content", "seconds"),
    [
        ("0::/job\n", "job/cpu.stat", "usage_usec 9\nnr_throttled 3\nthrottled_usec 2500000\n", 2.5),
        ("0::/seen/from/outside\n", "cpu.stat", "nr_throttled 3\nthrottled_usec 1000\n", 1e-3),
        ("4:cpu,cpuacct:/job\n0::/\n", "cpu,cpuacct/job/cpu.stat", "nr_throttled 1\nthrottled_time 7000000\n", 7e-3),
        ("4:cpu:/\n3:memory:/x\n", "cpu/cpu.stat", "nr_throttled 0\nthrottled_time 0\n", 0.0),
        ("0::/\n", "cpu.stat", "usage_usec 5\n", None),  # the root group has no quota
        ("", "cpu.stat", "throttled_usec 5\n", None),
    ],
)
def test_what_a_quota_stopped_is_read_in_both_versions(
    tmp_path: Path, groups: str, place: str, content: str, seconds: float | None
):
    proc = system(tmp_path / "proc", {"self/cgroup": groups})
    found = throttled(proc, system(tmp_path / "cgroup", {place: content}))
    assert found == (None if seconds is None else pytest.approx(seconds))


def test_threads_and_processors_are_read(tmp_path: Path):
    ticks = os.sysconf("SC_CLK_TCK")
    proc = system(
        tmp_path,
        {
            "self/task/7/schedstat": "1500000000 250000000 12\n",
            "self/task/8/schedstat": "0 0 0\n",
            "stat": f"cpu  {3 * ticks} {ticks} {2 * ticks} 99 5 0 {ticks} {4 * ticks} 0 0\ncpu0 1 1\n",
        },
    )
    assert threads(proc) == {"7": (1.5, 0.25), "8": (0.0, 0.0)}
    assert processors(proc) == (4.0, 7.0)


@pytest.mark.parametrize(("busy", "waited"), [(1.6, 0.0), (2.0, 0.2), (None, None)])
def test_threads_that_have_ended_lack_what_others_had_of_full_processors(busy: float | None, waited: float | None):
    before = Counters(0.0, 0.0, {"1": (0.0, 0.0)}, busy=None if busy is None else 0.0)
    after = Counters(1.0, 1.6, {"1": (0.1, 0.7)}, busy=busy)
    found = strain_of_pool(before, after, processors=2)
    assert (found.team, found.waited) == (1, None if waited is None else pytest.approx(waited))


def test_a_system_that_counts_nothing_gives_nothing(tmp_path: Path):
    found = counters(tmp_path, tmp_path)
    assert (found.threads, found.throttled, found.stolen, found.busy) == ({}, None, None, None)
    assert strain(found, counters(tmp_path, tmp_path)).waited is None


def test_a_lap_is_what_happened_between_two_counts():
    before = Counters(10.0, 5.0, {"1": (5.0, 1.0), "2": (0.0, 0.0)}, 0.5, 2.0, 100.0, 3)
    after = Counters(12.0, 8.0, {"1": (6.5, 1.5), "2": (1.5, 0.25), "3": (0.01, 0.0)}, 0.7, 2.1, 104.0, 10)
    found = strain(before, after)
    assert (found.cpu, found.team, found.preempted) == (1.5, 2, 7)  # the third thread did nothing to speak of
    assert found.waited == pytest.approx(0.75 / 2)
    assert found.throttled == pytest.approx(0.1)
    assert found.stolen == pytest.approx(0.05)
    assert found.others == pytest.approx(0.5)


# -- what follows


QUIET, BUSY = Strain(cpu=0.99, waited=0.004), Strain(cpu=0.6, waited=0.4)


def test_a_quiet_machine_widens_nothing():
    found = disturbance([QUIET] * 9)
    assert found is not None
    assert (found.disturbed, found.kept) == (False, 1.0)
    timed, bare = statistics.timing([[1.0, 1.1, 1.2]], disturbance=found), statistics.timing([[1.0, 1.1, 1.2]])
    assert (timed.low, timed.high) == (bare.low, bare.high)


def test_a_wait_for_a_processor_widens_the_interval_downwards_by_what_was_lost():
    found = disturbance([BUSY] * 9)
    assert found is not None
    assert found.disturbed
    timed, bare = statistics.timing([[1.0, 1.1, 1.2]], disturbance=found), statistics.timing([[1.0, 1.1, 1.2]])
    assert timed.low == pytest.approx(0.6 * bare.low)
    assert timed.high == bare.high


@pytest.mark.parametrize(
    "lap",
    [
        Strain(cpu=1.0, waited=0.0, throttled=0.3),
        Strain(cpu=1.0, waited=0.0, stolen=0.3),
        Strain(cpu=0.7),  # a system that does not count waits: one thread works all the time, or something is wrong
    ],
)
def test_quota_host_and_missing_processor_time_count_alike(lap: Strain):
    found = disturbance([lap] * 5)
    assert found is not None
    assert found.kept == pytest.approx(0.7)


def test_a_few_disturbed_samples_move_no_median_and_widen_nothing():
    found = disturbance([QUIET] * 6 + [BUSY] * 3)
    assert found is not None
    assert not found.disturbed


def test_a_team_that_waits_for_its_slowest_is_known_from_above_only():
    """Seen: NumPy in two threads 7.92 ms (7.91 to 7.94) on a busy machine, 108 times too slow."""
    found = disturbance([Strain(cpu=1.7, team=2, waited=0.3)] * 9)
    assert found is not None
    assert found.kept == TEAM_KEEPS
    numpy = statistics.timing([[7.92e-3, 7.91e-3, 7.94e-3] * 5], disturbance=found)
    python = statistics.timing([[1.1e-3, 1.11e-3, 1.09e-3] * 5], disturbance=disturbance([QUIET] * 9))
    ratio = statistics.paired_ratio(numpy, python)
    assert ratio is not None
    assert numpy.low < 7.92e-3 / 108 < numpy.high
    assert not statistics.told_apart(ratio)  # undisturbed, numpy would have won


def test_what_a_disturbed_time_beats_all_the_same_is_beaten():
    disturbed = statistics.timing([[1.0, 1.01, 0.99] * 5], disturbance=disturbance([BUSY] * 9))
    slow = statistics.timing([[9.0, 9.1, 8.9] * 5], disturbance=disturbance([QUIET] * 9))
    near = statistics.timing([[0.9, 0.91, 0.89] * 5], disturbance=disturbance([QUIET] * 9))
    for other, apart in ((slow, True), (near, False)):
        ratio = statistics.paired_ratio(disturbed, other)
        assert ratio is not None
        assert ratio.low <= ratio.value <= ratio.high
        assert statistics.told_apart(ratio) is apart


def test_where_waits_are_not_counted_a_team_is_held_against_its_quietest_samples():
    quiet, busy = Strain(cpu=1.95, team=2), Strain(cpu=1.2, team=2)
    assert not getattr(disturbance([quiet] * 9), "disturbed", True)
    assert getattr(disturbance([quiet] + [busy] * 8), "disturbed", False)


def test_several_processes_have_that_of_the_middle_one():
    calm, struck = disturbance([QUIET]), disturbance([BUSY])
    assert together([calm, struck, calm]) == calm
    assert together([calm, struck]) == struck
    assert together([None, None]) is None
    assert disturbance([]) is None
