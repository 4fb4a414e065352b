"""`handgrad compare`: from a table to a report."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any

import pytest

from handgrad.backends.catalogue import catalogue
from handgrad.compare.results.comparison import Comparison
from handgrad.compare.results.files import from_json, to_json

Cli = Callable[..., Any]

QUICK = ("--backends", "python,numpy", "--budget", 0.02)


Run = tuple[Path, Any]


def finished(folder: Path, *words: str) -> Run:
    """A run's folder, and what the command printed."""
    from typer.testing import CliRunner

    from handgrad.cli import app

    return folder, CliRunner().invoke(app, ["compare", *map(str, QUICK), "--out", str(folder), *words])


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A comparison with all its figures; nobody may write there."""
    return finished(tmp_path_factory.mktemp("compare") / "run")


@pytest.fixture(scope="module")
def run_as_json(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """One of five epochs, printed as JSON."""
    return finished(tmp_path_factory.mktemp("compare") / "run", "--epochs", "5", "--json")


def test_a_comparison_leaves_a_whole_run_folder(run: Run) -> None:
    folder, done = run
    assert done.exit_code == 0, done.output
    assert "Do the backends agree? Yes:" in done.stdout
    assert "run/report.html" in done.stdout
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert {"result.json", "report.html", "measurements.jsonl", "figures/loss.png", "figures/fit.png"} <= files


@pytest.mark.usefixtures("without_figures")
def test_without_out_the_run_gets_a_folder_of_its_own(cli: Cli) -> None:
    cli("compare", *QUICK, "--dataset", "norris")
    cli("compare", *QUICK, "--dataset", "norris")
    names = sorted(path.name for path in Path("runs").iterdir())
    assert len(names) == 2
    assert all("norris" in name for name in names)


def test_result_json_has_the_fields_that_programs_rely_on(run_as_json: Run) -> None:
    folder, done = run_as_json
    found = json.loads(done.stdout)
    assert found == json.loads((folder / "result.json").read_text())
    assert found["schema"] == 1
    assert {"python", "platform", "cpu", "cores", "threads", "packages", "time", "command"} <= found[
        "environment"
    ].keys()
    assert {
        "rows", "features", "target", "source", "loss", "learning_rate", "epochs", "batch_size", "dtype", "seed",
    } <= found["problem"].keys()  # fmt: skip
    numpy = found["backends"]["numpy"]
    assert numpy["status"] == "ok"
    assert numpy["gradient"] == "manual"
    assert len(numpy["losses"]) == 6
    assert {"weights", "bias", "max_ulp", "bound_ratio"} <= numpy["accuracy"]["start_gradient"].keys()
    assert {"max_ulp", "max_relative", "first_epoch_apart"} <= numpy["accuracy"]["parameters"].keys()
    assert {
        "import_seconds", "first_call_seconds", "epoch_seconds", "relative", "ceiling_fraction", "peak_memory_bytes",
    } <= numpy["speed"].keys()  # fmt: skip
    assert {"median", "low", "high", "samples"} <= numpy["speed"]["epoch_seconds"].keys()
    assert found["verdict"]["passed"] is True


def test_result_json_round_trips_without_loss(run: Run) -> None:
    content = (run[0] / "result.json").read_bytes()
    assert to_json(from_json(content, Comparison)) == content


def test_report_renders_the_same_page_from_result_json_alone(run: Run, cli: Cli) -> None:
    Path("moved").mkdir()
    Path("moved/result.json").write_bytes((run[0] / "result.json").read_bytes())
    assert cli("report", "moved").exit_code == 0
    assert Path("moved/report.html").read_bytes() == (run[0] / "report.html").read_bytes()


@pytest.mark.usefixtures("without_figures")
def test_parameters_come_back_in_the_users_units(cli: Cli) -> None:
    rows = "\n".join(f"{x},{3 * x - 7}" for x in range(1000, 1100))
    Path("far.csv").write_text(f"x,y\n{rows}\n")
    found = json.loads(cli("compare", "far.csv", *QUICK, "--epochs", 3, "--json").stdout)
    for result in found["backends"].values():
        assert result["weights"] == pytest.approx([3.0], rel=1e-12)
        assert result["bias"] == pytest.approx(-7.0, abs=1e-9)


@pytest.mark.usefixtures("without_figures")
def test_every_default_backend_has_a_row_and_a_missing_one_says_how_to_get_it(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    from handgrad.backends.catalogue import Entry

    missing = Entry.missing
    monkeypatch.setattr(Entry, "missing", lambda self: ["torch"] if self.name == "torch" else missing(self))
    done = cli("compare", "--backends", "numpy,torch", "--budget", 0.02, "--out", "run")
    assert done.exit_code == 0, done.output
    assert "handgrad[torch]" in done.stdout
    found = json.loads(Path("run/result.json").read_text())
    assert found["backends"]["torch"]["status"] == "unavailable"
    assert "handgrad[torch]" in found["backends"]["torch"]["reason"]
    assert "handgrad[torch]" in Path("run/report.html").read_text()


def test_with_nothing_to_run_the_exit_code_is_3(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    from handgrad.backends.catalogue import Entry

    monkeypatch.setattr(Entry, "missing", lambda self: ["absent"])
    done = cli("compare", "--backends", "numpy")
    assert done.exit_code == 3
    assert "absent" in done.stderr


def test_each_backend_that_could_not_run_is_named(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tmp_path.joinpath("sitecustomize.py").write_text("import time; time.sleep(2)")  # a process that starts slowly
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    done = cli("compare", "--backends", "python,numpy", "--timeout", 0.1, "--out", "run")
    assert done.exit_code == 3
    last = done.stderr.splitlines()[-1]
    assert "backend 'python': no answer" in last
    assert "backend 'numpy': no answer" in last


def test_an_option_that_names_nothing_is_refused(cli: Cli) -> None:
    done = cli("compare", "--backends", " ,")
    assert done.exit_code == 2
    assert "expected names" in done.stderr
    assert not Path("runs").exists()


def test_two_runs_of_the_same_second_have_a_folder_each(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    from handgrad.commands.shared import runs

    class Stopped(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Stopped:
            return cls(2026, 1, 2, 3, 4, 5)

    monkeypatch.setattr(runs, "datetime", Stopped)
    with runs.run_folder(None, "norris") as first, runs.run_folder(None, "norris") as second:
        assert first != second
        Path(second, "result.json").touch()
    assert sorted(path.name for path in Path("runs").iterdir()) == ["20260102-030405-norris-2"]


def test_an_option_that_cannot_be_used_leaves_no_folder(cli: Cli) -> None:
    assert cli("compare", *QUICK, "--learning-rate", -1).exit_code == 2
    assert not any(Path("runs").iterdir())


def test_an_interrupted_comparison_exits_with_130_and_says_how_to_go_on(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    from handgrad.compare.side_by_side import side_by_side

    def interrupted(*given: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(side_by_side, "time_epochs", interrupted)
    done = cli("compare", *QUICK, "--out", "my run")
    assert done.exit_code == 130
    assert "--resume --out 'my run'" in done.stderr
    assert "interrupted" in done.stderr.splitlines()[-1]
    assert [path.name for path in Path("my run").iterdir()] == ["measurements.jsonl"]


@pytest.mark.usefixtures("without_figures")
def test_a_run_into_the_folder_of_another_says_where_that_one_is_kept(cli: Cli) -> None:
    first = cli("compare", "--backends", "numpy", "--budget", 0.02, "--out", "run")
    assert "is kept in" not in first.stderr
    second = cli("compare", "--backends", "numpy", "--budget", 0.02, "--epochs", 3, "--out", "run")
    assert "handgrad: the run that stood in run is kept in run/earlier/1" in second.stderr.splitlines()
    assert cli("report", "run/earlier/1").exit_code == 0
    assert json.loads(Path("run/earlier/1/result.json").read_text())["problem"]["epochs"] == 100
    assert json.loads(Path("run/result.json").read_text())["problem"]["epochs"] == 3


@pytest.mark.parametrize(
    ("words", "writer"),
    [
        ("compare --backends numpy --epochs 2", "handgrad.reports.compare.html.write"),
        (
            "bench --backends numpy --rows 10 --features 1 --processes 1 --threads 1",
            "handgrad.reports.bench.html.write",
        ),
    ],
)
def test_an_interrupted_report_says_how_to_go_on_too(
    words: str, writer: str, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*given: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(writer, interrupted)
    done = cli(*words.split(), "--budget", 0.01, "--out", "run")
    assert done.exit_code == 130
    assert done.stderr.splitlines()[-2:] == [
        "handgrad: finished measurements are kept; go on with --resume --out run",
        "handgrad: interrupted",
    ]


def test_files_of_the_user_are_not_taken_for_libraries(tmp_path: Path) -> None:
    for name in ("numpy", "json", "queue", "handgrad"):
        Path(tmp_path, f"{name}.py").write_text("raise RuntimeError('the file of the user')")
    done = run_handgrad("compare --backends python,numpy --budget 0.02 --out run", tmp_path)
    assert done.returncode == 0, done.stderr


def test_signs_that_a_pipe_cannot_say_are_replaced(tmp_path: Path) -> None:
    done = run_handgrad("explain --dataset anscombe1", tmp_path, PYTHONIOENCODING="cp1252")
    assert done.returncode == 0, done.stderr
    assert "? = W x + b" in done.stdout


def run_handgrad(words: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, in a folder that is not on its path: as the `handgrad` script starts it."""
    start = "from handgrad.__main__ import main; main()"
    return subprocess.run(
        [sys.executable, "-P", "-c", start, *words.split()], cwd=folder, env=os.environ | variables,
        capture_output=True, encoding="cp1252", timeout=120, check=False,
    )  # fmt: skip


