"""What a run has measured so far, one JSON line each, appended as it happens: a killed run loses nothing finished.

A folder holds one run. Another that begins there leaves it untouched until it has measured something itself; then the
earlier one moves to `earlier/1` (the next to `earlier/2`, …), so that an old report never stands beside new
measurements, and nothing is lost.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
from collections.abc import Mapping
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from handgrad.compare.results.files import decoded, read_bytes

FILE = "measurements.jsonl"

#: Bytes that it may have.
LARGEST_FILE = 2**30

Record = TypeVar("Record")

#: Where a folder keeps the runs that it held before, and what belongs to a run.
EARLIER = "earlier"
RUN_FILES = ("result.json", "report.html", "figures/*.svg", "figures/*.png", "grades.csv", FILE)


class JournalLine(msgspec.Struct, frozen=True):
    """A line of the file: what was measured, as an object, of which problem."""

    problem: str
    key: str
    measured: msgspec.Raw


class Journal:
    """Finished measurements by key, kept in `measurements.jsonl` of a folder; without a folder, in memory only.

    A measurement is whatever msgspec turns into a JSON object. What was appended and what a file holds are read alike.

    Args:
        folder: Where the run's files go.
        fingerprint: Identifies the problem; lines of another problem are never used.
        resume: Whether to use what the file holds of this problem; otherwise the first measurement begins it anew.

    Raises:
        OSError: If the folder cannot be made or written.
        DataError: If what stands there in its place is no file that could be read.
    """

    def __init__(self, folder: Path | None, fingerprint: str, resume: bool = False) -> None:
        self.path = folder / FILE if folder is not None else None
        self.fingerprint = fingerprint
        self.found: dict[str, msgspec.Raw] = {}
        self.begun = False
        if self.path is None:
            return
        _check_writable(self.path.parent)
        if resume and self.path.exists():
            self.found = _read(self.path, fingerprint)
            self.begun = bool(self.found)  # a run of something else moves away, as it does without --resume
        if self.begun:
            _end_last_line(self.path)

    def get(self, key: str, of: type[Record]) -> Record | None:
        """The measurement of that key, if it was finished; one of another shape is as good as none."""
        raw = self.found.get(key)
        if raw is None:
            return None
        try:
            return msgspec.json.decode(raw, type=of)
        except (msgspec.MsgspecError, ValueError, RecursionError):  # of its own checks, too
            return None

    def append(self, key: str, measured: Any) -> None:
        """Keeps a finished measurement; it is the system's to write when this returns.

        Raises:
            OSError: If it cannot be written; it names the file.
        """
        self.extend({key: measured})

    def extend(self, measured: Mapping[str, Any]) -> None:
        """Keeps measurements that were made together: a process that is killed keeps all of them or none.

        Raises:
            OSError: If they cannot be written; it names the file.
        """
        raw = {key: msgspec.Raw(msgspec.json.encode(one)) for key, one in measured.items()}
        self.found |= raw
        if self.path is None or not raw:
            return
        try:
            if not self.begun:
                set_aside(self.path.parent)
                self.begun = True
            elif not self.path.exists():  # somebody has deleted it meanwhile, perhaps with its folder
                raw = self.found
            self.path.parent.mkdir(parents=True, exist_ok=True)
            lines = (msgspec.json.encode(JournalLine(self.fingerprint, *item)) for item in raw.items())
            _append(self.path, b"".join(line + b"\n" for line in lines))
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(self.path)) from None


def _append(path: Path, content: bytes) -> None:
    """Writes at the end of a file, in one call of the system; what fits but in part is taken away again."""
    with path.open("ab", buffering=0) as stream:
        before = stream.tell()
        try:
            if stream.write(content) != len(content):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError:
            with contextlib.suppress(OSError):
                stream.truncate(before)
            raise


def earlier(folder: Path) -> list[Path]:
    """The runs that a folder held before, the first one first."""
    runs = folder / EARLIER
    numbered = [path for path in runs.iterdir() if path.name.isdecimal()] if runs.is_dir() else []
    return sorted(numbered, key=lambda path: int(path.name))


def set_aside(folder: Path) -> None:
    """Moves the run in a folder, if there is one, to a new folder in `earlier/`; its measurements last.

    A process that is killed meanwhile has lost nothing: each file is in one of the two places.
    """
    files = list(filter(_is_of_run, chain.from_iterable(sorted(folder.glob(pattern)) for pattern in RUN_FILES)))
    if not files:
        return
    last = int(runs[-1].name) if (runs := earlier(folder)) else 0
    kept = folder / EARLIER / str(last + 1)
    for file in files:
        moved = kept / file.relative_to(folder)
        moved.parent.mkdir(parents=True, exist_ok=True)
        file.rename(moved)


def _is_of_run(file: Path) -> bool:
    """Whether a run has written it: it writes each figure as SVG and as PNG, so that an SVG alone is another's."""
    return file.suffix != ".svg" or file.with_suffix(".png").is_file()


def fingerprint(*parts: object) -> str:
    """A short digest of everything that makes a problem what it is; bytes are taken as they are."""
    digest = hashlib.sha256()
    for part in parts:
        content = part if isinstance(part, bytes) else repr(part).encode()
        digest.update(len(content).to_bytes(8, "little") + content)
    return digest.hexdigest()[:16]


def _check_writable(folder: Path) -> None:
    """Makes the folder; told now that it cannot be written, nobody waits for the first measurement in vain."""
    folder.mkdir(parents=True, exist_ok=True)
    if not os.access(folder, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(folder))


def _end_last_line(path: Path) -> None:
    """A line that a killed run began stays, but what comes next stands on a line of its own."""
    with path.open("rb+") as stream:
        content = stream.read()
        if content and not content.endswith(b"\n"):
            stream.write(b"\n")


def _read(path: Path, wanted: str) -> dict[str, msgspec.Raw]:
    """The measurements of the problem that is wanted, by key; of several with one key, the last."""
    lines = (_line(content) for content in read_bytes(path, LARGEST_FILE).splitlines())
    return {line.key: line.measured for line in lines if line is not None and line.problem == wanted}


def _line(content: bytes) -> JournalLine | None:
    """A line; None for one that a killed run did not finish, or that is damaged: it is measured again."""
    try:
        line = decoded(content, JournalLine)
        msgspec.json.decode(line.measured, type=dict)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    return line
