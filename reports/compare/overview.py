"""One table for a comparison: a row per backend with all that chooses between them."""

from __future__ import annotations

import math
from dataclasses import dataclass

from markupsafe import Markup

from handgrad.compare.results.comparison import BackendResult, Comparison
from handgrad.compare.results.timing import Speed
from handgrad.compare.results.verdict import RunCost
from handgrad.reports.compare import words
from handgrad.reports.compare.figures.picked import worst_ratio
from handgrad.reports.look import numbers
from handgrad.reports.look.colours import looks
from handgrad.reports.look.names import shown
from handgrad.reports.look.words import plural

#: Of the bar of an epoch's time, in units of its own.
WIDTH, HEIGHT, EDGE = 120, 14, 4

#: The ends of the axis of all bars, in seconds; None where nothing was timed.
Scale = tuple[float, float] | None

YES, NO = "✓", "✗"


@dataclass(frozen=True)
class OverviewCell:
    """What is shown, and what is sorted by; a `bar` stands behind the text."""

    text: str
    value: str = ""
    bar: str | Markup = ""
    number: bool = True


@dataclass(frozen=True)
class OverviewRow:
    """A backend: `mark` is the CSS variable of its colour, `name` stands in the attribute that curves carry, too."""

    name: str
    head: str
    mark: str
    cells: tuple[OverviewCell, ...]


@dataclass(frozen=True)
class Overview:
    """The table.

    Attributes:
        columns: Titles; the backend's first.
        rows: In the order of the comparison.
        note: What the columns mean.
        note_without_bars: What they mean where only text is shown.
    """

    columns: tuple[str, ...]
    rows: tuple[OverviewRow, ...]
    note: str
    note_without_bars: str


def overview(comparison: Comparison) -> Overview:
    """A row for each backend, whatever became of it."""
    every = looks(comparison.backends)
    scale = _scale(comparison)
    runs = {cost.backend: cost for cost in (comparison.verdict.choice.costs if comparison.verdict.choice else ())}
    rows = tuple(
        OverviewRow(name, shown(name, 24), mark, _cells(result, runs.get(name), scale, mark))
        for (name, result), mark in ((item, every[item[0]].variable) for item in comparison.backends.items())
    )
    columns = ("backend", "agrees", "of bound", "this run", "epoch", "start-up", "memory", "lines", "gradient by")
    return Overview(columns, rows, _note(comparison, scale), _note(comparison, None))


def _note(comparison: Comparison, scale: Scale) -> str:
    axis = (
        ""
        if scale is None
        else f" The bar is its 95 % interval, on a logarithmic axis from {numbers.seconds(scale[0])} to "
        f"{numbers.seconds(scale[1])}; the dot is the median."
    )
    epochs = plural(comparison.problem.epochs, "epoch")
    return (
        "Agrees: the gradient and every recorded epoch are within their rounding-error bounds of the exact answer. Of "
        f"bound: the largest error there over what rounding may cause. This run: its {epochs} with their start-up. "
        f"Epoch: in the steady state.{axis} Start-up: import, data and first call. Memory: beyond the bare "
        "interpreter and the data. Lines: of the four steps and the kernels that they call, without comments."
    )


def _cells(result: BackendResult, run: RunCost | None, scale: Scale, mark: str) -> tuple[OverviewCell, ...]:
    return (
        _agrees(result),
        _ratio(None if result.accuracy is None else worst_ratio(result.accuracy)),
        _run(run),
        *_timed(result.speed, scale, mark),
        _none()
        if result.source is None
        else OverviewCell(numbers.count(result.source.lines), str(result.source.lines)),
        OverviewCell(words.found_by(result), words.found_by(result), number=False),
    )


def _run(run: RunCost | None) -> OverviewCell:
    if run is None:
        return _none()
    return OverviewCell(numbers.seconds(run.run.value, run.run.low, run.run.high), repr(run.run.value))


def _none() -> OverviewCell:
    return OverviewCell(numbers.MISSING)


def _agrees(result: BackendResult) -> OverviewCell:
    if result.accuracy is None:  # nothing to sort by
        return OverviewCell(f"{numbers.MISSING} {result.status}", number=False)
    right = result.accuracy.passed
    return OverviewCell(f"{YES} yes" if right else f"{NO} no", str(int(not right)), number=False)


def _ratio(value: float | None) -> OverviewCell:
    return _none() if value is None else OverviewCell(numbers.ratio(value), repr(value))


def _timed(speed: Speed | None, scale: Scale, mark: str) -> tuple[OverviewCell, OverviewCell, OverviewCell]:
    if speed is None:
        return _none(), _none(), _none()
    epoch, start = speed.epoch_seconds, speed.import_seconds + speed.bind_seconds + speed.first_call_seconds
    memory = speed.peak_memory_bytes if speed.own_memory_bytes is None else speed.own_memory_bytes
    told = numbers.seconds(epoch.median, epoch.low, epoch.high)
    bar = "" if scale is None else _bar(epoch.low, epoch.median, epoch.high, scale, mark)
    return (
        OverviewCell(told, repr(epoch.median), bar),
        OverviewCell(numbers.seconds(start), repr(start)),
        OverviewCell(numbers.size(memory), "" if memory is None else repr(memory)),
    )


def _scale(comparison: Comparison) -> Scale:
    """Powers of ten around all intervals; None where there are none."""
    timed = [r.speed.epoch_seconds for r in comparison.backends.values() if r.speed is not None]
    ends = [end for one in timed for end in (one.low, one.median, one.high) if 0 < end < math.inf]
    if not ends:
        return None
    low, high = math.floor(math.log10(min(ends))), math.ceil(math.log10(max(ends)))
    return 10.0**low, 10.0 ** max(high, low + 1)


def _bar(low: float, median: float, high: float, scale: tuple[float, float], mark: str) -> Markup:
    first, last = (math.log10(end) for end in scale)

    def place(seconds: float) -> float:
        part = (math.log10(seconds) - first) / (last - first) if seconds > 0 else 0.0
        return round(EDGE + min(max(part, 0.0), 1.0) * (WIDTH - 2 * EDGE), 1)

    left, right = place(low), place(high)
    return Markup(
        '<svg class="bar" viewBox="0 0 {width} {height}" aria-hidden="true">'
        '<line x1="{start}" x2="{end}" y1="7" y2="7"/>'
        '<rect x="{left}" y="4" width="{wide}" height="6" style="fill: var({mark})"/>'
        '<circle cx="{middle}" cy="7" r="4" style="fill: var({mark})"/></svg>'
    ).format(
        width=WIDTH,
        height=HEIGHT,
        start=EDGE,
        end=WIDTH - EDGE,
        left=left,
        wide=round(max(right - left, 1.0), 1),
        middle=place(median),
        mark=mark,
    )
