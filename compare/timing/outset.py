"""What a worker does first: the import of its backend's library, under the clock. Needs the standard library only."""

from __future__ import annotations

import importlib
import signal
import sys
import time
from functools import cache


def timed_import(backend: str) -> float | Exception:
    """Imports the library behind a backend, as a user's script would: the seconds that it took, or why it failed."""
    from handgrad.backends.catalogue import entry

    try:
        required = entry(backend).requires
        began = time.perf_counter()
        for module in required:
            importlib.import_module(module)
        seconds = time.perf_counter() - began
    except Exception as error:
        return error
    die_with_parent()  # before it is first stopped, and not within the time above
    return seconds


@cache
def die_with_parent() -> None:
    """On Linux, this process is killed when the one that started it ends: while stopped, it would not see that.

    `prctl(PR_SET_PDEATHSIG)`, see prctl(2). Elsewhere nothing happens.
    """
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(1, signal.SIGKILL)
