"""One cell of a sweep: so many rows and features in a dtype, timed on all backends in one process of each.

The reference backend takes part twice, in two processes (an A/A run), and so does the machine itself, which reads as
many bytes as X and y have: in the same rounds, so that both are compared with the backends under the same conditions.
A device on which backends compute reads its own memory, too.
Of a table that memory does not hold, it reads the columns from where they are; and a backend whose epochs read no row
takes part once more, with the pass that all of its epochs rest on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from handgrad.backends.interface import Plan, steady
from handgrad.compare.bench.agreement import LapTruth, beyond, both, check, ratio
from handgrad.compare.bench.problem import CHECKED_EPOCHS, Size, TimedProblem, norm
from handgrad.compare.bench.records import ContestantRecord
from handgrad.compare.results.timing import Timing
from handgrad.compare.timing.clocks import DEVICE, MACHINE, epochs_clock, pass_clock, reading_clock, scanning_clock
from handgrad.compare.timing.measure import (
    CONFIRMED,
    Clock,
    ClockStopped,
    Contestant,
    calibrate,
    calibrated,
    evened,
    measure,
)
from handgrad.compare.timing.messages import AskMemory, Bind, FirstCall, FirstCalled, PlanMessage, TimeEpochs
from handgrad.compare.timing.process import UntrueAnswer, WorkerError, WorkerHandle

#: The contestant that is the reference once more.
AGAIN = "(again)"

#: The contestants that are no backend: they only read.
READERS = (MACHINE, DEVICE)

#: What follows the name of a backend whose epochs read no row: the contestant that is its pass over all of them.
PASS = " (pass)"

#: Epochs that a cell costs in each process besides its timed rounds: first call, gradient, check, calibration.
EPOCHS_BESIDES = 2 + CHECKED_EPOCHS + CONFIRMED


@dataclass(frozen=True)
class Rounds:
    """How long a cell is timed; see `handgrad.compare.timing.measure.measure`.

    Attributes:
        budget_seconds: Clock time for all contestants together.
        precision: The relative half-width of every median's interval at which rounds end.
        at_least: So many rounds are done whatever they cost.
        seed: Of the order in each round.
    """

    budget_seconds: float
    precision: float
    at_least: int
    seed: int


def measured(
    size: Size,
    made: TimedProblem,
    workers: Mapping[str, WorkerHandle],
    reference: str,
    rounds: Rounds,
    epochs: Mapping[str, int],
    passing: Sequence[str] = (),
) -> dict[str, ContestantRecord]:
    """What each contestant answered: its samples and its memory, or why there are none.

    Args:
        size: The cell.
        made: Its rows.
        workers: One living process of each contestant, with its library loaded.
        reference: The backend that the others' numbers are held against.
        rounds: How long to time.
        epochs: Epochs per sample where an earlier process has found them.
        passing: The backends whose pass over the rows is timed apart.
    """
    found = {name: ContestantRecord() for name in workers}
    with made.file() as data:
        for name, worker in workers.items():
            if name not in READERS:
                warm(found[name], worker, data, made.plan)
        check(found, reference, made)
        timed = clocks(size, workers, made, found, data)
        for name in passing:
            if name in timed:
                found[name + PASS] = ContestantRecord()
                timed[name + PASS] = clock_of_pass(workers[name], data, made, found[name], found[name + PASS])
        for name, taken in timed_in_rounds(ready(timed, reference, epochs), rounds).items():
            found[name].keep_timing(taken)
            if name in workers and name not in READERS:
                ask_memory(found[name], workers[name])
    return found


def timed_in_rounds(contestants: Mapping[str, Contestant], rounds: Rounds) -> dict[str, Timing]:
    """The seconds per epoch of each whose clock does not stop."""
    return measure(
        contestants,
        rounds.budget_seconds,
        precision=rounds.precision,
        rounds_at_least=rounds.at_least,
        seed=rounds.seed,
    )


def warm(found: ContestantRecord, worker: WorkerHandle, data: str, plan: Plan) -> None:
    """Binds the data and compiles everything; notes the gradient at the start, and where the first epochs led to."""
    message = PlanMessage.of(plan)
    try:
        bound = worker.ask(Bind(data, plan.dtype))
        first = worker.ask(FirstCall(message))
        ended = worker.ask(TimeEpochs(PlanMessage.of(steady(plan, CHECKED_EPOCHS)), CHECKED_EPOCHS))
    except WorkerError as error:
        found.fail(error)
        return
    worker.rest()
    found.bind_seconds, found.first_call_seconds = bound.bind_seconds, first.first_call_seconds
    found.transfer_seconds = bound.transfer_seconds
    found.gradient, found.parameters = first.gradient, [*ended.weights, ended.bias]


def ask_memory(found: ContestantRecord, worker: WorkerHandle) -> None:
    """Notes the memory of a process, or why it does not answer."""
    try:
        found.keep_memory(worker.ask(AskMemory()))
    except WorkerError as error:
        found.fail(error)


def clocks(
    size: Size,
    workers: Mapping[str, WorkerHandle],
    made: TimedProblem,
    found: Mapping[str, ContestantRecord],
    data: str,
) -> dict[str, Clock]:
    """Those of all contestants that have come so far; `data` is the file that they have their rows from."""
    truth = LapTruth.of(made)
    return {
        name: clock(worker, made, truth, found[name])
        if name not in READERS
        else scanning_clock(worker, data, found[name].fail)
        if made.streamed
        else reading_clock(worker, size.bytes)
        for name, worker in workers.items()
        if found[name].reason is None
    }


def clock_of_pass(
    worker: WorkerHandle, data: str, made: TimedProblem, known: ContestantRecord, found: ContestantRecord
) -> Clock:
    """Times the pass of a backend from which all epochs follow, and the gradient that it leaves each time.

    Args:
        worker: Its process.
        data: The file that it has its rows from.
        made: The rows.
        known: What it answered before.
        found: Where it is noted why it stopped, if it does.
    """
    allowed = 2 * made.slope_error(np.zeros(made.features + 1))

    def held(answer: FirstCalled) -> str | None:
        assert known.gradient is not None
        off = ratio(norm(both(answer.gradient) - both(known.gradient)), allowed)
        return beyond(off, "gradient after a timed pass", "is", "differs from the one before")

    return pass_clock(worker, Bind(data, made.plan.dtype), FirstCall(PlanMessage.of(made.plan)), found.fail, held)


def clock(worker: WorkerHandle, made: TimedProblem, truth: LapTruth, found: ContestantRecord) -> Clock:
    """Times epochs in a worker; why it stopped, if it does, is noted in `found`, and how its laps ended."""

    def stopped(error: WorkerError) -> None:
        found.fail(error, "" if isinstance(error, UntrueAnswer) else "could not be timed: ")

    return epochs_clock(worker, made.laps, stopped, truth.held_by(found))


def ready(clocks: Mapping[str, Clock], reference: str, epochs: Mapping[str, int]) -> dict[str, Contestant]:
    """Those whose clock does not stop, with their epochs per sample; the reference's second process has the first's."""
    contestants = calibrated(clocks, epochs)
    if reference in contestants and AGAIN in contestants:
        contestants |= calibrated({AGAIN: clocks[AGAIN]}, {AGAIN: contestants[reference].epochs})
    return evened(contestants)


def steady_seconds(worker: WorkerHandle, made: TimedProblem) -> float | None:
    """A first figure for a steady epoch, from one sample; None for a process that stops."""
    lap = clock(worker, made, LapTruth.of(made), ContestantRecord())
    found = calibrate(lap)
    if found is None:
        return None
    try:
        return lap(found.epochs).seconds / found.epochs
    except ClockStopped:
        return None
