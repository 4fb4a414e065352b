"""What a reader should know of a backend although it passes: it is no proof of a fault, and none is made of it."""

from __future__ import annotations

import statistics
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from handgrad.compare.results.comparison import Accuracy, BackendResult
from handgrad.compare.results.timing import Timing
from handgrad.compare.results.violations import Remark
from handgrad.compare.timing.statistics import paired_ratio

#: Within its bound, but so many times the median of all others, and so many times the next, is remarkable; what is
#: below this share of its bound is not.
TIMES_MEDIAN, TIMES_NEXT, LEAST_RATIO = 50.0, 5.0, 0.01

#: Caches and threads explain that one program reads so much faster than another; beyond, the whole interval must lie.
READING_RATIO = 1.5


def remarked(
    results: Mapping[str, BackendResult], limits: Mapping[str, Timing | None], readers: Collection[str]
) -> dict[str, BackendResult]:
    """The results with what is remarkable of each.

    Args:
        results: By name.
        limits: How long X and y take to be read where each computes, by name.
        readers: Those whose epoch goes through all rows.
    """
    shares = {name: share for name, one in results.items() if (share := largest_share(one.accuracy)) is not None}
    read = {name: limits.get(name) if name in readers else None for name in results}
    return {
        name: replace(one, remarks=(*beside_peers(name, shares), *of_speed(one, read[name])))
        for name, one in results.items()
    }


def largest_share(accuracy: Accuracy | None) -> float | None:
    """The largest error over its bound, at the start and at the recorded epochs; None where none is finite."""
    if accuracy is None or not accuracy.passed:
        return None
    epochs = () if accuracy.epochs is None else accuracy.epochs.bound_ratio
    return max((one for one in (accuracy.start_gradient.bound_ratio, *epochs) if one is not None), default=None)


def beside_peers(name: str, shares: Mapping[str, float]) -> Iterator[Remark]:
    """That a backend is within its bound, but far from where the others are."""
    own, others = shares.get(name), [share for other, share in shares.items() if other != name]
    if own is None or not others or own < LEAST_RATIO:
        return
    middle = statistics.median(others)
    if own > TIMES_MEDIAN * middle and own > TIMES_NEXT * max(others):
        yield Remark("beside peers", own, middle)


def of_speed(result: BackendResult, limit: Timing | None) -> Iterator[Remark]:
    """That a backend reads faster than the machine can, or does not always compute the same.

    `limit` is how long X and y take to be read where it computes; None for one that does not read them.
    """
    if result.speed is None:
        return
    timed = result.speed.epoch_seconds
    ratio = paired_ratio(limit, timed) if limit is not None else None
    if ratio is not None and ratio.low > READING_RATIO:
        yield Remark("faster than reading", ratio.value, READING_RATIO)
    if timed.changed_answers:
        yield Remark("changes", timed.largest_change, timed.changed_answers)
