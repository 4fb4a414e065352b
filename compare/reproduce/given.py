"""What a backend gives for each printed number, in the source's convention."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from handgrad.backends.interface import Trainer, Training
from handgrad.compare.reproduce.parts import Part, epoch_of
from handgrad.data.published_runs import Printed


@dataclass(frozen=True)
class GivenValues:
    """What a backend gave: `values` by the numbers' places, None where it did not get there, and the run's seconds."""

    values: dict[int, float | None]
    seconds: float


def answers(trainer_class: type[Trainer], part: Part, factor: int, clock: Callable[[], float]) -> GivenValues:
    """Asks a backend for all numbers of a part.

    Args:
        trainer_class: The backend.
        part: The rows, the plan, and the numbers.
        factor: By how much this project's loss and gradient are larger than the source's.
        clock: ProgramSeconds from any beginning; the run alone is timed, not the taking in of the rows.
    """
    trainer = trainer_class(part.X, part.y)
    begun = clock()
    training = trainer.train(part.plan)
    seconds = clock() - begun
    return GivenValues(dict(_values(trainer, training, part, factor)), seconds)


def _values(trainer: Trainer, training: Training, part: Part, factor: int) -> Iterator[tuple[int, float | None]]:
    for place, number in part.numbers.items():
        value = _at_point(trainer, number) if number.at is not None else _after_epoch(training, number)
        scaled = value if value is None or not _of_the_loss(number) else value / factor
        yield place, scaled if scaled is None or math.isfinite(scaled) else None


def _of_the_loss(number: Printed) -> bool:
    """Whether a number depends on the convention of the loss."""
    return number.quantity in ("loss", "weight derivative", "bias derivative")


def _at_point(trainer: Trainer, number: Printed) -> float:
    assert number.at is not None
    given = trainer.gradient_at([number.at.weight], number.at.bias)
    if number.quantity == "loss":
        return float(given.loss)
    return float(given.weights[0]) if number.quantity == "weight derivative" else float(given.bias)


def _after_epoch(training: Training, number: Printed) -> float | None:
    """The number after its epoch; None where the run ended before."""
    epoch = epoch_of(number)
    recorded = training.recorded_epochs.tolist()
    if epoch not in recorded or epoch >= len(training.losses):
        return None
    k = recorded.index(epoch)
    weight, bias = float(training.recorded_weights[k, 0]), float(training.recorded_biases[k])
    loss = float(training.losses[epoch])
    if number.quantity == "prediction":
        assert number.x is not None
        return number.times * (number.x * weight + bias)
    return {"weight": weight, "bias": bias, "loss": loss, "root mean square error": math.sqrt(loss)}[number.quantity]
