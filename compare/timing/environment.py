"""Where a comparison runs: what a reader must know before believing a time."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shlex
import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from handgrad.compare.results.environment import Environment

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
        load=load_average(),
    )


def available_cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def command_line() -> str:
    """What was typed, with the program's name in place of its path."""
    typed = shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]])
    return typed.encode("utf-8", "backslashreplace").decode()  # bytes that are no UTF-8 would be no JSON, either


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
    """The BLAS that NumPy calls, as it is loaded: its name, its version, the processor it chose its kernels for.

    Like "openblas 0.3.29, SkylakeX, pthreads". Where the loaded one cannot be asked (Accelerate), the one that NumPy
    was built with. How many threads it has in a worker is `threads`, as that is set before it is loaded.
    """
    import numpy as np

    loaded = loaded_blas()
    if loaded:
        own = [library for library in loaded if "numpy" in library["filepath"]]  # others may have brought theirs along
        return described((own or loaded)[0])
    config = np.show_config(mode="dicts")
    blas = config.get("Build Dependencies", {}).get("blas", {}) if isinstance(config, dict) else {}
    return " ".join(str(blas[key]) for key in ("name", "version") if key in blas) or None


def loaded_blas() -> list[dict[str, Any]]:
    """What threadpoolctl tells of each BLAS that is loaded; nothing where it is not installed."""
    try:
        from threadpoolctl import threadpool_info
    except ImportError:
        return []
    return [library for library in threadpool_info() if library["user_api"] == "blas"]


def described(library: Mapping[str, object]) -> str:
    """A library as threadpoolctl tells of it, in a few words; what it does not know is left out."""
    name = " ".join(str(library[key]) for key in ("internal_api", "version") if library.get(key))
    return ", ".join([name, *(str(library[key]) for key in ("architecture", "threading_layer") if library.get(key))])


def memory_bytes() -> int | None:
    """The machine's memory; None where psutil is not installed, as in a browser."""
    try:
        import psutil
    except ImportError:
        return None
    return int(psutil.virtual_memory().total)


def load_average() -> float | None:
    """That of the last minute; None on Windows, where psutil begins to count when it is first asked."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else None


def processor_seconds() -> tuple[float, float] | None:
    """Seconds of all processors since the machine started: those that its host gave to others, and all.

    Stolen are those in which there was work here; proc(5). None where the system does not count them: only a virtual
    machine has a host, and only Linux tells.
    """
    import psutil

    counted = psutil.cpu_times()
    if not hasattr(counted, "steal"):
        return None
    within_others = sum(getattr(counted, name, 0.0) for name in ("guest", "guest_nice"))
    return counted.steal, sum(counted) - within_others


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
