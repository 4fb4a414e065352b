"""What ends with a process, however that ends, `kill -9` included: the processes that it started, and its files."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from handgrad.compare import warden
from handgrad.compare.warden import VARIABLE

#: The name of a folder for temporary files begins so.
PREFIX = "handgrad-"


@dataclass
class Watch:
    """The warden of this process (`handgrad.compare.warden`), which is started with the first mark that is asked for.

    Attributes:
        token: What all marks of this process begin with; empty as long as there is no warden.
        pipe: Its other end is the warden's input, which ends with this process; None where there is no warden.
    """

    token: str = ""
    pipe: int | None = None

    def forget(self) -> None:
        """A fork of this process has a warden of its own, and must not hold this one back."""
        if self.pipe is not None:
            os.close(self.pipe)
        self.token, self.pipe = "", None


WATCH = Watch()
STARTING = threading.Lock()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=WATCH.forget)


def mark() -> str:
    """A new mark for the environment of a process: the one that bears it, and what it starts, ends with this process.

    On Linux, and whichever thread starts it. Elsewhere the mark finds them, but nobody waits for the end.
    """
    return f"{_watched().token}-{secrets.token_hex(8)}"


def _watched() -> Watch:
    """The state, with a warden at work where there can be one."""
    with STARTING:
        if not WATCH.token:
            WATCH.token = secrets.token_hex(8)
            WATCH.pipe = _start_warden(WATCH.token) if sys.platform == "linux" else None
    return WATCH


def _leave_to_warden(folder: str) -> None:
    """Has a folder removed after the end of this process, if it is still there then."""
    if (pipe := _watched().pipe) is not None:
        with contextlib.suppress(BrokenPipeError):  # somebody has killed it
            os.write(pipe, os.fsencode(folder) + b"\0")


def _start_warden(token: str) -> int:
    """Starts it, and gives the end of the pipe that must stay open; it leaves this process at once."""
    told, pipe = os.pipe()
    environment = {name: value for name, value in os.environ.items() if name != VARIABLE}
    command = [sys.executable, "-I", "-S", warden.__file__, token]
    process = subprocess.Popen(
        command, stdin=told, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        cwd=os.sep, env=environment, start_new_session=True,
    )  # fmt: skip
    os.close(told)
    threading.Thread(target=process.wait, daemon=True).start()
    return pipe


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
    """A folder for temporary files, gone afterwards, and with this process where a warden can see to that.

    Those that killed processes left behind elsewhere are removed first.
    """
    sweep()
    folder, lock = _owned()
    _leave_to_warden(folder)
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
