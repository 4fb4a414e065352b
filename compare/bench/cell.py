"""One cell of a sweep: so many rows and features in a dtype, timed on all backends in one process of each.

The reference backend takes part twice, in two processes (an A/A run), and so does the machine itself, which reads as
many bytes as X and y have: in the same rounds, so that both are compared with the backends under the same conditions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from handgrad.backends.interface import Plan, steady
from handgrad.compare.bench.agreement import LapTruth, check
from handgrad.compare.bench.problem import CHECKED_EPOCHS, CellProblem, Size, problem
from handgrad.compare.bench.records import ContestantRecord
from handgrad.compare.results.timing import Timing
from handgrad.compare.timing.clocks import MACHINE, epochs_clock, reading_clock
from handgrad.compare.timing.measure import CONFIRMED, Clock, Contestant, calibrate, calibrated, evened, measure
from handgrad.compare.timing.messages import AskMemory, Bind, FirstCall, PlanMessage, TimeEpochs
from handgrad.compare.timing.process import UntrueAnswer, WorkerError, WorkerHandle

#: The contestant that is the reference once more.
AGAIN = "(again)"

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
    size: Size, workers: Mapping[str, WorkerHandle], reference: str, rounds: Rounds, epochs: Mapping[str, int]
) -> dict[str, ContestantRecord]:
    """What each contestant answered: its samples and its memory, or why there are none.

    Args:
        size: The cell.
        workers: One living process of each contestant, with its library loaded.
        reference: The backend that the others' numbers are held against.
        rounds: How long to time.
        epochs: Epochs per sample where an earlier process has found them.
    """
    made = problem(size, 0)
    found = {name: ContestantRecord() for name in workers}
    with made.file() as data:
        for name, worker in workers.items():
            if name != MACHINE:
                warm(found[name], worker, data, made.plan)
    check(found, reference, made)
    contestants = ready(clocks(size, workers, made, found), reference, epochs)
    for name, timed in timed_in_rounds(contestants, rounds).items():
        found[name].keep_timing(timed)
        if name != MACHINE:
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
    made: CellProblem,
    found: Mapping[str, ContestantRecord],
) -> dict[str, Clock]:
    """Those of all contestants that have come so far."""
    truth = LapTruth.of(made)
    return {
        name: reading_clock(worker, size.bytes) if name == MACHINE else clock(worker, made, truth, found[name])
        for name, worker in workers.items()
        if found[name].reason is None
    }


def clock(worker: WorkerHandle, made: CellProblem, truth: LapTruth, found: ContestantRecord) -> Clock:
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


def steady_seconds(worker: WorkerHandle, made: CellProblem) -> float | None:
    """A first figure for a steady epoch, from one sample; None for a process that stops."""
    lap = clock(worker, made, LapTruth.of(made), ContestantRecord())
    found = calibrate(lap)
    return None if found is None else lap(found.epochs).seconds / found.epochs
