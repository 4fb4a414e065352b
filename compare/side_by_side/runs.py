"""What the backends' processes are asked in a comparison: set up and train, then steady epochs in rounds.

Set-ups (import, bind, first call, the whole run) go two at a time where each has a core to itself. They use one thread
as long as the data are small, and importing PyTorch was seen to take as long beside other imports as alone (medians of
four in turns: 2.02 s and 2.03 s). Steady epochs are timed one after another, while all other processes are stopped.
"""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass, field

import numpy as np

from handgrad.backends.catalogue import Entry
from handgrad.compare.judge.causes import EXPLAINED_ROWS, probe_points
from handgrad.compare.laps.ends import HeldLaps, LapJudge
from handgrad.compare.results import reasons
from handgrad.compare.results.comparison import Status
from handgrad.compare.results.timing import LapEnds, Timing
from handgrad.compare.side_by_side.answers import Answers, misshapen
from handgrad.compare.side_by_side.prepare import Options, Prepared
from handgrad.compare.side_by_side.verdict import explanation
from handgrad.compare.timing.clocks import MACHINE, epochs_clock, reading_clock
from handgrad.compare.timing.environment import available_cores
from handgrad.compare.timing.journal import Journal
from handgrad.compare.timing.laps import LapEnd, LapPlans
from handgrad.compare.timing.measure import Clock, Contestant, calibrated, measure
from handgrad.compare.timing.messages import AskMemory, Bind, FirstCall, Load, Number, PlanMessage, TakeGradients, Train
from handgrad.compare.timing.process import UntrueAnswer, Worker, WorkerError

#: Backends that are set up at a time.
LANES = 2
#: Data of so many bytes are worked on by several threads, so that each backend is set up alone.
ALONE_FROM_BYTES = 512 * 1024
#: The library that reads memory at the machine's limit; it is done in the process of a backend that needs it anyway.
READS_WITH = "numba"


@dataclass
class Run:
    """What one backend's process has answered so far."""

    entry: Entry
    reason: str | None = None
    status: Status = "ok"
    answers: Answers | None = None
    explanation: str | None = None
    worker: Worker | None = None
    contestants: dict[str, Contestant] = field(default_factory=dict)
    timing: Timing | None = None
    laps: HeldLaps | None = None
    lap_ends: LapEnds | None = None

    def fail(self, error: WorkerError) -> None:
        """Notes why it has no results (any more)."""
        self.status, self.reason = error.status, str(error)

    def stop(self, error: WorkerError) -> None:
        """Notes why it has no times; its results stand, but it has failed where it said what is not true."""
        self.reason = f"could not be timed: {error}"
        if isinstance(error, UntrueAnswer):
            self.status = "failed"

    def why_not(self) -> str:
        """Why it has no results, with its name."""
        told = self.reason or self.status
        return told if self.status == "unavailable" else f"backend '{self.entry.name}': {told}"


@contextlib.contextmanager
def closing(runs: Mapping[str, Run]) -> Iterator[None]:
    """Ends all processes, whatever happens."""
    try:
        yield
    finally:
        for run in runs.values():
            if run.worker is not None:
                run.worker.close()


@dataclass(frozen=True)
class RunContext:
    """What all runs share: the problem, the journal, the file with X and y, who reads, and who judges laps."""

    prepared: Prepared
    options: Options
    journal: Journal
    data: str
    reader: str | None
    laps: LapJudge
    writing: threading.Lock = field(default_factory=threading.Lock)

    def keep(self, measured: Mapping[str, Answers | Timing | LapEnds]) -> None:
        """Into the journal, all of it or nothing; lanes may come at the same time."""
        with self.writing:
            self.journal.extend(measured)

    def bytes(self) -> int:
        """Of X and y, in the dtype."""
        return (self.prepared.X.size + self.prepared.y.size) * np.dtype(self.prepared.plan.dtype).itemsize


def reader(runs: Mapping[str, Run]) -> str | None:
    """The backend in whose process the machine's reading is timed; None where none can."""
    able = (name for name, run in runs.items() if READS_WITH in run.entry.requires and run.entry.reason() is None)
    return next(able, None)


# -- set-up ------------------------------------------------------------------------------------------------------------


def lanes(prepared: Prepared) -> int:
    """How many backends are set up at a time."""
    alone = available_cores() < LANES or prepared.X.nbytes >= ALONE_FROM_BYTES
    return 1 if alone else LANES


def in_lanes(
    pool: Executor,
    count: int,
    tasks: Mapping[str, Callable[[], object]],
    tell: Callable[[str, int], None],
) -> None:
    """Does the tasks, so many at a time and begun in their order.

    `tell` hears which tasks are at work and how many are finished, whenever that changes.
    """
    waiting, at_work = deque(tasks.items()), dict[Future[object], str]()
    while waiting or at_work:
        while waiting and len(at_work) < count:
            name, task = waiting.popleft()
            at_work[pool.submit(task)] = name
        tell(", ".join(at_work.values()), len(tasks) - len(waiting) - len(at_work))
        for future in wait(at_work, return_when=FIRST_COMPLETED).done:
            del at_work[future]
            future.result()


