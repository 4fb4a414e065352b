"""The sweep: backends over sizes, with a start-up of each, and the machine's limits beside them.

start up    for each backend and width, two processes for this alone: nothing compiled yet, and compiled code on disk
measure     several times over: one fresh process of each backend goes through all cells, in an order drawn anew
summarise   `summary`: medians, ratios, noise floor, scaling, crossovers

Each finished piece is appended to `measurements.jsonl`, so that a killed sweep loses nothing but the piece it was in.
"""

from __future__ import annotations

import contextlib
import math
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple, replace
from itertools import product
from pathlib import Path
from typing import cast

from handgrad.backends.catalogue import Entry, entry, usual
from handgrad.backends.interface import DType, InputError
from handgrad.compare.bench.cell import AGAIN, PASS, READERS, Rounds, measured
from handgrad.compare.bench.fleet import Fleet, Start
from handgrad.compare.bench.left_out import PASSES_AT_LEAST, ROUNDS_AT_LEAST, skips
from handgrad.compare.bench.problem import Size
from handgrad.compare.bench.records import (
    MACHINE_KEY,
    ContestantRecord,
    LeftOut,
    Measurements,
    NoLimits,
    StartUpRecord,
    cell_key,
    start_up_key,
)
from handgrad.compare.bench.start_up import start_up, start_up_size
from handgrad.compare.bench.summary import summary
from handgrad.compare.bench.tables import RandomTables, SweepTables
from handgrad.compare.device.found import FoundDevice, found_device
from handgrad.compare.results.bench import Bench, Settings
from handgrad.compare.results.timing import DeviceUse
from handgrad.compare.side_by_side.side_by_side import NothingRan
from handgrad.compare.timing import environment
from handgrad.compare.timing.clocks import DEVICE, MACHINE
from handgrad.compare.timing.journal import Journal, fingerprint
from handgrad.compare.timing.messages import FindLimits, LimitsFound
from handgrad.compare.timing.process import Worker, WorkerError, WorkerHandle
from handgrad.compare.timing.progress import Progress, silent

#: The reference, when it takes part; else the first backend.
REFERENCE = "numpy"

#: The machine's reading is measured up to so many times its largest cache; where that is not known, to so many bytes.
BEYOND_CACHE = 4
LARGEST_READ_BYTES = 2**27


def bench(
    settings: Settings,
    threads: int | None = None,
    folder: Path | None = None,
    resume: bool = False,
    progress: Progress = silent,
    timeout_seconds: float = 600.0,
    start: Start = Worker,
    given: Sequence[Entry] = (),
    tables: SweepTables | None = None,
) -> Bench:
    """Times the backends over all sizes.

    Args:
        settings: What to measure; no backends named: those that are compared by default.
        threads: What every backend is given; None: all cores.
        folder: Where `measurements.jsonl` grows; None keeps it in memory.
        resume: Whether to go on from what the folder holds.
        progress: Called before each piece of work.
        timeout_seconds: How long one answer of a backend may take.
        start: Starts a worker process.
        given: What is known of those backends of the settings that are not in the catalogue.
        tables: What is in the cells; None: random numbers.

    Raises:
        UnknownBackend: If a name is not in the catalogue.
        DataError: If a table that was given cannot be read.
        DeviceAbsent: If no backend sees the device that is asked for.
        InputError: If the sweep is empty.
        NothingRan: If no backend could be timed in any cell.
    """
    check_settings(settings)
    settings = replace(settings, backends=settings.backends or tuple(usual()))
    known = {one.name: one for one in given}
    entries = {name: known[name] if name in known else entry(name) for name in settings.backends}
    captured = environment.capture(threads or environment.available_cores())  # the load is that before the sweep
    device = found_device(
        settings.device,
        list(entries.values()),
        captured.threads,
        timeout_seconds,
        lambda one, threads, patience: start(known.get(one.name, one.name), threads, patience, None),
    )
    places = {name: place for name, one in entries.items() if (place := one.place(settings.device)) != "cpu"}
    fleet = Fleet(start, captured.threads, timeout_seconds, given=known, places=places)
    sweep = SweepRun(settings, entries, tables or RandomTables(), fleet, folder, resume, progress, device)
    sweep.look()
    sweep.start_ups()
    sweep.limits()
    for turn in range(settings.processes):
        sweep.measure(turn)
    if not sweep.timed():
        raise NothingRan("; ".join(sweep.reasons()) or "no backend could be timed")
    found = summary(
        settings, captured, sweep.reference, sweep.sizes, sweep.unavailable, sweep.measurements, sweep.readers, places
    )
    return replace(found, device=None if device is None else DeviceUse(device.kind, device.name))


