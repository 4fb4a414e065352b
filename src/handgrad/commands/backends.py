"""`handgrad backends`: what is there, with versions, and how to get what is not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from handgrad.commands.shared.options import Json
from handgrad.commands.shared.output import print_json, show_lines

if TYPE_CHECKING:
    from handgrad.backends.catalogue import Entry


def backends(json_output: Json = False) -> None:
    """List the backends. With versions, and how to get those that are not installed."""
    from handgrad.backends.catalogue import catalogue

    entries = list(catalogue().values())
    if json_output:
        print_json(list(map(as_json, entries)))
    else:
        width = max(len(entry.name) for entry in entries)
        show_lines(line for entry in entries for line in lines(entry, width))


def as_json(entry: Entry) -> dict[str, object]:
    """A backend as one object."""
    reason = entry.reason()
    return {
        "name": entry.name,
        "gradient": entry.kind,
        "summary": entry.summary,
        "available": reason is None,
        "version": entry.version(),
        "reason": reason,
        "compared_by_default": entry.by_default and entry.ours,
        "devices": list(entry.devices),
    }


def lines(entry: Entry, width: int) -> Iterator[str]:
    """A backend's line, and below it how to get it where it is not installed; `width` is that of the longest name."""
    reason = entry.reason()
    missing = "not installed" if entry.missing() else "no device"
    state = missing if reason is not None else entry.version() or "built in"
    yield f"{entry.name:<{width}}  {entry.kind:<8}  {state:<13}  {entry.summary}"
    if reason is not None:
        yield f"{'':<{width}}  {reason.partition(': ')[2]}"
