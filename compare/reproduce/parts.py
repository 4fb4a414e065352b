"""What a printed number needs to be computed again: some of the rows, and a plan for them.

The parameters after k updates of one row each are those after an epoch over the first k rows, in the file's order. So
every number is that of some epoch of a run over some rows, or of a point.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from handgrad.backends.interface import FloatArray, Parameters, Plan
from handgrad.data.dataset import Dataset
from handgrad.data.published_runs import Printed, PublishedRun


@dataclass(frozen=True)
class Part:
    """Rows X (n, 1) and y (n,) of a run, a plan for them, and the printed numbers that it answers, by their places."""

    X: FloatArray
    y: FloatArray
    plan: Plan
    numbers: dict[int, Printed]


def parts(run: PublishedRun, table: Dataset) -> Iterator[Part]:
    """All that a run's numbers need; the first is the run itself."""
    places: dict[Extent, dict[int, Printed]] = {Extent(0, table.rows, run.epochs): {}}
    for place, number in enumerate(run.printed):
        places.setdefault(extent(run, number, table.rows), {})[place] = number
    for needed, numbers in places.items():
        within = slice(needed.first, needed.last)
        yield Part(table.X[within], table.y[within], plan(run, needed.epochs, numbers), numbers)


class Extent(NamedTuple):
    """The rows that a number depends on, from the first to before the last, and the epochs over them."""

    first: int
    last: int
    epochs: int


def extent(run: PublishedRun, number: Printed, rows: int) -> Extent:
    """What of a run with so many rows a number depends on."""
    if number.steps is None:
        return Extent(number.rows_lost, rows, run.epochs)
    return Extent(number.rows_lost, number.rows_lost + number.steps * (run.batch_size or rows), 1)


def plan(run: PublishedRun, epochs: int, numbers: dict[int, Printed]) -> Plan:
    """The run as a backend is asked to make it, keeping the parameters that were printed."""
    return Plan(
        learning_rate=run.learning_rate,
        epochs=epochs,
        batch_size=run.batch_size,
        start=Parameters([run.start.weight], run.start.bias),
        order="file",
        record=sorted({epoch_of(number) for number in numbers.values() if number.at is None}),
    )


def epoch_of(number: Printed) -> int:
    """The epoch of its part after which a number holds, of one that is not that of a point."""
    return 1 if number.epochs is None else number.epochs
