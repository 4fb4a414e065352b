"""Kills workers of a cluster in the middle of training runs, and counts those that cost no bit: run by hand.

    python tests/cluster_kills.py --runs 30

Each run has two, three or four workers, and loses one of them by SIGKILL at a random time: while rows are sent, or in
an epoch. Its losses and parameters must be those of a run in memory, to the bit. After it, no rows may be left on the
workers; at the end, no process. Dask starts a killed worker again, but not always: then a new cluster goes on.
"""

from __future__ import annotations

import argparse
import gc
import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from functools import partial
from itertools import islice
from typing import Any, NamedTuple

import numpy as np
import psutil
from distributed import Client, LocalCluster

import handgrad as hg

SIZES = 2, 3, 4
#: A worker is killed within this part of the time that a run takes undisturbed.
WITHIN = 0.95
RELEASE_SECONDS, AGAIN_SECONDS = 5.0, 20.0


class Kill:
    """A worker that will be killed after so many seconds; `struck` tells whether the run went on then."""

    def __init__(self, process: int, seconds: float) -> None:
        self.process, self.running, self.struck = process, True, False
        self.timer = threading.Timer(seconds, self.strike)
        self.timer.start()

    def strike(self) -> None:
        """Kills it."""
        self.struck = self.running
        os.kill(self.process, signal.SIGKILL)

    def wait(self) -> bool:
        """To be called at the end of the run."""
        self.running = False
        self.timer.join()
        return self.struck


IN_MEMORY = {"dask-numba": "numba-tiled", "dask-moments": "moments"}


class Outcome(NamedTuple):
    """Of a run: whether its worker died in the middle, whether its bits are the same, whether its rows are gone."""

    struck: bool
    same: bool
    released: bool


def main() -> None:
    """Prints a line a run, and the counts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=30)
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--epochs", type=int, default=100)
    parser.add_argument("--backend", default="dask-numba", choices=IN_MEMORY)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    chance, rng = random.Random(asked.seed), np.random.default_rng(asked.seed)
    X = rng.normal(size=(asked.rows, 3))
    y = X.sum(axis=1) + rng.normal(size=asked.rows)
    expected = hg.train(X, y, IN_MEMORY[asked.backend], 0.1, asked.epochs)
    found, train = list[Outcome](), partial(hg.train, X, y, asked.backend, 0.1, asked.epochs)
    for place, workers in enumerate(SIZES):
        runs = len(range(place, asked.runs, len(SIZES)))
        with closing(clusters(workers, train)) as whole:
            found += [disturbed(client, seconds, train, expected, chance) for client, seconds in islice(whole, runs)]
    struck, same, released = np.sum(found, axis=0)
    children = psutil.Process().children(recursive=True)
    left = sum("resource_tracker" not in " ".join(child.cmdline()) for child in children)  # Python's own
    print(
        f"{len(found)} runs: a worker killed in the middle of {struck}, the same bits in {same}, rows gone after "
        f"{released}; {left} processes left"
    )


@contextmanager
def cluster_of(workers: int) -> Iterator[Client]:
    """A cluster of this machine, which `hg.train` finds."""
    with (
        LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=":0", silence_logs=50) as cluster,
        Client(cluster) as client,
    ):
        yield client


def clusters(workers: int, train: Callable[[], hg.Training]) -> Iterator[tuple[Client, float]]:
    """A whole cluster for each run, and the seconds that one takes there undisturbed."""
    while True:
        with cluster_of(workers) as client:
            train()
            begun = time.monotonic()
            train()
            seconds = time.monotonic() - begun
            with suppress(TimeoutError):
                while True:
                    client.wait_for_workers(workers, timeout=AGAIN_SECONDS)
                    yield client, seconds


def disturbed(
    client: Client, whole: float, train: Callable[[], hg.Training], expected: hg.Training, chance: Any
) -> Outcome:
    """A run with a kill."""
    processes, after = sorted(client.run(os.getpid).values()), chance.uniform(0, WITHIN * whole)
    kill, begun = Kill(chance.choice(processes), after), time.monotonic()
    found = train()
    seconds = time.monotonic() - begun
    outcome = Outcome(kill.wait(), same_bits(found, expected), is_released(client))
    print(
        f"{len(processes)} workers, one killed after {after:.2f} s{'' if outcome.struck else ' (too late)'}: "
        f"{seconds:.2f} s, undisturbed {whole:.2f} s, bits {'same' if outcome.same else 'OTHERS'}, "
        f"rows {'gone' if outcome.released else 'LEFT'}",
        flush=True,
    )
    return outcome


def same_bits(found: hg.Training, expected: hg.Training) -> bool:
    """Whether all losses and parameters are the same."""
    names = "losses", "recorded_weights", "recorded_biases"
    return all(np.array_equal(getattr(found, name), getattr(expected, name)) for name in names)


def is_released(client: Client) -> bool:
    """Whether the workers soon hold nothing more."""
    until = time.monotonic() + RELEASE_SECONDS
    while time.monotonic() < until:
        gc.collect()
        if not any(client.run(held).values()):
            return True
        time.sleep(0.05)
    return False


def held(dask_worker: Any) -> int:
    """How many results and actors a worker holds."""
    return len(dask_worker.data) + len(dask_worker.state.actors)


if __name__ == "__main__":
    main()
