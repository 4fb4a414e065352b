"""The last two chapters of the course: what an epoch costs, and what must be paid before the first one.

A small sweep, one feature, float64: one process for each backend, which lives through all sizes, timed in rounds as
`handgrad bench` does, with the reference twice (an A/A run). `handgrad bench` itself takes longer and knows more.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from handgrad.backends.catalogue import usual
from handgrad.compare.bench import summary
from handgrad.compare.bench.cell import AGAIN, Rounds, measured
from handgrad.compare.bench.over_sizes import crossovers, fastest, fastest_ranges
from handgrad.compare.bench.problem import Size, problem
from handgrad.compare.bench.records import ContestantRecord, LeftOut, Turn
from handgrad.compare.results.bench import Cell, Settings
from handgrad.compare.results.learn.lessons import EpochCosts, Start
from handgrad.compare.timing import environment
from handgrad.compare.timing.messages import Bind, FirstCall, Load, PlanMessage
from handgrad.compare.timing.process import Worker, WorkerError, WorkerHandle

#: Rows of the sweep.
ROWS = (100, 1000, 10_000, 100_000, 1_000_000)

#: Clock time for all backends at one size.
BUDGET_SECONDS = 0.35
#: Rounds are over when every median is known to this.
PRECISION = 0.03
ROUNDS_AT_LEAST = 7
TIMEOUT_SECONDS = 120.0

#: A backend whose epoch would take longer is left out of a size: it needs about a dozen of them.
LONGEST_EPOCH_SECONDS = 0.2

#: What the others are held against, and what is timed twice.
REFERENCE = "numpy"

#: The backend of the last chapter, which does not go through the rows in every epoch.
MOMENTS = "moments"

StartWorker = Callable[[str, int, float], WorkerHandle]


def costs(
    seed: int,
    rows: Sequence[int] = ROWS,
    start: StartWorker = Worker,
    progress: Callable[[str], None] = lambda what: None,
) -> EpochCosts:
    """Times the backends that are compared by default and can run here.

    Args:
        seed: Of the order in each round.
        rows: The sizes.
        start: Starts a worker process of a backend, with its threads and its patience in seconds.
        progress: Called before each size.
    """
    wanted = {name: described.reason() for name, described in usual().items()}
    missing = {name: reason for name, reason in wanted.items() if reason is not None}
    threads = environment.available_cores()
    names = [name for name in wanted if name not in missing]
    sizes = [Size(1, "float64", n) for n in sorted(rows)]
    with workers(names, threads, start) as (living, imports, failed):
        answers = records(sizes, living, seed, progress)
        timed = {name for name, record in answers[-1].items() if record.samples}
        begun = start_seconds(sizes[-1], {name: worker for name, worker in living.items() if name in timed})
    cells = tuple(cell(size, found, names) for size, found in zip(sizes, answers, strict=True))
    through_rows = [without(one, MOMENTS) for one in cells]
    return EpochCosts(
        cells=cells,
        begun=begun,
        starts={
            name: Start(imports[name], first)
            for name in imports
            if (first := answers[0][name].first_call_seconds) is not None
        },
        crossovers=tuple(crossovers(through_rows)),
        fastest_ranges=tuple(fastest_ranges(through_rows, "epoch")),
        missing=missing | failed,
        threads=threads,
        cpu=environment.cpu_name(),
    )


def records(
    sizes: Sequence[Size], living: Mapping[str, WorkerHandle], seed: int, progress: Callable[[str], None]
) -> list[dict[str, ContestantRecord]]:
    """What each process answered at each size, ascending; those that the size before has shown to be slow are left out.

    Args:
        sizes: Their rows ascend.
        living: A process of each contestant.
        seed: Of the order in each round.
        progress: Called before each size.
    """
    rounds = Rounds(BUDGET_SECONDS, PRECISION, ROUNDS_AT_LEAST, seed)
    found: list[dict[str, ContestantRecord]] = []
    for size in sizes:
        progress(f"{size.rows:,} rows")
        slow = too_slow(size, found[-1], sizes[len(found) - 1]) if found else {}
        quick = {name: worker for name, worker in living.items() if name not in slow}
        found.append(measured(size, problem(size, 0), quick, REFERENCE, rounds, epochs={}) | slow)
    return found


@contextlib.contextmanager
def workers(
    names: Sequence[str], threads: int, start: StartWorker
) -> Iterator[tuple[dict[str, WorkerHandle], dict[str, float], dict[str, str]]]:
    """A living process of each backend, and the reference's second one; import seconds; why a process is not there."""
    living: dict[str, WorkerHandle] = {}
    imports: dict[str, float] = {}
    failed: dict[str, str] = {}
    try:
        for name in (*names, AGAIN):
            living[name] = start(REFERENCE if name == AGAIN else name, threads, TIMEOUT_SECONDS)
            try:
                seconds = living[name].ask(Load()).import_seconds
            except WorkerError as error:
                failed[name] = str(error)
                living.pop(name).close()
                continue
            living[name].rest()
            if name != AGAIN:
                imports[name] = seconds
        yield living, imports, failed
    finally:
        for worker in living.values():
            worker.close()


def too_slow(size: Size, last: Turn, last_size: Size) -> dict[str, ContestantRecord]:
    """The backends whose epoch would take too long here, as the last size tells, with that as the reason."""
    slow = {}
    for name, answer in last.items():
        epoch = min(answer.samples, default=0.0) * size.rows / last_size.rows
        if epoch > LONGEST_EPOCH_SECONDS or answer.status == "skipped":
            why = LeftOut("skipped", f"an epoch of {size.rows:,} rows takes too long for a lesson")
            slow[name] = ContestantRecord.left_out(why)
    return slow


def cell(size: Size, answers: Turn, names: Sequence[str]) -> Cell:
    """The summary of one size, wrong backends marked as such."""
    asked = Settings((size.rows,), (1,), ("float64",), tuple(names), 1, 1, PRECISION, BUDGET_SECONDS, 0)
    return summary.cell(
        size, asked, REFERENCE, {}, {}, [answers], [name for name, one in usual().items() if one.reads_all_rows]
    )


def without(one: Cell, name: str) -> Cell:
    """The cell as if that backend had not taken part."""
    others = {other: found for other, found in one.backends.items() if other != name}
    return replace(one, backends=others, fastest=fastest(others, one.noise_floor or 0.0))


def start_seconds(size: Size, living: Mapping[str, WorkerHandle]) -> dict[str, float]:
    """Seconds in which each takes in the data of that size and has one epoch, once more, so that all code is loaded."""
    found, made = {}, problem(size, 0)
    with made.file() as data:
        for name, worker in living.items():
            if name != AGAIN:
                with contextlib.suppress(WorkerError):  # it then has a time for epochs, and none for this
                    taken_in = worker.ask(Bind(data, size.dtype)).bind_seconds
                    first = worker.ask(FirstCall(PlanMessage.of(made.plan))).first_call_seconds
                    found[name] = taken_in + first
    return found
