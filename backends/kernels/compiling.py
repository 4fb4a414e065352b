"""Compiling with Numba, once: machine code is kept on disk until a file of this folder changes.

Numba keeps it beside the source or, if that folder is read-only, in the user's cache folder, and takes it for fresh
while the file is unchanged in which the compiled function stands. But what a function takes from other files is
compiled into it. So the stamp of freshness here is that file's own and that of all files of this folder together.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

from numba import njit
from numba.core.caching import FunctionCache, IndexDataCacheFile

Function = TypeVar("Function", bound=Callable[..., Any])


@cache
def stamp() -> str:
    """A digest of all source files of this folder."""
    digest = hashlib.sha256()
    for file in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()


class StampedCache(FunctionCache):
    """Numba's cache of a function's machine code on disk, which also grows old with the files of this folder.

    Raises:
        RuntimeError: If Numba finds no folder that it may write to.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function)  # type: ignore[no-untyped-call]
        both = self._impl.locator.get_source_stamp(), stamp()
        self._cache_file = IndexDataCacheFile(self.cache_path, self._impl.filename_base, both)  # type: ignore[no-untyped-call]


def compiled(function: Function, **options: Any) -> Function:
    """Compiled when it is first called, or loaded from the cache on disk.

    Args:
        function: What Numba is to compile.
        options: More for `numba.njit`.
    """
    dispatcher = njit(nogil=True, error_model="numpy", **options)(function)
    with contextlib.suppress(RuntimeError):  # no folder to write a cache to: each process compiles for itself
        dispatcher._cache = StampedCache(function)  # as `cache=True` does with Numba's own
    return cast(Function, dispatcher)


def inner(function: Function) -> Function:
    """Compiled for other compiled code alone: without an entry from Python that takes less time."""
    return compiled(function, no_cpython_wrapper=True, no_cfunc_wrapper=True)


def threaded(function: Function) -> Function:
    """Compiled with the iterations of `prange` shared among threads.

    Numba's cache does not tell options apart, so this is a function of its own, never one compiled without threads too.
    """
    return compiled(function, parallel=True)
