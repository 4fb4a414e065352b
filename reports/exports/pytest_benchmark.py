"""The JSON of pytest-benchmark, for `pytest-benchmark compare` and whatever else reads it.

After src/pytest_benchmark of ionelmc/pytest-benchmark: `session.py` (the file), `stats.py` (of each benchmark the
samples, in seconds per iteration, and their summary). An iteration is an epoch, a round one sample of several.
"""

from __future__ import annotations

import os
import platform
import statistics
from typing import Any

from handgrad.compare.results.bench import Bench
from handgrad.compare.results.comparison import Comparison
from handgrad.compare.results.environment import Environment
from handgrad.compare.results.timing import Timing
from handgrad.reports.exports.timed import TimedBackend, timed, to_text

#: Whose file this is like.
VERSION = "5.0.0"


def export(found: Comparison | Bench) -> str:
    """All backends that were timed, a benchmark each."""
    return to_text(
        {
            "machine_info": machine(found.environment),
            "commit_info": commit(),
            "benchmarks": [benchmark(one) for one in timed(found)],
            "datetime": found.environment.time,
            "version": VERSION,
        }
    )


def machine(where: Environment) -> dict[str, Any]:
    """What pytest-benchmark asks of a machine, as far as a result keeps it."""
    return {
        "node": "",
        "processor": where.cpu,
        "machine": where.platform,
        "system": where.platform.partition("-")[0],
        "release": where.platform,
        "python_implementation": platform.python_implementation(),
        "python_version": where.python,
        "cpu": {"brand_raw": where.cpu, "count": where.cores},
    }


def commit() -> dict[str, Any]:
    """The commit, where GitHub's runner names it; whether files were changed since is not known, and not said."""
    return {
        "id": os.environ.get("GITHUB_SHA", "unknown"),
        "time": None,
        "author_time": None,
        "project": os.environ.get("GITHUB_REPOSITORY", "unknown"),
        "branch": os.environ.get("GITHUB_REF_NAME", "unknown"),
    }


def benchmark(one: TimedBackend) -> dict[str, Any]:
    """One backend; those of one problem are a group."""
    return {
        "group": one.problem,
        "name": f"epoch[{one.backend}]",
        "fullname": f"{one.problem}::epoch[{one.backend}]",
        "params": {"backend": one.backend, "rows": one.rows, "features": one.features, "dtype": one.dtype},
        "param": one.backend,
        "extra_info": {} if one.bound_ratio is None else {"error_over_bound": one.bound_ratio},
        "options": {
            "disable_gc": False,
            "timer": "perf_counter",
            "min_rounds": 1,
            "max_time": 0.0,
            "min_time": 0.0,
            "warmup": True,
        },
        "stats": stats(one.timing),
    }


def stats(timing: Timing) -> dict[str, Any]:
    """The samples and pytest-benchmark's summary of them; outliers "beyond 1 standard deviation;beyond 1.5 IQR"."""
    data = sorted(timing.samples)
    mean, deviation = statistics.fmean(data), statistics.stdev(data) if len(data) > 1 else 0.0
    low, middle, high = statistics.quantiles(data, n=4, method="inclusive") if len(data) > 1 else 3 * data
    fence = 1.5 * (high - low)
    inside = [one for one in data if low - fence <= one <= high + fence]
    far = sum(abs(one - mean) > deviation for one in data)
    return {
        "min": data[0],
        "max": data[-1],
        "mean": mean,
        "stddev": deviation,
        "rounds": len(data),
        "median": middle,
        "iqr": high - low,
        "q1": low,
        "q3": high,
        "iqr_outliers": len(data) - len(inside),
        "stddev_outliers": far,
        "outliers": f"{far};{len(data) - len(inside)}",
        "ld15iqr": inside[0],
        "hd15iqr": inside[-1],
        "ops": 1 / mean,
        "total": sum(data),
        "data": list(timing.samples),
        "iterations": timing.epochs_per_sample,
    }
