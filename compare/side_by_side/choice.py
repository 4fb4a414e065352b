"""Which backend to take: for this run with its start, per steady epoch, and from how many epochs on the order changes.

The run costs its start and its epochs, C(N) = s + N e. The epoch e has the interval of its many samples. The start s,
import, data and first epoch, is measured once, as no process imports twice; so it is taken to be known within the
factor `START_MARGIN`. Two runs are told apart where their intervals do not meet. A costlier start has paid for itself
from N = (s − s′)/(e′ − e) epochs on. So has a device: its start holds the transfer of X and y.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from handgrad.compare.results import reasons
from handgrad.compare.results.comparison import BackendResult
from handgrad.compare.results.timing import Estimate, Speed
from handgrad.compare.results.verdict import Choice, DevicePays, Overtaking, RunCost

#: Up and down. Of twelve imports of NumPy in fresh processes, eleven took 198 to 209 ms and one 258 ms, 1.3 times their
#: median, and that on an idle machine.
START_MARGIN = 1.5


def choice(results: Mapping[str, BackendResult], epochs: int) -> Choice | None:
    """Which of the backends that are right to take for a run of so many epochs; None where none was timed."""
    timed = {n: r for n, r in results.items() if r.speed is not None and r.accuracy is not None and r.accuracy.passed}
    costs = sorted((cost(n, r.speed, epochs) for n, r in timed.items() if r.speed), key=lambda c: c.run.value)
    if not costs:
        return None
    ended = not any(r.arrival is not None and r.arrival.state == "diverged" for r in timed.values())
    run = contenders(costs, lambda one: one.run) if ended else ()
    epoch = contenders(costs, lambda one: one.epoch)
    found = Choice(
        run=run[0] if len(run) == 1 else None,
        epoch=epoch[0] if len(epoch) == 1 else None,
        reason="",
        epochs=epochs,
        run_tied=run if len(run) > 1 else (),
        epoch_tied=epoch if len(epoch) > 1 else (),
        costs=tuple(costs),
        overtakings=overtakings(costs, epochs) if ended else (),
    )
    return reasons.with_choice(found)


def cost(name: str, speed: Speed, epochs: int) -> RunCost:
    """What a run of so many epochs costs on a backend."""
    timed = speed.epoch_seconds
    epoch = Estimate(timed.median, timed.low, timed.high)
    start = once(speed.import_seconds + speed.bind_seconds + max(0.0, speed.first_call_seconds - timed.median))
    return RunCost(name, start, epoch, whole(start, epoch, epochs))


def once(seconds: float) -> Estimate:
    """What was timed once, known within `START_MARGIN`."""
    return Estimate(seconds, seconds / START_MARGIN, seconds * START_MARGIN)


def whole(start: Estimate, epoch: Estimate, epochs: int) -> Estimate:
    """The seconds of a run: start and epochs."""
    return Estimate(
        start.value + epochs * epoch.value, start.low + epochs * epoch.low, start.high + epochs * epoch.high
    )


def contenders(costs: Sequence[RunCost], figure: Callable[[RunCost], Estimate]) -> tuple[str, ...]:
    """The backend whose figure is the least, and all whose interval meets its own; ascending."""
    ordered = sorted(costs, key=lambda one: figure(one).value)
    reach = figure(ordered[0]).high
    return tuple(one.backend for one in ordered if figure(one).low <= reach)


def overtakings(costs: Sequence[RunCost], epochs: int) -> tuple[Overtaking, ...]:
    """Who is the fastest beyond so many epochs, one after the other, as far as epochs are told apart."""
    found: list[Overtaking] = []
    current = costs[0]
    while True:
        faster = [overtaking(one, current) for one in costs if one.epoch.high < current.epoch.low]
        later = [one for one in faster if one.epochs > epochs]
        if not later:
            return tuple(found)
        first = min(later, key=lambda one: one.epochs)
        found.append(first)
        current = next(one for one in costs if one.backend == first.backend)


def overtaking(own: RunCost, other: RunCost) -> Overtaking:
    """From how many epochs on a backend is ahead of another, whose epoch is longer."""
    return Overtaking(
        own.backend,
        other.backend,
        epochs=paid_after(own.start.value - other.start.value, other.epoch.value - own.epoch.value),
        low=paid_after(own.start.low - other.start.high, other.epoch.high - own.epoch.low),
        high=paid_after(own.start.high - other.start.low, other.epoch.low - own.epoch.high),
    )


def paid_after(later: float, gained: float) -> int:
    """The first number of epochs at which a start that is so much later is made up for, gaining so much in each."""
    return max(1, math.floor(later / gained) + 1)


# -- a device ----------------------------------------------------------------------------------------------------------


def device_pays(costs: Sequence[RunCost], there: Collection[str], readers: Collection[str]) -> tuple[DevicePays, ...]:
    """From when on each backend on a device is ahead of the best on the processor.

    Args:
        costs: Of all backends that are right and were timed.
        there: Those that compute on a device.
        readers: Those whose epoch goes through all rows; the best of the others is a case of its own, as its epochs
            cost next to nothing on any processor.
    """
    here = [one for one in costs if one.backend not in there]
    rivals = [*best([one for one in here if one.backend in readers])]
    rivals += best([one for one in here if one.backend not in readers])
    return tuple(paid(own, other) for own in costs if own.backend in there for other in rivals)


def best(costs: Sequence[RunCost]) -> Iterator[RunCost]:
    """That of the shortest epoch; nothing of none."""
    yield from sorted(costs, key=lambda one: one.epoch.value)[:1]


def paid(own: RunCost, other: RunCost) -> DevicePays:
    """From when on a run is ahead of another, if its epoch is shorter beyond doubt."""
    if own.epoch.high >= other.epoch.low:
        return DevicePays(own.backend, other.backend)
    found = overtaking(own, other)
    return DevicePays(own.backend, other.backend, found.epochs, found.low, found.high)
