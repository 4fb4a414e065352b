"""Ends what a process has left behind, however it has ended: what it has started, and its temporary folders.

Every process that is started for a backend or for a student's file bears a mark in its environment, which what it
starts inherits; so they are found whatever group, session or parent they have by then, whether they run or are stopped.
The warden is a program of its own, which needs nothing but the standard library:

    python -I -S warden.py MARK

It reads names of folders, a null character after each, until the end of its input, a pipe whose other end only the
process holds that it watches. Then it kills all whose mark begins so, and removes those folders. Linux alone has
`/proc`, see proc(5); elsewhere a process looks after itself (`watch_parent`), and what it starts is not ended.
"""

from __future__ import annotations

import _thread
import os
import signal
import sys
import time
from collections.abc import Iterator

#: The variable of the environment that holds the mark.
VARIABLE = "HANDGRAD_WORKER"

#: One that is killed has ended within so long, or hangs in the kernel; it is looked so often.
KILLED_SECONDS = 5.0
LOOK_SECONDS = 0.005

#: A process that is just being started has no environment of its own for an instant; the warden looks for so long.
BEING_STARTED_SECONDS = 1.0

#: How often a process looks whether its parent lives, where no warden does.
PARENT_SECONDS = 0.2


def kill_marked(mark: str) -> None:
    """Kills all processes whose mark begins so, until there are none: one of them may have forked meanwhile."""
    until = time.monotonic() + KILLED_SECONDS
    while (found := list(marked(mark))) and time.monotonic() < until:
        for pid in found:
            try:
                os.kill(pid, signal.SIGKILL)
            except OSError:  # it has ended
                continue
        time.sleep(LOOK_SECONDS)


def marked(mark: str) -> Iterator[int]:
    """The processes whose mark begins so; one that has ended has no environment any more."""
    wanted = f"{VARIABLE}={mark}".encode()
    for name in filter(str.isdecimal, os.listdir("/proc")):  # noqa: PTH208 - pathlib takes four times as long
        try:
            with open(f"/proc/{name}/environ", "rb") as file:  # noqa: PTH123
                variables = file.read().split(b"\0")
        except OSError:  # another user's, or it has ended
            continue
        if any(variable.startswith(wanted) for variable in variables):
            yield int(name)


def watch_parent() -> None:
    """Ends this process soon after its parent, where no warden does."""
    if sys.platform != "linux":
        _thread.start_new_thread(_watch, (os.getppid(),))


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(PARENT_SECONDS)
    os._exit(1)


def main() -> None:
    """Leaves the process that is watched, so that whoever ends its children does not end this; waits, and tidies up."""
    if os.fork() != 0:
        os._exit(0)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    named = read_to_the_end()
    until = time.monotonic() + BEING_STARTED_SECONDS
    while time.monotonic() < until:
        kill_marked(sys.argv[1])
        remove(named)
        time.sleep(10 * LOOK_SECONDS)


def read_to_the_end() -> list[str]:
    """The folders that are named on the input, which ends with the process that is watched."""
    content = b""
    while part := os.read(0, 4096):
        content += part
    return [os.fsdecode(name) for name in content.split(b"\0")[:-1]]


def remove(folders: list[str]) -> None:
    """Removes those that the process has not removed itself, with all that they hold."""
    for folder in filter(os.path.isdir, folders):
        import shutil

        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
