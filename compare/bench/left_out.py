"""Which backends do not take part in a cell: those too slow for their budget, and those too large for the memory."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from handgrad.compare.bench.cell import AGAIN, EPOCHS_BESIDES
from handgrad.compare.bench.problem import Size
from handgrad.compare.bench.records import StartUpRecord
from handgrad.compare.results.bench import Settings
from handgrad.compare.timing.clocks import MACHINE
from handgrad.data.memory import amount, available_bytes

#: A backend may overrun its budget so many times to get its least number of rounds; beyond, it is left out.
PATIENCE = 20

#: All processes have at least so many rounds together.
ROUNDS_AT_LEAST = 12

#: So many where an epoch is a pass over files; a backend is not left out there, however long that takes.
PASSES_AT_LEAST = 6

#: Of the memory that is free, the share that a cell may take.
MEMORY_SHARE = 0.8

#: A worker's copy of X and y while it loads them, and the backend's own form, if start-up did not tell.
COPIES = 3

#: The start-ups of the backends that could be started, by name.
StartUps = Mapping[str, StartUpRecord]


def not_made(size: Size) -> str | None:
    """Why not even one process may take in a table of that size; None: it fits into the memory."""
    free = free_bytes()
    if COPIES * size.bytes <= MEMORY_SHARE * free:
        return None
    needed = amount(COPIES * size.bytes)
    return f"a table of {size} would take about {needed} in a process, and {amount(free)} are free"


def skips(names: Sequence[str], size: Size, started: StartUps, reference: str, settings: Settings) -> dict[str, str]:
    """Why a backend does not take part in a cell, by name; none is left out where rows stay in their files.

    Args:
        names: Of all that could.
        size: The cell.
        started: The start-ups at the cell's width and dtype; those that are missing are tried all the same.
        reference: The backend that takes part twice, and that is left out last.
        settings: What was asked for.
    """
    if settings.streamed:
        return {}
    slow = {name: why for name in names if (why := too_slow(started.get(name), size, settings)) is not None}
    needs = {name: needed_bytes(started.get(name), size) for name in names if name not in slow}
    return slow | too_large(needs, size, reference)


def too_slow(started: StartUpRecord | None, size: Size, settings: Settings) -> str | None:
    """Why a backend cannot be timed within its budget; its epoch is taken to grow with the rows from start-up on."""
    if started is None:
        return None
    epoch = (started.epoch_seconds or 0.0) * size.rows / started.rows
    epochs = ROUNDS_AT_LEAST + EPOCHS_BESIDES * settings.processes
    if epoch * epochs <= PATIENCE * settings.budget_seconds:
        return None
    enough = epoch * epochs / PATIENCE
    step = 10.0 ** (math.floor(math.log10(enough)) - 1)
    return (
        f"an epoch would take about {epoch:.2g} s, and a measurement needs {epochs} of them; "
        f"--budget {math.ceil(enough / step) * step:.2g} would do"
    )


def too_large(needs: Mapping[str, int], size: Size, reference: str) -> dict[str, str]:
    """Those that must stay away, the largest first, so that the others' processes fit into the memory together.

    Args:
        needs: The bytes of each backend's process.
        size: The cell.
        reference: The backend that takes part twice, and that is left out last.
    """
    free = free_bytes()
    left = dict(needs) | {AGAIN: needs.get(reference, 0), MACHINE: size.bytes, "(parent)": 2 * size.bytes}
    away = {}
    for name in largest_first(needs, reference):
        if sum(left.values()) <= MEMORY_SHARE * free:
            break
        if name == reference:
            left.pop(AGAIN)
        taken = amount(left.pop(name))
        away[name] = f"it would take about {taken}, and {amount(free)} are free for all backends"
    return away


def largest_first(needs: Mapping[str, int], reference: str) -> Iterator[str]:
    """The names, that of the largest need first, and the reference last."""
    yield from sorted((name for name in needs if name != reference), key=needs.__getitem__, reverse=True)
    yield from (name for name in needs if name == reference)


def needed_bytes(started: StartUpRecord | None, size: Size) -> int:
    """Data and more in one process; what is beyond the data is taken to grow with the rows from start-up on."""
    if started is None or started.own_bytes is None:
        return COPIES * size.bytes
    return size.bytes + int(started.own_bytes * max(1.0, size.rows / started.rows))


def free_bytes() -> int:
    """The memory that can still be taken."""
    return available_bytes()
