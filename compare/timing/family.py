"""A worker and all that it has started: stopped, woken and ended together.

On POSIX a worker leads a session, and so a process group, of its own; what it starts is in that group, and gets its
signals. A process that has left the group is found as a child of the worker while that lives, or afterwards, where
the system shows it, by the mark that the worker's environment bears (`handgrad.compare.warden`).
"""

from __future__ import annotations

import contextlib
import importlib
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

from handgrad.compare.warden import VARIABLE, kill_marked

if TYPE_CHECKING:
    import psutil  # which a browser's Python lacks; there are no processes to end

#: A process that is killed has ended within so long, or hangs in the kernel.
KILLED_SECONDS = 5.0


def check_library() -> None:
    """Raises a ModuleNotFoundError before a worker is started that could not be ended with all that it has started."""
    importlib.import_module("psutil")


def send(process: subprocess.Popen[bytes], name: str) -> None:
    """Sends a signal, where the platform has it, to a process that still lives, and to its group."""
    number = getattr(signal, name, None)  # Windows has neither SIGSTOP nor SIGCONT; there, processes are left to spin
    if number is not None and process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)


def end(process: subprocess.Popen[bytes]) -> None:
    """Kills a process with its group and those of its children that have left it; may be done again."""
    if process.poll() is None:
        gone = children(process.pid)
        process.kill()
        kill_group(process.pid)
        for child in gone:
            _kill(child)
    else:
        kill_group(process.pid)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(KILLED_SECONDS)


def end_marked(mark: str) -> None:
    """Kills every process that bears a worker's mark: those that outlived a worker that had ended by itself."""
    if sys.platform == "linux":
        kill_marked(mark)
    else:
        import psutil

        for one in psutil.process_iter():
            with contextlib.suppress(psutil.Error, OSError):
                if one.environ().get(VARIABLE) == mark:
                    _kill(one)


def children(pid: int) -> list[psutil.Process]:
    """All processes that a living one has started, and those that these have."""
    import psutil

    found: list[psutil.Process] = []
    with contextlib.suppress(psutil.Error):
        found = psutil.Process(pid).children(recursive=True)
    return found


def kill_group(pid: int) -> None:
    """Kills all that is left of the group that a process leads."""
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError, PermissionError):  # macOS: of a group of which none lives
            os.killpg(pid, signal.SIGKILL)


def _kill(process: psutil.Process) -> None:
    import psutil

    with contextlib.suppress(psutil.Error):
        process.kill()
