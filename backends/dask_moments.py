"""Dask: the moments of `moments`, each worker's from its own rows; then no worker is asked again.

One pass, or two or three where columns hang together or the first rows misled (see `moments.py`), each of one call per
worker and (d + 2)² numbers back for each unit of rows, merged in the tree of `blocks.py`. All epochs then run here, in
one compiled call: what they cost depends neither on the rows nor on the workers.

The same bits for any number of workers, threads and partitions, and those of `moments` in memory.
"""

from __future__ import annotations

from handgrad.backends.dask_numba import DaskNumbaTrainer
from handgrad.backends.moments import MomentsTrainer


class DaskMomentsTrainer(DaskNumbaTrainer, MomentsTrainer):
    """One pass over the cluster's rows, for the first gradient."""

    name = "dask-moments"
    summary = "moments on a cluster: one pass over the workers' rows, then O(d²) an epoch"
    kind = "manual"
    requires = ("distributed",)
    install = 'pip install "handgrad[dask]"'
    by_default = False
    minibatch = False
    reads_all_rows = False
    takes_blocks = True
