"""Where a comparison runs: what a reader must know before believing a time."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shlex
import sys
from datetime import datetime
from pathlib import Path

from handgrad.compare.results.environment import Environment

#: Of a line of /proc/stat, the place of the stolen ticks; what follows is counted in others already.
STOLEN = 8

PACKAGES = ("handgrad", "numpy", "numba", "llvmlite", "torch", "jax", "pandas", "pyarrow", "matplotlib")


def capture(threads: int, command: str | None = None) -> Environment:
    """The environment now; `threads` is what the backends are given."""
    return Environment(
        python=platform.python_version(),
        platform=platform.platform(terse=True),
        cpu=cpu_name(),
        cores=available_cores(),
        threads=threads,
        packages=versions(),
        time=datetime.now().astimezone().isoformat(timespec="seconds"),
        command=command if command is not None else command_line(),
        blas=blas_name(),
        memory_bytes=memory_bytes(),
        cache_bytes=cache_bytes(),
        governor=_first_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
        load=os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
    )


def available_cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def command_line() -> str:
    """What was typed, with the program's name in place of its path."""
    return shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]])


def versions() -> dict[str, str]:
    """The installed version of each package that matters; absent ones are left out."""
    found = {}
    for package in PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def cpu_name() -> str:
    """The processor's name as the system tells it."""
    for line in _lines("/proc/cpuinfo"):
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def blas_name() -> str | None:
    """The BLAS that NumPy was built with."""
    import numpy as np

    config = np.show_config(mode="dicts")
    blas = config.get("Build Dependencies", {}).get("blas", {}) if isinstance(config, dict) else {}
    return " ".join(str(blas[key]) for key in ("name", "version") if key in blas) or None


def memory_bytes() -> int | None:
    """The machine's memory."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None


def memory_available_bytes() -> int | None:
    """The memory that can be taken without swapping, within the limit of a container; None where nothing tells."""
    told = [int(line.split()[1]) * 1024 for line in _lines("/proc/meminfo") if line.startswith("MemAvailable:")]
    limit, used = (_first_line(f"/sys/fs/cgroup/memory.{name}") for name in ("max", "current"))
    if limit and used and limit.isdigit():
        told.append(int(limit) - int(used))
    return min(told, default=None)


def processor_ticks() -> tuple[int, int] | None:
    """Ticks since the machine started: those that its host gave to others while there was work here, and all; proc(5).

    None where the system does not count them. Only a virtual machine has a host.
    """
    for line in _lines("/proc/stat"):
        name, *counts = line.split()
        if name == "cpu" and len(counts) >= STOLEN:
            ticks = [int(count) for count in counts[:STOLEN]]
            return ticks[-1], sum(ticks)
    return None


def cache_bytes() -> dict[str, int]:
    """The size of each data cache of the first core, like {"L1": 32768}."""
    found = {}
    for index in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        level, kind, size = (_first_line(str(index / name)) for name in ("level", "type", "size"))
        if level and size and kind in ("Data", "Unified"):
            found[f"L{level}"] = int(size.rstrip("KM")) * (1024**2 if size.endswith("M") else 1024)
    return found


def _first_line(path: str) -> str | None:
    lines = _lines(path)
    return lines[0].strip() if lines else None


def _lines(path: str) -> list[str]:
    """The lines of a file that only some systems have; none where it is absent."""
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
