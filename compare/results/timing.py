"""Times as results keep them: samples with their median, a figure with its interval, what a backend costs.

Frozen types that turn into JSON, for every result that holds times: a comparison, a sweep, a course, a difference of
two runs. Seconds and bytes everywhere; nothing here computes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from handgrad.compare.results.shapes import at_least_one


@dataclass(frozen=True)
class Estimate:
    """A figure with the 95 % interval that the samples support."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Disturbance:
    """What a backend went without while its samples were taken.

    `lost` is the share of the middle sample's time for which it wanted a processor and had none, `disturbed` whether
    that is more than what is usual, and `kept` the part of the measured time that it may have taken undisturbed.
    `team` is how many of its threads worked. Means over the samples: `throttled`, the share for which a quota stopped
    it, `stolen`, processors that the host took, and `others`, processors that other processes kept busy (null where the
    system does not count). `preempted` is how often a processor was taken away from it.
    """

    disturbed: bool
    kept: float
    lost: float
    team: int = 1
    throttled: float | None = None
    stolen: float | None = None
    others: float | None = None
    preempted: int = 0


@dataclass(frozen=True)
class Timing:
    """Seconds per epoch, from `samples` in the order in which they were taken.

    `low` and `high` are the 95 % bootstrap interval of the median; where the backend was disturbed (`disturbance`,
    null: not known), `low` is what it may have taken undisturbed. `processes` says how many of the samples each fresh
    process gave, in order (empty: all came from one), since samples of one process are more alike than of several.
    `changed_answers` counts laps that were run twice, the second time untimed, and did not end at the same parameters
    to the bit; `largest_change` is the largest difference over the largest parameter (null: not finite).
    """

    median: float
    low: float
    high: float
    samples: tuple[float, ...]
    mild_outliers: int = 0
    severe_outliers: int = 0
    processes: tuple[int, ...] = ()
    epochs_per_sample: int = 1
    changed_answers: int = 0
    largest_change: float | None = 0.0
    disturbance: Disturbance | None = None

    def __post_init__(self) -> None:
        at_least_one("samples", self.samples)


@dataclass(frozen=True)
class LapEnds:
    """Where the timed laps of a backend ended, against where they must; each starts at a point of its own.

    Attributes:
        laps: How many there were.
        held: How many of them were held against the truth: all, or with mini-batches one that was drawn.
        against: "true path": exact arithmetic, or nearly. "float64 run": the same lap, run again by the judge.
        epochs: Of the lap whose end is the worst.
        ratio: The error of that end over what rounding explains; above 1, something else was timed. Null: not finite.
    """

    laps: int
    held: int
    against: Literal["true path", "float64 run"]
    epochs: int
    ratio: float | None

    @property
    def right(self) -> bool:
        """Whether rounding explains all of them."""
        return self.ratio is not None and self.ratio <= 1


@dataclass(frozen=True)
class SlowRun:
    """A run that would take long, foretold from one epoch before it began.

    Attributes:
        seconds: What the run and its timing would take.
        others_seconds: What all the rest of the comparison took until then.
        allowed_share: Of the whole, what it may take.
        gradient_ratio: The largest error of its gradient at the start, which was taken and judged all the same, over
            the bound that decides; None in files of earlier versions.
    """

    seconds: float
    others_seconds: float
    allowed_share: float
    gradient_ratio: float | None = None

    @property
    def share(self) -> float:
        """Of the whole, what it would take."""
        return self.seconds / (self.seconds + self.others_seconds)

    @property
    def too_long(self) -> bool:
        """Whether that is more than it may take."""
        return self.share > self.allowed_share


@dataclass(frozen=True)
class Speed:
    """What a backend costs, in seconds and bytes; never one number.

    `import_seconds` loads the library in a fresh process, `bind_seconds` moves the data into its form, of which
    `transfer_seconds` moved them to a device that was ready (null: it computes on the processor), `first_call_seconds`
    is the first gradient (with it, compilation), `epoch_seconds` the steady state. `relative` is the median epoch over
    NumPy's in the same run. `ceiling_fraction` is the limit for the same bytes, the machine's or its device's, over the
    epoch; `relative_interval` and `ceiling_interval` are what the samples support of both (95 %; low, high).
    `peak_memory_bytes` is of the whole process, `own_memory_bytes` beyond the interpreter with the data;
    `elsewhere_memory_bytes` is what workers of a cluster hold of the data, each, in neither of the two.
    """

    import_seconds: float
    bind_seconds: float
    first_call_seconds: float
    epoch_seconds: Timing
    relative: float | None = None
    ceiling_fraction: float | None = None
    peak_memory_bytes: int | None = None
    own_memory_bytes: int | None = None
    relative_interval: tuple[float, float] | None = None
    ceiling_interval: tuple[float, float] | None = None
    elsewhere_memory_bytes: tuple[int, ...] = ()
    transfer_seconds: float | None = None


@dataclass(frozen=True)
class DeviceUse:
    """The device on which some backends computed: its `kind` ("cuda"), and its `name` as its library has it.

    `limit_seconds` is one reading of as many `bytes` of its own memory as X and y have, in the rounds of the epochs;
    null where it was not measured.
    """

    kind: str
    name: str
    bytes: int | None = None
    limit_seconds: Timing | None = None
