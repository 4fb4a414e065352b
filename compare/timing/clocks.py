"""What is timed in a worker: steady epochs of a backend, and the machine's reading of as many bytes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from handgrad.backends.interface import Plan, steady
from handgrad.compare.timing.measure import Clock, ClockStopped, Lap
from handgrad.compare.timing.process import WorkerError

#: The contestant that is no backend: the machine that only reads.
MACHINE = "(machine)"


class Asked(Protocol):
    """The parent's end of a worker; see `handgrad.compare.timing.process.Worker`."""

    def ask(self, do: str, **fields: Any) -> dict[str, Any]:
        """Sends a request and returns the answer."""

    def rest(self) -> None:
        """Stops the process until it is asked again."""

    def close(self) -> None:
        """Ends the process."""


def epochs_clock(worker: Asked, plan: Plan, stopped: Callable[[WorkerError], None]) -> Clock:
    """Times so many epochs of the backend that is bound; `stopped` is told why, if it cannot go on."""

    def lap(epochs: int) -> Lap:
        try:
            answer = worker.ask("time", plan=plan_fields(steady(plan, epochs)), epochs=epochs)
        except WorkerError as error:
            stopped(error)
            raise ClockStopped(str(error)) from error
        worker.rest()
        return Lap(answer["seconds"], (*answer["weights"], answer["bias"]))

    return lap


def reading_clock(worker: Asked, size_bytes: int) -> Clock:
    """Times the reading of so many bytes; an "epoch" is one reading."""

    def lap(times: int) -> Lap:
        try:
            answer = worker.ask("read", bytes=size_bytes, times=times)
        except WorkerError as error:
            raise ClockStopped(str(error)) from error
        worker.rest()
        return Lap(answer["seconds"], ())

    return lap


def plan_fields(plan: Plan) -> dict[str, Any]:
    """The plan as JSON."""
    start = None if plan.start is None else [list(map(float, plan.start.weights)), float(plan.start.bias)]
    return {
        "learning_rate": plan.learning_rate,
        "epochs": plan.epochs,
        "batch_size": plan.batch_size,
        "start": start,
        "seed": plan.seed,
        "order": plan.order,
        "dtype": plan.dtype,
        "record": None if plan.record is None else list(plan.record),
    }
