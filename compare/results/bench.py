"""What a sweep over sizes found: frozen types that turn into JSON (`result.json`, kind "bench") and back without loss.

Nothing here computes: `compare` fills these in, `reports` shows them. Seconds and bytes everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from handgrad.compare.results.environment import Environment
from handgrad.compare.results.shapes import known
from handgrad.compare.results.timing import DeviceUse, Estimate, Timing
from handgrad.compare.results.verdict import DevicePays

SCHEMA = 1
KIND = "bench"

FastestOf = Literal["epoch", "rows", "run"]

Status = Literal["ok", "skipped", "unavailable", "failed", "timeout"]


@dataclass(frozen=True)
class BenchTable:
    """The table that was given to be timed on, in place of random numbers: its columns, and where it came from.

    `streamed` says whether memory does not hold it, so that each pass has read it anew; then its features are as they
    stand there, and otherwise they were centred and scaled, as was the target. `memory_bytes` were allowed (null: a
    part of what was free).
    """

    source: str
    features: tuple[str, ...]
    target: str
    streamed: bool
    memory_bytes: int | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Settings:
    """What was asked for. `epochs` is the length of the run for which totals and break-even are given.

    Besides `rows` there are sizes by the `numbers` that X has, whatever its width: as many bytes to read in each.
    `budget_seconds` is the clock time per backend and cell, `precision` the relative half-width of the median's
    interval at which a cell needs no more rounds, `processes` how many fresh ones each backend gets. `table` was given
    to be timed on, and is the only size. On `device` compute those backends that know it.
    """

    rows: tuple[int, ...]
    features: tuple[int, ...]
    dtypes: tuple[str, ...]
    backends: tuple[str, ...]
    epochs: int
    processes: int
    precision: float
    budget_seconds: float
    seed: int
    numbers: tuple[int, ...] = ()
    table: BenchTable | None = None
    device: str = "cpu"

    @property
    def streamed(self) -> bool:
        """Whether memory does not hold the table that was given."""
        return self.table is not None and self.table.streamed

    def rows_of(self, features: int) -> list[int]:
        """The sizes of that width, ascending."""
        return sorted({*self.rows, *(max(1, numbers // features) for numbers in self.numbers)})


@dataclass(frozen=True)
class Level:
    """How fast this machine reads a working set of `bytes`, over and over, with the threads of the run."""

    bytes: int
    bytes_per_second: float


@dataclass(frozen=True)
class Machine:
    """The machine's limits with the threads of the run.

    `levels` ascend in size. `operations_per_second` counts each multiply-add as two, by dtype, from the fastest matrix
    product that BLAS does here.
    """

    threads: int
    levels: tuple[Level, ...]
    operations_per_second: dict[str, float]


@dataclass(frozen=True)
class StartUp:
    """What a backend costs before its epochs are steady, in processes that were started for this alone.

    `import_seconds` loads the library, `set_up_seconds` are those of the first few rows (parts of the library that load
    late), `bind_seconds` moves the data into its form. The first epoch is timed with an empty cache of compiled code
    (`cold`), and in a new process with the cache that the former left (`cached`).
    `epoch_seconds` is a steady epoch of the same problem, and `own_bytes` the memory beyond interpreter and data.
    """

    features: int
    dtype: str
    rows: int
    import_seconds: float
    bind_seconds: float
    first_call_cold_seconds: float
    first_call_cached_seconds: float
    epoch_seconds: float
    own_bytes: int | None
    set_up_seconds: float = 0.0


@dataclass(frozen=True)
class BreakEven:
    """After how many epochs a backend's start has paid for itself against another; null: never.

    `cold` with everything still to compile, `cached` with compiled code on disk. 0: it is ahead from the start.
    """

    against: str
    cold: int | None
    cached: int | None


@dataclass(frozen=True)
class Measured:
    """One backend in one cell.

    `relative` is its epoch over the reference backend's in the same rounds, `told_apart` whether that ratio is beyond
    the noise. `bytes_per_epoch` are those of X and y, 0 for a backend that does not go through them. `limit_fraction`
    is the machine's time for reading X and y over the epoch. `gradient_ratio` and `parameters_ratio` hold its gradient
    at the start, and its parameters after the first epochs, against the reference backend's: the largest difference
    over what rounding explains. `timed_ratio` does so for the parameters after the epochs of a timed sample, against
    the true ones.
    `bind_seconds` moves the data into its form. Totals are import, set-up, that move, first call and all further epochs
    of the run asked for.

    Of a table that memory does not hold, an epoch reads it anew. `pass_seconds` are those of a backend whose epochs
    read nothing (null: of all others), for the pass that they rest on, which totals count once; `limit_fraction` is
    then null, and `pass_fraction` the time for reading over that pass.

    A backend on a `device` (null: on the processor) is held against the device's own reading; `transfer_seconds` of
    `bind_seconds` moved the data there, once it was ready. `elsewhere_memory_bytes` is what workers of a cluster hold
    of the data, each.
    """

    status: Status
    reason: str | None = None
    epoch_seconds: Timing | None = None
    relative: Estimate | None = None
    told_apart: bool | None = None
    limit_fraction: Estimate | None = None
    bytes_per_epoch: int | None = None
    own_bytes: int | None = None
    gradient_ratio: float | None = None
    parameters_ratio: float | None = None
    timed_ratio: float | None = None
    bind_seconds: float | None = None
    total_cold_seconds: float | None = None
    total_cached_seconds: float | None = None
    break_even: tuple[BreakEven, ...] = ()
    pass_seconds: Timing | None = None
    pass_fraction: Estimate | None = None
    device: str | None = None
    transfer_seconds: float | None = None
    elsewhere_memory_bytes: tuple[int, ...] = ()


@dataclass(frozen=True)
class Cell:
    """One size: `bytes` are those of X and y, `limit_seconds` one reading of as many bytes in the same rounds.

    Of a table that memory does not hold, `limit_seconds` is what pyarrow's dataset scanner alone takes to read the
    columns in the same rounds.

    `again` is the reference backend once more, in processes of its own, over itself (an A/A run); `noise_floor` follows
    from it. `fastest` names the fastest backend and all that are not told apart from it. `stolen` is the largest share
    of the processors' time that the host of this (virtual) machine took while an epoch was timed, where it is counted.
    `device_limit_seconds` is one reading of as many bytes by the device, of its own memory.
    """

    rows: int
    features: int
    dtype: str
    bytes: int
    backends: dict[str, Measured]
    limit_seconds: Timing | None = None
    again: Estimate | None = None
    noise_floor: float | None = None
    fastest: tuple[str, ...] = ()
    stolen: float | None = None
    device_limit_seconds: Timing | None = None


@dataclass(frozen=True)
class ScalingLaw:
    """seconds ~ rowsᵖ over the sizes named, where the rows and not the calls make the time."""

    backend: str
    features: int
    dtype: str
    rows: tuple[int, ...]
    exponent: Estimate


@dataclass(frozen=True)
class Crossover:
    """`slower` is the slower one up to so many rows, `faster` beyond: of the two, steady epochs.

    The interval of the rows goes from the last size at which they are told apart one way round to the first at which
    they are told apart the other way round.
    """

    slower: str
    faster: str
    features: int
    dtype: str
    rows: Estimate


@dataclass(frozen=True)
class FastestRange:
    """From `first` rows (measured) to `last`, `fastest` is the fastest; `tied` are not told apart from it at any size.

    Where there are any, `fastest` is only the one with the shortest median at the first size.

    `of` says which time: that of a steady epoch, that of a steady epoch among those that read all rows in each (where
    not all do), or that of the whole run with import and first call.
    """

    features: int
    dtype: str
    of: FastestOf
    fastest: str
    tied: tuple[str, ...]
    first: int
    last: int


@dataclass(frozen=True)
class DevicePaysFrom:
    """From how many rows on a run is shorter on a device than on the processor, start and transfer included.

    Attributes:
        backend: On the device.
        features: The width.
        dtype: Its format.
        over: Of the backends on the processor that go through all rows, the one with the shortest run: at the first
            size at which the device is ahead, or at the largest where it never is.
        rows: Where it gets ahead for good in a run of the epochs asked for, between the last size at which it is not
            ahead beyond doubt and the first from which on it is; null: at no size.
        at_largest: From how many epochs on it is ahead at the largest size.
        largest: That size.
    """

    backend: str
    features: int
    dtype: str
    over: str
    rows: Estimate | None
    at_largest: DevicePays
    largest: int


@dataclass(frozen=True)
class Bench:
    """A finished sweep: everything that its report shows.

    `reigns` says from which size to which one backend is the fastest; the field is called so in every file of schema 1.
    """

    environment: Environment
    settings: Settings
    reference: str
    machine: Machine | None
    start_ups: dict[str, tuple[StartUp, ...]]
    cells: tuple[Cell, ...]
    scaling: tuple[ScalingLaw, ...] = ()
    crossovers: tuple[Crossover, ...] = ()
    reigns: tuple[FastestRange, ...] = ()
    warnings: tuple[str, ...] = ()
    kind: str = KIND
    schema: int = SCHEMA
    device: DeviceUse | None = None
    device_pays: tuple[DevicePaysFrom, ...] = ()

    def __post_init__(self) -> None:
        named = [name for cell in self.cells for name in (*cell.backends, *cell.fastest)]
        named += [name for one in self.crossovers for name in (one.slower, one.faster)]
        named += [name for one in self.reigns for name in (one.fastest, *one.tied)]
        named += [self.reference, *self.start_ups, *(law.backend for law in self.scaling)]
        named += [name for one in self.device_pays for name in (one.backend, one.over)]
        known("backend", named, self.settings.backends)
        if len({frozenset(cell.backends) for cell in self.cells}) > 1:
            raise ValueError("cells: expected the same backends in each")
