"""A comparison on a table that memory does not hold is judged by the exact answer of all rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest

from handgrad.backends.interface import InputError
from handgrad.compare.judge.table import CheckedTable
from handgrad.compare.results.comparison import Comparison
from handgrad.compare.scale.judged import StreamedTable
from handgrad.compare.scale.side_by_side import contestants, prepare_streamed, side_by_side_streamed
from handgrad.compare.side_by_side.one_run import train_one
from handgrad.compare.side_by_side.prepare import Options, prepare
from handgrad.data.dataset import Dataset
from handgrad.data.stream.opening import open_stream
from handgrad.data.stream.pieces import TableStream

ROWS = 140_003
MEMORY = 2**26
OPTIONS = Options(learning_rate=0.3, epochs=2, budget_seconds=0.0, backends=["numba-tiled", "moments"])


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    rng = np.random.default_rng(5)
    X = rng.normal(loc=[3.0, -1.0], size=(ROWS, 2))
    return Dataset.from_arrays(X, X @ [2.0, -1.0] + 1 + 0.1 * rng.normal(size=ROWS), ["a", "b"], "y")


@pytest.fixture(scope="module")
def stream(dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> TableStream:
    table = pyarrow.table({"a": dataset.X[:, 0], "b": dataset.X[:, 1], "y": dataset.y})
    path = tmp_path_factory.mktemp("stream") / "t.parquet"
    pyarrow.parquet.write_table(table, path, row_group_size=9_999)
    return open_stream(path)


@pytest.fixture(scope="module")
def compared(stream: TableStream) -> Comparison:
    return side_by_side_streamed(stream, OPTIONS, MEMORY)


def test_every_backend_that_takes_blocks_is_judged(compared: Comparison) -> None:
    assert compared.verdict.passed, compared.verdict.reasons
    for name, found in compared.backends.items():
        assert found.status == "ok", (name, found.reason)
        assert found.accuracy is not None
        assert found.accuracy.passed
        assert found.accuracy.epochs is not None  # along the way, too
        assert found.speed is not None
    assert "larger than --memory, and so read block by block, in each pass anew" in compared.problem.notes


@pytest.mark.parametrize("backend", ["numba-tiled", "moments"])
def test_its_runs_have_the_bits_of_memory(compared: Comparison, dataset: Dataset, backend: str) -> None:
    whole = train_one(dataset, backend, OPTIONS)
    assert compared.backends[backend].losses == tuple(whole.training.losses.tolist())
    assert compared.backends[backend].weights == tuple(whole.model.weights.tolist())


def test_a_stream_is_judged_by_the_numbers_of_memory(stream: TableStream, dataset: Dataset) -> None:
    found, known = prepare_streamed(stream, OPTIONS, MEMORY), prepare(dataset, OPTIONS)
    ours, theirs = found.table, known.table
    assert isinstance(ours, StreamedTable)
    assert isinstance(theirs, CheckedTable)
    assert ours.exact.moments == theirs.exact.moments
    assert found.problem.destination == known.problem.destination  # which is exact, and rounded once
    at, same = (table.at(np.array([1.0, 0.5]), 0.25) for table in (ours, theirs))
    np.testing.assert_array_equal(at.nearest, same.nearest)
    assert same.bounds.likely.bias <= at.bounds.likely.bias <= 1.5 * same.bounds.likely.bias
    assert ours.plain_sum_is_likely(np.zeros(2), 0.0) == theirs.plain_sum_is_likely(np.zeros(2), 0.0)
    from handgrad.compare.judge.bounds import likely_growth

    bounds = [table.flushed_bound(np.zeros(2), 0.0, likely_growth).loss for table in (ours, theirs)]
    assert bounds[0] == pytest.approx(bounds[1], rel=1e-12)
    starts = [p.lap_plans() for p in (found, known)]
    np.testing.assert_allclose(starts[0].spread, starts[1].spread)


def test_of_the_usual_backends_those_that_take_no_blocks_are_left_out_and_named_ones_refused(
    stream: TableStream,
) -> None:
    taking, left = contestants(["numpy", "python", "moments"], stream, named=False)
    assert ([one.name for one in taking], [one.name for one in left]) == (["numpy", "moments"], ["python"])
    with pytest.raises(InputError, match="backend 'python' needs all rows in memory"):
        contestants(["numpy", "python"], stream, named=True)


def test_another_file_is_another_problem(stream: TableStream, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("x,y\n1,2\n2,3\n3,5\n")
    first = open_stream(path).stamp()
    path.write_text("x,y\n1,2\n2,3\n3,6\n4,4\n")
    assert open_stream(path).stamp() != first
    assert open_stream(stream.path).stamp() == stream.stamp()
