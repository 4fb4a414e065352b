"""Rows on real workers: the bits of memory in every layout, and after any death."""

from __future__ import annotations

import os
import shutil
import signal
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("distributed", reason='needs Dask: pip install "handgrad[dask]"')

import dask.array
import dask.dataframe
from distributed import Client

import handgrad as hg
from handgrad.backends.blocks import Blocks, MemoryBlocks, merged
from handgrad.backends.cluster.cluster_blocks import ClusterBlocks, from_worker
from handgrad.backends.cluster.supplies import ArraySupply, CollectionSupply
from handgrad.backends.dask_numba import DaskNumbaTrainer
from handgrad.backends.inputs import DType, InputError
from handgrad.backends.kernels.gram_pass import CHUNK_ROWS
from handgrad.backends.moments import MomentsTrainer
from handgrad.backends.numba_tiled import NumbaTiledTrainer, TiledSums
from handgrad.compare.blocks.stream_blocks import StreamBlocks
from handgrad.compare.scale.run import train_streamed
from handgrad.compare.side_by_side.prepare import Options
from handgrad.data.errors import DataError
from handgrad.data.stream.opening import open_stream

WORKERS = 4  # of the fixture
ROWS, FEATURES = 37 * CHUNK_ROWS + 77, 3


@pytest.fixture(scope="module")
def table() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(5)
    X = rng.normal(size=(ROWS, FEATURES)) + 3.0
    return X, X.sum(axis=1) + 1 + 0.3 * rng.normal(size=ROWS)


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(NumbaTiledTrainer, "block_rows", CHUNK_ROWS)
    monkeypatch.setattr(StreamBlocks, "block_rows", CHUNK_ROWS)


def same(found: hg.Training, expected: hg.Training) -> None:
    for name in ("losses", "recorded_weights", "recorded_biases"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))


@pytest.mark.parametrize("workers", range(1, WORKERS + 1))
@pytest.mark.parametrize("trainer", [NumbaTiledTrainer, MomentsTrainer])
def test_any_number_of_workers_gives_the_bits_of_memory(
    client: Client, table: Any, trainer: type[NumbaTiledTrainer], workers: int
) -> None:
    X, y = table
    plan = hg.Plan(0.02, 3)
    some = sorted(client.nthreads())[:workers]
    blocks = ClusterBlocks(client, ArraySupply(X, y), TiledSums(CHUNK_ROWS), CHUNK_ROWS, some)
    assert len(blocks.shares) == workers
    same(trainer.over(blocks).train(plan), trainer(X, y).train(plan))


