"""A sweep in sentences: the same in a terminal, in a pipe and on a page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import PurePath

from handgrad.compare.results.bench import Bench, BenchTable, Cell, DevicePaysFrom, FastestOf, FastestRange
from handgrad.compare.results.timing import Estimate
from handgrad.reports.bench.tables import cells_of, rounded, width_name
from handgrad.reports.look import numbers
from handgrad.reports.look.disturbed import disturbed, is_disturbed
from handgrad.reports.look.names import shown
from handgrad.reports.look.words import listed, plural

#: The share of the processors' time from which on it is told beside an answer that the host took it.
TOLD_STOLEN = 0.01

#: What the answer is called for those that would do for mini-batches and other losses, too.
THROUGH_ROWS = "Fastest of those that read every row in every epoch"

#: What the answer is called on a device.
ON_DEVICE = "From when on the device pays, with start and transfer, against those on the CPU that read every row"


def heading(bench: Bench) -> str:
    """What was swept."""
    rows = sorted({cell.rows for cell in bench.cells})
    span = numbers.count(rows[0]) if len(rows) == 1 else f"{numbers.count(rows[0])} to {numbers.count(rows[-1])}"
    backends = plural(len(bench.settings.backends), "backend")
    threads = plural(bench.environment.threads, "thread")
    if (table := bench.settings.table) is not None:
        size = f"{span} rows of {plural(len(table.features), 'feature')}"
        return f"Speed of {backends} on {table_name(table)}, {size}, with {threads} each"
    return f"Speed of {backends} over {span} rows, with {threads} each"


def table_name(table: BenchTable) -> str:
    """What a table is called: the last part of its path."""
    return shown(PurePath(table.source).name or table.source, 40)


def brand(bench: Bench) -> str:
    """What was timed, in a few words."""
    return "speed over sizes" if bench.settings.table is None else "speed on a table"


def of_table(bench: Bench) -> list[str]:
    """How the table that was given was read, and what must be said of it; nothing where none was."""
    table = bench.settings.table
    if table is None:
        return []
    if not table.streamed:
        return ["In memory, its features and its target centred and scaled.", *(shown(one, 400) for one in table.notes)]
    timed = [(name, found) for cell in bench.cells for name, found in cell.backends.items()]
    once = dict.fromkeys(shown(name) for name, found in timed if found.pass_seconds)
    held = dict.fromkeys(
        shown(name) for name, found in timed if found.elsewhere_memory_bytes and not found.pass_seconds
    )
    within = "" if table.memory_bytes is None else f" of {numbers.size(table.memory_bytes)}"
    but = [f"{listed([*once])} once before the first"] if once else []
    but += [f"{listed([*held])} once, as workers hold them"] if held else []
    only = f" ({'; '.join(but)})" if but else ""
    read = f"Larger than --memory{within}: each epoch reads its columns anew, as they stand there{only}."
    return [read, *(shown(one, 400) for one in table.notes)]


def method(bench: Bench) -> str:
    """How it was measured."""
    count = bench.settings.processes
    return (
        f"Full-batch epochs; {count} fresh process{'es' if count > 1 else ''} of each backend, in "
        "rounds of random order; medians with 95 % bootstrap intervals over processes and samples."
    )


def answers(bench: Bench, of: FastestOf) -> list[str]:
    """For each width: who is the fastest from which size on, with the noise beside it."""
    ranges = [one for one in bench.reigns if one.of == of]
    found = []
    for width in dict.fromkeys((one.features, one.dtype) for one in ranges):
        mine = [one for one in ranges if (one.features, one.dtype) == width]
        found.append(f"{width_name(*width)}: {'; '.join(_ranges(bench, mine))}{_doubts(bench, *width)}")
    return found


def device(bench: Bench) -> list[str]:
    """From how many rows, and from how many epochs at the largest size, each backend on a device pays."""
    return [_pays_from(bench, one) for one in bench.device_pays]


def _pays_from(bench: Bench, one: DevicePaysFrom) -> str:
    who = f"{width_name(one.features, one.dtype)}: {shown(one.backend)}{_moved(bench, one)}"
    run = f"a run of {plural(bench.settings.epochs, 'epoch')} is"
    rival = f"the shortest on the CPU, {shown(one.over)}'s"
    if one.rows is None:
        told = f"{run} at no size shorter beyond doubt than {rival}"
    elif one.rows.low == one.rows.high:
        told = f"{run} shorter than {rival}, from {plural(int(one.rows.low), 'row')} on, the smallest size"
    else:
        between = f"between {numbers.count(int(one.rows.low))} and {numbers.count(int(one.rows.high))}"
        told = f"{run} shorter than {rival}, from about {rounded(one.rows.value)} rows on ({between})"
    at = one.at_largest
    where = f"at {plural(one.largest, 'row')}"
    if at.epochs is None:
        return f"{who}: {told}; {where} its epoch is not seen to be shorter than {shown(at.over)}'s"
    reach = "" if at.low == at.high else f" (between {numbers.about(at.low or 1)} and {numbers.about(at.high or 1)})"
    epochs = numbers.about(at.epochs)
    return f"{who}: {told}; {where} it is ahead of {shown(at.over)} from about {epochs} epochs on{reach}"


def _moved(bench: Bench, one: DevicePaysFrom) -> str:
    """How long the transfer takes at the largest size, in brackets."""
    cell = next(cell for cell in cells_of(bench, one.features, one.dtype) if cell.rows == one.largest)
    seconds = cell.backends[one.backend].transfer_seconds
    return "" if seconds is None else f" (transfer of {numbers.size(cell.bytes)}: {numbers.seconds(seconds)})"


def _ranges(bench: Bench, ranges: Sequence[FastestRange]) -> Iterator[str]:
    """One part of a sentence for each."""
    for place, one in enumerate(ranges):
        where = _where(bench, ranges, place)
        together = listed([shown(name) for name in (one.fastest, *one.tied)])
        yield f"{together}, not told apart, {where}" if one.tied else f"{together} {where}"


def _doubts(bench: Bench, features: int, dtype: str) -> str:
    """What a reader must hold against the answer of a width, in brackets; empty where nothing was measured of it."""
    cells = cells_of(bench, features, dtype)
    told = [*_copies(bench, cells), *_stolen(cells), *_disturbed(cells)]
    return f" ({'; '.join(told)})" if told else ""


def _copies(bench: Bench, cells: Sequence[Cell]) -> Iterator[str]:
    """How far the two copies of the reference were apart."""
    apart = max((_apart(cell.again) for cell in cells if cell.again is not None), default=None)
    if apart is not None:
        yield f"noise: two copies of {shown(bench.reference)} differed by up to {numbers.percent(apart)}"


def _stolen(cells: Sequence[Cell]) -> Iterator[str]:
    """What the host of a virtual machine took."""
    stolen = max((cell.stolen for cell in cells if cell.stolen is not None), default=0.0)
    if stolen >= TOLD_STOLEN:
        yield f"the host took up to {numbers.percent(stolen)} of the processors' time"


def _disturbed(cells: Sequence[Cell]) -> Iterator[str]:
    """Whose times are upper bounds."""
    struck = dict.fromkeys(n for cell in cells for n, m in cell.backends.items() if is_disturbed(m.epoch_seconds))
    if struck:
        yield f"disturbed, so that times are upper bounds: {listed([shown(name) for name in struck])}"


def disturbance(bench: Bench) -> str | None:
    """Which times of the sweep were disturbed, and by what; None where none was."""
    return disturbed(
        {
            f"{name}{what} at {plural(cell.rows, 'row')} × {cell.features}": timed
            for cell in bench.cells
            for name, found in cell.backends.items()
            for what, timed in (("", found.epoch_seconds), (" (pass)", found.pass_seconds))
            if timed is not None
        }
    )


def _apart(again: Estimate) -> float:
    """How far two copies of one program were apart, as a fraction."""
    return max(again.value, 1 / again.value) - 1


def _where(bench: Bench, ranges: Sequence[FastestRange], place: int) -> str:
    """From which size to which a backend is ahead."""
    one = ranges[place]
    if len(ranges) == 1:
        return "at every size" if one.first < one.last else f"at {numbers.count(one.first)} rows"
    if place == 0:
        return f"up to {plural(one.last, 'row')}"
    exact = _crossing(bench, ranges[place - 1], one) if one.of != "run" else ""
    if place < len(ranges) - 1 and one.first == one.last:
        return f"at {plural(one.first, 'row')}{exact}"
    end = "on" if place == len(ranges) - 1 else f"to {numbers.count(one.last)}"
    return f"from {plural(one.first, 'row')} {end}{exact}"


def _crossing(bench: Bench, before: FastestRange, after: FastestRange) -> str:
    """Where the later one overtook, between the two sizes."""
    for one in bench.crossovers:
        same = (one.features, one.dtype, one.slower, one.faster)
        inside = before.last <= one.rows.value <= after.first
        if inside and same == (after.features, after.dtype, before.fastest, after.fastest):
            rows = one.rows
            return f" (ahead from about {rounded(rows.value)}; {rounded(rows.low)} to {rounded(rows.high)})"
    return ""


def noise(bench: Bench) -> list[str]:
    """What a reader must know before believing the times."""
    told = (copies(bench), disturbance(bench))
    return [*(line for line in told if line is not None), *(shown(line, 400) for line in bench.warnings)]


def copies(bench: Bench) -> str | None:
    """What two copies of one program looked like."""
    apart = sorted(_apart(cell.again) for cell in bench.cells if cell.again is not None)
    if not apart:
        return None
    middle = f" ({numbers.percent(apart[len(apart) // 2])} in the middle cell)" if len(apart) > 2 else ""
    return (
        f"Noise: {shown(bench.reference)} against itself differed by up to {numbers.percent(apart[-1])}{middle}; a "
        "backend is told apart where the whole interval of its ratio is farther from 1 than its cell's figure, and "
        "than 1 %."
    )


def left_out(bench: Bench) -> list[str]:
    """Backends that were not timed somewhere, with the reason; like ones are put together."""
    found: dict[str, list[str]] = {}
    for cell in bench.cells:
        for name, measured in cell.backends.items():
            if measured.status != "ok":
                key = f"{shown(name)} {measured.status}"
                where = f"{numbers.count(cell.rows)} × {cell.features} {cell.dtype}"
                found.setdefault(f"{key}: {shown(measured.reason or '', 300)}", []).append(where)
    return [f"{why} [{', '.join(where)}]" if len(where) < len(bench.cells) else why for why, where in found.items()]
