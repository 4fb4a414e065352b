"""The verdict of a comparison: three questions, each with its own answer.

Do the backends agree? Did the training arrive? Which one to take? Agreement is no success: backends that all diverge
alike agree. Facts here; the sentences that `reason` holds are made of them by `handgrad.compare.results.reasons`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from handgrad.compare.results.arrival import ArrivalState
from handgrad.compare.results.shapes import known
from handgrad.compare.results.timing import Estimate


@dataclass(frozen=True)
class Objection:
    """One reason for which backends do not agree.

    Attributes:
        kind: "accuracy": a backend lies outside its bounds (see its `Accuracy.violations`). "failed", "timeout": it
            gave no answer. "diverged": it did not stay finite, and nobody knows whether the exact run does. "nothing
            judged": no backend answered. Of the judge's own test (see `SelfTest`): "missed faults", "false
            accusation", "blunt judge".
        backend: Whose; null for what concerns none.
    """

    kind: Literal[
        "accuracy",
        "failed",
        "timeout",
        "diverged",
        "nothing judged",
        "missed faults",
        "false accusation",
        "blunt judge",
    ]
    backend: str | None = None


@dataclass(frozen=True)
class Agreement:
    """Whether the backends agree with the exact answer within rounding, and so with each other; and why."""

    passed: bool
    reason: str


@dataclass(frozen=True)
class Arrived:
    """Whether the training arrived.

    Attributes:
        state: That of the backend that came least far, of those that are right: "yes" only where all arrived.
        reason: In a sentence.
        states: Of each of those backends, by name.
    """

    state: ArrivalState
    reason: str
    states: dict[str, ArrivalState]

    def __post_init__(self) -> None:
        known("state", [self.state], self.states.values())


@dataclass(frozen=True)
class RunCost:
    """What this run costs on one backend, in seconds, each figure with the interval that its samples support.

    Attributes:
        backend: Its name.
        start: Import, moving the data, and what the first epoch took beyond a steady one.
        epoch: A steady one.
        run: The start and all epochs.
    """

    backend: str
    start: Estimate
    epoch: Estimate
    run: Estimate


@dataclass(frozen=True)
class Overtaking:
    """From how many epochs on a backend's whole run, start included, is shorter than another's.

    Attributes:
        backend: Which overtakes.
        over: Which is overtaken.
        epochs: The first whole number of epochs at which it is ahead.
        low: The same as the intervals of both allow it at the earliest.
        high: At the latest.
    """

    backend: str
    over: str
    epochs: int
    low: int
    high: int


@dataclass(frozen=True)
class DevicePays:
    """From how many epochs on a run on a device is shorter than one on the processor, start and transfer included.

    Attributes:
        backend: On the device.
        over: On the processor: that of the shortest epoch among those that go through all rows in each, or among those
            that do not.
        epochs: The first number of epochs at which it is ahead; null: its epoch is not shorter, or not told apart.
        low: The same as the intervals of both allow it at the earliest.
        high: At the latest.
    """

    backend: str
    over: str
    epochs: int | None = None
    low: int | None = None
    high: int | None = None


@dataclass(frozen=True)
class Choice:
    """Which backend to take. Only those that are right and were timed are considered.

    Attributes:
        run: The fastest for this run, start included; null where the intervals overlap, or the run diverged.
        epoch: The fastest per steady epoch; null where the intervals overlap.
        reason: In a sentence.
        epochs: Of this run.
        run_tied: Those that may be the fastest for this run, where that is more than one.
        epoch_tied: Those that may have the shortest epoch, where that is more than one.
        costs: The cheapest run first.
        overtakings: How the order changes beyond this run, as far as the intervals tell: each overtakes the one before.
        device: From when on each backend on a device pays, against those on the processor.
    """

    run: str | None
    epoch: str | None
    reason: str
    epochs: int
    run_tied: tuple[str, ...] = ()
    epoch_tied: tuple[str, ...] = ()
    costs: tuple[RunCost, ...] = ()
    overtakings: tuple[Overtaking, ...] = ()
    device: tuple[DevicePays, ...] = ()

    def __post_init__(self) -> None:
        known(
            "backend", [self.run, self.epoch, *self.run_tied, *self.epoch_tied], {cost.backend for cost in self.costs}
        )


@dataclass(frozen=True)
class Verdict:
    """The three answers, and what speaks against the first.

    Attributes:
        passed: Whether the backends agree: there is no objection, and at least one was judged.
        reasons: A sentence for each objection, in their order; where there is none, what the agreement rests on.
        objections: What speaks against it.
        agree: Do the backends agree?
        arrived: Did the training arrive? Null where no backend can say.
        choice: Which one to take? Null where none was timed. Files of earlier versions have none of these three.
    """

    passed: bool
    reasons: tuple[str, ...]
    objections: tuple[Objection, ...] = ()
    agree: Agreement | None = None
    arrived: Arrived | None = None
    choice: Choice | None = None
