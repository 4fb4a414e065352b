"""Which rows each update of an epoch sees: the same for every backend, and for a resumed run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from handgrad.backends.interface import Plan


def batches(rows: int, plan: Plan, epoch: int) -> Iterator[NDArray[np.int64]]:
    """The row numbers (k,) of each batch of an epoch: one permutation, cut into pieces, the last one perhaps shorter.

    It depends on the seed, the order and the epoch alone, so all backends see the same batches, and a resumed run, too.
    """
    order = permutation(rows, plan, epoch)
    size = plan.batch_size or rows
    for first in range(0, rows, size):
        yield order[first : first + size]


def permutation(rows: int, plan: Plan, epoch: int) -> NDArray[np.int64]:
    """The order (n,) in which an epoch goes through the rows: random, or that of the file."""
    if plan.order == "file":
        return np.arange(rows)
    return np.random.default_rng([plan.seed, epoch]).permutation(rows)
