"""The machine, the software and the source that a result comes from, as a `result.json` keeps them; none looked up."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Environment:
    """Where it ran: what a reader must know before believing a time. None and empty: the system does not tell.

    Attributes:
        python: Its version.
        platform: The operating system.
        cpu: The processor's name.
        cores: How many of them the process may use.
        threads: How many every backend was given.
        packages: The installed versions, by package.
        time: When it began, ISO 8601 with the zone.
        command: What was typed.
        blas: The linear algebra library that NumPy calls.
        memory_bytes: The machine's.
        cache_bytes: Of each data cache of a core, like {"L1": 32768}.
        governor: How Linux chooses the clock rate.
        load: The load average of the last minute, before the run.
    """

    python: str
    platform: str
    cpu: str
    cores: int
    threads: int
    packages: dict[str, str]
    time: str
    command: str
    blas: str | None = None
    memory_bytes: int | None = None
    cache_bytes: dict[str, int] = field(default_factory=dict)
    governor: str | None = None
    load: float | None = None


@dataclass(frozen=True)
class Source:
    """The backend's four steps as they stand in their files, with what they call there.

    `lines` counts lines of code without comments and docstrings.
    """

    file: str
    code: str
    lines: int
