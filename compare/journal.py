"""What a run has measured so far, one JSON line each, appended as it happens: a killed run loses nothing finished."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

FILE = "measurements.jsonl"


class Journal:
    """Finished measurements by key, kept in `measurements.jsonl` of a folder; without a folder, in memory only.

    Args:
        folder: Where the run's files go.
        fingerprint: Identifies the problem; lines of another problem are never used.
        resume: Whether to use what the file holds; otherwise it is begun anew.
    """

    def __init__(self, folder: Path | None, fingerprint: str, resume: bool = False) -> None:
        self.path = folder / FILE if folder is not None else None
        self.fingerprint = fingerprint
        self.found: dict[str, dict[str, Any]] = {}
        if self.path is None:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if resume and self.path.exists():
            self.found = _read(self.path, fingerprint)
            _end_last_line(self.path)
        else:
            self.path.write_bytes(b"")

    def get(self, key: str) -> dict[str, Any] | None:
        """The measurement of that key, if it was finished."""
        return self.found.get(key)

    def append(self, key: str, measured: dict[str, Any]) -> None:
        """Keeps a finished measurement; it is on disk when this returns."""
        self.found[key] = measured
        if self.path is not None:
            line = json.dumps({"problem": self.fingerprint, "key": key, "measured": measured})
            with self.path.open("a", encoding="utf-8") as stream:
                stream.write(line + "\n")


def fingerprint(*parts: object) -> str:
    """A short digest of everything that makes a problem what it is; bytes are taken as they are."""
    digest = hashlib.sha256()
    for part in parts:
        content = part if isinstance(part, bytes) else repr(part).encode()
        digest.update(len(content).to_bytes(8, "little") + content)
    return digest.hexdigest()[:16]


def _end_last_line(path: Path) -> None:
    """A line that a killed run began stays, but what comes next stands on a line of its own."""
    with path.open("rb+") as stream:
        content = stream.read()
        if content and not content.endswith(b"\n"):
            stream.write(b"\n")


def _read(path: Path, wanted: str) -> dict[str, dict[str, Any]]:
    found = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            entry = json.loads(line)
        except json.JSONDecodeError:  # the line that a killed run did not finish
            continue
        if entry.get("problem") == wanted:
            found[entry["key"]] = entry["measured"]
    return found
