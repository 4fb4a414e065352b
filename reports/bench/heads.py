"""The heads of a size in the tables of a sweep: the machine, and the device, which only read."""

from __future__ import annotations

from handgrad.compare.results.bench import Bench, Cell
from handgrad.compare.results.timing import Timing
from handgrad.reports.look import numbers
from handgrad.reports.look.names import shown


def heads(bench: Bench, cell: Cell) -> list[tuple[str, ...]]:
    """A line for the machine, and one for the device where there is one; what was not measured is left empty."""
    reads = f"to read {numbers.size(cell.bytes)}"
    found = [(row_count(cell), *_reading(cell.limit_seconds), reads)]
    if cell.device_limit_seconds is not None and bench.device is not None:
        found.append(("", *_reading(cell.device_limit_seconds), f"to read them on {shown(bench.device.kind)}"))
    return found


def row_count(cell: Cell) -> str:
    """How many rows a cell has."""
    return f"{numbers.count(cell.rows)} rows"


def timed(taken: Timing) -> tuple[str, str]:
    """A median, and its interval."""
    between = numbers.seconds_between(taken.median, taken.low, taken.high)
    return numbers.seconds(taken.median, taken.low, taken.high), between


def _reading(taken: Timing | None) -> tuple[str, ...]:
    """The cells between the size and what is read: the limit is all of itself."""
    return ("", "", "", "", "", "") if taken is None else (*timed(taken), "", "", "100 %", "")
