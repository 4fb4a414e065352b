"""Makes the results of a sweep from its measurements: cell by cell, then over the sizes.

Everything here follows from what the journal holds; no clock is read and no process started.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Literal

from handgrad.compare.bench.agreement import beyond
from handgrad.compare.bench.cell import AGAIN, PASS, READERS
from handgrad.compare.bench.doubts import unread, warnings
from handgrad.compare.bench.over_sizes import crossovers, device_pays, fastest, fastest_ranges, scaling
from handgrad.compare.bench.problem import Size
from handgrad.compare.bench.records import ContestantRecord, Measurements, Ratio, Turn
from handgrad.compare.bench.totals import StartUps, start_ups, with_totals
from handgrad.compare.results.bench import Bench, Cell, Level, Machine, Measured, Settings
from handgrad.compare.results.environment import Environment
from handgrad.compare.results.timing import Timing
from handgrad.compare.strain.disturbance import together
from handgrad.compare.timing import statistics
from handgrad.compare.timing.clocks import DEVICE, MACHINE
from handgrad.compare.timing.messages import LimitsFound


def summary(
    settings: Settings,
    environment: Environment,
    reference: str,
    sizes: Sequence[Size],
    unavailable: Mapping[str, str],
    measurements: Measurements,
    readers: Collection[str],
    places: Mapping[str, str] | None = None,
) -> Bench:
    """The finished sweep.

    Args:
        settings: What was asked for.
        environment: Where it ran.
        reference: The backend of the ratios.
        sizes: All cells.
        unavailable: Backends that cannot run, with the reason.
        measurements: What the journal holds.
        readers: The backends whose epoch goes through all rows.
        places: Where a backend computes that is on a device.
    """
    places = places or {}
    starts, limits = start_ups(settings, measurements), measurements.limits()
    turns = {size: measurements.turns(size, settings.processes) for size in sizes}
    cells = tuple(cell(size, settings, reference, unavailable, starts, turns[size], readers, places) for size in sizes)
    return Bench(
        environment=environment,
        settings=settings,
        reference=reference,
        machine=machine(environment.threads, limits) if isinstance(limits, LimitsFound) else None,
        start_ups=starts,
        cells=cells,
        scaling=tuple(scaling(cells)),
        crossovers=tuple(crossovers(cells)),
        reigns=tuple(one for of in ("epoch", "rows", "run") for one in fastest_ranges(cells, of, settings.epochs)),
        warnings=(*warnings(cells, limits), *unread(turns)),
        device_pays=tuple(device_pays(cells, settings.epochs)),
    )


def machine(threads: int, limits: LimitsFound) -> Machine:
    """The machine's limits as a result."""
    levels = tuple(Level(level.bytes, level.bytes_per_second) for level in limits.levels)
    return Machine(threads, levels, limits.operations_per_second)


# -- one cell ----------------------------------------------------------------------------------------------------------


def cell(
    size: Size,
    settings: Settings,
    reference: str,
    unavailable: Mapping[str, str],
    starts: StartUps,
    turns: Sequence[Turn],
    readers: Collection[str],
    places: Mapping[str, str] | None = None,
) -> Cell:
    """One cell, with every backend that was asked for.

    Args:
        size: Its place.
        settings: What was asked for.
        reference: The backend of the ratios.
        unavailable: Backends that cannot run, with the reason.
        starts: The start-ups of each backend, for the totals.
        turns: What was measured, turn by turn.
        readers: The backends whose epoch goes through all rows.
        places: Where a backend computes that is on a device.
    """
    passes = [name + PASS for name in settings.backends]
    timings = timings_of((*settings.backends, *passes, AGAIN, *READERS), turns)
    again = statistics.paired_ratio(timings[AGAIN], timings[reference]) if {AGAIN, reference} <= set(timings) else None
    floor = statistics.noise_floor(again)
    backends = {
        name: Measured("unavailable", unavailable[name])
        if name in unavailable
        else measured(
            name,
            size.bytes * (name in readers),
            timings,
            reference,
            floor,
            [turn[one] for turn in turns for one in (name, name + PASS) if one in turn],
            (places or {}).get(name),
        )
        for name in settings.backends
    }
    backends = with_totals(backends, starts, size, settings.epochs)
    return Cell(
        rows=size.rows,
        features=size.features,
        dtype=size.dtype,
        bytes=size.bytes,
        backends=backends,
        limit_seconds=timings.get(MACHINE),
        again=again,
        noise_floor=floor,
        fastest=fastest(backends, floor),
        stolen=largest(turn[MACHINE].stolen for turn in turns if MACHINE in turn),
        device_limit_seconds=timings.get(DEVICE),
    )


