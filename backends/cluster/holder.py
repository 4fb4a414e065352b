"""What a worker of the cluster holds: units of rows in the form of a pass, which stay there; sums go back.

A unit is some neighbouring blocks, a power of two of them that begins at a multiple of it, so that its sums are a
branch of the tree in which all are merged (`backends/blocks.py`). Which worker holds it changes no bit.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, NamedTuple

from handgrad.backends.blocks import Summing
from handgrad.backends.inputs import FloatArray


class Unit(NamedTuple):
    """Rows as they come: d columns (m,) and y (m,)."""

    columns: Sequence[FloatArray]
    y: FloatArray


class Holder:
    """Lives on a worker as a Dask actor, which takes one call after the other.

    Args:
        form: Its `bind` gives rows the form in which they are kept, for this pass and for others of the same form.
        units: The rows, in their order.
        threads: Of the worker, that take sums; each takes a unit at a time.
    """

    def __init__(self, form: Summing, units: Iterable[Unit], threads: int) -> None:
        self.bound = [form.bind(*unit) for unit in units]
        self.threads = threads
        self.bytes = sum(map(form.bytes_of, self.bound))

    def held_bytes(self) -> int:
        """What the units take."""
        return self.bytes

    def sums(self, summing: Summing, point: Any) -> list[Any]:
        """The sums of each unit, in their order."""
        one = partial(sums_of, summing, point)
        if self.threads == 1 or len(self.bound) == 1:
            return list(map(one, self.bound))
        with ThreadPoolExecutor(self.threads) as pool:  # an actor is pickled, and a pool cannot be
            return list(pool.map(one, self.bound))


def sums_of(summing: Summing, point: Any, bound: Any) -> Any:
    """The sums of one unit."""
    return summing.block_sums(bound, point)
