"""What the cells of a width show together: how times grow, where one backend overtakes another, who is fastest."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations, groupby
from typing import NamedTuple

from handgrad.compare.results.bench import (
    Cell,
    Crossover,
    DevicePaysFrom,
    FastestOf,
    FastestRange,
    Measured,
    ScalingLaw,
)
from handgrad.compare.results.timing import Estimate, Timing
from handgrad.compare.results.verdict import RunCost
from handgrad.compare.side_by_side.choice import contenders, once, paid, whole
from handgrad.compare.timing import statistics

#: Sizes whose epoch takes at least so many times the shortest one show how the rows count, and not the calls.
BEYOND_THE_CALLS = 4


def widths(cells: Sequence[Cell]) -> list[tuple[tuple[int, str], list[Cell]]]:
    """The cells of each width and dtype, their rows ascending."""
    ordered = sorted(cells, key=lambda cell: (cell.features, cell.dtype, cell.rows))
    return [(width, list(group)) for width, group in groupby(ordered, lambda cell: (cell.features, cell.dtype))]


def timed_in(cells: Iterable[Cell], name: str) -> dict[int, Timing]:
    """A backend's epochs by rows, where they are right."""
    found = {}
    for one in cells:
        timed = one.backends[name].epoch_seconds
        if one.backends[name].status == "ok" and timed is not None:
            found[one.rows] = timed
    return found


def scaling(cells: Sequence[Cell]) -> list[ScalingLaw]:
    """The exponent of each backend over the sizes where the rows make the time."""
    made = []
    for (features, dtype), group in widths(cells):
        for name in group[0].backends:
            large = beyond_the_calls(timed_in(group, name))
            found = statistics.exponent(list(large), list(large.values()))
            if found is not None:
                made.append(ScalingLaw(name, features, dtype, tuple(large), found))
    return made


def beyond_the_calls(timed: Mapping[int, Timing]) -> dict[int, Timing]:
    """The sizes at which an epoch takes `BEYOND_THE_CALLS` times the shortest one, where it was not disturbed."""
    least = min((one.median for one in timed.values()), default=0.0)
    quiet = {rows: one for rows, one in timed.items() if not (one.disturbance and one.disturbance.disturbed)}
    return {rows: one for rows, one in quiet.items() if one.median >= BEYOND_THE_CALLS * least}


def crossovers(cells: Sequence[Cell]) -> list[Crossover]:
    """Where one backend overtakes another, for every two of them."""
    made = []
    for (features, dtype), group in widths(cells):
        floors = {cell.rows: floor_of(cell) for cell in group}
        for one, other in combinations(group[0].backends, 2):
            left, right = timed_in(group, one), timed_in(group, other)
            rows = [n for n in left if n in right]
            for at, one_wins in changes(rows, left, right, floors):
                slower, faster = (other, one) if one_wins else (one, other)
                made.append(Crossover(slower, faster, features, dtype, at))
    return made


def changes(
    rows: Sequence[int], left: Mapping[int, Timing], right: Mapping[int, Timing], floors: Mapping[int, float]
) -> list[tuple[Estimate, bool]]:
    """Where two backends change places, over the sizes at which both were timed."""
    over, under = ([timed[n] for n in rows] for timed in (left, right))
    return statistics.crossovers(rows, over, under, [floors[n] for n in rows])


def floor_of(one: Cell) -> float:
    """The noise floor of a cell."""
    return statistics.NOISE_FLOOR_AT_LEAST if one.noise_floor is None else one.noise_floor


# -- the fastest -------------------------------------------------------------------------------------------------------


def fastest(backends: Mapping[str, Measured], floor: float) -> tuple[str, ...]:
    """The fastest one of a cell, and those that are not told apart from it; empty where none is right."""
    order = ranked(backends)
    if not order:
        return ()
    first, best = next(iter(order.items()))
    return (first, *(name for name, timed in order.items() if name != first and tied(timed, best, floor)))


def ranked(backends: Mapping[str, Measured]) -> dict[str, Timing]:
    """The epochs of all backends that are right, the fastest first."""
    right = {n: m.epoch_seconds for n, m in backends.items() if m.status == "ok" and m.epoch_seconds is not None}
    return dict(sorted(right.items(), key=lambda item: item[1].median))


def tied(timed: Timing, best: Timing, floor: float) -> bool:
    """Whether a time is not told apart from the best one; without a common round they cannot be held together."""
    ratio = statistics.paired_ratio(timed, best)
    return ratio is not None and not statistics.told_apart(ratio, floor)


def fastest_ranges(cells: Sequence[Cell], of: FastestOf, epochs: int = 0) -> list[FastestRange]:
    """From which size to which the same backend is the fastest, or the same ones are not told apart at the top.

    Args:
        cells: All of a sweep.
        of: By which time.
        epochs: Of a whole run, where that is meant.
    """
    return [one for (_, _), group in widths(cells) for one in ranges_of_width(group, of, epochs)]


