"""Which cluster: the one that this process is connected to, the one whose address is set, or one of this machine.

Dask's own rule: a client that is there already; then `scheduler-address` of its configuration, which the variable
DASK_SCHEDULER_ADDRESS sets (`--scheduler` of the commands sets it); then workers of our own, one for each thread that
is allowed, which end with this process.
"""

from __future__ import annotations

from functools import cache

import dask
from distributed import Client, LocalCluster

from handgrad.backends.inputs import InputError


def connected(workers: int) -> Client:
    """A client; `workers` processes of one thread each, where a cluster has to be started.

    Raises:
        InputError: If nothing answers at the address.
    """
    try:
        found: Client = Client.current()
        return found
    except ValueError:  # there is none in this process
        address = dask.config.get("scheduler-address", None)
        return _of_address(address) if address else _local(workers)


@cache
def _of_address(address: str) -> Client:
    try:
        return Client(address, timeout="10s", set_as_default=False)
    except (OSError, ValueError) as error:
        raise InputError(f"no Dask scheduler answers at {address} ({error}); start one (dask scheduler)") from None


@cache
def _local(workers: int) -> Client:
    quiet = {"distributed.logging": {"distributed": "critical"}}
    with dask.config.set(quiet):
        cluster = LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=":0", silence_logs=50)
    return Client(cluster, set_as_default=False)
