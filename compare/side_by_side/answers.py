"""What a backend's process has answered in a comparison, times apart; kept in the journal, and read again from it."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import msgspec

from handgrad.compare.timing.messages import Bound, FirstCalled, GradientMessage, Loaded, Number, TrainingMessage


class Begun(NamedTuple):
    """What a process has answered down to its first call."""

    loaded: Loaded
    bound: Bound
    first: FirstCalled


class Answers(msgspec.Struct, frozen=True, omit_defaults=True):
    """One backend's run, from the import to the end, in the problem as it was trained.

    Attributes:
        import_seconds: For the library, in a fresh process.
        bind_seconds: For moving X and y into the backend's own form.
        first_call_seconds: For the first epoch, compilation included.
        gradient: At the start.
        training: The whole run.
        peak_bytes: The most memory that the process held; None where the system does not tell.
        own_bytes: What of it was beyond interpreter and data.
        gradients: (points, d + 1), the bias last, at the points of `probe_points`; None where it was not asked for.
        elsewhere_bytes: What of the data workers of a cluster held, each.
        transfer_seconds: What of `bind_seconds` moved X and y to a device that was ready; None on the processor.
    """

    import_seconds: float
    bind_seconds: float
    first_call_seconds: float
    gradient: GradientMessage
    training: TrainingMessage
    peak_bytes: int | None
    own_bytes: int | None
    gradients: list[list[Number]] | None = None
    elsewhere_bytes: tuple[int, ...] = ()
    transfer_seconds: float | None = None


def number(value: Number) -> float:
    """A number that was answered; NaN for what JSON could not carry."""
    return float("nan") if value is None else value


def misshapen(answers: Answers, features: int) -> str | None:
    """What in the answers has not the shape that d features ask for; None if all have. Not even judged is what has."""
    gradient, training = answers.gradient, answers.training
    expected, given = [features, features], [len(gradient.weights), len(training.weights)]
    if given != expected:
        return f"expected {features} weights in the gradient and at the end of its run, got {given[0]} and {given[1]}"
    recorded = len(training.recorded_epochs)
    if not recorded or {len(training.recorded_weights), len(training.recorded_biases)} != {recorded}:
        return "expected recorded weights and biases for each of its recorded epochs, and at least one of these"
    if any(len(weights) != features for weights in training.recorded_weights):
        return f"expected {features} weights at each of its recorded epochs"
    if any(here >= there for here, there in pairwise([-1, *training.recorded_epochs])):
        return "expected its recorded epochs to ascend from 0 on"
    return None
