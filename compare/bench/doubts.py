"""What a reader of a sweep must know before believing its times: noise, a greedy host, answers that change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from handgrad.compare.bench.problem import Size
from handgrad.compare.bench.records import NoLimits, Turn
from handgrad.compare.results.bench import Cell
from handgrad.compare.results.timing import Timing
from handgrad.compare.timing import statistics
from handgrad.compare.timing.clocks import MACHINE

#: Above this share of the processors' time that a host took from its virtual machine, times are doubtful.
STOLEN_SHARE = 0.01


def warnings(cells: Sequence[Cell], limits: object = None) -> list[str]:
    """All of them, a sentence each; `limits` are the machine's, or why they are not known."""
    timed = timings(cells)
    return [
        *statistics.noise_warnings(timed),
        *stolen(cells),
        *(changed(name, one) for name, one in timed.items() if one.changed_answers),
        *([f"the machine's limits could not be measured: {limits.reason}"] if isinstance(limits, NoLimits) else []),
    ]


def unread(turns: Mapping[Size, Sequence[Turn]]) -> Iterator[str]:
    """That it is not known how fast the rows of a size are read, with the reason."""
    for size, found in turns.items():
        why = next((turn[MACHINE].reason for turn in found if MACHINE in turn and turn[MACHINE].reason), None)
        if why is not None:
            yield f"how fast the columns of {size} are read could not be measured: {why}"


def timings(cells: Sequence[Cell]) -> Mapping[str, Timing]:
    """All that were taken, by backend and cell."""
    return {
        f"{name}{what}, {place(one)}": timed
        for one in cells
        for name, found in one.backends.items()
        for what, timed in (("", found.epoch_seconds), (" (pass)", found.pass_seconds))
        if timed is not None
    }


def place(one: Cell) -> str:
    """A cell in words."""
    return f"{one.rows} × {one.features} {one.dtype}"


def stolen(cells: Sequence[Cell]) -> Iterator[str]:
    """That the host of this machine gave its processors to others; nothing where it did not."""
    struck = {place(one): one.stolen for one in cells if one.stolen is not None and one.stolen > STOLEN_SHARE}
    if struck:
        worst = max(struck, key=struck.__getitem__)
        yield (
            f"the host of this virtual machine took up to {100 * struck[worst]:.2g} % of its processors' time "
            f"while epochs were timed ({worst}; {len(struck)} of {len(cells)} sizes above {100 * STOLEN_SHARE:g} %): "
            "run again at another hour, or on a machine of its own"
        )


def changed(name: str, timed: Timing) -> str:
    """That a backend does not always compute the same."""
    change = "not finite" if timed.largest_change is None else f"by up to {timed.largest_change:.2g} of the largest"
    return f"{name}: {timed.changed_answers} timed runs ended at other parameters than the same run before ({change})"
