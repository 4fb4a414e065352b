"""What ends with a process, however that ends, `kill -9` included: the processes that it started, and its files."""

from __future__ import annotations

import _thread
import contextlib
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path

#: How often a process looks whether its parent lives, until the system ends it with that.
LOOK_SECONDS = 0.2

#: The name of a folder for temporary files begins so.
PREFIX = "handgrad-"


@cache
def die_with_parent() -> None:
    """On Linux, this process is killed when the thread that started it ends: while stopped, it would not see that.

    `prctl(PR_SET_PDEATHSIG)`, see prctl(2). Elsewhere nothing happens.
    """
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def watch_parent() -> None:
    """Ends this process soon after its parent, until `die_with_parent` is called, which needs ctypes.

    A library whose import is to be timed would find ctypes there for nothing.
    """
    _thread.start_new_thread(_watch, (os.getppid(),))


def _watch(parent: int) -> None:
    while not die_with_parent.cache_info().currsize or sys.platform != "linux":
        if os.getppid() != parent:
            os._exit(1)
        time.sleep(LOOK_SECONDS)


@contextlib.contextmanager
def passing_file() -> Iterator[str]:
    """The path of an empty file that other processes of this user can open, and that is gone afterwards.

    On Linux it has no name in any folder: it is reached through this process, and ends with that.
    """
    if sys.platform == "linux":
        with tempfile.TemporaryFile() as file:
            yield f"/proc/{os.getpid()}/fd/{file.fileno()}"
    else:
        with temporary_folder() as folder:
            path = Path(folder, "file")
            path.touch()
            yield str(path)


@contextlib.contextmanager
def temporary_folder() -> Iterator[str]:
    """A folder for temporary files, gone afterwards; those that killed processes left behind are removed first."""
    sweep()
    folder, lock = _owned()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if lock is not None:
            os.close(lock)


def sweep() -> None:
    """Removes the temporary folders of this project that no living process owns."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            if (lock := _lock(folder)) is not None:
                shutil.rmtree(folder, ignore_errors=True)
                os.close(lock)


def _owned() -> tuple[str, int | None]:
    """A new folder with its lock; a sweep by another process may come between the two."""
    while True:
        folder = tempfile.mkdtemp(prefix=PREFIX)
        if os.name == "nt":
            return folder, None
        with contextlib.suppress(OSError):
            if (lock := _lock(Path(folder))) is not None and Path(folder).exists():
                return folder, lock


def _lock(folder: Path) -> int | None:
    """The folder, open and locked until its process ends (flock(2)); None if it is another's, and on Windows."""
    try:
        import fcntl
    except ImportError:
        return None
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor
