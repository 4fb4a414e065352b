"""The blocks of a cluster: one call per worker and pass, sums back, merged in the order of the rows.

    worker 1: units 0 1 2 3        worker 2: units 4 5 6
        ↓ 4 × sums                     ↓ 3 × sums              merged here, in the tree of `blocks.py`

A worker that dies takes its rows along. They are sent again, to whoever lives, and asked again for the same point: the
sums are the same to the bit, as each unit's come from its rows alone.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import CancelledError
from dataclasses import dataclass
from typing import Any

import numpy as np
from distributed import Client, KilledWorker

from handgrad.backends.blocks import BLOCK_ROWS, Blocks, Summing
from handgrad.backends.cluster.connection import place
from handgrad.backends.cluster.holder import Holder
from handgrad.backends.cluster.supplies import Border, Supply
from handgrad.backends.inputs import FloatArray, InputError

#: At least so many units for each thread, and fewer than twice as many: several, so that threads end together; few,
#: since each sends its sums.
UNITS_PER_THREAD = 4

#: How often in a row a share may lose its worker before the run gives up: rows that kill whoever holds them.
LOST_AT_MOST = 8

#: Seconds to wait for a worker where none is left, and between looks for a new one where one holds several shares.
PATIENCE_SECONDS, LOOK_SECONDS = 60.0, 1.0

#: What is raised here where a worker is gone: of the connection, of the actor, of the address, and of what was sent.
LOST = (OSError, RuntimeError, KeyError, KilledWorker, CancelledError)


@dataclass(eq=False)
class Share:
    """Neighbouring units that one worker holds."""

    borders: Sequence[Border]
    worker: str = ""
    holder: Any = None  # a proxy of a Holder
    bytes: int = 0

    def settle(self, client: Client, supply: Supply, form: Summing, worker: str, threads: int) -> None:
        """Makes the worker hold the rows."""
        units = supply.sent(client, self.borders, worker)
        made = client.submit(Holder, form, units, threads, actor=True, workers=[worker], pure=False)
        with client.as_current():  # a proxy takes the client that it finds
            self.worker, self.holder = worker, from_worker(made, client, worker)
        self.bytes = self.holder.held_bytes().result()


class ClusterBlocks(Blocks):
    """The rows of a supply on the workers of a cluster, in the form of one kind of pass.

    Args:
        client: Of the cluster.
        supply: The rows.
        form: A pass of that form.
        block_rows: Rows in a block.
        workers: The addresses of those that may be used; default: all.

    Raises:
        InputError: If the supply's rows are no finite numbers, or no worker comes.
    """

    def __init__(
        self,
        client: Client,
        supply: Supply,
        form: Summing,
        block_rows: int = BLOCK_ROWS,
        workers: Collection[str] | None = None,
    ) -> None:
        self.client, self.supply, self.form, self.block_rows = client, supply, form, block_rows
        self.allowed = workers
        self.threads = self.living()
        self.shares = [Share(borders) for borders in self.cut(sum(self.threads.values()))]
        self.looked = time.monotonic()
        self.lost = 0
        for share, worker in zip(self.shares, self.threads, strict=False):
            self.place(share, worker)

    @property
    def features(self) -> int:
        """d."""
        return self.supply.features

    @property
    def rows(self) -> int:
        """n."""
        return self.supply.rows

    def head(self, rows: int) -> tuple[FloatArray, FloatArray]:
        """The first rows, X (m, d) and y (m,)."""
        columns, y = self.supply.head(self.client, rows)
        return np.column_stack(columns), y

    def each(self, summing: Summing, point: Any) -> Iterator[Any]:
        """The sums of each unit in their order: all workers are asked before the first answer is waited for."""
        self.spread()
        asked = [self.ask(share, summing, point) for share in self.shares]
        for done, (share, answer) in enumerate(zip(self.shares, asked, strict=True)):
            self.tell(done / len(self.shares))
            yield from self.answered(share, answer, summing, point)

    def places(self) -> str:
        """On which workers, with the link to the dashboard."""
        return place(self.client)

    def held_bytes(self) -> list[int]:
        """What each worker holds that has rows."""
        held = Counter[str]()
        for share in self.shares:
            held[share.worker] += share.bytes
        return list(held.values())

    # -- workers -----------------------------------------------------------------------------------------------------

    def living(self) -> dict[str, int]:
        """The workers' addresses, in a fixed order, and the threads of each.

        Raises:
            InputError: If there is none, and none comes.
        """
        found = self.usable()
        if not found:
            try:
                self.client.wait_for_workers(1, timeout=PATIENCE_SECONDS)
            except TimeoutError:
                raise InputError(
                    f"the cluster at {self.client.scheduler.address} has no worker, and none came in "
                    f"{PATIENCE_SECONDS:g} s; start some (dask worker ADDRESS)"
                ) from None
            found = self.usable()
        return found

    def usable(self) -> dict[str, int]:
        """The workers that are there and may be used.

        Raises:
            InputError: If the scheduler is gone.
        """
        try:
            found = sorted(self.client.nthreads().items())
        except (OSError, RuntimeError, ValueError) as error:  # of the connection, and of a client that is closed
            raise InputError(
                f"the Dask scheduler at {self.client.scheduler.address} is gone; start one, and run again"
            ) from error
        return {worker: threads for worker, threads in found if self.allowed is None or worker in self.allowed}

    def cut(self, threads: int) -> list[list[Border]]:
        """The units of each share, of which there is one for each worker, or less."""
        blocks = -(-self.rows // self.block_rows)
        size = self.block_rows * 2 ** max(0, (blocks // (UNITS_PER_THREAD * threads)).bit_length() - 1)
        units = [(first, min(self.rows, first + size)) for first in range(0, self.rows, size)]
        shares = min(len(self.threads), len(units))
        return [units[len(units) * k // shares : len(units) * (k + 1) // shares] for k in range(shares)]

    def place(self, share: Share, worker: str) -> None:
        """Has a worker hold a share, or another one, should it be lost meanwhile.

        Raises:
            InputError: If workers are lost over it again and again.
        """
        for _ in range(LOST_AT_MOST):
            try:
                share.settle(self.client, self.supply, self.form, worker, self.threads.get(worker, 1))
                return
            except LOST as error:
                self.note(error)
                worker = self.freest()
        raise InputError(
            f"{LOST_AT_MOST} workers were lost, one after the other, that were to hold rows {share.borders[0][0]:,} to "
            f"{share.borders[-1][1]:,}; have they the memory for them?"
        )

    def freest(self) -> str:
        """The living worker with the fewest shares."""
        self.threads = self.living()
        held = [share.worker for share in self.shares]
        return min(self.threads, key=held.count)

    def spread(self) -> None:
        """Moves shares from a worker that holds several to one that holds none, as comes where one was restarted."""
        workers = [share.worker for share in self.shares]
        if len(set(workers)) == len(workers) or time.monotonic() - self.looked < LOOK_SECONDS:
            return
        self.looked = time.monotonic()
        for share in self.shares:
            free = self.freest()
            held = [other.worker for other in self.shares]
            if held.count(share.worker) > 1 and free not in held:
                self.place(share, free)

    # -- calls -------------------------------------------------------------------------------------------------------

    def ask(self, share: Share, summing: Summing, point: Any) -> Any:
        """A share's sums, as a future; the error where its worker is known to be lost."""
        try:
            return share.holder.sums(summing, point)
        except LOST as error:
            return _Lost(error)

    def answered(self, share: Share, answer: Any, summing: Summing, point: Any) -> Sequence[Any]:
        """The sums of a share's units, from another worker if the one that was asked is lost."""
        for _ in range(LOST_AT_MOST):
            try:
                found: Sequence[Any] = answer.result()
                return found
            except LOST as error:
                self.note(error)
                self.place(share, self.freest())
                answer = self.ask(share, summing, point)
        raise InputError(f"{LOST_AT_MOST} workers were lost, one after the other, over one pass; see their logs")

    def note(self, error: BaseException) -> None:
        """Counts a lost worker; an error of the work itself is no loss."""
        marks: dict[type[BaseException], str] = {RuntimeError: "Actor", KeyError: "://"}
        told = marks.get(type(error))
        if told is not None and told not in str(error):
            raise error
        self.lost += 1


def from_worker(future: Any, client: Client, worker: str) -> Any:
    """What a worker makes; a task for one that is gone would wait for it for ever.

    Raises:
        ConnectionError: If it is gone.
    """
    while True:
        try:
            return future.result(timeout=LOOK_SECONDS)
        except TimeoutError:
            if worker not in client.nthreads():
                raise ConnectionError(f"worker {worker} is gone") from None


@dataclass(frozen=True)
class _Lost:
    """In place of an answer: why none can come."""

    error: BaseException

    def result(self) -> Any:
        raise self.error
