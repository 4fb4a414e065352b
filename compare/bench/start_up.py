"""What a backend costs before its epochs are steady: measured in two processes that are started for this alone.

The first finds nothing compiled, the second finds the compiled code that the first has left on disk.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace

from handgrad.backends.interface import Plan
from handgrad.compare.bench.cell import steady_seconds
from handgrad.compare.bench.fleet import Fleet
from handgrad.compare.bench.left_out import not_made
from handgrad.compare.bench.problem import CellProblem, Size
from handgrad.compare.bench.records import LeftOut, StartUpRecord
from handgrad.compare.bench.tables import SweepTables
from handgrad.compare.lifetime import temporary_folder
from handgrad.compare.results.bench import Settings
from handgrad.compare.timing.messages import AskMemory, Bind, FirstCall, Load, PlanMessage
from handgrad.compare.timing.process import WorkerError, WorkerHandle

#: Start-up is measured at so many numbers in X, or at the largest size when that is smaller.
START_UP_NUMBERS = 10**6


def start_up_size(settings: Settings, width: Size) -> Size:
    """The largest size of that width and dtype up to `START_UP_NUMBERS`, whatever its rows.

    There is always one, however large it is; but of a table that memory does not hold, so many numbers are enough.
    """
    sizes = settings.rows_of(width.features)
    least = 1 if settings.streamed else sizes[0]
    return replace(width, rows=max(least, min(sizes[-1], START_UP_NUMBERS // width.features)))


def start_up(name: str, size: Size, tables: SweepTables, seed: int, fleet: Fleet) -> StartUpRecord | LeftOut:
    """A backend's start-up, in two processes that share a cache of compiled code, empty for the first."""
    too_large = not_made(size)
    if too_large is not None:
        return LeftOut("skipped", too_large)
    made, tiny = tables.start_up(size, seed), tables.tiny(size, seed)
    with made.file() as data, tiny.file() as tiny_data, cache_folder() as variables:
        try:
            with fleet.alone(name, variables) as worker:
                cold = compiled(worker, data, made.plan)
            with fleet.alone(name, variables) as worker:
                return again(worker, data, tiny_data, made, cold)
        except WorkerError as error:
            return LeftOut.of(error)


def compiled(worker: WorkerHandle, data: str, plan: Plan) -> float:
    """Everything up to the first epoch, in a process that finds nothing compiled: that epoch's seconds.

    Raises:
        WorkerError: When the process fails.
    """
    worker.ask(Load())
    worker.ask(Bind(data, plan.dtype))
    return worker.ask(FirstCall(PlanMessage.of(plan))).first_call_seconds


def again(worker: WorkerHandle, data: str, tiny_data: str, made: CellProblem, cold_seconds: float) -> StartUpRecord:
    """The start-up in a process that finds compiled code, beside the first epoch of the one before.

    Raises:
        WorkerError: When the process fails.
    """
    dtype, plan = made.plan.dtype, PlanMessage.of(made.plan)
    imported = worker.ask(Load()).import_seconds
    set_up = worker.ask(Bind(tiny_data, dtype)).bind_seconds
    moved = worker.ask(Bind(data, dtype)).bind_seconds
    cached = worker.ask(FirstCall(plan)).first_call_seconds
    epoch = steady_seconds(worker, made)
    own = worker.ask(AskMemory()).own_bytes
    return StartUpRecord(len(made.y), imported, set_up, moved, cold_seconds, cached, epoch, own)


@contextlib.contextmanager
def cache_folder() -> Iterator[dict[str, str]]:
    """Variables that make compilers keep their code in a folder that is empty at first, and gone afterwards."""
    with temporary_folder() as folder:
        yield {"NUMBA_CACHE_DIR": folder, "TORCHINDUCTOR_CACHE_DIR": folder, "JAX_COMPILATION_CACHE_DIR": folder}
