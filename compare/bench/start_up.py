"""What a backend costs before its epochs are steady: measured in two processes that are started for this alone.

The first finds nothing compiled, the second finds the compiled code that the first has left on disk.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from dataclasses import replace

from handgrad.compare.bench.cell import steady_seconds
from handgrad.compare.bench.fleet import Fleet
from handgrad.compare.bench.left_out import not_made
from handgrad.compare.bench.problem import Size, problem
from handgrad.compare.bench.records import LeftOut, StartUpRecord
from handgrad.compare.results.bench import Settings
from handgrad.compare.timing.messages import AskMemory, Bind, FirstCall, Load, PlanMessage
from handgrad.compare.timing.process import WorkerError

#: Start-up is measured at so many numbers in X, or at the largest size when that is smaller.
START_UP_NUMBERS = 10**6

#: So few rows take no time to move: what a process needs for its first ones is that of libraries that load late.
TINY_ROWS = 16


def start_up_size(settings: Settings, width: Size) -> Size:
    """The largest size of that width and dtype up to `START_UP_NUMBERS`, whatever its rows."""
    sizes = settings.rows_of(width.features)
    return replace(width, rows=max(sizes[0], min(sizes[-1], START_UP_NUMBERS // width.features)))


def start_up(name: str, size: Size, seed: int, fleet: Fleet) -> StartUpRecord | LeftOut:
    """A backend's start-up, in two processes that share a cache of compiled code, empty for the first."""
    too_large = not_made(size)
    if too_large is not None:
        return LeftOut("skipped", too_large)
    made, tiny = problem(size, seed), problem(replace(size, rows=TINY_ROWS), seed)
    plan = PlanMessage.of(made.plan)
    with made.file() as data, tiny.file() as tiny_data, cache_folder() as variables:
        try:
            with fleet.alone(name, variables) as worker:
                worker.ask(Load())
                worker.ask(Bind(data, size.dtype))
                cold = worker.ask(FirstCall(plan)).first_call_seconds
            with fleet.alone(name, variables) as worker:
                return StartUpRecord(  # asked in this order
                    rows=size.rows,
                    import_seconds=worker.ask(Load()).import_seconds,
                    set_up_seconds=worker.ask(Bind(tiny_data, size.dtype)).bind_seconds,
                    bind_seconds=worker.ask(Bind(data, size.dtype)).bind_seconds,
                    first_call_cold_seconds=cold,
                    first_call_cached_seconds=worker.ask(FirstCall(plan)).first_call_seconds,
                    epoch_seconds=steady_seconds(worker, made.plan),
                    own_bytes=worker.ask(AskMemory()).own_bytes,
                )
        except WorkerError as error:
            return LeftOut.of(error)


@contextlib.contextmanager
def cache_folder() -> Iterator[dict[str, str]]:
    """Variables that make compilers keep their code in a folder that is empty at first, and gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="handgrad-cache-") as folder:
        yield {"NUMBA_CACHE_DIR": folder, "TORCHINDUCTOR_CACHE_DIR": folder, "JAX_COMPILATION_CACHE_DIR": folder}
