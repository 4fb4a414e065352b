"""What a worker does first: the import of its backend's library, under the clock. Needs the standard library only."""

from __future__ import annotations

import importlib
import time


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
    return seconds
