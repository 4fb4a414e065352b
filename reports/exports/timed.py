"""The times of a run under names that stay from run to run, as trackers of benchmarks need them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from handgrad.compare.results.bench import Bench
from handgrad.compare.results.comparison import Comparison
from handgrad.compare.results.timing import Timing
from handgrad.reports.look.names import shown

#: The longest name of a table.
_NAME_WIDTH = 80


@dataclass(frozen=True)
class TimedBackend:
    """The steady epochs of one backend on one problem.

    Attributes:
        problem: Such as "diabetes 442x10 float64".
        backend: Its name.
        rows: Of the problem.
        features: Of the problem.
        dtype: Of the problem.
        timing: Seconds per epoch.
        bound_ratio: Its largest error over what rounding explains; null where it was not judged.
    """

    problem: str
    backend: str
    rows: int
    features: int
    dtype: str
    timing: Timing
    bound_ratio: float | None

    @property
    def name(self) -> str:
        """The problem and the backend."""
        return f"{self.problem}/{self.backend}"


def timed(found: Comparison | Bench) -> Iterator[TimedBackend]:
    """What was timed and is right: the time of a wrong backend is not one to hold others against."""
    return of_bench(found) if isinstance(found, Bench) else of_comparison(found)


def of_comparison(found: Comparison) -> Iterator[TimedBackend]:
    """The backends of a comparison that lie within their bounds."""
    rows, features, dtype = found.problem.rows, len(found.problem.features), found.problem.dtype
    for name, result in found.backends.items():
        if result.speed is not None and result.accuracy is not None and result.accuracy.passed:
            timing, ratio = result.speed.epoch_seconds, result.accuracy.start_gradient.bound_ratio
            yield TimedBackend(named(found), shown(name), rows, features, dtype, timing, ratio)


def named(found: Comparison) -> str:
    """The problem of a comparison in a few words."""
    problem = found.problem
    batches = "" if problem.batch_size is None else f" batches of {problem.batch_size}"
    size = f"{problem.rows}x{len(problem.features)}"
    return f"{shown(problem.name, _NAME_WIDTH)} {size} {problem.dtype}{batches}"


def of_bench(found: Bench) -> Iterator[TimedBackend]:
    """The backends of all cells of a sweep that gave an answer."""
    table = found.settings.table
    of = "" if table is None else f"{shown(PurePath(table.source).name or table.source, _NAME_WIDTH)} "
    for cell in found.cells:
        problem = f"{of}{cell.rows}x{cell.features} {cell.dtype}"
        for name, measured in cell.backends.items():
            if measured.status == "ok" and measured.epoch_seconds is not None:
                timing, ratio = measured.epoch_seconds, measured.gradient_ratio
                yield TimedBackend(problem, shown(name), cell.rows, cell.features, cell.dtype, timing, ratio)


def to_text(value: Any) -> str:
    """As JSON, indented."""
    return json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
