"""A table that memory does not hold is trained on with the bits of memory, however it is stored."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest

from handgrad.backends.interface import DType, InputError
from handgrad.backends.kernels.gram_pass import CHUNK_ROWS
from handgrad.backends.numba_tiled import NumbaTiledTrainer
from handgrad.compare.blocks import stream_blocks
from handgrad.compare.blocks.stream_blocks import Budget, StreamBlocks
from handgrad.compare.scale.run import train_streamed
from handgrad.compare.side_by_side.one_run import TrainedModel, train_one
from handgrad.compare.side_by_side.prepare import Options
from handgrad.data import standardize
from handgrad.data.dataset import Dataset
from handgrad.data.errors import DataError
from handgrad.data.stream.opening import open_stream

BLOCK = CHUNK_ROWS
ROWS = 5 * BLOCK + 123
MEMORY = 2**26


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(NumbaTiledTrainer, "block_rows", BLOCK)
    monkeypatch.setattr(StreamBlocks, "block_rows", BLOCK)
    monkeypatch.setattr(standardize, "BLOCK_ROWS", BLOCK)


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    rng = np.random.default_rng(7)
    X = rng.normal(size=(ROWS, 2)) + 1
    return Dataset.from_arrays(X, X @ [2.0, -1.0] + 1 + 0.1 * rng.normal(size=ROWS), ["a", "b"], "y")


@pytest.fixture(scope="module")
def layouts(dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The same rows as one file, a folder with odd row groups, one row group too large to be read at once, and CSV."""
    folder = tmp_path_factory.mktemp("layouts")
    table = pyarrow.table({"a": dataset.X[:, 0], "b": dataset.X[:, 1], "y": dataset.y})
    (folder / "parts").mkdir()
    for k, (first, last) in enumerate([(0, 1), (1, 1), (1, BLOCK + 1), (BLOCK + 1, ROWS)]):
        part = folder / "parts" / f"{k}.parquet"
        pyarrow.parquet.write_table(table[first:last], part, row_group_size=997 * (k + 1))
    pyarrow.parquet.write_table(table, folder / "one.parquet", row_group_size=10**9)
    np.savetxt(folder / "t.csv", np.column_stack([dataset.X, dataset.y]), "%.17g", ",", header="a,b,y", comments="")
    return {path.name: path for path in folder.iterdir()}


def assert_same_bits(found: TrainedModel, whole: TrainedModel) -> None:
    np.testing.assert_array_equal(found.training.losses, whole.training.losses)
    np.testing.assert_array_equal(found.training.recorded_weights, whole.training.recorded_weights)
    np.testing.assert_array_equal(found.training.recorded_biases, whole.training.recorded_biases)
    np.testing.assert_array_equal(found.model.weights, whole.model.weights)
    assert found.model.bias == whole.model.bias


@pytest.mark.parametrize("backend", ["moments", "numba-tiled"])
@pytest.mark.parametrize(("dtype", "centred"), [("float64", False), ("float64", True), ("float32", True)])
def test_every_layout_gives_the_bits_of_memory(
    dataset: Dataset, layouts: dict[str, Path], backend: str, dtype: DType, centred: bool
) -> None:
    for threads in (1, 2):
        options = Options(learning_rate=0.1, epochs=3, standardize=centred, dtype=dtype, threads=threads)
        whole = train_one(dataset, backend, options)
        for path in layouts.values():
            assert_same_bits(train_streamed(open_stream(path), backend, options, MEMORY), whole)


def test_standardising_costs_one_pass(layouts: dict[str, Path]) -> None:
    assert train_streamed(open_stream(layouts["parts"]), "moments", Options(epochs=3), MEMORY).passes == 2


