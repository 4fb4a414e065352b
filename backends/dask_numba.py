"""Dask: the fused pass of `numba-tiled` on the workers of a cluster, each with rows of its own in tiles.

The mathematics is that of one machine, since the sums of all rows are the sums of their parts:

    Σ x r = Σ over workers Σ over a worker's rows x r,   likewise Σ r and Σ r².

The rows go to the workers once and stay there. An epoch is one call per worker, with θ (d + 1 numbers), and the sums
that come back (d + 2 numbers for each unit of rows), merged in the tree of `blocks.py`: the same bits for any number of
workers, threads and partitions, and those of `numba-tiled` in memory. A worker that dies costs time, and no bit.

Which cluster: `cluster/connection.py`. What lives on a worker: `cluster/holder.py`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from dask.base import is_dask_collection
from numba import get_num_threads

from handgrad.backends.blocks import Blocks
from handgrad.backends.cluster.cluster_blocks import ClusterBlocks
from handgrad.backends.cluster.connection import connected
from handgrad.backends.cluster.supplies import ArraySupply, CollectionSupply, SourceSupply, Supply
from handgrad.backends.inputs import check_dtype
from handgrad.backends.interface import DType, FloatArray
from handgrad.backends.kernels.tiles import Tiled
from handgrad.backends.numba_tiled import InTiles, NumbaTiledTrainer, TiledSums


class PredictionPass(InTiles):
    """Predictions by the same seam: a unit's are its "sums", and to merge is to put one behind the other."""

    def block_sums(self, bound: tuple[Tiled, FloatArray], point: FloatArray) -> FloatArray:
        """ŷ = X W + b, (m,), at θ (d + 1,), bias last."""
        predicted: FloatArray = bound[0].untiled() @ point[:-1] + point[-1]
        return predicted

    def merge(self, left: FloatArray, right: FloatArray) -> FloatArray:
        """Both, (m + k,), the earlier rows (m,) first."""
        return np.concatenate([left, right])


class DaskNumbaTrainer(NumbaTiledTrainer):
    """A call per worker and epoch, and d + 2 numbers back for each of its units."""

    name = "dask-numba"
    summary = "numba-tiled on a cluster: rows stay on the workers, d + 2 numbers come back"
    kind = "manual"
    requires = ("distributed",)
    install = 'pip install "handgrad[dask]"'
    by_default = False
    minibatch = False
    takes_blocks = True

    def __init__(self, X: Any, y: Any, dtype: DType = "float64") -> None:
        if not is_dask_collection(X):
            super().__init__(X, y, dtype)
            return
        check_dtype(dtype)
        supply = CollectionSupply(X, y, dtype)
        self.dtype, self.rows, self.features = dtype, supply.rows, supply.features
        self.data = self.on_workers(supply), None

    def bind(self, X: FloatArray, y: FloatArray) -> tuple[Any, Any]:
        """Sends X (n, d) and y (n,) to the workers."""
        return self.on_workers(ArraySupply(X, y)), None  # which has the targets, too

    @classmethod
    def source(cls, blocks: Blocks) -> Blocks:
        """The source, if it is on a cluster; otherwise its rows, which the workers read."""
        return blocks if isinstance(blocks, ClusterBlocks) else cls.on_workers(SourceSupply(blocks))

    @classmethod
    def on_workers(cls, supply: Supply) -> ClusterBlocks:
        """A supply's rows as a source of blocks."""
        return ClusterBlocks(connected(get_num_threads()), supply, TiledSums(cls.block_rows), cls.block_rows)

    def predict(self, X: Any, weights: FloatArray, bias: Any) -> FloatArray:
        """ŷ = X W + b, (n,): the workers' parts, one behind the other."""
        predicted: FloatArray = X.total(PredictionPass(self.block_rows), np.append(weights, bias))
        return predicted
