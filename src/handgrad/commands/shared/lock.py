"""A folder, or a file, that one process alone writes to: two runs in one folder would mix their results.

The lock is the system's own (flock(2); on Windows msvcrt), which ends with the process however that ends, so that a
killed run leaves no folder locked. The file holds the number of the process, for the message.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

#: A name that nobody else gives to a file, as ours is emptied and removed.
FILE = ".handgrad.lock"

#: A link of that name is not followed: it may lead to somebody's file.
NO_LINK = getattr(os, "O_NOFOLLOW", 0)

#: Windows locks bytes, which nobody else can read then: one far behind the number of the process.
BYTE = 2**20


class FolderInUse(RuntimeError):
    """Another process writes to the folder or the file; the message names both."""


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keeps other processes from writing to a folder, which is made if there is none.

    A folder that holds nothing at the end, and was not there before, is gone again, and so are those above it.

    Raises:
        FolderInUse: If another process does.
        OSError: If the folder cannot be made or written.
    """
    with _made(folder), _lock(folder / FILE, folder, "folder"):
        yield


@contextlib.contextmanager
def locked_file(file: Path) -> Iterator[None]:
    """Keeps other processes from writing to a file, whose folder is made if there is none; see `locked`.

    Raises:
        FolderInUse: If another process does.
        OSError: If the folder cannot be made or written.
    """
    with _made(file.parent), _lock(file.parent / f".{file.name[:50]}{FILE}", file, "file"):
        yield


@contextlib.contextmanager
def _made(folder: Path) -> Iterator[None]:
    """A folder that is there, and gone afterwards if it was not there before and holds nothing."""
    made = [one for one in (folder, *folder.parents) if not one.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        why = "expected a folder, got what is none (or stands in one that is none); name another"
        raise OSError(error.errno, why, str(folder)) from None
    try:
        yield
    finally:
        with contextlib.suppress(OSError):  # it holds something
            for one in made:
                one.rmdir()


@contextlib.contextmanager
def _lock(path: Path, what: Path, kind: str) -> Iterator[None]:
    """Holds the lock that is the file `path`; `what`, of that kind, is kept from others."""
    try:
        descriptor = _taken(path, what, kind)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(what)) from None
    try:
        with contextlib.suppress(OSError):  # the disk is full: it is locked all the same, by a process without a number
            os.truncate(descriptor, 0)
            os.write(descriptor, str(os.getpid()).encode())
        yield
    finally:
        if os.name != "nt":  # while it is held: another could not take it, and must not lose its own
            path.unlink(missing_ok=True)
        os.close(descriptor)
        if os.name == "nt":
            with contextlib.suppress(OSError):
                path.unlink()


def _taken(path: Path, what: Path, kind: str) -> int:
    """The open file, locked by this process.

    Raises:
        FolderInUse: If it is another's.
        OSError: If it cannot be opened.
    """
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | NO_LINK, 0o666)
        if not _lock_now(descriptor):
            owner = os.read(descriptor, 20).decode("ascii", "replace").strip()
            os.close(descriptor)
            who = f"process {owner}" if owner else "another process"
            raise FolderInUse(f"{what}: {who} writes there; wait for its end, or give another {kind}")
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(descriptor), path.stat()):
                return descriptor
        os.close(descriptor)  # the one before removed it meanwhile: what is locked is no longer in the folder


def _lock_now(descriptor: int) -> bool:
    """Locks a file, if no other process does; a file system that knows no locks lets everybody in."""
    try:
        if os.name == "nt":
            import msvcrt

            os.lseek(descriptor, BYTE, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
            os.lseek(descriptor, 0, os.SEEK_SET)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        os.lseek(descriptor, 0, os.SEEK_SET)
        return False
    except OSError:
        return True
    return True
