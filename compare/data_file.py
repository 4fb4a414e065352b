"""X and y on their way to the processes of the backends: a file for as long as they work, which none of them changes.

A backend's process can find the file of all in its parent (proc(5)). What it wrote there, others would train on.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from handgrad.compare.lifetime import temporary_folder
from handgrad.data.memory import available_bytes

#: Of the memory that is free, what the file may take; a larger one is on disk.
MEMORY_SHARE = 0.25


@contextlib.contextmanager
def data_file(X: NDArray[Any], y: NDArray[Any]) -> Iterator[str]:
    """The path of a file with X (n, d) and y (n,), as `Bind` has it read; gone afterwards, and with this process.

    On Linux it has no name in any folder. In memory it is sealed (memfd_create(2)): nobody writes to it, not even its
    owner. On disk it is read-only, which stops all but the superuser.
    """
    if sys.platform == "linux":
        with _nameless(X.nbytes + y.nbytes) as file:
            np.savez(file, X=X, y=y)
            file.flush()
            seal(file)
            yield f"/proc/{os.getpid()}/fd/{file.fileno()}"
    else:
        with temporary_folder() as folder:
            path = Path(folder, "table.npz")
            np.savez(path, X=X, y=y)
            path.chmod(0o400)
            yield str(path)


def _nameless(size: int) -> IO[bytes]:
    """An empty file for so many bytes: in memory where they are a small part of what is free."""
    if sys.platform == "linux" and size <= MEMORY_SHARE * available_bytes():
        with contextlib.suppress(OSError):  # a kernel, or a sandbox, without it
            return os.fdopen(os.memfd_create("handgrad", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING), "w+b")
    return tempfile.TemporaryFile()


def seal(file: IO[bytes]) -> None:
    """Keeps what is in a file as it is, for good."""
    import fcntl

    seals = fcntl.F_SEAL_WRITE | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_SEAL
    try:
        fcntl.fcntl(file, fcntl.F_ADD_SEALS, seals)
    except OSError:  # on disk
        os.fchmod(file.fileno(), 0o400)
