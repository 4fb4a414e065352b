"""What else the processors did while a worker was timed: counters of the system, read before and after.

Linux counts the time for which a thread stood ready and had no processor (proc(5), `schedstat`), the time for which a
quota stopped a control group (`cpu.stat`: `throttled_usec`, in version 1 `throttled_time`), and what the host of a
virtual machine took (`steal` of `/proc/stat`). Elsewhere there is the processor time of the process alone.

Standard library only: reading takes some tens of microseconds, outside of every clock.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from pathlib import Path

from handgrad.compare.clock import perf_counter, process_time

PROC = Path("/proc")
CGROUPS = Path("/sys/fs/cgroup")

#: A thread that worked or waited for less than this part of what the busiest did is none of a team: one that spins for
#: some milliseconds, since its pool has nothing to do, holds nobody up.
IDLE_PART = 0.5

#: From this part of all processors on, somebody waits for one.
CROWDED = 0.9


@dataclass(frozen=True)
class Counters:
    """What was counted so far, in seconds; None where the system does not count it.

    Attributes:
        wall: The clock.
        cpu: Of the process, all threads together.
        threads: Of each thread: for how long it ran, and for how long it stood ready without a processor.
        throttled: For which the quota of the control group stopped it.
        stolen: Of all processors, by the host.
        busy: Of all processors, by all processes.
        preempted: How often a processor was taken away from the process.
    """

    wall: float
    cpu: float
    threads: dict[str, tuple[float, float]] = field(default_factory=dict)
    throttled: float | None = None
    stolen: float | None = None
    busy: float | None = None
    preempted: int = 0


@dataclass(frozen=True)
class Strain:
    """What a lap went without; shares of its time, None where the system does not count it.

    Attributes:
        cpu: Processor time of the worker over the clock's: 1 for one thread that never waits.
        team: How many threads worked.
        waited: For which threads of it stood ready and had no processor, all of them together.
        throttled: For which a quota stopped it.
        stolen: For which the host took a processor.
        others: How many processors other processes kept busy.
        preempted: How often a processor was taken away from it.
    """

    cpu: float
    team: int = 1
    waited: float | None = None
    throttled: float | None = None
    stolen: float | None = None
    others: float | None = None
    preempted: int = 0


def counters(proc: Path = PROC, cgroups: Path = CGROUPS) -> Counters:
    """Those of this process, now."""
    stolen, busy = processors(proc)
    return Counters(
        wall=perf_counter(),
        cpu=process_time(),
        threads=threads(proc),
        throttled=throttled(proc, cgroups),
        stolen=stolen,
        busy=busy,
        preempted=preempted(),
    )


def strain(before: Counters, after: Counters) -> Strain:
    """What happened between two counts."""
    wall = max(after.wall - before.wall, 1e-9)
    ran = [
        (end[0] - begin[0], end[1] - begin[1])
        for name, end in after.threads.items()
        for begin in [before.threads.get(name, (0.0, 0.0))]
    ]
    most = max((sum(one) for one in ran), default=0.0)
    team = [one for one in ran if most > 0 and sum(one) >= IDLE_PART * most]
    cpu = after.cpu - before.cpu
    busy = share(before.busy, after.busy, wall)
    return Strain(
        cpu=cpu / wall,
        team=max(1, len(team)),
        waited=sum(waited for _, waited in team) / wall if after.threads else None,
        throttled=share(before.throttled, after.throttled, wall),
        stolen=share(before.stolen, after.stolen, wall),
        others=None if busy is None else max(0.0, busy - cpu / wall),
        preempted=after.preempted - before.preempted,
    )


def strain_of_pool(before: Counters, after: Counters, processors: int) -> Strain:
    """What happened to a process whose threads end with their work, and with it what the system has counted of them.

    Where this process and others together kept nearly all processors busy, those that others had are what it wanted.
    """
    found = strain(before, after)
    full = found.others is not None and found.others + found.cpu > CROWDED * processors
    waited = None if found.others is None else min(1.0, found.others / processors) * full
    return replace(found, team=1, waited=waited)


def share(before: float | None, after: float | None, wall: float) -> float | None:
    """How much of the time a counter moved on; None where it is not counted."""
    return None if before is None or after is None else max(0.0, after - before) / wall


def threads(proc: Path) -> dict[str, tuple[float, float]]:
    """Seconds for which each thread of this process ran, and for which it waited for a processor."""
    found = {}
    for task in proc.glob("self/task/*/schedstat"):
        numbers = read(task).split()
        if len(numbers) >= 2:
            found[task.parent.name] = (int(numbers[0]) / 1e9, int(numbers[1]) / 1e9)
    return found


def throttled(proc: Path, cgroups: Path) -> float | None:
    """Seconds for which the quota of this process's control group has stopped it, in version 2 or 1."""
    for path in quota_files(read(proc / "self/cgroup"), cgroups):
        counted = dict(line.split(maxsplit=1) for line in read(path).splitlines() if " " in line)
        for name, unit in (("throttled_usec", 1e-6), ("throttled_time", 1e-9)):
            if name in counted:
                return int(counted[name]) * unit
    return None


def quota_files(groups: str, cgroups: Path) -> list[Path]:
    """Where `cpu.stat` may stand: in the group of the process, or, seen from within a container, at the root."""
    found = []
    for line in groups.splitlines():
        _, controllers, group = line.split(":", 2)
        if not controllers:
            roots = [cgroups]
        elif "cpu" in controllers.split(","):
            roots = [cgroups / controllers, cgroups / "cpu"]
        else:
            continue
        found += [root / place / "cpu.stat" for root in roots for place in (group.lstrip("/"), "")]
    return found


def processors(proc: Path) -> tuple[float | None, float | None]:
    """Seconds of all processors that their host took, and that processes here kept busy; None where nobody counts."""
    first = read(proc / "stat").partition("\n")[0].split()
    if len(first) < 9 or first[0] != "cpu":
        return None, None
    user, nice, system, _, _, irq, softirq, steal = (int(ticks) / clock_ticks() for ticks in first[1:9])
    return steal, user + nice + system + irq + softirq


def clock_ticks() -> int:
    """In a second."""
    return os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


def preempted() -> int:
    """How often a processor was taken away from this process; 0 where nobody counts."""
    try:
        import resource
    except ImportError:  # Windows
        return 0
    return resource.getrusage(resource.RUSAGE_SELF).ru_nivcsw


def read(path: Path) -> str:
    """A file of the system; empty where it is not there, or no longer (a thread that has ended)."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
