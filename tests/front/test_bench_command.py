"""`handgrad bench` and `handgrad diff` as they are typed, with real processes on tiny sizes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest
import typer

from handgrad.commands.bench import grid, sizes
from handgrad.compare.results.bench import Bench, BenchTable
from handgrad.compare.results.files import from_json, to_json, write_whole

CLI = Callable[..., Any]
TINY = [
    "bench",
    "--rows",
    "50,200",
    "--features",
    "1,3",
    "--backends",
    "python,numpy",
    "--processes",
    "1",
    "--budget",
    "0.02",
    "--threads",
    "1",
]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A finished sweep's folder, and what it printed."""
    from typer.testing import CliRunner

    from handgrad.cli import app

    folder = tmp_path_factory.mktemp("bench") / "run"
    result = CliRunner().invoke(app, [*TINY, "--out", str(folder)])
    assert result.exit_code == 0, result.output
    return folder, result.stdout


def test_a_sweep_writes_results_report_and_figures(run: tuple[Path, str]):
    folder, _ = run
    found = from_json((folder / "result.json").read_bytes(), Bench)
    assert [(cell.rows, cell.features) for cell in found.cells] == [(50, 1), (200, 1), (50, 3), (200, 3)]
    for cell in found.cells:
        assert cell.limit_seconds is not None
        assert all(one.status == "ok" for one in cell.backends.values())
        assert cell.fastest
    names = {path.name for path in (folder / "figures").iterdir()}
    assert {"growth-1-float64.png", "reading-3-float64.png", "roofline-float64.png"} <= names
    assert (folder / "measurements.jsonl").read_text(encoding="utf-8").count("\n") == 4 + 1 + 4


def test_the_printed_tables_fit_into_eighty_columns_and_name_the_limit(run: tuple[Path, str]):
    _, printed = run
    lines = printed.splitlines()
    assert all(len(line) <= 80 for line in lines if not line.startswith("Report: ")), max(lines, key=len)
    assert "Seconds per epoch: 3 features, float64" in lines
    assert sum("to read" in line for line in lines) == 4
    assert any(line.startswith("Fastest for your table") for line in lines)


def test_the_page_is_one_file_without_network(run: tuple[Path, str]):
    folder, _ = run
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "default-src 'none'" in page
    assert page.count("<svg") == 5
    assert "http://" not in page
    assert "https://" not in page
    assert page.count('role="img" aria-label=') == 5


def test_a_finished_sweep_is_resumed_without_measuring_again(run: tuple[Path, str], cli: CLI):
    folder, _ = run
    before = (folder / "measurements.jsonl").read_bytes()
    resumed = cli(*TINY, "--out", folder, "--resume", "--json")
    assert resumed.exit_code == 0, resumed.output
    assert (folder / "measurements.jsonl").read_bytes() == before
    assert json.loads(resumed.stdout)["kind"] == "bench"


def test_a_report_is_rendered_again_from_the_results_alone(run: tuple[Path, str], cli: CLI, tmp_path: Path):
    folder, _ = run
    again = cli("report", folder, "--out", tmp_path / "again")
    assert again.exit_code == 0, again.output
    assert (tmp_path / "again" / "report.html").read_bytes() == (folder / "report.html").read_bytes()


def test_a_run_against_itself_passes_and_a_slower_one_exits_with_1(run: tuple[Path, str], cli: CLI, tmp_path: Path):
    folder, _ = run
    same = cli("diff", folder, folder)
    assert same.exit_code == 0, same.output
    assert same.stdout.splitlines()[-1].startswith("PASSED")
    slower = tmp_path / "slower"
    write_whole(slower / "result.json", slowed(folder, "python", 3.0))
    found = cli("diff", folder, slower, "--json")
    assert found.exit_code == 1
    told = json.loads(found.stdout)
    assert told["passed"] is False
    assert {one["backend"] for one in told["times"] if one["change"] == "slower"} == {"python"}
    assert cli("diff", folder, slower, "--threshold", 5).exit_code == 0
    text = cli("diff", folder, slower)
    assert text.exit_code == 1
    assert "FAILED: python" in text.stdout