def ranges_of_width(group: Sequence[Cell], of: FastestOf, epochs: int) -> list[FastestRange]:
    """The ranges of one width and dtype, whose cells come with their rows ascending."""
    made: list[FastestRange] = []
    for one, best in fastest_of(group, of, epochs):
        if made and {made[-1].fastest, *made[-1].tied} == set(best):
            made[-1] = replace(made[-1], last=one.rows)
        else:
            made.append(FastestRange(one.features, one.dtype, of, best[0], best[1:], one.rows, one.rows))
    return made


def fastest_of(group: Sequence[Cell], of: FastestOf, epochs: int) -> Iterator[tuple[Cell, tuple[str, ...]]]:
    """The cells with the fastest backends in each, by the time that is meant; cells without any are left out.

    Of those that go through all rows nothing is told where all backends do.
    """
    past_rows = not_reading(group)
    if of == "rows" and not past_rows:
        return
    for one in group:
        best = shortest_run(one, epochs) if of == "run" else one.fastest
        if of == "rows":
            through = {name: found for name, found in one.backends.items() if name not in past_rows}
            best = fastest(through, statistics.noise_floor(one.again))
        if best:
            yield one, best


def not_reading(group: Iterable[Cell]) -> set[str]:
    """The backends that do not go through X and y in every epoch."""
    return {name for one in group for name, found in one.backends.items() if found.bytes_per_epoch == 0}


def shortest_run(one: Cell, epochs: int) -> tuple[str, ...]:
    """The shortest run of the length asked for, compiled code on disk, and those not told apart from it."""
    costs = [cost for name, found in one.backends.items() if (cost := run_cost(name, found, epochs)) is not None]
    return contenders(costs, lambda cost: cost.run) if costs else ()


def run_cost(name: str, found: Measured, epochs: int) -> RunCost | None:
    """The run of a backend with its interval: a start that was timed once, and epochs; None where it is not known."""
    timed, total = found.epoch_seconds, found.total_cached_seconds
    if found.status != "ok" or timed is None or total is None:
        return None
    epoch = Estimate(timed.median, timed.low, timed.high)
    start = once(max(0.0, total - epochs * timed.median))
    return RunCost(name, start, epoch, whole(start, epoch, epochs))


# -- a device ----------------------------------------------------------------------------------------------------------


class Duel(NamedTuple):
    """The runs of one on a device and of the best on the processor, at a size."""

    rows: int
    own: RunCost
    other: RunCost

    @property
    def ahead(self) -> bool:
        """Whether the device's is shorter beyond doubt."""
        return self.own.run.high < self.other.run.low

    @property
    def lead(self) -> float:
        """The logarithm of the one over the other; below 0 the device is ahead."""
        return math.log(self.own.run.value / self.other.run.value)


def device_pays(cells: Sequence[Cell], epochs: int) -> Iterator[DevicePaysFrom]:
    """From how many rows on each backend on a device pays in a run of so many epochs, for each width."""
    for (features, dtype), group in widths(cells):
        for name in dict.fromkeys(name for one in group for name, found in one.backends.items() if found.device):
            fought = [found for one in group if (found := duel(one, name, epochs)) is not None]
            if fought:
                last, at = fought[-1], first_ahead(fought)
                over = last.other.backend if at is None else fought[at].other.backend
                rows = None if at is None else rows_ahead(fought, at)
                yield DevicePaysFrom(name, features, dtype, over, rows, paid(last.own, last.other), last.rows)


def duel(one: Cell, name: str, epochs: int) -> Duel | None:
    """A backend on a device against the shortest run on the processor of those that go through all rows."""
    own = run_cost(name, one.backends[name], epochs)
    here = {other: found for other, found in one.backends.items() if not found.device and found.bytes_per_epoch}
    costs = [cost for other, found in here.items() if (cost := run_cost(other, found, epochs)) is not None]
    return Duel(one.rows, own, min(costs, key=lambda cost: cost.run.value)) if own is not None and costs else None


def first_ahead(fought: Sequence[Duel]) -> int | None:
    """The place of the first size from which on the device is ahead beyond doubt; None: at the last it is not."""
    behind = [place for place, one in enumerate(fought) if not one.ahead]
    first = behind[-1] + 1 if behind else 0
    return first if first < len(fought) else None


def rows_ahead(fought: Sequence[Duel], first: int) -> Estimate:
    """Where it gets ahead, between two sizes: where the logarithm of the runs' ratio, taken as linear, is 0."""
    after = fought[first]
    if first == 0:
        return Estimate(after.rows, after.rows, after.rows)
    before = fought[first - 1]
    part = before.lead / (before.lead - after.lead) if before.lead > 0 else 0.0
    value = before.rows * (after.rows / before.rows) ** part
    return Estimate(value, before.rows, after.rows)
