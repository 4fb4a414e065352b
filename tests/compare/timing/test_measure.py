"""Measuring with clocks that are made up: what is under test is the order, the stopping and the checking."""

from __future__ import annotations

import itertools
import math

import pytest

from handgrad.compare.timing import session
from handgrad.compare.timing.measure import (
    CONFIRMED,
    MOST_EPOCHS,
    REPEATED_EVERY,
    SAMPLE_SECONDS,
    Clock,
    ClockStopped,
    Lap,
    calibrate,
    calibrated,
    measure,
    relative_change,
    shared_count,
)


class MadeUp:
    """A clock that notes its calls in a common log and tells the seconds of a formula."""

    def __init__(self, name: str, log: list[str], epoch_seconds: float, noise: tuple[float, ...] = (0.0,)) -> None:
        self.name, self.log, self.epoch_seconds = name, log, epoch_seconds
        self.noise = itertools.cycle(noise)
        self.epochs: list[int] = []
        self.repeats = False

    def __call__(self, epochs: int) -> Lap:
        self.log.append(self.name)
        self.epochs.append(epochs)
        seconds = epochs * self.epoch_seconds * (1 + next(self.noise))
        return Lap(seconds, (float(epochs), 1.0), again=(lambda: self(epochs)) if self.repeats else None)


def clocks(log: list[str], **seconds: float) -> dict[str, Clock]:
    noise = tuple(0.2 * math.sin(k) for k in range(1000))
    return {name: MadeUp(name, log, value, noise) for name, value in seconds.items()}


def test_a_clock_that_never_takes_longer_is_not_asked_for_ever_more():
    asked = []

    def stops_early(epochs):
        asked.append(epochs)
        return Lap(1e-7, ())

    assert calibrate(stops_early).epochs == max(asked) == MOST_EPOCHS


@pytest.mark.parametrize("disturbed", [{1}, {2}, {1, 2}, {2, 3}])
def test_disturbed_laps_do_not_make_samples_short(disturbed):
    laps = []

    def clock(epochs):
        laps.append(epochs)
        return Lap(epochs * 1e-3 + (0.05 if len(laps) in disturbed else 0.0), ())

    assert calibrate(clock).epochs * 1e-3 >= SAMPLE_SECONDS


def test_every_round_times_every_clock_once_in_an_order_of_its_own():
    log: list[str] = []
    names = clocks(log, a=0.01, b=0.01, c=0.01)
    measure(calibrated(names), budget_seconds=0.0, rounds_at_least=40)
    rounds = [
        tuple(log[first : first + 3]) for first in range(3 * CONFIRMED, len(log), 3)
    ]  # before them they calibrate
    assert len(rounds) == 40
    assert all(sorted(one) == ["a", "b", "c"] for one in rounds)
    assert len(set(rounds)) == 6


def test_the_order_depends_on_the_seed_alone():
    logs: list[list[str]] = [[], [], []]
    for log, seed in zip(logs, (1, 1, 2), strict=True):
        measure(calibrated(clocks(log, a=0.01, b=0.01, c=0.01)), budget_seconds=0.0, rounds_at_least=10, seed=seed)
    assert logs[0] == logs[1] != logs[2]


def test_a_sample_is_of_so_many_epochs_that_it_outlasts_the_clock():
    quick = MadeUp("quick", [], 1e-6)
    timed = measure(calibrated({"quick": quick}), budget_seconds=0.0)["quick"]
    assert timed.epochs_per_sample * 1e-6 >= SAMPLE_SECONDS
    assert quick.epochs[-5:] == [timed.epochs_per_sample] * 5
    assert timed.median == pytest.approx(1e-6)


