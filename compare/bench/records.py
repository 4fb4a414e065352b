"""What a sweep keeps of each finished piece of work in its journal, and under which key.

Three kinds of pieces: the start-up of a backend ("start numpy 16 float64"), the machine's limits ("machine"), and a
cell in the processes of one turn ("cell 16 float64 1000 0"), which holds a record of each contestant by its name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import msgspec

from handgrad.compare.bench.problem import Size
from handgrad.compare.results.timing import Disturbance, Timing
from handgrad.compare.timing.journal import Journal
from handgrad.compare.timing.messages import GradientMessage, LimitsFound, MemoryUsed, Number
from handgrad.compare.timing.process import WorkerError

#: An error over its bound. None: not finite; UNSET: nothing was compared.
Ratio = Number | msgspec.UnsetType


class LeftOut(msgspec.Struct, frozen=True):
    """Why a backend was not measured."""

    status: Literal["failed", "timeout", "skipped"]
    reason: str

    @classmethod
    def of(cls, error: WorkerError) -> LeftOut:
        """A process did not do what it was asked."""
        return cls(error.status, str(error))


class NoLimits(msgspec.Struct, frozen=True):
    """Why the machine's limits are not known."""

    reason: str


class StartUpRecord(msgspec.Struct, frozen=True):
    """A backend's start-up, in seconds and bytes; see `handgrad.compare.results.bench.StartUp`.

    `epoch_seconds` is None when steady epochs could not be timed, `own_bytes` where the system does not tell.
    """

    rows: int
    import_seconds: float
    set_up_seconds: float
    bind_seconds: float
    first_call_cold_seconds: float
    first_call_cached_seconds: float
    epoch_seconds: float | None
    own_bytes: int | None


class ContestantRecord(msgspec.Struct, omit_defaults=True):
    """One contestant in one cell and turn, filled in as it goes on; what it did not come to keeps its default.

    Attributes:
        bind_seconds: For moving X and y into the backend's own form.
        transfer_seconds: What of it moved them to a device that was ready.
        first_call_seconds: For the first epoch.
        gradient: At the start.
        parameters: (d + 1,), the bias last, after the epochs that are checked.
        gradient_ratio: Its gradient's distance from the reference's, over what rounding explains.
        parameters_ratio: That of its parameters after the epochs that are checked.
        timed_ratio: That of its parameters after the epochs of a sample from the true ones.
        samples: Seconds per epoch, in the order in which they were taken.
        epochs: In each sample.
        changed_answers: Samples that ended at other parameters than the first.
        largest_change: By how much, over the largest parameter; None: not finite.
        disturbance: What its samples went without.
        peak_bytes: The most memory that the process has held.
        own_bytes: What of it was beyond interpreter and data.
        elsewhere_bytes: What of the data workers of a cluster hold, each.
        stolen: The machine's: the share of the processors' time that its host took meanwhile.
        status: With `reason`: why it did not come to its end.
        reason: In a sentence.
    """

    bind_seconds: float | None = None
    first_call_seconds: float | None = None
    gradient: GradientMessage | None = None
    parameters: list[Number] | None = None
    gradient_ratio: Ratio = msgspec.UNSET
    parameters_ratio: Ratio = msgspec.UNSET
    timed_ratio: Ratio = msgspec.UNSET
    samples: list[float] = []
    epochs: int | None = None
    changed_answers: int = 0
    largest_change: Number = 0.0
    disturbance: Disturbance | None = None
    peak_bytes: int | None = None
    own_bytes: int | None = None
    stolen: float | None = None
    status: Literal["failed", "timeout", "skipped"] | None = None
    reason: str | None = None
    transfer_seconds: float | None = None
    elsewhere_bytes: tuple[int, ...] = ()

    @classmethod
    def left_out(cls, why: LeftOut) -> ContestantRecord:
        """The record of one that did not take part."""
        return cls(status=why.status, reason=why.reason)

    def fail(self, error: WorkerError, what: str = "") -> None:
        """Notes why it did not come to its end, after a few words of what could not be done."""
        self.status, self.reason = error.status, f"{what}{error}"

    def keep_timing(self, timed: Timing) -> None:
        """Notes the samples and how far their answers differed."""
        self.samples, self.epochs = list(timed.samples), timed.epochs_per_sample
        self.changed_answers, self.largest_change = timed.changed_answers, timed.largest_change
        self.disturbance = timed.disturbance

    def keep_memory(self, used: MemoryUsed) -> None:
        """Notes the memory of its process."""
        self.peak_bytes, self.own_bytes, self.elsewhere_bytes = used.peak_bytes, used.own_bytes, used.elsewhere_bytes


#: All contestants of a cell in one turn, by name.
Turn = Mapping[str, ContestantRecord]


@dataclass(frozen=True)
class Measurements:
    """A sweep's journal, piece by piece."""

    journal: Journal

    def start_up(self, name: str, features: int, dtype: str) -> StartUpRecord | LeftOut | None:
        """A backend's start-up at that width and dtype, or why there is none; None: it was not yet tried."""
        key = start_up_key(name, features, dtype)
        return self.journal.get(key, StartUpRecord) or self.journal.get(key, LeftOut)

    def started(self, name: str, features: int, dtype: str) -> StartUpRecord | None:
        """A backend's start-up at that width and dtype, where it was measured."""
        found = self.start_up(name, features, dtype)
        return found if isinstance(found, StartUpRecord) else None

    def limits(self) -> LimitsFound | NoLimits | None:
        """The machine's limits, or why they are not known; None: it was not yet tried."""
        return self.journal.get(MACHINE_KEY, LimitsFound) or self.journal.get(MACHINE_KEY, NoLimits)

    def turn(self, size: Size, turn: int) -> dict[str, ContestantRecord] | None:
        """The contestants of a cell in one turn; None: it was not yet measured."""
        return self.journal.get(cell_key(size, turn), dict[str, ContestantRecord])

    def turns(self, size: Size, count: int) -> list[Turn]:
        """The contestants of a cell in each of so many turns; nothing for those not yet measured."""
        return [self.turn(size, turn) or {} for turn in range(count)]


# -- keys --------------------------------------------------------------------------------------------------------------

#: That of the machine's limits.
MACHINE_KEY = "machine"


def start_up_key(name: str, features: int, dtype: str) -> str:
    """That of a start-up."""
    return f"start {name} {features} {dtype}"


def cell_key(size: Size, turn: int) -> str:
    """That of a cell in the processes of one turn."""
    return f"cell {size.features} {size.dtype} {size.rows} {turn}"