@pytest.mark.usefixtures("without_figures")
def test_a_diverging_comparison_is_no_success_and_says_why(cli: Cli) -> None:
    done = cli(
        "compare", "--backends", "numpy", "--budget", 0.02, "--learning-rate", 1.5, "--epochs", 2000, "--out", "run"
    )
    assert done.exit_code == 0, done.output  # it diverges as the exact run does: the backends agree
    assert "Did the training arrive? No, it diverged:" in " ".join(done.stdout.split())
    found = json.loads(Path("run/result.json").read_text())
    assert found["verdict"]["agree"]["passed"]
    assert found["verdict"]["arrived"]["state"] == "diverged"
    numpy = found["backends"]["numpy"]
    assert numpy["status"] == "diverged"
    assert "stability limit" in numpy["reason"]
    assert 10 < len(numpy["losses"]) == numpy["diverged_at"] < 2000
    assert all(map(math.isfinite, numpy["losses"]))


def test_hostile_names_are_escaped_and_never_a_path(cli: Cli) -> None:
    Path("x.csv").write_text('"<script>alert(1)</script>","../../y"\n1,3\n2,5\n3,7.5\n')
    done = cli("compare", "x.csv", *QUICK)
    assert done.exit_code == 0, done.output
    (run,) = Path("runs").iterdir()
    page = (run / "report.html").read_text()
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page


