"""What is timed in a worker: steady epochs of a backend, and the machine's reading of as many bytes."""

from __future__ import annotations

from collections.abc import Callable

from handgrad.backends.interface import Plan, steady
from handgrad.compare.timing.measure import Clock, ClockStopped, Lap
from handgrad.compare.timing.messages import PlanMessage, ReadBytes, TimeEpochs
from handgrad.compare.timing.process import WorkerError, WorkerHandle

#: The contestant that is no backend: the machine that only reads.
MACHINE = "(machine)"


def epochs_clock(worker: WorkerHandle, plan: Plan, stopped: Callable[[WorkerError], None]) -> Clock:
    """Times so many epochs of the backend that is bound; `stopped` is told why, if it cannot go on."""

    def lap(epochs: int) -> Lap:
        try:
            answer = worker.ask(TimeEpochs(PlanMessage.of(steady(plan, epochs)), epochs))
        except WorkerError as error:
            stopped(error)
            raise ClockStopped(str(error)) from error
        worker.rest()
        return Lap(answer.seconds, (*answer.weights, answer.bias), answer.strain)

    return lap


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
