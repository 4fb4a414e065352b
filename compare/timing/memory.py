"""The memory of this process, in bytes: what is resident, and the most that ever was.

A worker measures with it what its backend takes. psutil knows most systems, but not Linux's peak, which can be begun
anew there. What Linux tells is read without psutil: a worker looks before the clock of its library's import, and the
modules that psutil brings along would be free for that library.
"""

from __future__ import annotations

import os
from pathlib import Path

PROCESS = Path("/proc/self")


def resident_bytes() -> int:
    """The resident set now."""
    try:
        return int((PROCESS / "statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:  # no Linux
        import psutil

        return int(psutil.Process().memory_info().rss)


def peak_bytes() -> int | None:
    """The largest resident set so far, on Linux since `forget_peak`; None where the system does not tell.

    Linux: getrusage would not do, since its peak is that of the parent at the fork, until the child has more.
    """
    try:
        with (PROCESS / "status").open(encoding="ascii", errors="replace") as stream:
            return next(int(line.split()[1]) * 1024 for line in stream if line.startswith("VmHWM:"))
    except (OSError, StopIteration):  # another system, or a kernel that does not count it
        return _peak_elsewhere()


def _peak_elsewhere() -> int | None:
    """Windows tells psutil the peak; other systems tell getrusage, macOS in bytes, the rest in KiB."""
    import sys

    import psutil

    peak: int | None = getattr(psutil.Process().memory_info(), "peak_wset", None)
    if peak is not None:
        return peak
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def forget_peak() -> None:
    """Begins the peak anew at what is resident now, where the system allows it (Linux, proc(5): clear_refs)."""
    try:
        (PROCESS / "clear_refs").write_text("5", encoding="ascii")
    except OSError:
        return