def slowed(folder: Path, name: str, factor: float) -> bytes:
    """The results with one backend's times multiplied."""
    found = json.loads((folder / "result.json").read_bytes())
    for cell in found["cells"]:
        timed = cell["backends"][name]["epoch_seconds"]
        for key in ("median", "low", "high"):
            timed[key] *= factor
        timed["samples"] = [factor * sample for sample in timed["samples"]]
    return to_json(from_json(json.dumps(found).encode(), Bench))


def test_a_folder_that_memory_does_not_hold_is_timed_beside_its_reading(cli: CLI):
    rng = np.random.default_rng(1)
    X = rng.normal(size=(180_000, 3))
    for k in range(2):
        part = pyarrow.table({"a": X[k::2, 0], "b": X[k::2, 1], "c": X[k::2, 2], "y": X[k::2].sum(axis=1)})
        Path("t").mkdir(exist_ok=True)
        pyarrow.parquet.write_table(part, f"t/{k}.parquet", row_group_size=30_000)
    words = ["--backends", "numpy", "--target", "y", "--features", "a,c", "--processes", 1, "--budget", 0]
    done = cli("bench", "t", "--memory", "17MB", *words, "--threads", 1, "--json", "--out", "run")
    assert done.exit_code == 0, done.output
    found = from_json(done.stdout.encode(), Bench)
    (cell,) = found.cells
    assert (cell.rows, cell.features, cell.backends["numpy"].status) == (180_000, 2, "ok"), cell.backends
    assert found.settings.table == BenchTable("t", ("a", "c"), "y", True, 17_000_000)
    assert cell.backends["numpy"].limit_fraction is not None
    assert "each epoch reads its columns anew" in Path("run/report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("bench", "--budget", "inf"), "less than or equal to 1000000000"),
        (("bench", "t.csv", "--rows", "10"), "--rows: expected no sizes beside a table"),
        (("bench", "--target", "y"), "--target, --separator, --encoding, --drop-missing and --memory say how a table"),
        (("bench", "--memory", "1GiB"), "--target, --separator, --encoding, --drop-missing and --memory say how a"),
        (("bench", "t.csv", "--dataset", "diabetes"), "give a file or --dataset, not both"),
        (("bench", "--dataset", "diabetes", "--features", "1,16"), "--target and --features choose columns of a file"),
        (("bench", "nowhere.csv"), "nowhere.csv: no such file"),
        (("bench", "--rows", "ten"), "--rows: expected whole numbers"),
        (("bench", "--rows", "0"), "--rows: expected whole numbers"),
        (("bench", "--rows", ""), "--rows: expected whole numbers"),
        (("bench", "--rows", "1e3,/d"), "--rows: expected whole numbers"),
        (("bench", "--features", ""), "--features: expected whole numbers"),
        (("bench", "--dtypes", "float16"), "--dtypes: expected float64, float32 or both"),
        (("bench", "--resume"), "--resume needs --out"),
        (("bench", "--backends", "nmupy", "--rows", "10"), "no backend is called 'nmupy'"),
        (("bench", "--precision", "0", "--rows", "10"), "precision"),
        (("diff", "nowhere", "nowhere"), "expected a run folder with a result.json"),
    ],
)
def test_wrong_usage_is_told_in_one_line(cli: CLI, words: tuple[str, ...], said: str):
    result = cli(*words)
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("1e2:1e4", (100, 1000, 10_000)),
        ("100,1e3,1_0", (100, 1000, 10)),
        ("1e3:2500", (1000, 2500)),
        ("7", (7,)),
        ("5:5,5", (5,)),
    ],
)
def test_sizes_are_lists_and_decades(given: str, expected: tuple[int, ...]):
    assert sizes("--rows", given) == expected


def test_sizes_by_the_numbers_of_x_are_kept_apart():
    assert grid("1e3, 1e7/d,2e3") == ((1000, 2000), (10**7,))
    assert grid("1e2:1e3/d") == ((), (100, 1000))


@pytest.mark.parametrize("given", ["", "1.5", "-3", "1:", "inf", "nan", "1e300"])
def test_sizes_that_are_none_are_refused(given: str):
    with pytest.raises(typer.BadParameter, match="--rows"):
        sizes("--rows", given)
