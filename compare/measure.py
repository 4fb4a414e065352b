"""Times backends against each other: rounds in random order, so that a drifting machine is unfair to nobody."""

from __future__ import annotations

import random
import statistics
from collections.abc import Callable, Mapping

from handgrad.compare.results import Timing

#: Runs so many epochs and returns the seconds that they took, conversions apart.
Clock = Callable[[int], float]


class ClockStopped(RuntimeError):
    """A clock cannot go on; its backend gets no time, and the others are timed all the same."""


#: A sample lasts at least so long, so that the clock's own resolution and overhead are lost in it.
SAMPLE_SECONDS = 0.005


def measure(
    clocks: Mapping[str, Clock], budget_seconds: float, rounds_at_least: int = 5, seed: int = 0
) -> dict[str, Timing]:
    """Seconds per epoch of each clock that does not stop, from interleaved rounds, until the budget is spent."""
    order = random.Random(seed)
    epochs = {name: found for name, clock in clocks.items() if (found := calibrate(clock)) is not None}
    samples: dict[str, list[float]] = {name: [] for name in epochs}
    spent, rounds = 0.0, 0
    while samples and (rounds < rounds_at_least or spent < budget_seconds):
        for name in order.sample(sorted(samples), len(samples)):
            try:
                seconds = clocks[name](epochs[name])
            except ClockStopped:
                del samples[name]
                continue
            samples[name].append(seconds / epochs[name])
            spent += seconds
        rounds += 1
    return {name: summary(values) for name, values in samples.items()}


def calibrate(clock: Clock) -> int | None:
    """How many epochs make a sample of at least `SAMPLE_SECONDS`; None for a clock that stops."""
    epochs = 1
    try:
        while (seconds := clock(epochs)) < SAMPLE_SECONDS:
            epochs *= max(2, min(10, int(SAMPLE_SECONDS / max(seconds, 1e-9))))
    except ClockStopped:
        return None
    return epochs


def summary(samples: list[float]) -> Timing:
    """Median and quartiles."""
    low, _, high = statistics.quantiles(samples, n=4) if len(samples) > 1 else (samples[0],) * 3
    return Timing(statistics.median(samples), low, high, tuple(samples))
