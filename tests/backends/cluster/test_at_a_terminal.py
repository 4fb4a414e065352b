"""A run on a cluster as its user sees it: where it is, what is told on the way, and that Ctrl-C leaves nothing."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import psutil
import pytest

pytest.importorskip("distributed", reason='needs Dask: pip install "handgrad[dask]"')

from distributed import Client

from handgrad.backends.cluster import connection
from handgrad.backends.cluster.cluster_blocks import ClusterBlocks, _Lost
from handgrad.backends.cluster.supplies import ArraySupply
from handgrad.backends.dask_numba import DaskNumbaTrainer
from handgrad.backends.inputs import InputError
from handgrad.backends.numba_tiled import TiledSums
from handgrad.compare.side_by_side.one_run import train_one
from handgrad.compare.side_by_side.prepare import Options
from handgrad.compare.timing import progress
from handgrad.compare.timing.session import Session
from handgrad.data.dataset import Dataset
from leftovers import left_behind


def wait_until(done: Callable[[], bool], what: str) -> None:
    until = time.monotonic() + 60
    while not done():
        assert time.monotonic() < until, f"waited in vain for {what}"
        time.sleep(0.02)


def holding(dask_worker: Any) -> int:
    return len(dask_worker.state.actors) + len(dask_worker.data)


@contextmanager
def long_run(folder: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    """A run of a very long time in a process group of its own, with temporary files in `folder/temporary`."""
    (folder / "temporary").mkdir()
    pd.DataFrame({"x": [1.0, 2.0, 4.0], "y": [1.0, 3.0, 2.0]}).to_csv(folder / "t.csv", index=False)
    words = ["train", "t.csv", "--backend", "dask-numba", "--epochs", "100000000", "--out", "out"]
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "handgrad", *words, *options], cwd=folder, start_new_session=True,
        env=os.environ | {"TMPDIR": str(folder / "temporary"), "NUMBA_NUM_THREADS": "2"},
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def interrupted(process: subprocess.Popen[str]) -> str:
    """What it says of a Ctrl-C at a terminal, which the whole group gets."""
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert said.splitlines()[-1] == "handgrad: interrupted"
    assert "Traceback" not in said
    return said


def test_ctrl_c_takes_back_what_was_put_on_a_foreign_cluster(client: Client, tmp_path: Path) -> None:
    workers, address = set(client.nthreads()), client.scheduler.address
    with long_run(tmp_path, "--scheduler", address) as process:
        wait_until(lambda: any(client.run(holding).values()) or process.poll() is not None, "rows on a worker")
        said = interrupted(process)
    assert f"handgrad: dask-numba on 4 workers of the Dask cluster at {address} (4 threads)" in said
    wait_until(lambda: not any(client.run(holding).values()), "its rows to be gone")
    assert set(client.nthreads()) == workers
    assert left_behind(tmp_path / "temporary") == []


def test_ctrl_c_ends_the_workers_of_this_machine(tmp_path: Path) -> None:
    with long_run(tmp_path) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == "handgrad: dask-numba on 2 processes of this machine\n"
        assert "passes over the rows" in process.stderr.readline()
        assert len(psutil.Process(process.pid).children(recursive=True)) >= 2
        interrupted(process)
    assert left_behind(tmp_path / "temporary") == []


def test_who_does_not_answer_as_a_scheduler_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "ANSWER_SECONDS", 0.2)
    monkeypatch.setattr(connection, "SILENT_SECONDS", 0.4)
    with socket.create_server(("127.0.0.1", 0)) as silent, socket.create_server(("127.0.0.1", 0)) as closed:
        taken, free = (f"tcp://127.0.0.1:{one.getsockname()[1]}" for one in (silent, closed))
        closed.close()
        for address in (taken, free, "nonsense", "tcp://", "carrier-pigeon://here:1"):
            with pytest.raises(
                InputError, match=r"^no Dask scheduler answers at .*; start one \(dask scheduler\)"
            ) as told:
                connection.look(address)
            assert address in str(told.value)
            assert "\n" not in str(told.value)


def test_a_run_says_where_its_rows_are_and_what_each_worker_holds(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "PAUSE_SECONDS", 0)
    monkeypatch.setattr(progress, "PAUSE_SHARE", 0)
    rng, said = np.random.default_rng(3), list[tuple[str, int, int]]()
    data = Dataset(rng.normal(size=(300_000, 2)), rng.normal(size=300_000), ("a", "b"), "y", "t")
    found = train_one(data, "dask-numba", Options(epochs=3), progress=lambda *told: said.append(told))
    assert found.where == "4 processes of this machine"
    assert len(found.held_bytes) == 4
    assert data.X.nbytes + data.y.nbytes <= sum(found.held_bytes) < 1.01 * (data.X.nbytes + data.y.nbytes)
    session = Session("dask-numba", 0)
    session.trainer = DaskNumbaTrainer(data.X, data.y)
    assert session.memory().elsewhere_bytes == found.held_bytes
    assert said[-1] == ("dask-numba: passes over the rows", 4, 4)
    assert ("dask-numba: passes over the rows, 50% of this one", 2, 4) in said


def test_a_scheduler_that_goes_away_ends_a_run_in_one_line(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def lost() -> None:
        raise OSError("the connection is closed")

    rng = np.random.default_rng(3)
    blocks = ClusterBlocks(client, ArraySupply(rng.normal(size=(99, 2)), rng.normal(size=99)), TiledSums())
    monkeypatch.setattr(client, "nthreads", lost)
    monkeypatch.setattr(ClusterBlocks, "ask", lambda *_: _Lost(OSError("the connection is closed")))
    with pytest.raises(InputError, match=f"^the Dask scheduler at {client.scheduler.address} is gone; start one"):
        blocks.total(TiledSums(), np.ones(3))


@pytest.mark.parametrize("command", [("train", "--backend"), ("compare", "--backends"), ("bench", "--backends")])
def test_a_scheduler_that_no_backend_asks_is_refused(
    command: tuple[str, str], cli: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DASK_SCHEDULER_ADDRESS", "")  # which the command sets
    (tmp_path / "t.csv").write_text("x,y\n1,2\n2,3\n3,5\n")
    done = cli(command[0], "t.csv", command[1], "numpy", "--scheduler", "tcp://head:8786")
    assert (done.exit_code, done.stderr) == (
        2,
        "handgrad: --scheduler: dask-moments, dask-numba run on a cluster, and not numpy; leave it out\n",
    )