def check_settings(settings: Settings) -> None:
    """Refuses a sweep of nothing.

    Raises:
        InputError: If a list is empty or a number out of range.
    """
    sizes = (*settings.rows, *settings.numbers)
    for what, values in (("rows", sizes), ("features", settings.features)):
        if not values or min(values) < 1:
            raise InputError(f"{what}: expected one or more whole numbers from 1 on, got {list(values)}")
    if settings.processes < 1:
        raise InputError(f"processes: expected 1 or more, got {settings.processes}")
    if not settings.precision > 0 or not settings.budget_seconds >= 0:
        raise InputError(
            f"precision and budget: expected positive numbers, got {settings.precision} and {settings.budget_seconds}"
        )


class SweepRun:
    """The state of a sweep: its cells, its journal, its processes, and what is known of each backend so far.

    Raises:
        NothingRan: If no backend can run here.
    """

    def __init__(
        self,
        settings: Settings,
        entries: Mapping[str, Entry],
        tables: SweepTables,
        fleet: Fleet,
        folder: Path | None,
        resume: bool,
        progress: Progress,
        device: FoundDevice | None = None,
    ) -> None:
        self.settings, self.tables, self.fleet, self.progress = settings, tables, fleet, progress
        self.unavailable = {name: why for name, one in entries.items() if (why := one.reason()) is not None}
        absent = {} if device is None else {name: device.reason(name) for name in fleet.places}
        self.unavailable |= {name: why for name, why in absent.items() if why is not None}
        self.away = {name: why for name, why in tables.left_out(entries).items() if name not in self.unavailable}
        self.readers = {name for name, one in entries.items() if one.reads_all_rows}
        self.running = [name for name in settings.backends if name not in {*self.unavailable, *self.away}]
        self.passing = [name for name in tables.passing(entries) if name in self.running]
        if not self.running:
            raise NothingRan("; ".join(f"{name}: {why}" for name, why in (self.unavailable | self.away).items()))
        self.reference = REFERENCE if REFERENCE in self.running else self.running[0]
        self.widths = [
            Size(features, cast(DType, dtype), 0) for features, dtype in product(settings.features, settings.dtypes)
        ]
        self.sizes = [replace(width, rows=rows) for width in self.widths for rows in settings.rows_of(width.features)]
        codes = [one.code.digest for one in entries.values() if one.code is not None]
        codes += [digest for digest in [tables.digest()] if digest]
        print_of = fingerprint(astuple(settings), fleet.threads, sorted(environment.versions().items()), *codes)
        self.measurements = Measurements(Journal(folder, print_of, resume))
        self.done = 0

    def tell(self, what: str) -> None:
        """Says what is done next."""
        pieces = len(self.widths) * len(self.running) + 1 + len(self.sizes) * self.settings.processes
        self.progress(what, self.done, pieces)
        self.done += 1

    def keep(self, key: str, measured: object) -> None:
        """Keeps a finished piece."""
        self.measurements.journal.append(key, measured)

    # -- before the cells ----------------------------------------------------------------------------------------------

    def look(self) -> None:
        """A look at the tables whose cells are not all measured."""
        for size in self.sizes:
            if None in [self.measurements.turn(size, turn) for turn in range(self.settings.processes)]:
                self.tables.check(size)

    def start_ups(self) -> None:
        """Import, first call and a steady epoch of each backend, for each width and dtype."""
        for width, name in product(self.widths, self.running):
            size = start_up_size(self.settings, width)
            self.tell(f"start of {name}, {size}")
            if self.measurements.start_up(name, size.features, size.dtype) is None:
                found = start_up(name, size, self.tables, self.settings.seed, self.fleet)
                self.keep(start_up_key(name, size.features, size.dtype), found)

    def limits(self) -> None:
        """The machine's limits, with the threads of the sweep; nothing of them is held against the reading of files."""
        self.tell("the machine's limits")
        if self.settings.streamed:
            return
        if self.measurements.limits() is None:
            with self.fleet.alone(MACHINE) as worker:
                self.keep(MACHINE_KEY, found_limits(worker))

    # -- cells ---------------------------------------------------------------------------------------------------------

    def measure(self, turn: int) -> None:
        """All cells, in an order of this turn's own, in one process of each contestant."""
        order = random.Random(f"{self.settings.seed} {turn}")
        with contextlib.closing(self.fleet):
            for size in order.sample(self.sizes, len(self.sizes)):
                self.tell(f"{size}, process {turn + 1} of {self.settings.processes}")
                if self.measurements.turn(size, turn) is None:
                    before = environment.processor_seconds()
                    found = self.cell(size, order)
                    if MACHINE in found:
                        found[MACHINE].stolen = stolen_share(before, environment.processor_seconds())
                    self.keep(cell_key(size, turn), found)

    def cell(self, size: Size, order: random.Random) -> dict[str, ContestantRecord]:
        """One cell in the processes of this turn."""
        skipped = skips(self.running, size, self.started(size), self.reference, self.settings)
        left = skipped | self.away
        found = {name: ContestantRecord.left_out(LeftOut("skipped", why)) for name, why in left.items()}
        takes_part = [name for name in self.running if name not in skipped]
        workers, dead = self.workers(order.sample(takes_part, len(takes_part)))
        found |= dead
        if workers:
            rounds = self.rounds(len(workers), order)
            made, passing = self.tables.cell(size), [name for name in self.passing if name in workers]
            found = measured(size, made, workers, self.reference, rounds, self.known_epochs(size), passing) | found
        for name, record in found.items():
            if record.reason is not None:  # it is dead, or it would keep an earlier cell's data in the memory
                self.fleet.drop(name)
        return found

    def started(self, size: Size) -> dict[str, StartUpRecord]:
        """The start-ups at a cell's width and dtype, where there are any."""
        found = {name: self.measurements.started(name, size.features, size.dtype) for name in self.running}
        return {name: record for name, record in found.items() if record is not None}

    def workers(self, names: list[str]) -> tuple[dict[str, WorkerHandle], dict[str, ContestantRecord]]:
        """A living process of each contestant: those named, the reference once more, the machine; and who has none."""
        contestants = {name: name for name in names}
        if self.reference in contestants:
            contestants |= {AGAIN: self.reference, MACHINE: MACHINE}
        living: dict[str, WorkerHandle] = {}
        dead: dict[str, ContestantRecord] = {}
        for name, backend in contestants.items():
            try:
                living[name] = self.fleet.get(name, backend)
            except WorkerError as error:
                dead[name] = ContestantRecord.left_out(LeftOut.of(error))
        there = next((living[name] for name in names if name in living and name in self.fleet.places), None)
        return living if there is None else living | {DEVICE: there}, dead

    def rounds(self, contestants: int, order: random.Random) -> Rounds:
        """The share of one turn in what all of them together are to cost and to reach."""
        settings = self.settings
        return Rounds(
            budget_seconds=settings.budget_seconds * contestants / settings.processes,
            precision=settings.precision * math.sqrt(settings.processes),
            at_least=math.ceil((PASSES_AT_LEAST if settings.streamed else ROUNDS_AT_LEAST) / settings.processes),
            seed=order.randrange(2**32),
        )

    def known_epochs(self, size: Size) -> dict[str, int]:
        """Epochs per sample that an earlier turn found, so that its answers can be compared with this one's."""
        earlier = self.measurements.turn(size, 0) or {}
        if self.settings.streamed and not earlier:  # an epoch is long, and a sample
            passes = [*(name for name in self.running if name in self.readers), *(n + PASS for n in self.passing)]
            return dict.fromkeys([*passes, AGAIN, MACHINE], 1)
        return {name: record.epochs for name, record in earlier.items() if record.epochs is not None}

    # -- what came of it -----------------------------------------------------------------------------------------------

    def timed(self) -> bool:
        """Whether any backend has samples in any cell."""
        return any(record.samples for record in self.records())

    def reasons(self) -> Iterator[str]:
        """Why backends have no samples."""
        yield from self.unavailable.values()
        yield from sorted({record.reason for record in self.records() if record.reason is not None})

    def records(self) -> Iterator[ContestantRecord]:
        """Those of all backends in all cells and turns."""
        for size in self.sizes:
            for turn in self.measurements.turns(size, self.settings.processes):
                yield from (record for name, record in turn.items() if name not in (AGAIN, *READERS))


def found_limits(worker: WorkerHandle) -> LimitsFound | NoLimits:
    """The machine's limits, or why they could not be measured."""
    try:
        return worker.ask(FindLimits(largest_read_bytes()))
    except WorkerError as error:
        return NoLimits(str(error))


def largest_read_bytes() -> int:
    """A working set that no cache holds."""
    return BEYOND_CACHE * max(environment.cache_bytes().values(), default=LARGEST_READ_BYTES // BEYOND_CACHE)


def stolen_share(before: tuple[float, float] | None, after: tuple[float, float] | None) -> float | None:
    """Of the processors' time between two counts, what the host of a virtual machine gave to others."""
    if before is None or after is None or after[1] <= before[1]:
        return None
    return (after[0] - before[0]) / (after[1] - before[1])
