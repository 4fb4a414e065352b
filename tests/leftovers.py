"""What a command has left behind: processes that were started with its temporary folder, and files in that."""

from __future__ import annotations

import time
from pathlib import Path

import psutil

#: PyTorch makes this folder when it is imported, for all programs of a user, and keeps it.
KEPT = "torchinductor_"

#: Processes that were killed are gone within so long.
GONE_SECONDS = 5.0


def left_behind(temporary: Path) -> list[psutil.Process | Path]:
    """The processes that live and have that folder as theirs for temporary files, and the files in it."""
    until = time.monotonic() + GONE_SECONDS
    while left := [*filter(lambda one: bears(one, str(temporary)), psutil.process_iter()), *files(temporary)]:
        if time.monotonic() > until:
            break
        time.sleep(0.02)
    return left


def files(temporary: Path) -> list[Path]:
    """What is in a folder for temporary files, but what a library keeps there for good."""
    return [path for path in temporary.iterdir() if not path.name.startswith(KEPT)]


def bears(process: psutil.Process, folder: str) -> bool:
    """Whether a living process was started with that temporary folder."""
    try:
        return process.environ().get("TMPDIR") == folder and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False
