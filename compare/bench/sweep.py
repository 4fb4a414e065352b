"""The sweep: backends over sizes, with a start-up of each, and the machine's limits beside them.

start up    for each backend and width, two processes for this alone: nothing compiled yet, and compiled code on disk
measure     several times over: one fresh process of each backend goes through all cells, in an order drawn anew
summarise   `bench_summary`: medians, ratios, noise floor, scaling, crossovers

Each finished piece is appended to `measurements.jsonl`, so that a killed sweep loses nothing but the piece it was in.
"""

from __future__ import annotations

import contextlib
import math
import random
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, field, replace
from itertools import product
from pathlib import Path
from typing import Any, cast

from handgrad.backends.catalogue import entry
from handgrad.backends.interface import DType, InputError
from handgrad.compare.bench.cell import (
    AGAIN,
    EPOCHS_BESIDES,
    Size,
    measured,
    problem,
    steady_seconds,
)
from handgrad.compare.bench.summary import cell_key, start_up_key, summary
from handgrad.compare.results.bench import Bench, Settings
from handgrad.compare.side_by_side.runs import Progress
from handgrad.compare.side_by_side.side_by_side import NothingRan, defaults
from handgrad.compare.timing import environment
from handgrad.compare.timing.clocks import MACHINE, Asked, plan_fields
from handgrad.compare.timing.journal import Journal, fingerprint
from handgrad.compare.timing.process import Worker, WorkerError

#: The reference, when it takes part; else the first backend.
REFERENCE = "numpy"

#: Start-up is measured at so many numbers in X, or at the largest size when that is smaller.
START_UP_NUMBERS = 10**6

#: So few rows take no time to move: what a process needs for its first ones is that of libraries that load late.
TINY_ROWS = 16

#: A backend may overrun its budget so many times to get its least number of rounds; beyond, it is left out.
PATIENCE = 20

#: All processes have at least so many rounds together.
ROUNDS_AT_LEAST = 12

#: The machine's reading is measured up to so many times its largest cache; where that is not known, to so many bytes.
BEYOND_CACHE = 4
LARGEST_READ_BYTES = 2**27

#: Of the memory that is free, the share that a cell may take.
MEMORY_SHARE = 0.8

#: A worker's copy of X and y while it loads them, and the backend's own form, if start-up did not tell.
COPIES = 3

Start = Callable[[str, int, float, Mapping[str, str] | None], Asked]


@dataclass
class Fleet:
    """One process of each contestant, started when it is first asked for, and anew when it has died."""

    start: Start
    threads: int
    timeout_seconds: float
    workers: dict[str, Asked] = field(default_factory=dict)

    def get(self, name: str, backend: str) -> Asked:
        """The process of that contestant.

        Raises:
            WorkerError: When it cannot load its library.
        """
        if name not in self.workers:
            worker = self.start(backend, self.threads, self.timeout_seconds, None)
            self.workers[name] = worker
            if name != MACHINE:
                worker.ask("load")
            worker.rest()
        return self.workers[name]

    def drop(self, name: str) -> None:
        """Ends a process that failed."""
        if name in self.workers:
            self.workers.pop(name).close()

    def close(self) -> None:
        """Ends all processes."""
        for name in list(self.workers):
            self.drop(name)


def bench(
    settings: Settings,
    threads: int | None = None,
    folder: Path | None = None,
    resume: bool = False,
    progress: Progress = lambda what, done, of: None,
    timeout_seconds: float = 600.0,
    start: Start = Worker,
) -> Bench:
    """Measures the sweep; see the module.

    Args:
        settings: What to measure; no `backends` takes those that are compared by default.
        threads: How many each may use; None takes all cores of this machine.
        folder: Where `measurements.jsonl` grows; None keeps it in memory.
        resume: Whether to go on from what the folder holds.
        progress: Called before each piece of work.
        timeout_seconds: How long one answer of a backend may take.
        start: Starts a worker process.

    Raises:
        UnknownBackend: If a name is not in the catalogue.
        InputError: If the sweep is empty.
        NothingRan: If no backend could be timed in any cell.
    """
    check_settings(settings)
    settings = replace(settings, backends=settings.backends or tuple(defaults()))
    captured = environment.capture(threads or environment.available_cores())  # the load is that before the sweep
    sweep = Sweep(settings, captured.threads, folder, resume, progress, timeout_seconds, start)
    sweep.start_ups()
    sweep.limits()
    for turn in range(settings.processes):
        sweep.measure(turn)
    if not sweep.timed():
        raise NothingRan("; ".join(sweep.reasons()) or "no backend could be timed")
    return summary(settings, captured, sweep.reference, sweep.sizes, sweep.unavailable, sweep.journal.found)


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


