"""What the backends' processes are asked in a comparison: set up and train, then steady epochs in rounds.

Set-ups (import, bind, first call, the whole run) go two at a time where each has a core to itself. They use one thread
as long as the data are small, and importing PyTorch was seen to take as long beside other imports as alone (medians of
four in turns: 2.02 s and 2.03 s). Steady epochs are timed one after another, while all other processes are stopped.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from handgrad.backends.catalogue import Entry
from handgrad.backends.interface import Plan
from handgrad.compare.device.found import FoundDevice
from handgrad.compare.judge.causes import probe_points
from handgrad.compare.laps.ends import HeldLaps, LapJudge
from handgrad.compare.laps.long_runs import long_run_seconds
from handgrad.compare.results import reasons
from handgrad.compare.results.comparison import Status
from handgrad.compare.results.timing import LapEnds, SlowRun, Timing
from handgrad.compare.side_by_side.answers import Answers, Begun, misshapen
from handgrad.compare.side_by_side.prepare import Options, Prepared
from handgrad.compare.side_by_side.verdict import explanation
from handgrad.compare.timing.clocks import DEVICE, MACHINE, epochs_clock, reading_clock
from handgrad.compare.timing.environment import available_cores
from handgrad.compare.timing.journal import Journal
from handgrad.compare.timing.laps import LapEnd
from handgrad.compare.timing.measure import Clock, Contestant, calibrated, measure
from handgrad.compare.timing.messages import (
    AskMemory,
    Bind,
    FirstCall,
    GradientMessage,
    Load,
    Number,
    PlanMessage,
    TakeGradients,
    Train,
)
from handgrad.compare.timing.process import UntrueAnswer, Worker, WorkerError

#: Backends that are set up at a time.
LANES = 2
#: Data of so many bytes are worked on by several threads, so that each backend is set up alone.
ALONE_FROM_BYTES = 512 * 1024
#: The library that reads memory at the machine's limit; it is done in the process of a backend that needs it anyway.
READS_WITH = "numba"


@dataclass
class Run:
    """What one backend's process has answered so far.

    `long_seconds` is what a run is foretold to take that waits until the others are done; `place` is where it computes.
    """

    entry: Entry
    place: str = "cpu"
    reason: str | None = None
    status: Status = "ok"
    answers: Answers | None = None
    explanation: str | None = None
    worker: Worker | None = None
    contestants: dict[str, Contestant] = field(default_factory=dict)
    timing: Timing | None = None
    laps: HeldLaps | None = None
    lap_ends: LapEnds | None = None
    begun: Begun | None = None
    long_seconds: float | None = None
    slow: SlowRun | None = None
    gradient: GradientMessage | None = None

    def foretell(self, plan: Plan) -> None:
        """Finds whether it would take long."""
        if self.worker is not None and self.begun is not None:
            self.long_seconds = long_run_seconds(self.worker, self.begun.first.first_call_seconds, plan)

    def leave_out(self, found: SlowRun, gradient: GradientMessage | None) -> None:
        """Notes that its run would take too long, with its gradient at the start, and ends its process."""
        self.status, self.reason, self.slow = "skipped", reasons.of_slow_run(found), found
        self.gradient = gradient
        if self.worker is not None:
            self.worker.close()

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
    """What all runs share: the problem, the journal, the file with X and y, who reads, and who judges laps.

    `device` is the one on which some compute, and `device_reader` reads its memory.
    """

    prepared: Prepared
    options: Options
    journal: Journal
    data: str
    reader: str | None
    laps: LapJudge
    device: FoundDevice | None = None
    device_reader: str | None = None
    writing: threading.Lock = field(default_factory=threading.Lock)
    began: float = field(default_factory=time.monotonic)

    def may_leave_out(self) -> bool:
        """Whether a run may be left out at all."""
        return self.options.allowed_share() < 1

    def decided(self, name: str) -> SlowRun | None:
        """What an earlier run, which this one resumes, has found of a run that would take long."""
        return self.journal.get(f"slow {name}", SlowRun) if self.may_leave_out() else None

    def keep(self, measured: Mapping[str, Answers | Timing | LapEnds | SlowRun | GradientMessage]) -> None:
        """Into the journal, all of it or nothing; lanes may come at the same time."""
        with self.writing:
            self.journal.extend(measured)

    def bytes(self) -> int:
        """Of X and y, in the dtype."""
        return self.prepared.data_bytes


def reader(runs: Mapping[str, Run]) -> str | None:
    """The backend in whose process the machine's reading is timed; None where none can."""
    here = {name: run for name, run in runs.items() if run.place == "cpu" and run.entry.reason() is None}
    return next((name for name, run in here.items() if READS_WITH in run.entry.requires), None)


def reader_there(runs: Mapping[str, Run], device: FoundDevice | None) -> str | None:
    """The backend in whose process the device's reading is timed; None where none computes there."""
    there = (name for name, run in runs.items() if run.place != "cpu" and run.entry.reason() is None)
    return next((name for name in there if device is not None and device.reason(name) is None), None)


# -- set-up ------------------------------------------------------------------------------------------------------------


def lanes(prepared: Prepared) -> int:
    """How many backends are set up at a time."""
    alone = available_cores() < LANES or prepared.data_bytes >= ALONE_FROM_BYTES
    return 1 if alone else LANES


