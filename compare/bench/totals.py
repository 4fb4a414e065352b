"""What a whole run costs: its start and all epochs, and after how many of them a costlier start has paid for itself.

A table that memory does not hold is read in each epoch, or once before all of them: either way that is counted.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import msgspec

from handgrad.compare.bench.problem import Size
from handgrad.compare.bench.records import Measurements, StartUpRecord
from handgrad.compare.results.bench import BreakEven, Measured, Settings, StartUp
from handgrad.compare.results.timing import Timing

#: The backends against which a start must pay for itself, where they took part.
PAYS_AGAINST = ("python", "numpy")

#: The start-ups of each backend, one for each width and dtype.
StartUps = Mapping[str, Sequence[StartUp]]


class RunCosts(NamedTuple):
    """Seconds of a run: before its epochs with code to compile, with compiled code on disk, and in each epoch."""

    cold: float
    cached: float
    timed: Timing

    @property
    def epoch(self) -> float:
        """The median epoch."""
        return self.timed.median


def start_ups(settings: Settings, measurements: Measurements) -> dict[str, tuple[StartUp, ...]]:
    """Those that were measured, by backend; in the order of widths, then dtypes."""
    found: dict[str, tuple[StartUp, ...]] = {}
    for name in settings.backends:
        for features in settings.features:
            for dtype in settings.dtypes:
                record = measurements.started(name, features, dtype)
                if record is not None and record.epoch_seconds is not None:
                    found[name] = (*found.get(name, ()), start_up_result(record, features, dtype, record.epoch_seconds))
    return found


def start_up_result(record: StartUpRecord, features: int, dtype: str, epoch_seconds: float) -> StartUp:
    """A start-up as a result."""
    fields = msgspec.structs.asdict(record) | {"epoch_seconds": epoch_seconds}
    return StartUp(features=features, dtype=dtype, **fields)


def with_totals(backends: Mapping[str, Measured], starts: StartUps, size: Size, epochs: int) -> dict[str, Measured]:
    """The backends of a cell with the seconds of the whole run, and with what must be run for a start to pay.

    Args:
        backends: By name; those without a start-up or a time stay as they are.
        starts: The start-ups.
        size: The cell.
        epochs: Of the whole run.
    """
    costs = {name: cost for name, found in backends.items() if (cost := costs_of(found, starts.get(name, ()), size))}
    return {
        name: with_total(found, costs[name], epochs, break_evens(name, costs)) if name in costs else found
        for name, found in backends.items()
    }


def with_total(found: Measured, cost: RunCosts, epochs: int, paid: tuple[BreakEven, ...]) -> Measured:
    """A backend of a cell with the seconds of the whole run."""
    return replace(
        found,
        total_cold_seconds=cost.cold + epochs * cost.epoch,
        total_cached_seconds=cost.cached + epochs * cost.epoch,
        break_even=paid,
    )


def costs_of(found: Measured, starts: Iterable[StartUp], size: Size) -> RunCosts | None:
    """What a run of a backend costs in a cell; None without its start-up or its time."""
    start = next((one for one in starts if (one.features, one.dtype) == (size.features, size.dtype)), None)
    if start is None or found.epoch_seconds is None:
        return None
    moved = (found.bind_seconds or 0.0) + (found.pass_seconds.median if found.pass_seconds else 0.0)
    return RunCosts(fixed_seconds(start, True) + moved, fixed_seconds(start, False) + moved, found.epoch_seconds)


def fixed_seconds(start: StartUp, cold: bool) -> float:
    """What a run costs beside data and epochs: import, set-up, and what the first epoch took longer than others.

    A first epoch that is not even twice as long as others has nothing of its own: it was one sample of them.
    """
    first = start.first_call_cold_seconds if cold else start.first_call_cached_seconds
    own = first - start.epoch_seconds if first >= 2 * start.epoch_seconds else 0.0
    return start.import_seconds + start.set_up_seconds + own


def break_evens(name: str, costs: Mapping[str, RunCosts]) -> tuple[BreakEven, ...]:
    """After how many epochs a backend's start has paid for itself against each of `PAYS_AGAINST` that took part.

    Nothing is said against one from whose epoch its own is not told apart: what noise makes of the difference of two
    like epochs is no number of them.
    """
    own = costs[name].timed
    others = (other for other in PAYS_AGAINST if other != name and other in costs and apart(own, costs[other].timed))
    return tuple(break_even(costs[name], other, costs[other]) for other in others)


def apart(one: Timing, other: Timing) -> bool:
    """Whether the intervals of two epochs do not meet."""
    return one.high < other.low or other.high < one.low


def break_even(own: RunCosts, name: str, other: RunCosts) -> BreakEven:
    """After how many epochs a run has caught up with another, which is named."""
    gained = other.epoch - own.epoch
    return BreakEven(
        name, epochs_to_pay(own.cold - other.cold, gained), epochs_to_pay(own.cached - other.cached, gained)
    )


def epochs_to_pay(later: float, gained: float) -> int | None:
    """The first number of epochs after which a run that begins so much later has caught up; None: never."""
    if later <= 0:
        return 0
    return math.ceil(later / gained) if gained > 0 else None
