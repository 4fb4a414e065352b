"""Times backends against each other: rounds in random order, so that a drifting machine is unfair to nobody.

Every clock is called once in each round, in an order drawn anew, so that samples of the same round are pairs. Some laps
are run twice: a backend that does not always compute the same is told.
"""

from __future__ import annotations

import math
import random
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from handgrad.compare.results.timing import Timing
from handgrad.compare.strain.disturbance import disturbance
from handgrad.compare.strain.strain import Strain
from handgrad.compare.timing.statistics import half_width, timing


class Lap(NamedTuple):
    """Seconds that so many epochs took, and the parameters after them (None: not finite).

    `again` runs the same lap once more, from the same start; None where there is nothing to compare.
    """

    seconds: float
    answer: tuple[float | None, ...]
    strain: Strain | None = None
    again: Callable[[], Lap] | None = None


#: Runs so many epochs, each time from another start.
Clock = Callable[[int], Lap]


class ClockStopped(RuntimeError):
    """A clock cannot go on; its backend gets no time, and the others are timed all the same."""


#: A sample lasts at least so long, so that the clock's own resolution and overhead are lost in it.
SAMPLE_SECONDS = 0.01

#: So many laps in a row must be as long as a sample before their number of epochs is taken.
CONFIRMED = 3

#: Clocks whose numbers of epochs in a sample differ by no more than this factor get the same number. The first epoch of
#: a sample finds caches and threads cold, and what that costs must weigh alike in backends that are hardly told apart
#: (seen: a program 2.5 % slower than itself, with 7 epochs in a sample in place of 8).
ALIKE = 1.5

#: The first of so many laps is run again.
REPEATED_EVERY = 8

#: A sample has at most so many epochs: a clock that stops early never takes longer.
MOST_EPOCHS = 10**7

#: The intervals are looked at every so many rounds: a bootstrap costs as much as a short sample.
LOOK_EVERY = 5


@dataclass
class Contestant:
    """One clock's samples so far, and how far the laps that were run twice changed."""

    clock: Clock
    epochs: int
    samples: list[float] = field(default_factory=list)
    strains: list[Strain] = field(default_factory=list)
    spent: float = 0.0
    changed: int = 0
    largest_change: float | None = 0.0

    def lap(self) -> None:
        """One sample."""
        lap = self.clock(self.epochs)
        self.strains += [lap.strain] if lap.strain else []
        self.spent += lap.seconds
        if lap.again is not None and len(self.samples) % REPEATED_EVERY == 0:
            self.compare(lap.answer, lap.again())
        self.samples.append(lap.seconds / self.epochs)

    def compare(self, answer: tuple[float | None, ...], again: Lap) -> None:
        """Holds a lap that was run again, which is no sample, against the first time."""
        self.spent += again.seconds
        if again.answer != answer:
            self.changed += 1
            self.largest_change = larger(self.largest_change, relative_change(again.answer, answer))

    def timing(self) -> Timing:
        """The summary of its samples."""
        return timing([self.samples], self.epochs, self.changed, self.largest_change, disturbance(self.strains))


def measure(
    contestants: Mapping[str, Contestant],
    budget_seconds: float,
    *,
    precision: float = 0.01,
    rounds_at_least: int = 5,
    seed: int = 0,
) -> dict[str, Timing]:
    """Seconds per epoch of each whose clock does not stop.

    Rounds go on until every median's interval has a relative half-width of `precision`, or the clocks have spent
    their budget. A slow clock leaves the rounds when its own share is spent, so that it does not eat the others'.

    Args:
        contestants: By name; see `calibrated`.
        budget_seconds: For all of them together; each has an equal share.
        precision: When to stop early.
        rounds_at_least: So many rounds are done whatever they cost.
        seed: Of the order in each round.
    """
    order = random.Random(seed)
    share = budget_seconds / max(1, len(contestants))
    running, done = evened(contestants), dict[str, Contestant]()
    rounds = 0
    while running:
        for name in order.sample(sorted(running), len(running)):
            try:
                running[name].lap()
            except ClockStopped:
                del running[name]
        rounds += 1
        if rounds < rounds_at_least:
            continue
        for name in [name for name, contestant in running.items() if contestant.spent >= share]:
            done[name] = running.pop(name)
        if rounds % LOOK_EVERY == 0 and all(half_width(c.timing()) <= precision for c in running.values()):
            break
    return {name: ((done | running)[name]).timing() for name in contestants if name in done | running}


def evened(contestants: Mapping[str, Contestant]) -> dict[str, Contestant]:
    """Those whose clock does not stop, with as many epochs in a sample as others like them; see `ALIKE`."""
    counts = sorted({contestant.epochs for contestant in contestants.values()})
    found = {}
    for name, contestant in contestants.items():
        count = shared_count(contestant.epochs, counts)
        if count == contestant.epochs:
            found[name] = contestant
        elif (changed := calibrate(contestant.clock, count)) is not None:
            found[name] = changed
    return found


def shared_count(own: int, counts: Sequence[int]) -> int:
    """The largest count that can be reached from one's own in steps of `ALIKE` at most; counts must ascend."""
    for count in counts:
        if own < count <= ALIKE * own:
            own = count
    return own


def calibrated(clocks: Mapping[str, Clock], epochs: Mapping[str, int] | None = None) -> dict[str, Contestant]:
    """Those clocks that do not stop, warmed up.

    Args:
        clocks: By name.
        epochs: Epochs per sample where they are known; otherwise as many as last `SAMPLE_SECONDS`.
    """
    found = {name: calibrate(clock, (epochs or {}).get(name)) for name, clock in clocks.items()}
    return {name: contestant for name, contestant in found.items() if contestant is not None}


def calibrate(clock: Clock, epochs: int | None = None) -> Contestant | None:
    """How many epochs make a sample of at least `SAMPLE_SECONDS`, and what they give; None for a clock that stops.

    A lap that is long enough is run again (`CONFIRMED`), as it might only have been disturbed. These runs are the
    warm-up: none of them is a sample.
    """
    count = epochs or 1
    try:
        lap = clock(count)
        while epochs is None and count < MOST_EPOCHS:
            laps = [lap.seconds]
            while laps[-1] >= SAMPLE_SECONDS and len(laps) < CONFIRMED:
                laps.append(clock(count).seconds)
            if laps[-1] >= SAMPLE_SECONDS:
                break
            count = larger_count(count, laps[-1])
            lap = clock(count)
    except ClockStopped:
        return None
    return Contestant(clock, count)


def larger_count(count: int, seconds: float) -> int:
    """The epochs to try after so many have taken too few seconds: just enough, but at most ten times as many."""
    factor = min(10.0, 1.05 * SAMPLE_SECONDS / max(seconds, 1e-9))
    return min(MOST_EPOCHS, max(count + 1, math.ceil(factor * count)))


def relative_change(given: tuple[float | None, ...], expected: tuple[float | None, ...]) -> float | None:
    """The largest difference of two answers over the largest number expected; None where one is not finite."""
    if None in given or None in expected:
        return None
    new, old = (np.array(answer, dtype=np.float64) for answer in (given, expected))
    return float(np.abs(new - old).max() / max(np.abs(old).max(), sys.float_info.min))


def larger(one: float | None, other: float | None) -> float | None:
    """The larger change; one that is not finite (None) is larger than any."""
    return None if one is None or other is None else max(one, other)