@pytest.mark.usefixtures("without_figures")
def test_backends_are_known_in_any_case_and_taken_once_and_underscores_serve_in_place_of_dashes(cli: Cli) -> None:
    names = ("--backends", "NumPy,PYTHON,numpy", "--budget", 0.02)
    found = json.loads(
        cli("compare", *names, "--batch_size", 50, "--learning_rate", 0.1, "--epochs", 2, "--json").stdout
    )
    assert list(found["backends"]) == ["numpy", "python"]
    assert found["problem"]["batch_size"] == 50


@pytest.mark.usefixtures("without_figures")
def test_compare_and_train_take_batches_in_the_files_order(cli: Cli, tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text("x,y\n" + "\n".join(f"{x},{y}" for x, y in [(1, 1), (2, 3), (4, 3), (3, 2), (5, 5)]))
    options = [table, "--batch-size", 1, "--order", "file", "--learning-rate", 0.005, "--epochs", 4]
    found = json.loads(cli("compare", *options, "--no-standardize", "--backends", "numba", "--json").stdout)
    assert found["problem"]["order"] == "file"
    trained = json.loads(cli("train", *options, "--json").stdout)
    for run in (found["backends"]["numba"], trained):
        assert [run["weights"][0], run["bias"]] == pytest.approx([0.79043861, 0.230897491], abs=5e-10)


def test_backends_and_datasets_list_everything_with_json_beside(cli: Cli) -> None:
    listed = json.loads(cli("backends", "--json").stdout)
    assert [row["name"] for row in listed] == list(catalogue())
    plain = cli("backends").stdout
    assert all(name in plain for name in catalogue())
    tables = json.loads(cli("datasets", "--json").stdout)
    assert {"diabetes", "norris", "longley", "anscombe1", "anscombe4", "auto-mpg"} <= {row["name"] for row in tables}
    assert all(row["source"] and row["licence"] for row in tables)


def test_version_is_the_packages(cli: Cli) -> None:
    import handgrad

    assert cli("--version").stdout.strip() == f"handgrad {handgrad.__version__}"


def test_progress_goes_to_stderr_and_results_to_stdout(run_as_json: Run) -> None:
    _, done = run_as_json
    json.loads(done.stdout)
    assert "numpy" in done.stderr


@pytest.mark.usefixtures("without_figures")
def test_compensated_adds_a_row_within_one_ulp_of_the_exact_gradient(cli: Cli) -> None:
    done = cli("compare", "--backends", "numpy", "--compensated", "--budget", 0.02, "--json")
    found = json.loads(done.stdout)["backends"]
    assert list(found) == ["numpy", "numba-compensated"]
    assert found["numba-compensated"]["accuracy"]["start_gradient"]["max_ulp"] <= 1
