"""What a worker does first: the import of its backend's library, under the clock. Needs the standard library only."""

from __future__ import annotations

import importlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from handgrad.compare.clock import perf_counter

if TYPE_CHECKING:
    from handgrad.backends.catalogue import Entry


#: What was brought in: a program goes on for as long as somebody holds it, here as long as its worker.
_held: list[object] = []


def timed_import(backend: str | Entry) -> float | BaseException:
    """Imports the library behind a backend, as a user's script would: the seconds that it took, or why it failed.

    What is not of this package is itself the user's: it is imported, or run, under the clock as well.
    """
    from handgrad.backends.catalogue import entry

    try:
        described = entry(backend)
        if described.code is not None:
            from handgrad.backends.adapters.running import brought_in
        began = perf_counter()
        for module in described.requires:
            importlib.import_module(module)
        if described.code is not None:
            _held.append(brought_in(described.code))
        elif not described.ours:
            importlib.import_module(described.module)
        seconds = perf_counter() - began
    except BaseException as error:  # SystemExit, too
        return error
    return seconds


def as_line(backend: Entry) -> bytes:
    """What is known of a backend that is not in the catalogue, on its way to its process."""
    return json.dumps(asdict(backend) | {"file": str(backend.file)}).encode() + b"\n"


def from_line(line: bytes) -> Entry:
    """What is known of a backend, from its way."""
    from handgrad.backends.adapters.code import BackendCode
    from handgrad.backends.catalogue import Entry

    fields = json.loads(line)
    code = BackendCode(**fields["code"] | {"paths": tuple(fields["code"]["paths"])})
    several = {name: tuple(fields[name]) for name in ("requires", "devices")}
    return Entry(**fields | several | {"file": Path(fields["file"]), "code": code})