def timings_of(names: Iterable[str], turns: Sequence[Turn]) -> dict[str, Timing]:
    """The samples of all turns together, of each contestant that has any."""
    found = {name: timing([turn.get(name, ContestantRecord()) for turn in turns]) for name in names}
    return {name: timed for name, timed in found.items() if timed is not None}


def timing(records: Sequence[ContestantRecord]) -> Timing | None:
    """The samples of all turns together; None without any."""
    if not any(record.samples for record in records):
        return None
    changes = [record.largest_change for record in records]
    return statistics.timing(
        [record.samples for record in records],
        epochs_per_sample=max(record.epochs or 1 for record in records),
        changed_answers=sum(record.changed_answers for record in records),
        largest_change=None if None in changes else largest(changes),
        disturbance=together([record.disturbance for record in records]),
    )


def measured(
    name: str,
    bytes_per_epoch: int,
    timings: Mapping[str, Timing],
    reference: str,
    floor: float,
    records: Sequence[ContestantRecord],
    device: str | None = None,
) -> Measured:
    """One backend in one cell.

    Args:
        name: Its name.
        bytes_per_epoch: Those of X and y; 0 for one that does not go through them.
        timings: Of all contestants.
        reference: The backend of the ratios.
        floor: The noise floor: what is closer is not told apart.
        records: What was measured, turn by turn, its pass over the rows with it where that was timed apart.
        device: Where it computed; None: on the processor.
    """
    status, reason = outcome(records)
    timed, base = timings.get(name), timings.get(reference)
    limit = timings.get(MACHINE if device is None else DEVICE)
    passed = timings.get(name + PASS)
    if timed is None:
        return Measured("failed" if status == "ok" else status, reason or "it gave no samples")
    relative = statistics.paired_ratio(timed, base) if base and timed is not base else None
    return Measured(
        status=status,
        reason=reason,
        epoch_seconds=timed,
        relative=relative,
        told_apart=statistics.told_apart(relative, floor) if relative else None,
        limit_fraction=statistics.paired_ratio(limit, timed) if limit and not passed else None,
        bytes_per_epoch=bytes_per_epoch,
        own_bytes=max((record.own_bytes for record in records if record.own_bytes is not None), default=None),
        gradient_ratio=largest(record.gradient_ratio for record in records),
        parameters_ratio=largest(record.parameters_ratio for record in records),
        timed_ratio=largest(record.timed_ratio for record in records),
        bind_seconds=least(record.bind_seconds for record in records),
        pass_seconds=passed,
        pass_fraction=statistics.paired_ratio(limit, passed) if limit and passed else None,
        device=device,
        transfer_seconds=least(record.transfer_seconds for record in records),
        elsewhere_memory_bytes=max((record.elsewhere_bytes for record in records), key=sum, default=()),
    )


def least(seconds: Iterable[float | None]) -> float | None:
    """The least of the turns; None where none has one."""
    return min((one for one in seconds if one is not None), default=None)


def largest(ratios: Iterable[Ratio]) -> float | None:
    """The largest of the turns; None where none has one."""
    return max((ratio for ratio in ratios if isinstance(ratio, float)), default=None)


# -- whether it is right -----------------------------------------------------------------------------------------------


def outcome(
    records: Sequence[ContestantRecord],
) -> tuple[Literal["ok", "failed", "timeout", "skipped"], str | None]:
    """How a backend's turns ended: the first that did not come to its end, or the first that is wrong, with why."""
    for record in records:
        if record.status is not None:
            return record.status, record.reason
    reason = next((why for record in records if (why := wrong(record)) is not None), None)
    return ("ok", None) if reason is None else ("failed", reason)


def wrong(record: ContestantRecord) -> str | None:
    """Why what was timed is not right; None: it differs by no more than rounding explains."""
    return (
        beyond(record.gradient_ratio, "gradient", "is", "differs from the reference's")
        or beyond(record.parameters_ratio, "parameters", "are", "differ from the reference's")
        or beyond(record.timed_ratio, "parameters after a timed run", "are", "differ from the true ones")
    )
