"""How much memory can still be taken, and the refusal of what would need more: with figures, before it is loaded."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from handgrad.data.errors import DataError, shown

GROUP = Path("/sys/fs/cgroup")
GIB = 2**30

#: What an amount may end in; of a letter alone, the power of two is meant, as programs do that take such.
UNITS = {"": 1, "b": 1} | {
    f"{letter}{ending}": base**power
    for power, letter in enumerate("kmgt", start=1)
    for ending, base in (("", 1024), ("ib", 1024), ("b", 1000))
}

#: With less, nothing can be read ahead.
LEAST_BYTES = 16 * 2**20

#: What a browser gives to a page at most; taken for free where psutil is not installed, as there.
WITHOUT_PSUTIL = 4 * GIB


def available_bytes() -> int:
    """The memory that this process can take without swapping, within the limits of its container and of `ulimit -v`."""
    try:
        import psutil
    except ImportError:
        return WITHOUT_PSUTIL
    told = [int(psutil.virtual_memory().available), _left_in_group(), _left_of_addresses()]
    return max(0, min(left for left in told if left is not None))


def _left_in_group() -> int | None:
    """What a container's limit leaves, of which psutil knows nothing; what is read from files gives way to data."""
    limit, used = (_first_line(GROUP / f"memory.{name}") for name in ("max", "current"))
    if not (limit and used and limit.isdigit()):
        return None
    return int(limit) - int(used) + _cached_files()


def _cached_files() -> int:
    """The bytes of files that the container keeps in memory and has not used lately."""
    counted = dict(line.split(maxsplit=1) for line in _lines(GROUP / "memory.stat") if " " in line)
    return int(counted.get("inactive_file", 0))


def _left_of_addresses() -> int | None:
    """What the limit on this process's addresses leaves (`ulimit -v`); None without one."""
    if sys.platform == "win32":
        return None
    import resource

    import psutil

    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    return None if limit == resource.RLIM_INFINITY else limit - int(psutil.Process().memory_info().vms)


def refuse_beyond(needed_bytes: float, what: str, remedy: str) -> None:
    """Refuses what needs more memory than can be taken.

    Args:
        needed_bytes: What it needs.
        what: It, for the message: "t.csv: a table of about 10,000,000 rows and 2 columns".
        remedy: What to do.

    Raises:
        DataError: With both figures, in one line.
    """
    free = available_bytes()
    if needed_bytes > free:
        raise DataError(f"{what} needs about {amount(needed_bytes)} of memory, {amount(free)} are free; {remedy}")


def parsed_amount(text: str, what: str = "--memory") -> int:
    """The bytes of a text such as "1GiB", "500 MB", "2G" or "1073741824"; `what` it is called where it was given.

    Raises:
        DataError: If it is none, or too little to read a file with.
    """
    found = re.fullmatch(r"\s*([0-9]+\.?[0-9]*|\.[0-9]+)\s*([A-Za-z]*)\s*", text)
    unit = UNITS.get(found[2].lower()) if found else None
    if found is None or unit is None:
        raise DataError(f"{what}: expected an amount such as 1GiB, 500MB or 2G, got {shown(text)}")
    count = float(found[1]) * unit
    if not LEAST_BYTES <= count < 2.0**60:
        raise DataError(f"{what}: expected from {LEAST_BYTES // 2**20} MiB to 2^60 bytes, got {shown(text)}")
    return int(count)


def amount(count: float) -> str:
    """Bytes in two digits: "9.6 GiB"."""
    return f"{count / GIB:.2g} GiB" if count < 99.5 * GIB else f"{count / GIB:,.0f} GiB"


def _first_line(path: Path) -> str | None:
    lines = _lines(path)
    return lines[0].strip() if lines else None


def _lines(path: Path) -> list[str]:
    """The lines of a file that only some systems have; none where it is absent."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