class Sweep:
    """The state of a sweep: its cells, its journal, and what is known of each backend so far."""

    def __init__(
        self,
        settings: Settings,
        threads: int,
        folder: Path | None,
        resume: bool,
        progress: Progress,
        timeout_seconds: float,
        start: Start,
    ) -> None:
        self.settings, self.threads = settings, threads
        self.progress, self.timeout_seconds, self.start = progress, timeout_seconds, start
        self.unavailable = {name: why for name in settings.backends if (why := entry(name).reason()) is not None}
        self.running = [name for name in settings.backends if name not in self.unavailable]
        if not self.running:
            raise NothingRan("; ".join(self.unavailable.values()))
        self.reference = REFERENCE if REFERENCE in self.running else self.running[0]
        self.sizes = [
            Size(features, cast(DType, dtype), rows)
            for features, dtype in product(settings.features, settings.dtypes)
            for rows in settings.rows_of(features)
        ]
        print_of = fingerprint(astuple(settings), threads, sorted(environment.versions().items()))
        self.journal = Journal(folder, print_of, resume)
        self.done = 0

    def tell(self, what: str) -> None:
        """Says what is done next."""
        pieces = len(self.settings.features) * len(self.settings.dtypes) * len(self.running)
        self.progress(what, self.done, pieces + 1 + len(self.sizes) * self.settings.processes)
        self.done += 1

    # -- start-up ------------------------------------------------------------------------------------------------------

    def start_ups(self) -> None:
        """Import, first call and a steady epoch of each backend, for each width and dtype."""
        for features, dtype in product(self.settings.features, self.settings.dtypes):
            size = self.start_up_size(features, cast(DType, dtype))
            for name in self.running:
                self.tell(f"start of {name}, {size}")
                if self.journal.get(start_up_key(name, size.features, size.dtype)) is None:
                    answer = self.start_up(name, size)
                    self.journal.append(start_up_key(name, size.features, size.dtype), answer)

    def start_up_size(self, features: int, dtype: DType) -> Size:
        """The largest size of that width up to `START_UP_NUMBERS`."""
        sizes = self.settings.rows_of(features)
        rows = max(sizes[0], min(sizes[-1], START_UP_NUMBERS // features))
        return Size(features, dtype, rows)

    def start_up(self, name: str, size: Size) -> dict[str, Any]:
        """Two processes that share a cache of compiled code, empty for the first."""
        free = free_bytes()
        if free is not None and COPIES * size.bytes > MEMORY_SHARE * free:
            needed, there = COPIES * size.bytes / 2**30, free / 2**30
            reason = f"a table of {size} would take about {needed:.2g} GiB in a process, and {there:.2g} GiB are free"
            return {"status": "skipped", "reason": reason}
        made, tiny = problem(size, self.settings.seed), problem(replace(size, rows=TINY_ROWS), self.settings.seed)
        fields = plan_fields(made.plan)
        with made.file() as data, tiny.file() as small_data, cache_folder() as variables:
            try:
                with self.alone(name, variables) as worker:
                    worker.ask("load")
                    worker.ask("bind", data=data, dtype=size.dtype)
                    cold = worker.ask("first_call", plan=fields)["first_call_seconds"]
                with self.alone(name, variables) as worker:
                    imported = worker.ask("load")["import_seconds"]
                    set_up = worker.ask("bind", data=small_data, dtype=size.dtype)["bind_seconds"]
                    moved = worker.ask("bind", data=data, dtype=size.dtype)["bind_seconds"]
                    cached = worker.ask("first_call", plan=fields)["first_call_seconds"]
                    epoch, memory = steady_seconds(worker, made.plan), worker.ask("memory")
            except WorkerError as error:
                return {"status": error.status, "reason": str(error)}
        return {
            "rows": size.rows,
            "import_seconds": imported,
            "set_up_seconds": set_up,
            "bind_seconds": moved,
            "first_call_cold_seconds": cold,
            "first_call_cached_seconds": cached,
            "epoch_seconds": epoch,
            "own_bytes": memory["own_bytes"],
        }

    @contextlib.contextmanager
    def alone(self, name: str, variables: Mapping[str, str]) -> Iterator[Asked]:
        """A process of its own."""
        worker = self.start(name, self.threads, self.timeout_seconds, variables)
        try:
            yield worker
        finally:
            worker.close()

    # -- cells ---------------------------------------------------------------------------------------------------------

    def limits(self) -> None:
        """The machine's limits, with the threads of the sweep."""
        self.tell("the machine's limits")
        if self.journal.get("machine") is None:
            with self.alone(MACHINE, {}) as worker:
                try:
                    answer = worker.ask("limits", largest_bytes=largest_read_bytes())
                except WorkerError as error:
                    answer = {"reason": str(error)}
            self.journal.append("machine", answer)

    def measure(self, turn: int) -> None:
        """All cells, in an order of this turn's own, in one process of each contestant."""
        order = random.Random(f"{self.settings.seed} {turn}")
        fleet = Fleet(self.start, self.threads, self.timeout_seconds)
        with contextlib.closing(fleet):
            for size in order.sample(self.sizes, len(self.sizes)):
                self.tell(f"{size}, process {turn + 1} of {self.settings.processes}")
                if self.journal.get(cell_key(size, turn)) is None:
                    before = environment.processor_ticks()
                    found = self.cell(size, turn, fleet, order)
                    if MACHINE in found:
                        found[MACHINE]["stolen"] = stolen_share(before, environment.processor_ticks())
                    self.journal.append(cell_key(size, turn), found)

    def cell(self, size: Size, turn: int, fleet: Fleet, order: random.Random) -> dict[str, Any]:
        """One cell in the processes of this turn."""
        skipped = self.skips(size)
        left = {name: {"status": "skipped", "reason": why} for name, why in skipped.items()}
        takes_part = [name for name in self.running if name not in skipped]
        contestants = {name: name for name in order.sample(takes_part, len(takes_part))}
        if self.reference in contestants:
            contestants |= {AGAIN: self.reference, MACHINE: MACHINE}
        workers = {}
        for name, backend in contestants.items():
            try:
                workers[name] = fleet.get(name, backend)
            except WorkerError as error:
                left[name] = {"status": error.status, "reason": str(error)}
        if not workers:
            return left
        settings = self.settings
        found = measured(
            size,
            workers,
            self.reference,
            settings.budget_seconds * len(workers) / settings.processes,
            settings.precision * math.sqrt(settings.processes),
            math.ceil(ROUNDS_AT_LEAST / settings.processes),
            order.randrange(2**32),
            self.known_epochs(size),
        )
        found |= left
        for name, answer in found.items():
            if "reason" in answer:  # it is dead, or it would keep an earlier cell's data in the memory
                fleet.drop(name)
        return found

    def known_epochs(self, size: Size) -> dict[str, int]:
        """Epochs per sample that an earlier turn found, so that its answers can be compared with this one's."""
        earlier = self.journal.get(cell_key(size, 0)) or {}
        return {name: answer["epochs"] for name, answer in earlier.items() if "epochs" in answer}

    # -- what is left out ----------------------------------------------------------------------------------------------

    def skips(self, size: Size) -> dict[str, str]:
        """Why a backend does not take part in a cell: too slow for its budget, or too large for the memory."""
        slow = {name: why for name in self.running if (why := self.too_slow(name, size)) is not None}
        return slow | self.too_large(size, [name for name in self.running if name not in slow])

    def too_slow(self, name: str, size: Size) -> str | None:
        """Why it cannot be timed within its budget; its epoch is taken to grow with the rows from start-up on."""
        found = self.journal.get(start_up_key(name, size.features, size.dtype)) or {}
        if "reason" in found:
            return None  # it is tried all the same, and its reason told
        epoch = (found.get("epoch_seconds") or 0.0) * size.rows / found["rows"]
        epochs = ROUNDS_AT_LEAST + EPOCHS_BESIDES * self.settings.processes
        allowed = PATIENCE * self.settings.budget_seconds
        if epoch * epochs <= allowed:
            return None
        enough = epoch * epochs / PATIENCE
        step = 10.0 ** (math.floor(math.log10(enough)) - 1)
        return (
            f"an epoch would take about {epoch:.2g} s, and a measurement needs {epochs} of them; "
            f"--budget {math.ceil(enough / step) * step:.2g} would do"
        )

    def too_large(self, size: Size, names: Sequence[str]) -> dict[str, str]:
        """Those that must stay away, the largest first, so that the others' processes fit into the memory together."""
        free = free_bytes()
        if free is None:
            return {}
        needs = {name: self.needed_bytes(name, size) for name in names}
        needs |= {AGAIN: needs.get(self.reference, 0), MACHINE: size.bytes, "(parent)": 2 * size.bytes}
        away = {}
        for name in sorted(names, key=lambda name: (name != self.reference, needs[name]), reverse=True):
            if sum(needs.values()) <= MEMORY_SHARE * free:
                break
            if name == self.reference:
                needs.pop(AGAIN)
            gigabytes = needs.pop(name) / 2**30
            away[name] = (
                f"it would take about {gigabytes:.2g} GiB, and {free / 2**30:.2g} GiB are free for all backends"
            )
        return away

    def needed_bytes(self, name: str, size: Size) -> int:
        """Data and more in one process; what is beyond the data is taken to grow with the rows from start-up on."""
        found = self.journal.get(start_up_key(name, size.features, size.dtype)) or {}
        own = found.get("own_bytes")
        return COPIES * size.bytes if own is None else size.bytes + int(own * max(1.0, size.rows / found["rows"]))

    # -- what came of it -----------------------------------------------------------------------------------------------

    def timed(self) -> bool:
        """Whether any backend has samples in any cell."""
        return any("samples" in answer for answer in self.answers())

    def reasons(self) -> Iterator[str]:
        """Why backends have no samples."""
        yield from self.unavailable.values()
        yield from sorted({answer["reason"] for answer in self.answers() if "reason" in answer})

    def answers(self) -> Iterator[dict[str, Any]]:
        """Those of all backends in all cells and turns."""
        for size, turn in product(self.sizes, range(self.settings.processes)):
            for name, answer in (self.journal.get(cell_key(size, turn)) or {}).items():
                if name not in (AGAIN, MACHINE):
                    yield answer


@contextlib.contextmanager
def cache_folder() -> Iterator[dict[str, str]]:
    """Variables that make compilers keep their code in a folder that is empty at first, and gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="handgrad-cache-") as folder:
        yield {"NUMBA_CACHE_DIR": folder, "TORCHINDUCTOR_CACHE_DIR": folder, "JAX_COMPILATION_CACHE_DIR": folder}


def stolen_share(before: tuple[int, int] | None, after: tuple[int, int] | None) -> float | None:
    """Of the processors' time between two counts, what the host of a virtual machine gave to others."""
    if before is None or after is None or after[1] <= before[1]:
        return None
    return (after[0] - before[0]) / (after[1] - before[1])


def largest_read_bytes() -> int:
    """A working set that no cache holds."""
    return BEYOND_CACHE * max(environment.cache_bytes().values(), default=LARGEST_READ_BYTES // BEYOND_CACHE)


def free_bytes() -> int | None:
    """The memory that can still be taken; None where the system does not tell."""
    available = environment.memory_available_bytes()
    return available if available is not None else environment.memory_bytes()