def test_less_memory_gives_the_same_bits(dataset: Dataset, layouts: dict[str, Path]) -> None:
    options = Options(learning_rate=0.1, epochs=2, standardize=False)
    whole = train_one(dataset, "numba-tiled", options)
    least = int(2 * 24 * BLOCK / stream_blocks.TASKS_SHARE) + 1
    for memory in (least, 2 * least, 20 * least):
        assert_same_bits(train_streamed(open_stream(layouts["parts"]), "numba-tiled", options, memory), whole)
    with pytest.raises(DataError, match=r"--memory .*: a block of 8,192 rows of 3 columns needs about"):
        train_streamed(open_stream(layouts["parts"]), "numba-tiled", options, least // 2)


@pytest.mark.parametrize(("backend", "passes"), [("moments", 1), ("numba-tiled", 1 + 4), ("numpy", 1 + 4)])
def test_moments_need_one_pass_and_others_one_for_each_loss(
    layouts: dict[str, Path], dataset: Dataset, backend: str, passes: int
) -> None:
    options = Options(learning_rate=None, epochs=3, standardize=False)
    found = train_streamed(open_stream(layouts["one.parquet"]), backend, options, MEMORY)
    assert found.passes == passes
    whole = train_one(dataset, backend, options)
    np.testing.assert_allclose(found.training.losses, whole.training.losses, rtol=1e-11)
    assert found.prepared.plan.learning_rate == pytest.approx(whole.prepared.plan.learning_rate, rel=1e-12)


def test_what_a_survey_tells_is_what_the_rows_in_memory_tell(layouts: dict[str, Path], dataset: Dataset) -> None:
    options = Options(epochs=1, standardize=False)
    found = train_streamed(open_stream(layouts["parts"]), "moments", options, MEMORY).prepared
    whole = train_one(dataset, "numpy", options).prepared
    ours, theirs = found.forecast.table, whole.forecast.table
    np.testing.assert_allclose(ours.hessian.eigenvalues, theirs.hessian.eigenvalues, rtol=1e-12)
    np.testing.assert_allclose(np.concatenate(ours.centre), np.concatenate(theirs.centre), rtol=1e-12)
    np.testing.assert_allclose(ours.target, theirs.target, rtol=1e-12)
    assert ours.longest_row >= theirs.longest_row
    best, known = found.problem.destination, whole.problem.destination
    assert best is not None
    assert known is not None
    np.testing.assert_allclose(
        [*best.weights, best.bias, best.loss], [*known.weights, known.bias, known.loss], rtol=1e-12
    )


def streamed(path: Path, backend: str = "moments", **options: object) -> str:
    with pytest.raises((DataError, InputError)) as caught:
        train_streamed(open_stream(path), backend, Options(**{"standardize": False, "epochs": 2, **options}), MEMORY)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_what_cannot_be_streamed_is_refused_by_name(layouts: dict[str, Path]) -> None:
    told = streamed(layouts["t.csv"], "torch")
    assert "backend 'torch' needs all rows in memory" in told
    assert "(numpy, numba-tiled, moments)" in told
    assert "got a batch size of 32" in streamed(layouts["t.csv"], "numba-tiled", batch_size=32)


@pytest.mark.parametrize("place", [3, ROWS - 5])
def test_a_cell_without_a_number_is_told_wherever_it_is(tmp_path: Path, dataset: Dataset, place: int) -> None:
    y = dataset.y.copy()
    y[place] = np.nan
    path = tmp_path / "t.parquet"
    pyarrow.parquet.write_table(pyarrow.table({"a": dataset.X[:, 0], "y": y}), path, row_group_size=1000)
    assert streamed(path).startswith(f"{path}: row {place}, column 'y': expected a finite number, got none")


def test_tables_that_no_line_can_be_fitted_to_are_told(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    for columns, told in (
        ({"a": [1.0, 1.0, 1.0], "y": [1.0, 2.0, 3.0]}, "column 'a' is constant (1 in all 3 rows)"),
        ({"a": [1e-200, 3e-200, 2e-200], "y": [1.0, 2.0, 3.0]}, "column 'a' differ by so little"),
        ({"a": [1.0], "y": [1.0]}, "expected at least 2 rows for 2 parameters"),
        ({"a": np.empty(0), "y": np.empty(0)}, "expected rows of numbers, got none"),
        ({"a": [1.0, 2.0, 1e200], "y": [1.0, 2.0, 3.0]}, "row 2, column 'a': 1e+200 is too large to be squared"),
    ):
        pyarrow.parquet.write_table(pyarrow.table(columns), path)
        assert told in streamed(path)


def test_dependent_columns_are_gone_through(tmp_path: Path, dataset: Dataset) -> None:
    path = tmp_path / "t.parquet"
    a = dataset.X[:, 0]
    pyarrow.parquet.write_table(pyarrow.table({"a": a, "b": 1 + a, "y": dataset.y}), path)
    found = train_streamed(
        open_stream(path), "moments", Options(learning_rate=0.05, epochs=2, standardize=False), MEMORY
    )
    assert found.passes == 1 + 3
    whole = train_one(
        Dataset.from_arrays(np.column_stack([a, 1 + a]), dataset.y),
        "moments",
        Options(learning_rate=0.05, epochs=2, standardize=False),
    )
    np.testing.assert_array_equal(found.training.losses, whole.training.losses)


def test_a_budget_leaves_room_for_what_is_read_and_what_is_summed() -> None:
    reading, blocks = Budget(2**30, 2).for_rows(16)
    assert (reading.threads, blocks) == (2, 4)
    assert reading.ahead_bytes < 2**30