def carry_out(run: Run, context: RunContext) -> None:
    """All but the steady timing: from starting the process to the end of the whole run, and why its bits differ.

    One that would take long only begins: it waits for `decide_on`, until all others are done.
    """
    name = run.entry.name
    reason = run.entry.reason()
    if reason is None and run.place != "cpu" and context.device is not None:
        reason = context.device.reason(name)
    if reason is not None:
        run.status, run.reason = "unavailable", reason
        return
    run.answers = kept_answers(name, context)
    if run.answers is not None and kept_timing(name, context.journal) is not None:
        run.explanation = explanation(run.answers, context.prepared)
    elif (known := context.decided(name)) is not None and known.too_long:
        run.leave_out(known, context.journal.get(f"gradient {name}", GradientMessage))
    elif begin(run, context) and run.long_seconds is None:
        go_on(run, context)


def kept_answers(name: str, context: RunContext) -> Answers | None:
    """What the journal holds of that backend's run; None where it has to be asked, for lack of it or of its shape."""
    kept = context.journal.get(f"run {name}", Answers)
    shaped = kept is not None and misshapen(kept, context.prepared.table.features) is None
    return kept if shaped else None


def begin(run: Run, context: RunContext) -> bool:
    """Starts the process, down to the first call; tells whether that went well."""
    name, plan = run.entry.name, context.prepared.plan
    run.worker = Worker(run.entry, context.options.thread_count(), context.options.timeout_seconds)
    try:
        run.begun = made_ready(run.worker, context, run.place)
        given = run.entry.code is not None  # by --with, which is as good as named
        if run.answers is None and not given and context.may_leave_out() and context.decided(name) is None:
            run.foretell(plan)
    except WorkerError as error:
        if run.answers is None:
            run.fail(error)
        else:  # of an earlier run, which was ended before its steady epochs were timed
            run.stop(error)
            run.explanation = explanation(run.answers, context.prepared)
        return False
    return True


def made_ready(worker: Worker, context: RunContext, place: str) -> Begun:
    """Library, data at their place and compiled code, as the run and the clock of steady epochs need them."""
    plan = PlanMessage.of(context.prepared.plan)
    return Begun(
        worker.ask(Load()),
        worker.ask(Bind(context.data, plan.dtype, place)),
        worker.ask(FirstCall(plan)),
    )


def go_on(run: Run, context: RunContext) -> None:
    """From the first call to the end of the whole run, unless an earlier one has done that."""
    if run.answers is None:
        try:
            run.answers = answered(run, context)
        except WorkerError as error:
            run.fail(error)
            return
        context.keep({f"run {run.entry.name}": run.answers})
    run.contestants = calibrated(clocks(run, context))
    run.explanation = explanation(run.answers, context.prepared)


def decide_on(run: Run, context: RunContext, others_ran: bool) -> None:
    """Whether a run that waited is left out; without any other, there would be nothing to compare."""
    try:
        run.foretell(context.prepared.plan)  # again: beside others, a team of threads waits for its processors
    except WorkerError as error:
        run.fail(error)
        return
    found = SlowRun(run.long_seconds or 0.0, time.monotonic() - context.began, context.options.allowed_share())
    if found.too_long and others_ran:
        gradient = run.begun.first.gradient if run.begun is not None else None
        context.keep({f"slow {run.entry.name}": found} | ({f"gradient {run.entry.name}": gradient} if gradient else {}))
        run.leave_out(found, gradient)
    else:
        context.keep({f"slow {run.entry.name}": replace(found, allowed_share=1.0)})
        go_on(run, context)


def answered(run: Run, context: RunContext) -> Answers:
    """All answers of a process that has begun, but its times."""
    worker, start, prepared = run.worker, run.begun, context.prepared
    assert worker is not None
    assert start is not None
    trained = worker.ask(Train(PlanMessage.of(prepared.plan)))
    memory = worker.ask(AskMemory())
    found = Answers(
        import_seconds=start.loaded.import_seconds,
        bind_seconds=start.bound.bind_seconds,
        transfer_seconds=start.bound.transfer_seconds,
        first_call_seconds=start.first.first_call_seconds,
        gradient=start.first.gradient,
        training=trained.training,
        peak_bytes=memory.peak_bytes,
        own_bytes=memory.own_bytes,
        elsewhere_bytes=memory.elsewhere_bytes,
        gradients=explaining(worker, prepared) if prepared.explained else None,
    )
    if (why := misshapen(found, prepared.table.features)) is not None:
        raise WorkerError(why)
    return found


def explaining(worker: Worker, prepared: Prepared) -> list[list[Number]]:
    """The gradients (points, d + 1), the bias last, from which it is told how they come about."""
    points = probe_points(prepared.forecast.goal, prepared.plan.dtype)
    return worker.ask(TakeGradients(points.tolist())).gradients


def clocks(run: Run, context: RunContext) -> dict[str, Clock]:
    """What is timed in a run's process: its epochs and, in one process each, the machine's and the device's reading."""
    assert run.worker is not None
    assert run.answers is not None
    table = context.prepared.table
    laps = context.prepared.lap_plans()
    run.laps = HeldLaps(context.laps, table.exact.takes_all(context.prepared.plan))
    found = {run.entry.name: epochs_clock(run.worker, laps, run.stop, held_by(run.laps))}
    if run.entry.name == context.reader:
        found[MACHINE] = reading_clock(run.worker, context.bytes())
    if run.entry.name == context.device_reader:
        found[DEVICE] = reading_clock(run.worker, context.bytes())
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