@pytest.mark.parametrize(("part_seconds", "parts"), [(0.001, 3), (0.1, 1)])
def test_a_rested_process_warms_up_for_so_long_however_short_a_part_is(part_seconds, parts, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(session, "perf_counter", lambda: now[0])
    done = []

    def part():
        done.append(part_seconds)
        now[0] += part_seconds

    session.warm_up(part)
    assert len(done) == parts == max(1, math.ceil(session.WARM_UP_SECONDS / part_seconds))


def test_the_warm_up_is_no_sample():
    class Cold(MadeUp):
        def __call__(self, epochs: int) -> Lap:
            lap = super().__call__(epochs)
            return lap._replace(seconds=9.0) if len(self.log) == 1 else lap

    timed = measure(calibrated({"cold": Cold("cold", [], 0.01)}), budget_seconds=0.0)["cold"]
    assert timed.samples == pytest.approx([0.01] * 5)


def test_epochs_that_are_known_are_not_sought_again():
    clock = MadeUp("a", [], 1e-6)
    assert measure(calibrated({"a": clock}, {"a": 17}), budget_seconds=0.0)["a"].epochs_per_sample == 17
    assert set(clock.epochs) == {17}


def test_rounds_end_when_every_median_is_known_well_enough():
    log: list[str] = []
    steady = {name: MadeUp(name, log, 0.01) for name in "ab"}
    timed = measure(calibrated(steady), budget_seconds=1000.0, precision=0.01)
    assert len(timed["a"].samples) == len(timed["b"].samples) == 5


def test_rounds_end_when_the_budget_is_spent():
    timed = measure(calibrated(clocks([], a=0.01)), budget_seconds=1.0, precision=1e-9)["a"]
    assert sum(timed.samples) == pytest.approx(1.0, abs=0.02)


def test_a_slow_clock_leaves_when_its_share_is_spent_and_the_others_go_on():
    timed = measure(calibrated(clocks([], slow=1.0, quick=0.01)), budget_seconds=2.0, precision=1e-9, rounds_at_least=3)
    assert len(timed["slow"].samples) == 3
    assert len(timed["quick"].samples) > 50


def test_a_clock_that_stops_has_no_time_and_the_others_are_timed_all_the_same():
    class Dying(MadeUp):
        def __call__(self, epochs: int) -> Lap:
            if len(self.epochs) == 3:
                raise ClockStopped("gone")
            return super().__call__(epochs)

    log: list[str] = []
    found = measure(calibrated({"dying": Dying("dying", log, 0.01), **clocks(log, well=0.01)}), budget_seconds=0.0)
    assert list(found) == ["well"]
    assert len(found["well"].samples) == 5


def test_a_timed_run_that_ends_elsewhere_is_counted_with_how_far_it_went():
    class Fickle(MadeUp):
        def __call__(self, epochs: int) -> Lap:
            lap = super().__call__(epochs)
            return lap._replace(answer=(float(epochs), 1.0 + 1e-9 * (len(self.epochs) % 2)))

    both: dict[str, MadeUp] = {"fickle": Fickle("fickle", [], 0.01), "true": MadeUp("true", [], 0.01)}
    for clock in both.values():
        clock.repeats = True
    found = measure(calibrated(both), budget_seconds=0.0, rounds_at_least=2 * REPEATED_EVERY)
    assert found["fickle"].changed_answers == 2
    assert len(found["fickle"].samples) == 2 * REPEATED_EVERY  # what is run again is no sample
    assert found["fickle"].largest_change == pytest.approx(1e-9, rel=1e-5)
    assert (found["true"].changed_answers, found["true"].largest_change) == (0, 0.0)


def test_a_change_beyond_the_finite_has_no_size():
    assert relative_change((1.0, None), (1.0, 2.0)) is None
    assert relative_change((0.0, 0.0), (0.0, 0.0)) == 0.0
    assert relative_change((3.0, 1.0), (2.0, -4.0)) == 5 / 4


@pytest.mark.parametrize(
    ("counts", "shared"),
    [
        ([7], [7]),
        ([7, 8], [8, 8]),
        ([4, 7, 8, 9], [4, 9, 9, 9]),
        ([1, 2, 3, 6, 7, 100], [1, 3, 3, 7, 7, 100]),
    ],
)
def test_clocks_of_like_speed_have_samples_of_as_many_epochs(counts, shared):
    assert [shared_count(count, counts) for count in counts] == shared


def test_what_the_first_epoch_of_a_sample_costs_is_in_both_of_two_like_clocks():
    def with_a_cold_start(epoch_seconds: float) -> Clock:
        return lambda epochs: Lap((epochs + 0.3) * epoch_seconds, (float(epochs),))

    both = {"a": with_a_cold_start(1.52e-3), "b": with_a_cold_start(1.38e-3)}
    assert {c.epochs for c in calibrated(both).values()} == {7, 8}
    timed = measure(calibrated(both), budget_seconds=0.0)
    assert timed["a"].epochs_per_sample == timed["b"].epochs_per_sample == 8
    assert timed["a"].median / timed["b"].median == pytest.approx(1.52 / 1.38, rel=1e-9)
    assert timed["a"].changed_answers == 0


def test_a_machine_that_slows_down_is_unfair_to_nobody():
    now = itertools.count()

    def slowing(epoch_seconds: float) -> Clock:
        return lambda epochs: Lap(epochs * epoch_seconds * (1 + next(now) / 50), ())

    timed = measure(calibrated({"one": slowing(0.01), "two": slowing(0.02)}), budget_seconds=0.0, rounds_at_least=50)
    assert timed["two"].median / timed["one"].median == pytest.approx(2.0, rel=0.05)
