"""How long a process has been at work, told so that what else the machine does counts for nothing.

What counts is what its main thread has computed, and the time in which all its threads slept or stood still: a process
that waits for a core does neither. Where the system does not tell, and in any case after many times as long, the time
on the wall decides.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

#: How many times the limit may pass on the wall for a process that is not seen to use it up.
WALL_FACTOR = 12


@dataclass(frozen=True)
class CpuSample:
    """What a process has done so far: seconds of its main thread, and of all its threads; whether they all sleep."""

    main_seconds: float
    seconds: float
    sleeps: bool


class Clock:
    """The time of one process, while it is waited for."""

    def __init__(self, pid: int, limit_seconds: float) -> None:
        """Begins now; what the process has computed before does not count."""
        self._pid, self.limit_seconds = pid, limit_seconds
        self._before = self._first = sample(pid)
        self._wall = self._slept = 0.0

    def tick(self, waited_seconds: float) -> None:
        """Adds time that it was waited for."""
        self._wall += waited_seconds
        now = sample(self._pid)
        at_rest = now is not None and self._before is not None and now.sleeps and now.seconds == self._before.seconds
        self._slept += waited_seconds if at_rest else 0.0
        self._before = now

    def over(self) -> float | None:
        """The seconds that it did not keep; None while it may go on."""
        if self._wall < self.limit_seconds:
            return None
        if self._first is None or self._before is None:
            return self.limit_seconds
        computed = self._before.main_seconds - self._first.main_seconds
        if computed + self._slept >= self.limit_seconds:
            return self.limit_seconds
        longest = WALL_FACTOR * self.limit_seconds
        return longest if self._wall >= longest else None


def sample(pid: int) -> CpuSample | None:
    """What the process has done until now; None where the system does not tell, or it has ended. See proc(5)."""
    if sys.platform != "linux":
        return None
    try:
        whole = _fields(Path(f"/proc/{pid}/stat"))
        threads = {thread.name: _fields(thread / "stat") for thread in Path(f"/proc/{pid}/task").iterdir()}
    except OSError:
        return None
    return CpuSample(
        _seconds(threads[str(pid)]), _seconds(whole), all(fields[0] not in "RD" for fields in threads.values())
    )


def _fields(file: Path) -> list[str]:
    """From the third on: the state; what stands before it may hold blanks."""
    return file.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()


def _seconds(fields: list[str]) -> float:
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
