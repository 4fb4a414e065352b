"""What an epoch on a cluster costs beside the work of its slowest worker: run by hand on a quiet machine.

    python tests/cluster_overhead.py --workers 2 --rows 2000000

Work is timed by the workers themselves, in the same rounds; the difference is calls, threads and merging.
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import numpy as np
from distributed import Client, LocalCluster

from handgrad.backends.cluster.cluster_blocks import ClusterBlocks
from handgrad.backends.cluster.supplies import ArraySupply
from handgrad.backends.numba_tiled import NumbaTiledTrainer, TiledSums


class TimedSums(TiledSums):
    """The sums, and behind them the seconds that they took."""

    def block_sums(self, bound: Any, point: Any) -> Any:
        """(d + 3,)."""
        begun = time.perf_counter()
        sums = super().block_sums(bound, point)
        return np.append(sums, time.perf_counter() - begun)


def main() -> None:
    """Prints medians and quartiles over the rounds."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--features", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=200)
    asked = parser.parse_args()
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(asked.rows, asked.features)), rng.normal(size=asked.rows)
    with (
        LocalCluster(n_workers=asked.workers, threads_per_worker=1, dashboard_address=":0") as cluster,
        Client(cluster) as client,
    ):
        blocks = ClusterBlocks(client, ArraySupply(X, y), TiledSums(), NumbaTiledTrainer.block_rows)
        rounds = np.array([one_round(blocks, asked.features) for _ in range(asked.rounds + 5)])[5:]
    for name, seconds in zip(
        ("epoch", "slowest worker's work", "the rest"), (*rounds.T, rounds[:, 0] - rounds[:, 1]), strict=True
    ):
        low, middle, high = np.percentile(1e3 * seconds, (25, 50, 75))
        print(f"{name:22} {middle:8.2f} ms  ({low:.2f} to {high:.2f})")


def one_round(blocks: ClusterBlocks, features: int) -> tuple[float, float]:
    """Seconds of a pass, and of the work of its slowest worker."""
    point, begun = np.ones(features + 1), time.perf_counter()
    parts = list(blocks.each(TimedSums(), point))
    whole = time.perf_counter() - begun
    shares = np.cumsum([len(share.borders) for share in blocks.shares])[:-1]
    return whole, max(sum(part[-1] for part in some) for some in np.split(np.array(parts), shares))


if __name__ == "__main__":
    main()
