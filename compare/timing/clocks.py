"""What is timed in a worker: steady epochs of a backend, and the machine's reading of as many bytes."""

from __future__ import annotations

import itertools
from collections.abc import Callable

from handgrad.backends.interface import Plan
from handgrad.compare.timing.laps import LapEnd, LapPlans
from handgrad.compare.timing.measure import Clock, ClockStopped, Lap
from handgrad.compare.timing.messages import PlanMessage, ReadBytes, TimeEpochs
from handgrad.compare.timing.process import UntrueAnswer, WorkerError, WorkerHandle

#: The contestant that is no backend: the machine that only reads.
MACHINE = "(machine)"


def epochs_clock(
    worker: WorkerHandle, laps: LapPlans, stopped: Callable[[WorkerError], None], held: Callable[[LapEnd], str | None]
) -> Clock:
    """Times laps of the backend that is bound.

    Args:
        worker: Its process.
        laps: Where each lap starts.
        stopped: Is told why, if it cannot go on.
        held: Holds where a lap ended against the truth, and says why it is not right; None where it is. A backend that
            does something else when it is timed is not timed any longer.
    """
    numbers = itertools.count()

    def run(plan: Plan) -> Lap:
        try:
            answer = worker.ask(TimeEpochs(PlanMessage.of(plan), plan.epochs))
            worker.rest()
            end = LapEnd(plan, (*answer.weights, answer.bias))
            if (why := held(end)) is not None:
                raise UntrueAnswer(why)
        except WorkerError as error:
            stopped(error)
            raise ClockStopped(str(error)) from error
        return Lap(answer.seconds, end.parameters, answer.strain, lambda: run(plan))

    return lambda epochs: run(laps.lap(epochs, next(numbers)))


def reading_clock(worker: WorkerHandle, size_bytes: int) -> Clock:
    """Times the reading of so many bytes; an "epoch" is one reading."""

    def lap(times: int) -> Lap:
        try:
            answer = worker.ask(ReadBytes(size_bytes, times))
        except WorkerError as error:
            raise ClockStopped(str(error)) from error
        worker.rest()
        return Lap(answer.seconds, ())

    return lap
