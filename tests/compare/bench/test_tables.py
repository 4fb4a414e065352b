"""A sweep on a table that was given, in memory and beyond it, with made-up workers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest
from made_up_worker import World

from handgrad.backends.interface import DType
from handgrad.backends.numpy import NumPyTrainer
from handgrad.compare.bench.agreement import LapTruth
from handgrad.compare.bench.diff import DiffError, diff
from handgrad.compare.bench.problem import Size, TimedProblem
from handgrad.compare.bench.start_up import start_up_size
from handgrad.compare.bench.streamed import StreamedTables
from handgrad.compare.bench.sweep import bench
from handgrad.compare.bench.tables import GivenTable, SweepTables, facts_of
from handgrad.compare.blocks.scanning import ColumnScan
from handgrad.compare.blocks.stream_blocks import Budget
from handgrad.compare.results.bench import Bench, BenchTable, Settings
from handgrad.compare.results.files import from_json, to_json, write_whole
from handgrad.compare.timing.laps import LapEnd
from handgrad.data.dataset import DataError, Dataset
from handgrad.data.stream.opening import open_stream
from handgrad.reports.bench.text import text
from handgrad.reports.exports.timed import timed
from handgrad.reports.look.text import plain

ROWS = 1203
BUDGET = Budget(2**26, 2)


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    """Columns of unlike sizes, far from zero, the third of which nearly depends on the first."""
    rng = np.random.default_rng(2)
    X = rng.normal(size=(ROWS, 3)) * [1.0, 1e-3, 1.0] + [1.7e9, 0.0, 0.0]
    X[:, 2] = X[:, 0] / 2 + 1e-3 * X[:, 2]
    return Dataset.from_arrays(X, 40 + 3 * rng.normal(size=ROWS), ["time", "small", "near"], "y")


@pytest.fixture(scope="module")
def files(dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Sequence[Path]:
    """The table in two Parquet files of a folder, and as CSV with another separator."""
    folder = tmp_path_factory.mktemp("files")
    columns = dict(zip([*dataset.feature_names, "y"], [*dataset.X.T, dataset.y], strict=True))
    table = pyarrow.table(columns)
    (folder / "parts").mkdir()
    for k, part in enumerate((table[:1000], table[1000:])):
        pyarrow.parquet.write_table(part, folder / "parts" / f"{k}.parquet", row_group_size=300)
    rows = np.column_stack(list(columns.values()))
    np.savetxt(folder / "t.csv", rows, "%.17g", ";", header="time;small;near;y", comments="")
    return folder / "parts", folder / "t.csv"


def settings(facts: BenchTable, **changes: Any) -> Settings:
    given = {
        "rows": (ROWS,), "features": (3,), "dtypes": ("float64",), "backends": ("python", "numpy", "moments"),
        "epochs": 100, "processes": 2, "precision": 0.01, "budget_seconds": 0.05, "seed": 0, "table": facts,
    }  # fmt: skip
    return Settings(**given | changes)


def streamed(path: Path, world: World | None = None, folder: Path | None = None, **changes: Any) -> Bench:
    tables = StreamedTables(open_stream(path), BUDGET)
    start, asked = (world or slow_reader()).start, settings(tables.facts(None), **changes)
    return bench(asked, threads=1, folder=folder, resume=folder is not None, start=start, tables=tables)


def slow_reader() -> World:
    world = World()
    world.costs |= {"numpy": (0.0, 1e-4), "moments": (1e-6, 0.0), "(machine)": (0.0, 8e-5)}
    return world


@pytest.fixture(scope="module")
def found(files: Sequence[Path]) -> Bench:
    return streamed(files[0])


def test_a_table_in_memory_is_one_cell_beside_the_machines_limit(dataset: Dataset) -> None:
    world = World()
    world.costs["moments"] = (1e-6, 0.0)
    asked = settings(facts_of(dataset, None), dtypes=("float64", "float32"))
    held = bench(asked, threads=1, start=world.start, tables=GivenTable(dataset))
    assert [(cell.rows, cell.features, cell.dtype) for cell in held.cells] == [(ROWS, 3, d) for d in asked.dtypes]
    for cell in held.cells:
        assert {name: one.reason for name, one in cell.backends.items() if one.status != "ok"} == {}
        assert cell.limit_seconds is not None
        assert all(one.pass_seconds is None for one in cell.backends.values())
    assert held.machine is not None
    told = plain(text(held))
    assert "its features and its target centred and scaled" in told


def test_beyond_memory_each_epoch_stands_beside_the_reading_of_the_columns(found: Bench) -> None:
    (cell,) = found.cells
    numpy, moments, python = (cell.backends[name] for name in ("numpy", "moments", "python"))
    assert (numpy.status, moments.status, python.status) == ("ok", "ok", "skipped"), (numpy.reason, moments.reason)
    assert python.reason == "needs all rows in memory, and the table is larger than --memory"
    assert numpy.limit_fraction is not None
    assert numpy.limit_fraction.value == pytest.approx(0.8, rel=0.01)
    assert numpy.epoch_seconds is not None
    assert len(numpy.epoch_seconds.samples) == 6
    assert numpy.pass_seconds is moments.limit_fraction is found.machine is None
    assert moments.pass_seconds is not None
    assert moments.pass_fraction is not None
    assert moments.pass_seconds.median == pytest.approx(2.01)  # it is bound, and its first call is a pass
    assert moments.pass_fraction.value == pytest.approx(8e-5 * ROWS / 2.01, rel=0.01)


def test_a_start_beyond_memory_takes_no_more_rows_than_any(found: Bench) -> None:
    assert start_up_size(replace(found.settings, rows=(2 * 10**8,)), Size(3, "float64", 0)).rows == 333_333
    assert {one.rows for starts in found.start_ups.values() for one in starts} == {ROWS}


def test_what_a_run_costs_has_the_pass_once_or_an_epoch_each(found: Bench) -> None:
    numpy, moments = (found.cells[0].backends[name] for name in ("numpy", "moments"))
    start = 0.1 + 0.01 + 0.01  # import, set-up, move
    assert numpy.total_cached_seconds == pytest.approx(start + 100 * 1e-4 * ROWS, rel=0.02)
    assert moments.total_cached_seconds == pytest.approx(start + 0.02 + 2.01, rel=0.02)
    (paid,) = (one for one in moments.break_even if one.against == "numpy")
    assert paid.cached == pytest.approx((0.02 + 2.01) / (1e-4 * ROWS), abs=1.1)


def test_what_is_told_names_reading_and_passes_and_fits_eighty_columns(found: Bench) -> None:
    told = plain(text(found))
    assert max(map(len, told.splitlines())) <= 80
    words = " ".join(told.split())
    for part in ("of reading", "to read 4 columns", "reads its columns anew", "(moments once before the first)"):
        assert part in words, part
    assert from_json(to_json(found), Bench) == found


def test_who_has_its_rows_on_workers_does_not_read_them_anew(files: Sequence[Path]) -> None:
    world = slow_reader()
    world.elsewhere |= {"numpy": (300, 400), "moments": (200,)}
    found = streamed(files[0], world, backends=("numpy", "moments"))
    held = {name: one.elsewhere_memory_bytes for name, one in found.cells[0].backends.items()}
    assert held == {"numpy": (300, 400), "moments": (200,)}
    assert "(moments once before the first; numpy once, as workers hold them)" in " ".join(plain(text(found)).split())


def test_runs_on_other_tables_are_not_held_against_each_other(found: Bench, tmp_path: Path) -> None:
    assert found.settings.table is not None
    held = replace(found, settings=replace(found.settings, table=replace(found.settings.table, streamed=False)))
    for name, one in (("one", found), ("other", held)):
        write_whole(tmp_path / name / "result.json", to_json(one))
    with pytest.raises(DiffError, match=r"got files that are read in each epoch .* and a table in memory"):
        diff(tmp_path / "one", tmp_path / "other")
    assert diff(tmp_path / "one", tmp_path / "one").passed
    assert {one.problem for one in timed(found)} == {f"parts {ROWS}x3 float64"}


def test_a_finished_run_is_resumed_without_a_look_at_the_files(files: Sequence[Path], tmp_path: Path) -> None:
    killed, again = slow_reader(), slow_reader()
    killed.stop_after = 60
    with pytest.raises(KeyboardInterrupt):
        streamed(files[0], killed, tmp_path)
    streamed(files[0], folder=tmp_path)
    before = (tmp_path / "measurements.jsonl").read_bytes()
    streamed(files[0], again, tmp_path)
    assert sum(again.asked.values()) == 0
    assert (tmp_path / "measurements.jsonl").read_bytes() == before


def test_rows_of_csv_are_counted_and_both_formats_are_scanned(files: Sequence[Path]) -> None:
    assert StreamedTables(open_stream(files[1]), BUDGET).rows == ROWS
    for path in files:
        assert ColumnScan.of(open_stream(path, features=["small"])).run() == ROWS


def test_a_cell_without_a_number_is_told_before_anything_is_timed(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pyarrow.parquet.write_table(pyarrow.table({"x": [1.0, 2.0, None, 4.0], "y": [1.0, 2.0, 3.0, 4.0]}), path)
    world = slow_reader()
    with pytest.raises(DataError, match="row 2, column 'x': expected a finite number, got none"):
        streamed(path, world, rows=(4,), features=(1,))
    assert sum(world.asked.values()) == 0


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("beyond", [False, True])
def test_laps_on_columns_of_unlike_sizes_end_where_they_must(
    dataset: Dataset, files: Sequence[Path], beyond: bool, dtype: DType
) -> None:
    """However badly conditioned they are; a lap that is an epoch short is noticed where they were scaled."""
    tables: SweepTables = StreamedTables(open_stream(files[0]), BUDGET) if beyond else GivenTable(dataset)
    made: TimedProblem = tables.cell(Size(3, dtype, ROWS))
    truth = LapTruth.of(made)
    with made.file() as data:
        trainer = trainer_on(data, dtype)
    for epochs in (1, 40):
        lap = made.laps.lap(epochs, 0)
        ends = [trainer.to_numpy(*trainer.lap(trainer.start(lap), lap, k)) for k in (epochs, epochs - 1)]
        right, short = (truth.ratio(LapEnd(lap, (*weights.tolist(), bias))) for weights, bias in ends)
        assert right is not None
        assert short is not None
        assert right <= 1, (epochs, right)
        assert beyond or short > 1, (epochs, short)


def trainer_on(data: str, dtype: DType) -> NumPyTrainer:
    """NumPy's, on the rows of a file."""
    from handgrad.compare.blocks.description import is_description, read_description

    if is_description(data):
        return NumPyTrainer.over(read_description(data, dtype), dtype)
    with np.load(data) as arrays:
        return NumPyTrainer(arrays["X"], arrays["y"], dtype)
