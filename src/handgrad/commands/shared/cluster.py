"""Backends on a Dask cluster: where it is, which is said before the run, and what of it must be gone after the run."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NoReturn

import typer

if TYPE_CHECKING:
    from handgrad.backends.catalogue import Entry

#: What a backend needs that runs on a cluster.
LIBRARY = "distributed"

#: Of the environment: where workers of this machine keep files.
FOLDER_VARIABLE = "DASK_TEMPORARY_DIRECTORY"


@contextlib.contextmanager
def cluster_of(backends: Sequence[Entry], scheduler: str | None, processes: int | None = None) -> Iterator[None]:
    """Says where those of the backends run that need a cluster; its files are gone afterwards, however that comes.

    Args:
        backends: All that will run.
        scheduler: The address that was named for this command.
        processes: Where each backend runs in a process of its own, and starts so many; None: in this one.

    Raises:
        BadParameter: If a scheduler was named, and no backend asks it.
        InputError: If it does not answer.
    """
    named = [one.name for one in backends if on_cluster(one)]
    if not named:
        if scheduler is not None:
            refuse([one.name for one in backends])
        yield
        return
    from handgrad.compare.lifetime import temporary_folder

    with temporary_folder() as folder:
        os.environ.setdefault(FOLDER_VARIABLE, folder)
        try:
            typer.echo(f"handgrad: {', '.join(named)} on {where(processes)}", err=True)
            yield
        finally:
            if os.environ[FOLDER_VARIABLE] == folder:
                del os.environ[FOLDER_VARIABLE]


def on_cluster(backend: Entry) -> bool:
    """Whether a backend runs on a cluster, and can."""
    return LIBRARY in backend.requires and not backend.missing()


def refuse(names: Sequence[str]) -> NoReturn:
    """Refuses a scheduler where none of these backends runs on a cluster.

    Raises:
        BadParameter: With those that do.
    """
    from handgrad.backends.catalogue import catalogue

    able = ", ".join(one.name for one in catalogue().values() if LIBRARY in one.requires)
    raise typer.BadParameter(f"--scheduler: {able} run on a cluster, and not {', '.join(names)}; leave it out")


def where(processes: int | None) -> str:
    """On which cluster, in words.

    Raises:
        InputError: If a scheduler was named, and does not answer.
    """
    from handgrad.backends.cluster.connection import look, set_address

    address = set_address()
    if processes is None:
        return here()
    return look(address) if address else f"{processes} process{'es' * (processes > 1)} of this machine each"


def here() -> str:
    """On which cluster a backend of this process runs, which is started if need be."""
    from numba import get_num_threads

    from handgrad.backends.cluster.connection import connected, place

    return place(connected(get_num_threads()))
