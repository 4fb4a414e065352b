"""Bencher Metric Format (BMF), for `bencher run --adapter json`.

After *Bencher Metric Format*, bencher.dev/docs/reference/bencher-metric-format: of each benchmark its measures, each a
value with a lower and an upper one. `latency`, in nanoseconds, is a measure that every project of Bencher has.
"""

from __future__ import annotations

from handgrad.compare.results.bench import Bench
from handgrad.compare.results.comparison import Comparison
from handgrad.reports.exports.timed import TimedBackend, timed, to_text

#: In a second.
NANOSECONDS = 1e9


def export(found: Comparison | Bench) -> str:
    """The steady epoch of each backend with its 95 % interval, and its error over what rounding explains."""
    return to_text({one.name: measures(one) for one in timed(found)})


def measures(one: TimedBackend) -> dict[str, dict[str, float]]:
    """What Bencher follows over time."""
    timing = one.timing
    latency = {
        "value": NANOSECONDS * timing.median,
        "lower_value": NANOSECONDS * timing.low,
        "upper_value": NANOSECONDS * timing.high,
    }
    error = {} if one.bound_ratio is None else {"error-over-bound": {"value": one.bound_ratio}}
    return {"latency": latency, **error}
