"""`handgrad reproduce`: from the command line to the exit code, the lines and the files."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from handgrad.data import published_runs
from handgrad.reports.look.names import columns

Cli = Callable[..., Any]

SHORT = ("google-mlcc", "mlmastery")


def test_published_runs_are_reproduced_and_the_exit_code_says_so(cli: Cli) -> None:
    done = cli("reproduce", *SHORT, "--backends", "python,numpy,numba")
    assert done.exit_code == 0, done.output
    rows = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert "loss after 5 epochs 42.17 42.1721 all 4" in rows
    assert "weight after update 5 0.410078328 0.41007832800 all 9" in rows
    assert "20 of 20 numbers hold to every printed digit, by the exact answer and by" in rows
    assert "google-mlcc 20 20 0 0 yes" in rows
    assert "PASSED: 2 published runs reproduced, 33 printed numbers: every digit" in done.stdout.replace("\n  ", " ")
    assert "[0/2] google-mlcc: python" in done.stderr
    assert list(Path().iterdir()) == []


def test_all_that_is_built_in_fits_80_columns(cli: Cli) -> None:
    """With a backend that is quick on every run; its name is one of the longest."""
    done = cli("reproduce", "--backends", "moments")
    assert done.exit_code == 0, done.output
    assert "PASSED: 8 published runs reproduced, 81 printed numbers" in done.stdout
    for line in done.stdout.splitlines():
        assert columns(line) <= 80, line
    told = " ".join(done.stdout.split())
    assert (
        "The run has not arrived at the least-squares solution: 1 digit of weight and bias so far. After 1,500 epochs "
        "the exact run is at weight 1.16636235, bias -3.63029144, loss 4.483388; least squares is weight 1.19303364, "
        "bias -3.89578088, loss 4.476971. 6 digits take 7,669 epochs at this rate." in told
    )


@pytest.fixture
def published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the published runs that a test may change."""
    copy = shutil.copytree(published_runs.FOLDER, tmp_path / "published")
    monkeypatch.setattr(published_runs, "FOLDER", copy)
    published_runs.runs.cache_clear()
    yield copy / "published.json"
    published_runs.runs.cache_clear()


def test_a_changed_printed_digit_is_told_and_ends_with_exit_code_1(cli: Cli, published: Path) -> None:
    source = published.read_text(encoding="utf-8")
    assert source.count('"42.17"') == 1
    published.write_text(source.replace('"42.17"', '"42.18"'), encoding="utf-8")
    done = cli("reproduce", *SHORT, "--backends", "numpy")
    assert done.exit_code == 1
    told = " ".join(done.stdout.split())
    assert "loss after 5 epochs 42.18 42.1721 no, 3/4" in told
    assert "19 of 20 numbers hold to every printed digit" in told
    assert "NOT reproduced: loss after 5 epochs: printed 42.18, exact 42.1721, numpy 42.17206906570527." in told
    assert "google-mlcc: NOT reproduced" in told
    assert "mlmastery: reproduced" in told
    assert "FAILED: not reproduced: google-mlcc, 1 of 2 published runs." in told


def test_changed_rows_are_told_as_well(cli: Cli, published: Path) -> None:
    table = published.with_name("mlmastery_five.csv")
    table.write_text(table.read_text().replace("5,5", "5,6"))
    done = cli("reproduce", "mlmastery", "--backends", "numpy")
    assert done.exit_code == 1
    assert "weight after update 5: printed 0.410078328, exact 0.46007832800" in " ".join(done.stdout.split())


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["nedrick"], "no published run is called 'nedrick' (did you mean 'nedrich'?); there are: ng-ex1, "),
        (["nedrich", "--backends", "nupmy"], "nupmy"),
        (["nedrich", "--backends", ","], "expected names with commas between"),
    ],
)
def test_what_is_not_there_is_told_in_one_line_with_exit_code_2(cli: Cli, words: list[str], told: str) -> None:
    done = cli("reproduce", *words)
    assert done.exit_code == 2
    assert done.stdout == ""
    assert told in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_json_has_every_number_with_every_digit(cli: Cli) -> None:
    done = cli("reproduce", "NG_EX1", "--backends", "numpy,python", "--json")
    found = json.loads(done.stdout)
    assert (found["kind"], found["schema"], found["passed"]) == ("reproduce", 1, True)
    (run,) = found["runs"]
    assert run["problem"]["id"] == "ng-ex1"
    weight = run["numbers"][2]
    assert (weight["printed"], weight["exact_digits"]) == ("1.166362", "1.166362350335581928964436")
    assert {name: answer["digits"] for name, answer in weight["given"].items()} == {"numpy": 7, "python": 7}
    assert weight["given"]["numpy"]["value"] == pytest.approx(1.166362350335582, rel=1e-15)


def test_a_page_is_written_where_it_is_asked_for_and_again_from_its_result(cli: Cli) -> None:
    done = cli("reproduce", "mlmastery", "--backends", "numpy", "--out", "run")
    assert "Report: run/report.html" in done.stdout
    page = Path("run/report.html").read_text(encoding="utf-8")
    assert {path.name for path in Path("run").iterdir()} == {"report.html", "result.json"}
    assert "0.2308974910481255865584548" in page
    again = cli("report", "run", "--out", "again")
    assert again.exit_code == 0, again.output
    assert Path("again/report.html").read_text(encoding="utf-8") == page


def test_threads_are_calmed_where_nobody_has_said_how_many(monkeypatch: pytest.MonkeyPatch) -> None:
    from handgrad.commands.reproduce import calm_threads

    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("MKL_NUM_THREADS")
    calm_threads()
    assert (os.environ["MKL_NUM_THREADS"], os.environ["OMP_NUM_THREADS"]) == ("1", "7")


def test_published_runs_are_listed_with_the_data_sets_and_completed(cli: Cli) -> None:
    from handgrad.commands.shared.completion import complete_published

    listed = cli("datasets").stdout
    assert "Published runs, for `handgrad reproduce`:" in listed
    assert all(f"\n{name}\n" in listed for name in published_runs.runs())
    assert [name for name, _ in complete_published("ng-mls")] == ["ng-mls-c1w2", "ng-mls-c1w1-lab"]
