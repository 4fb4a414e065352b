"""Which backend to take: for this run, per epoch, and from how many epochs on, held against the costs themselves."""

from __future__ import annotations

from dataclasses import replace

from handgrad.compare.results.comparison import BackendResult
from handgrad.compare.results.timing import Speed, Timing
from handgrad.compare.side_by_side.choice import START_MARGIN, choice
from tests.reports.conftest import backend


def timed(
    name: str, start: float, epoch: float, spread: float = 0.02, passed: bool = True, loss: str = "yes"
) -> BackendResult:
    steady = Timing(epoch, epoch * (1 - spread), epoch * (1 + spread), (epoch,))
    return replace(backend(name, passed=passed), speed=Speed(start, 0.0, epoch, steady))


def test_the_shortest_run_wins_though_its_epoch_is_the_longest() -> None:
    found = choice({"python": timed("python", 5e-4, 3.6e-4), "moments": timed("moments", 0.78, 3e-7)}, 100)
    assert found is not None
    assert (found.run, found.epoch) == ("python", "moments")
    (one,) = found.overtakings
    assert (one.backend, one.over) == ("moments", "python")
    python, moments = found.costs
    for epochs, ahead in ((one.epochs - 1, False), (one.epochs, True)):
        after = [cost.start.value + epochs * cost.epoch.value for cost in (moments, python)]
        assert (after[0] < after[1]) == ahead
    assert 100 < one.low < one.epochs < one.high
    assert "python 0.037 s" in found.reason


def test_the_order_may_change_more_than_once() -> None:
    rows = {"python": timed("python", 1e-4, 1e-3), "numpy": timed("numpy", 0.1, 1e-5), "jit": timed("jit", 2.0, 1e-6)}
    found = choice(rows, 10)
    assert found is not None
    assert [(one.backend, one.over) for one in found.overtakings] == [("numpy", "python"), ("jit", "numpy")]
    assert found.overtakings[0].epochs < found.overtakings[1].epochs


def test_totals_that_differ_by_less_than_one_start_can_tell_are_not_told_apart() -> None:
    rows = {"a": timed("a", 1.0, 1e-6), "b": timed("b", 1.0 * START_MARGIN, 1e-6)}
    found = choice(rows, 10)
    assert found is not None
    assert (found.run, set(found.run_tied)) == (None, {"a", "b"})
    apart = choice(rows | {"b": timed("b", 1.01 * START_MARGIN**2, 1e-6)}, 10)
    assert apart is not None
    assert (apart.run, apart.epoch, set(apart.epoch_tied)) == ("a", None, {"a", "b"})


def test_epochs_whose_intervals_meet_overtake_nobody() -> None:
    found = choice({"a": timed("a", 1e-4, 1e-3, 0.4), "b": timed("b", 1.0, 6e-4, 0.4)}, 10)
    assert found is not None
    assert (found.run, found.epoch, found.overtakings) == ("a", None, ())


def test_who_is_wrong_wins_nothing_and_who_was_not_timed_takes_no_part() -> None:
    rows = {"wrong": timed("wrong", 1e-6, 1e-9, passed=False), "numpy": timed("numpy", 0.1, 1e-5)}
    found = choice(rows, 100)
    assert found is not None
    assert (found.run, found.epoch) == ("numpy", "numpy")
    assert choice({"numpy": replace(backend("numpy"), speed=None)}, 100) is None
