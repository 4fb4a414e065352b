"""What is timed in a worker: steady epochs of a backend, and the machine's reading of as many bytes, or of the columns.

Of a backend whose epochs read no row, the pass is timed that comes before them.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

from handgrad.backends.interface import Plan
from handgrad.compare.timing.laps import LapEnd, LapPlans
from handgrad.compare.timing.measure import Clock, ClockStopped, Lap
from handgrad.compare.timing.messages import (
    Bind,
    FirstCall,
    FirstCalled,
    PlanMessage,
    ReadBytes,
    ScanColumns,
    TimeEpochs,
)
from handgrad.compare.timing.process import UntrueAnswer, WorkerError, WorkerHandle

#: The contestant that is no backend: the machine that only reads.
MACHINE = "(machine)"
#: The one that is the device that only reads.
DEVICE = "(device)"


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
    """Times the reading of so many bytes, on a device where the backend is on one; an "epoch" is one reading."""

    def lap(times: int) -> Lap:
        try:
            answer = worker.ask(ReadBytes(size_bytes, times))
        except WorkerError as error:
            raise ClockStopped(str(error)) from error
        worker.rest()
        return Lap(answer.seconds, ())

    return lap


def scanning_clock(worker: WorkerHandle, data: str, stopped: Callable[[WorkerError], None]) -> Clock:
    """Times the reading of all columns of a table that is a stream; an "epoch" is one reading.

    Args:
        worker: A process of the machine.
        data: The file that says what to read.
        stopped: Is told why, if it cannot go on.
    """

    def lap(times: int) -> Lap:
        try:
            answer = worker.ask(ScanColumns(data, times))
        except WorkerError as error:
            stopped(error)
            raise ClockStopped(str(error)) from error
        worker.rest()
        return Lap(answer.seconds, (), answer.strain)

    return lap


def pass_clock(
    worker: WorkerHandle,
    bind: Bind,
    first: FirstCall,
    stopped: Callable[[WorkerError], None],
    held: Callable[[FirstCalled], str | None],
) -> Clock:
    """Times what a backend does once with its rows, whose code is compiled: each time they are bound anew.

    Args:
        worker: Its process.
        bind: What binds them.
        first: Its first epoch, in which they are read.
        stopped: Is told why, if it cannot go on.
        held: Holds what it answered against what is known, and says why it is not right; None where it is.
    """

    def once() -> Lap:
        bound, answer = worker.ask(bind), worker.ask(first)
        worker.rest()
        if (why := held(answer)) is not None:
            raise UntrueAnswer(why)
        return Lap(bound.bind_seconds + answer.first_call_seconds, (), answer.strain)

    def lap(times: int) -> Lap:
        try:
            laps = [once() for _ in range(times)]
            return Lap(sum(one.seconds for one in laps), (), laps[-1].strain)
        except WorkerError as error:
            stopped(error)
            raise ClockStopped(str(error)) from error

    return lap
