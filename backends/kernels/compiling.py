"""Compiling with Numba, once: machine code is kept on disk until a file of this folder changes.

Numba keeps it beside the source or, if that folder is read-only, in the user's cache folder, and takes it for fresh
while the file is unchanged in which the compiled function stands. But what a function takes from other files is
compiled into it. So the stamp of freshness here is that file's own and that of all files of this folder together.

A cache only saves time: one that is damaged (a killed process, a full disk, a bit that fell over), unreadable or cannot
be written is as good as none. Numba raises what the damaged file makes pickle raise, and would run damaged code.
"""

from __future__ import annotations

import contextlib
import hashlib
import pickle
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

from numba import njit
from numba.core.caching import FunctionCache, IndexDataCacheFile

Function = TypeVar("Function", bound=Callable[..., Any])

DIGEST_BYTES = hashlib.sha256().digest_size


@cache
def stamp() -> str:
    """A digest of all source files of this folder."""
    digest = hashlib.sha256()
    for file in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()


class CheckedFiles(IndexDataCacheFile):
    """The index of a function's machine code and the files with it, each file behind its digest."""

    def load(self, key: Any) -> Any:
        """What was saved under a key; None where nothing was, or where it cannot be read."""
        try:
            return super().load(key)  # type: ignore[no-untyped-call]
        except Exception:  # a damaged pickle raises anything
            return None

    def save(self, key: Any, data: Any) -> None:
        """Keeps it, where it can be written; an index that cannot be read is begun anew."""
        with contextlib.suppress(OSError):
            try:
                super().save(key, data)  # type: ignore[no-untyped-call]
            except Exception:
                self.flush()  # type: ignore[no-untyped-call]
                super().save(key, data)  # type: ignore[no-untyped-call]

    def _save_data(self, name: str, data: Any) -> None:
        content = self._dump(data)  # type: ignore[no-untyped-call]
        with self._open_for_write(self._data_path(name)) as file:  # type: ignore[no-untyped-call]
            file.write(hashlib.sha256(content).digest() + content)

    def _load_data(self, name: str) -> Any:
        whole = Path(self._data_path(name)).read_bytes()  # type: ignore[no-untyped-call]
        digest, content = whole[:DIGEST_BYTES], whole[DIGEST_BYTES:]
        if hashlib.sha256(content).digest() != digest:
            raise ValueError(f"{name} is damaged")
        return pickle.loads(content)


class StampedCache(FunctionCache):
    """Numba's cache of a function's machine code on disk, which also grows old with the files of this folder.

    Raises:
        RuntimeError: If Numba finds no folder that it may write to.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function)  # type: ignore[no-untyped-call]
        both = self._impl.locator.get_source_stamp(), stamp()
        self._cache_file = CheckedFiles(self.cache_path, self._impl.filename_base, both)  # type: ignore[no-untyped-call]

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The machine code for a signature; None where there is none that can be used."""
        try:
            return super().load_overload(sig, target_context)  # type: ignore[no-untyped-call]
        except Exception:  # of what another version has written
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keeps the machine code for a signature, where the folder can be made."""
        with contextlib.suppress(OSError):
            super().save_overload(sig, data)  # type: ignore[no-untyped-call]


def compiled(function: Function, **options: Any) -> Function:
    """Compiled when it is first called, or loaded from the cache on disk.

    Args:
        function: What Numba is to compile.
        options: More for `numba.njit`.
    """
    dispatcher = njit(nogil=True, error_model="numpy", **options)(function)
    with contextlib.suppress(RuntimeError, OSError):  # no folder to write a cache to: each process compiles for itself
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
