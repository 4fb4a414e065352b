"""Which cluster: the one that this process is connected to, the one whose address is set, or one of this machine.

Dask's own rule: a client that is there already; then `scheduler-address` of its configuration, which the variable
DASK_SCHEDULER_ADDRESS sets (`--scheduler` of the commands sets it); then workers of our own, one for each thread that
is allowed, which end with this process.
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
import signal
import threading
from functools import cache
from multiprocessing import resource_tracker
from typing import Any

import dask
from distributed import Client, LocalCluster
from distributed.comm import connect

from handgrad.backends.inputs import InputError

#: A scheduler must answer within so long; one that takes a connection and says nothing gets a little more.
ANSWER_SECONDS, SILENT_SECONDS = 5.0, 6.0


def connected(workers: int) -> Client:
    """A client; `workers` processes of one thread each, where a cluster has to be started.

    Raises:
        InputError: If nothing answers at the address.
    """
    try:
        found: Client = Client.current()
        return found
    except ValueError:  # there is none in this process
        address = set_address()
        return _of_address(address) if address else _local(workers)


def set_address() -> str | None:
    """The scheduler's, by Dask's configuration and variables; None where none is set."""
    found: str | None = dask.config.get("scheduler-address", None)
    return found


def place(client: Client) -> str:
    """Where a client's workers are, in words, with the link to the dashboard if there is one."""
    threads = list(client.nthreads().values())
    ours = isinstance(client.cluster, LocalCluster)
    many = f"{len(threads)} {'process' if ours else 'worker'}{'' if len(threads) == 1 else 'es' if ours else 's'}"
    where = "this machine" if ours else f"the Dask cluster at {client.scheduler.address} ({sum(threads)} threads)"
    link = dashboard(client)
    return f"{many} of {where}" + (f", dashboard {link}" if link else "")


def dashboard(client: Client) -> str | None:
    """The link; None where the scheduler has none. One of ours has none without Bokeh, which draws it."""
    if client.cluster is not None and importlib.util.find_spec("bokeh") is None:
        return None
    try:
        found: str | None = client.dashboard_link
    except KeyError:  # a scheduler that was started without
        return None
    return found


def look(address: str) -> str:
    """Where the workers of a scheduler are, in words.

    Raises:
        InputError: If nothing answers at the address.
    """
    with _reached(address) as client:
        return place(client)


@cache
def _of_address(address: str) -> Client:
    return _reached(address)


def _reached(address: str) -> Client:
    """A client of a scheduler that has answered; of another, Dask would make half a client, which takes long to end."""
    answers = list[dict[str, Any] | BaseException]()

    def ask() -> None:  # in a thread of its own: this one may have a loop at work, as in a notebook
        try:
            answers.append(asyncio.run(asyncio.wait_for(_identity(address), SILENT_SECONDS)))
        except Exception as error:
            answers.append(error)

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join()
    if (why := _wrong(answers[0])) is None:
        return Client(address, timeout=ANSWER_SECONDS, set_as_default=False)
    raise InputError(
        f"no Dask scheduler answers at {address} ({why}); start one (dask scheduler), or correct --scheduler or "
        "DASK_SCHEDULER_ADDRESS"
    )


async def _identity(address: str) -> dict[str, Any]:
    """What a server of Dask's says of itself."""
    comm = await connect(address, timeout=ANSWER_SECONDS)
    try:
        await comm.write({"op": "identity", "reply": True})
        found: dict[str, Any] = await comm.read()
        return found
    finally:
        comm.abort()


def _wrong(answer: dict[str, Any] | BaseException) -> str | None:
    """Why that is no answer of a scheduler; None for one."""
    if isinstance(answer, (MemoryError, asyncio.TimeoutError)):  # the length of a word that is none of Dask's
        return "what listens there does not speak as one"
    if isinstance(answer, BaseException):
        return " ".join(str(answer).split()) or type(answer).__name__
    kind = answer.get("type")
    return None if kind == "Scheduler" else f"a {kind} of Dask's is there"


@cache
def _local(workers: int) -> Client:
    """A client of workers of this machine, which are started by a thread that lets no Ctrl-C pass.

    At a terminal that goes to all processes. Threads and processes inherit what their parent lets pass, so that
    workers, those that come again, too, end with this process alone, and without a word.
    """
    if os.name == "posix":
        resource_tracker.ensure_running()  # who starts it lets it pass again
    made = list[LocalCluster | BaseException]()

    def start() -> None:
        if os.name == "posix":
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            made.append(_workers_of_this_machine(workers))
        except BaseException as error:
            made.append(error)

    starting = threading.Thread(target=start, daemon=True)
    starting.start()
    starting.join()
    if isinstance(made[0], BaseException):
        raise made[0]
    return Client(made[0], set_as_default=False)


def _workers_of_this_machine(workers: int) -> LocalCluster:
    quiet = {"distributed.logging": {"distributed": "critical"}}
    with dask.config.set(quiet):
        return LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=":0", silence_logs=50)
