"""The `customSmallerIsBetter` JSON of the action benchmark-action/github-action-benchmark.

After its README ("name, unit and value"; "range" and "extra" are optional) and `BenchmarkResult` of its src/extract.ts.
"""

from __future__ import annotations

from handgrad.compare.results.bench import Bench
from handgrad.compare.results.comparison import Comparison
from handgrad.reports.exports.bencher import NANOSECONDS
from handgrad.reports.exports.timed import TimedBackend, timed, to_text
from handgrad.reports.look import numbers


def export(found: Comparison | Bench) -> str:
    """The steady epoch of each backend; the action says that a larger one is worse."""
    return to_text([entry(one) for one in timed(found)])


def entry(one: TimedBackend) -> dict[str, float | str]:
    """A median in nanoseconds per epoch, with the further half of its 95 % interval."""
    timing = one.timing
    half = max(timing.high - timing.median, timing.median - timing.low)
    interval = numbers.seconds_between(timing.median, timing.low, timing.high)
    return {
        "name": one.name,
        "unit": "ns",
        "value": NANOSECONDS * timing.median,
        "range": f"± {NANOSECONDS * half:.6g}",
        "extra": f"median epoch; 95 %: {interval}\nsamples: {len(timing.samples)}",
    }