@pytest.mark.parametrize(("partitions", "kind"), [(1, "array"), (64, "array"), (7, "frame")])
def test_any_partitions_of_a_collection_give_the_bits_of_memory(
    client: Client, table: Any, partitions: int, kind: str
) -> None:
    X, y = table
    frame = pd.DataFrame(X, columns=list("abc")).assign(y=y)
    if kind == "frame":
        collection = dask.dataframe.from_pandas(frame, npartitions=partitions)
        given = collection[list("abc")], collection["y"]
    else:
        rows = -(-ROWS // partitions)
        given = dask.array.from_array(X, chunks=(rows, 2)), dask.array.from_array(y, chunks=2 * rows)
    for ours, theirs in (("dask-moments", "moments"), ("dask-numba", "numba-tiled")):
        same(hg.train(*given, ours, 0.02, 3), hg.train(X, y, theirs, 0.02, 3))


def test_partitions_asked_of_a_lost_worker_are_made_by_a_living_one(client: Client, table: Any) -> None:
    X, y = table
    supply = CollectionSupply(dask.array.from_array(X, chunks=(1000, 2)), pd.Series(y), "float64")
    lost = supply.sent(client, [(0, 2500)], "tcp://127.0.0.1:9")  # the scheduler keeps what is asked for there
    (found,) = supply.sent(client, [(0, 2500)], min(client.nthreads()))
    np.testing.assert_array_equal(found.result(timeout=30).y, y[:2500])
    client.cancel(lost)


@pytest.mark.parametrize("workers", range(1, WORKERS + 1))
def test_any_layout_gives_the_same_sums(client: Client, table: Any, workers: int) -> None:
    X, y = table
    point, some = np.array([1.0, 2.0, 3.0, 0.5]), sorted(client.nthreads())[:workers]
    expected = in_memory(X, y).total(TiledSums(CHUNK_ROWS), point)
    for partitions in (workers, 5 * workers, 16 * workers):
        given = dask.array.from_array(X, chunks=(-(-ROWS // partitions), FEATURES)), dask.array.from_array(y)
        blocks = ClusterBlocks(client, CollectionSupply(*given, "float64"), TiledSums(CHUNK_ROWS), CHUNK_ROWS, some)
        assert {share.worker for share in blocks.shares} == set(some)
        np.testing.assert_array_equal(blocks.total(TiledSums(CHUNK_ROWS), point), expected)


@pytest.fixture(scope="module")
def folder(table: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    X, y = table
    path = tmp_path_factory.mktemp("folder")
    frame = pd.DataFrame(X, columns=list("abc")).assign(y=y)
    for k, (first, last) in enumerate([(0, 1), (1, 1), (1, 5 * CHUNK_ROWS + 3), (5 * CHUNK_ROWS + 3, ROWS)]):
        frame[first:last].to_parquet(path / f"{k}.parquet", row_group_size=9970 * (k + 1), index=False)
    return path


@pytest.mark.parametrize(("dtype", "standardize"), [("float64", False), ("float32", True)])
def test_workers_read_their_own_rows_of_a_folder(client: Client, folder: Path, dtype: DType, standardize: bool) -> None:
    options = Options(learning_rate=0.02, epochs=3, standardize=standardize, dtype=dtype)
    stream = open_stream(folder)
    for ours, theirs in (("dask-moments", "moments"), ("dask-numba", "numba-tiled")):
        found = train_streamed(stream, ours, options, 2**26)
        same(found.training, train_streamed(stream, theirs, options, 2**26).training)
        assert found.passes == (3 if standardize else 1)


def test_a_cell_that_is_no_number_is_told_by_the_worker_that_reads_it(
    client: Client, folder: Path, tmp_path: Path
) -> None:
    for file in folder.iterdir():
        shutil.copy(file, tmp_path)
    frame = pd.read_parquet(tmp_path / "3.parquet")
    frame.loc[70_000, "b"] = np.nan
    frame.to_parquet(tmp_path / "3.parquet", row_group_size=50_000, index=False)
    with pytest.raises(DataError, match=r"3\.parquet: row 70000, column 'b': expected a finite number, got none"):
        train_streamed(open_stream(tmp_path), "dask-numba", Options(standardize=False), 2**26)


def test_rows_that_only_reading_counts_are_refused(tmp_path: Path, client: Client) -> None:
    (tmp_path / "t.csv").write_text("x,y\n1,2\n2,3\n3,5\n")
    with pytest.raises(InputError, match=r"t\.csv: its rows are not counted .* give a Parquet file or folder"):
        train_streamed(open_stream(tmp_path / "t.csv"), "dask-numba", Options(standardize=False), 2**26)


def test_predictions_come_in_the_order_of_the_rows(client: Client, table: Any) -> None:
    X, y = table
    trainer = DaskNumbaTrainer(X, y)
    weights, bias = np.array([1.0, -2.0, 3.0]), 0.5
    np.testing.assert_allclose(trainer.predict(trainer.data[0], weights, bias), X @ weights + bias, rtol=1e-14)


class Fails(TiledSums):
    """An error of the work, which no other worker would spare."""

    def block_sums(self, bound: Any, point: Any) -> Any:
        raise RuntimeError("our own")


def test_an_error_of_the_work_is_told_and_not_tried_again(client: Client, table: Any) -> None:
    X, y = table
    blocks = ClusterBlocks(client, ArraySupply(X[:100], y[:100]), TiledSums(CHUNK_ROWS), CHUNK_ROWS)
    before = blocks.lost
    with pytest.raises(RuntimeError, match="our own"):
        blocks.total(Fails(CHUNK_ROWS), np.ones(FEATURES + 1))
    assert blocks.lost == before


def test_what_is_no_number_in_a_collection_is_told_with_its_row(client: Client, table: Any) -> None:
    X, y = table
    holed = X.copy()
    holed[5000, 1] = np.nan
    with pytest.raises(InputError, match=r"^X, column 1: expected finite numbers, got nan in row 5000$"):
        hg.train(dask.array.from_array(holed, chunks=(999, 3)), y, "dask-numba")
    words = dask.dataframe.from_pandas(pd.DataFrame({"a": ["x", "y"], "y": [1.0, 2.0]}), npartitions=1)
    with pytest.raises(InputError, match="expected columns of numbers"):
        hg.train(words[["a"]], words["y"], "dask-numba")


@pytest.mark.parametrize(
    ("X", "y", "message"),
    [
        ((10, 2), (9,), "expected as many rows, got 10 and 9"),
        ((10, 2), (10, 2), "expected shape"),
        ((10, 2, 2), (10,), "expected shape"),
        ((0, 2), (0,), "at least one row"),
    ],
)
def test_collections_of_other_shapes_are_told(X: tuple[int, ...], y: tuple[int, ...], message: str) -> None:
    with pytest.raises(InputError, match=message):
        CollectionSupply(dask.array.zeros(X), dask.array.zeros(y), "float64")


def test_units_are_branches_of_the_tree() -> None:
    class Nobody(ClusterBlocks):
        def __init__(self, rows: int, workers: int) -> None:
            self.supply, self.block_rows = ArraySupply(np.zeros((rows, 1)), np.zeros(rows)), 2
            self.threads = dict.fromkeys(map(str, range(workers)), 1)

    for rows in (1, 2, 3, 31, 64, 1000, 1001):
        for workers in (1, 2, 3, 5):
            shares = Nobody(rows, workers).cut(workers)
            units = [unit for share in shares for unit in share]
            size = units[0][1] - units[0][0]
            assert len(units) == 1 or (size // 2).bit_count() == 1
            assert [first for first, _ in units] == list(range(0, rows, size))
            assert units[-1][1] == rows
            assert all(shares)
    assert merged("abc", lambda a, b: f"({a}{b})") == "((ab)c)"


# -- deaths, which are last, as workers take seconds to come again ---------------------------------------------------


def process_of(client: Client, worker: str) -> int:
    return int(client.run(os.getpid, workers=[worker])[worker])


def kill(client: Client, worker: str) -> None:
    os.kill(process_of(client, worker), signal.SIGKILL)


def test_a_worker_that_is_killed_between_epochs_costs_no_bit(client: Client, table: Any) -> None:
    X, y = table
    trainer = DaskNumbaTrainer(X, y)
    blocks: ClusterBlocks = trainer.data[0]
    expected = NumbaTiledTrainer(X, y).gradient_at([1, 2, 3], 0.5)
    for share in (0, len(blocks.shares) - 1):
        kill(client, blocks.shares[share].worker)
        found = trainer.gradient_at([1, 2, 3], 0.5)
        np.testing.assert_array_equal(
            [*found.weights, found.bias, found.loss], [*expected.weights, expected.bias, expected.loss]
        )
    assert blocks.lost >= 2


class SlowSums(TiledSums):
    """Long enough to be killed in the middle."""

    def block_sums(self, bound: Any, point: Any) -> Any:
        time.sleep(0.1)
        return super().block_sums(bound, point)


def test_a_worker_that_is_killed_at_its_work_costs_no_bit(client: Client, table: Any) -> None:
    X, y = table
    point = np.array([1.0, 2.0, 3.0, 0.5])
    blocks = ClusterBlocks(client, ArraySupply(X, y), TiledSums(CHUNK_ROWS), CHUNK_ROWS)
    process = process_of(client, blocks.shares[1].worker)
    threading.Timer(0.15, os.kill, (process, signal.SIGKILL)).start()
    np.testing.assert_array_equal(
        blocks.total(SlowSums(CHUNK_ROWS), point), in_memory(X, y).total(TiledSums(CHUNK_ROWS), point)
    )
    assert blocks.lost


def in_memory(X: np.ndarray, y: np.ndarray) -> Blocks:
    return MemoryBlocks(X, y, CHUNK_ROWS)


def test_a_worker_that_comes_again_gets_a_share_again(client: Client, table: Any) -> None:
    X, y = table
    client.wait_for_workers(WORKERS, timeout=30)
    blocks = ClusterBlocks(client, ArraySupply(X, y), TiledSums(CHUNK_ROWS), CHUNK_ROWS)
    point = np.ones(FEATURES + 1)
    expected = blocks.total(blocks.form, point)
    kill(client, blocks.shares[0].worker)
    np.testing.assert_array_equal(blocks.total(blocks.form, point), expected)
    client.wait_for_workers(WORKERS, timeout=30)
    blocks.looked = -np.inf
    np.testing.assert_array_equal(blocks.total(blocks.form, point), expected)
    assert len({share.worker for share in blocks.shares}) == WORKERS


def test_rows_for_a_worker_that_has_just_gone_go_to_another(client: Client, table: Any) -> None:
    X, y = table
    blocks = ClusterBlocks(client, ArraySupply(X[:99], y[:99]), TiledSums(CHUNK_ROWS), CHUNK_ROWS)
    point = np.ones(FEATURES + 1)
    expected = blocks.total(blocks.form, point)
    blocks.place(blocks.shares[0], "tcp://127.0.0.1:9")
    assert blocks.shares[0].worker in client.nthreads()
    np.testing.assert_array_equal(blocks.total(blocks.form, point), expected)


def test_a_task_of_a_worker_that_is_gone_is_not_waited_for(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handgrad.backends.cluster.cluster_blocks.LOOK_SECONDS", 0.05)
    never = client.submit(time.sleep, 0, workers=["tcp://127.0.0.1:9"], pure=False)
    with pytest.raises(ConnectionError, match="is gone"):
        from_worker(never, client, "tcp://127.0.0.1:9")


class KillsItsWorker(TiledSums):
    """Whoever takes these sums dies."""

    def block_sums(self, bound: Any, point: Any) -> Any:
        os._exit(1)


def test_work_that_kills_every_worker_ends_in_one_line(client: Client, table: Any, monkeypatch: Any) -> None:
    X, y = table
    monkeypatch.setattr("handgrad.backends.cluster.cluster_blocks.LOST_AT_MOST", 2)
    blocks = ClusterBlocks(client, ArraySupply(X[:100], y[:100]), TiledSums(CHUNK_ROWS), CHUNK_ROWS)
    with pytest.raises(InputError, match=r"^2 workers were lost, one after the other"):
        blocks.total(KillsItsWorker(CHUNK_ROWS), np.ones(FEATURES + 1))