def carry_out(run: Run, context: RunContext) -> None:
    """All but the steady timing: from starting the process to the end of the whole run, and why its bits differ."""
    name = run.entry.name
    if (reason := run.entry.reason()) is not None:
        run.status, run.reason = "unavailable", reason
        return
    run.answers = context.journal.get(f"run {name}", Answers)
    if run.answers is None or kept_timing(name, context.journal) is None:
        run.worker = Worker(run.entry, context.options.thread_count(), context.options.timeout_seconds)
        try:
            if run.answers is None:
                run.answers = asked(run.worker, context)
                context.keep({f"run {name}": run.answers})
            else:  # an earlier run was ended before its steady epochs were timed
                made_ready(run.worker, context)
        except WorkerError as error:
            if run.answers is None:
                run.fail(error)
                return
            run.stop(error)
        else:
            run.contestants = calibrated(clocks(run, context))
    run.explanation = explanation(run.answers, context.prepared)


def made_ready(worker: Worker, context: RunContext) -> None:
    """Library, data and compiled code, as the clock of steady epochs needs them."""
    plan = PlanMessage.of(context.prepared.plan)
    worker.ask(Load())
    worker.ask(Bind(context.data, plan.dtype))
    worker.ask(FirstCall(plan))


def asked(worker: Worker, context: RunContext) -> Answers:
    """All answers of a process but its times."""
    prepared, plan = context.prepared, PlanMessage.of(context.prepared.plan)
    loaded = worker.ask(Load())
    bound = worker.ask(Bind(context.data, plan.dtype))
    first = worker.ask(FirstCall(plan))
    trained = worker.ask(Train(plan))
    memory = worker.ask(AskMemory())
    found = Answers(
        import_seconds=loaded.import_seconds,
        bind_seconds=bound.bind_seconds,
        first_call_seconds=first.first_call_seconds,
        gradient=first.gradient,
        training=trained.training,
        peak_bytes=memory.peak_bytes,
        own_bytes=memory.own_bytes,
        gradients=explaining(worker, prepared) if len(prepared.y) <= EXPLAINED_ROWS else None,
    )
    if (why := misshapen(found, prepared.table.features)) is not None:
        raise WorkerError(why)
    return found


def explaining(worker: Worker, prepared: Prepared) -> list[list[Number]]:
    """The gradients (points, d + 1), the bias last, from which it is told how they come acontext."""
    points = probe_points(prepared.forecast.goal, prepared.plan.dtype)
    return worker.ask(TakeGradients(points.tolist())).gradients


def clocks(run: Run, context: RunContext) -> dict[str, Clock]:
    """What is timed in a run's process: its epochs and, in one process, the machine's reading."""
    assert run.worker is not None
    assert run.answers is not None
    table = context.prepared.table
    laps = LapPlans.of(context.prepared.plan, table.X, table.y, table.hessian.largest)
    run.laps = HeldLaps(context.laps, table.exact.takes_all(context.prepared.plan))
    found = {run.entry.name: epochs_clock(run.worker, laps, run.stop, held_by(run.laps))}
    if run.entry.name == context.reader:
        found[MACHINE] = reading_clock(run.worker, context.bytes())
    return found


# -- steady epochs -----------------------------------------------------------------------------------------------------


def time_epochs(runs: Mapping[str, Run], context: RunContext) -> Timing | None:
    """Steady epochs of all backends that ran, interleaved; returns how long the machine takes to read X and y.

    That is the limit of whoever reads them in each epoch; None where no living process can measure it.
    """
    contestants = {name: one for run in runs.values() for name, one in run.contestants.items()}
    timings = measure(contestants, context.options.budget_seconds * len(contestants))
    ends = {name: run.laps.end() for name, run in runs.items() if run.laps is not None}
    laps = {f"laps {name}": end for name, end in ends.items() if end is not None}
    context.keep(laps | {f"epochs {name}": timing for name, timing in timings.items()})
    judge_laps(runs, context)
    for name, run in runs.items():
        run.timing = kept_timing(name, context.journal)
    return kept_timing(MACHINE, context.journal)


def held_by(laps: HeldLaps) -> Callable[[LapEnd], str | None]:
    """What holds the end of a lap against the truth, and says why it is not right."""

    def why(lap: LapEnd) -> str | None:
        wrong = laps.add(lap)
        return None if wrong is None else reasons.of_lap_ends(wrong)

    return why


def judge_laps(runs: Mapping[str, Run], context: RunContext) -> None:
    """Reads how the laps of each ended; a backend whose times are those of something else has failed."""
    for name, run in runs.items():
        run.lap_ends = context.journal.get(f"laps {name}", LapEnds)
        if run.lap_ends is not None and not run.lap_ends.right:
            run.stop(UntrueAnswer(reasons.of_lap_ends(run.lap_ends)))


def kept_timing(name: str, journal: Journal) -> Timing | None:
    """What the journal holds of that contestant's epochs."""
    return journal.get(f"epochs {name}", Timing)
