"""What is odd about a name, a stream, a variable or a file costs one line, never a traceback."""

from __future__ import annotations

import copy
import gzip
import json
import os
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from handgrad.cli import main
from handgrad.data import tables
from handgrad.data.dataset import DataError
from handgrad.data.tables import load_table

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="names of bytes, devices and closed streams")


def handgrad(words: str, folder: Path, **more: str) -> subprocess.CompletedProcess[bytes]:
    """A command by way of a shell, in which `$H` is `handgrad`."""
    script = f"H='{sys.executable} -P -m handgrad'\n{words}"
    return subprocess.run(["bash", "-c", script], cwd=folder, env=os.environ | more, capture_output=True, check=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rows = "".join(f"{i},{2 * i + i % 3}\n" for i in range(20))
    for name in (b"table.csv", b"caf\xe9.csv"):
        (tmp_path / os.fsdecode(name)).write_text("x,y\n" + rows)
    return tmp_path


@pytest.mark.parametrize(
    "words",
    [
        "$H compare $'caf\\xe9.csv' --backends python --epochs 2 --out $'r\\xe9n' && $H report $'r\\xe9n'",
        "$H train $'caf\\xe9.csv' --backend python --epochs 2 --out trained",
    ],
)
def test_names_that_are_no_utf8_cost_nothing(words: str, folder: Path) -> None:
    done = handgrad(words, folder)
    assert done.returncode == 0, done.stderr.decode("utf-8", "replace")


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", ">&- 2>&- <&-"])
def test_a_closed_stream_leads_nowhere(closed: str, folder: Path) -> None:
    done = handgrad(f"$H compare table.csv --backends python --epochs 2 --out run {closed}", folder)
    assert done.returncode == 0, done.stderr
    assert b"Traceback" not in done.stderr
    content = (folder / "run" / "measurements.jsonl").read_bytes()
    assert all(line.startswith(b'{"problem"') for line in content.splitlines())


def test_an_output_that_nobody_reads_leaves_the_exit_code_to_the_result(folder: Path) -> None:
    (folder / "mine.py").write_text("def gradient(X, y, weights, bias):\n    return weights, bias\n")
    commands = {"$H backends": 0, "$H check mine.py": 1, "$H compare table.csv --backends python --epochs 2": 0}
    for words, code in commands.items():
        done = handgrad(f"{words} | true; exit ${{PIPESTATUS[0]}}", folder)
        assert (done.returncode, b"Traceback" in done.stderr) == (code, False), done.stderr


def test_a_progress_that_cannot_be_told_costs_nothing(folder: Path) -> None:
    done = handgrad("$H compare table.csv --backends python --epochs 2 --out run 2> /dev/full", folder)
    assert done.returncode == 0
    assert (folder / "run" / "report.html").exists()
    done = handgrad("$H compare nowhere.csv 2> /dev/full", folder)
    assert done.returncode == 2


def test_an_output_that_is_full_is_named(folder: Path) -> None:
    done = handgrad("$H backends > /dev/full", folder)
    assert (done.returncode, done.stderr) == (2, b"handgrad: standard output: No space left on device\n")


@pytest.mark.parametrize("given", ["0", "-1", "many", ""])
def test_a_wrong_number_of_threads_is_told(given: str, folder: Path) -> None:
    done = handgrad("$H train table.csv --backend numba --epochs 2", folder, NUMBA_NUM_THREADS=given)
    assert done.returncode == 2
    assert done.stderr.decode() == (
        f"handgrad: NUMBA_NUM_THREADS: expected a whole number from 1 on, got {given!r}; correct or unset it\n"
    )


@pytest.mark.parametrize(
    ("variable", "given", "expected"),
    [
        ("NUMBA_THREADING_LAYER", "", "one of default, safe, "),
        ("NUMBA_THREADING_LAYER", "nonsense", "one of default, safe, "),
        ("NUMBA_DISABLE_JIT", "1", "0, as kernels are compiled, "),
    ],
)
def test_a_variable_with_which_numba_does_not_work_is_told(
    variable: str, given: str, expected: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("warnings.showwarning", "handgrad.cli._collect_garbage_seldom"):
        monkeypatch.setattr(name, lambda *_: None)
    monkeypatch.setenv("MPLBACKEND", "agg")
    monkeypatch.setenv(variable, given)
    with pytest.raises(SystemExit, match="2"):
        main()
    told = capsys.readouterr().err
    assert told.startswith(f"handgrad: {variable}: expected {expected}")
    assert told.endswith(f"got {given!r}; correct or unset it\n")


def test_a_layer_of_threads_that_is_not_installed_is_told(
    cli: Callable[..., Any], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object) -> None:
        raise ValueError("No threading layer could be loaded.\nHINT:\nIntel TBB is required")  # as Numba says it

    monkeypatch.setenv("NUMBA_THREADING_LAYER", "tbb")
    monkeypatch.setattr("handgrad.compare.side_by_side.one_run.load", failing)
    done = cli("train", folder / "table.csv")
    assert done.exit_code == 2
    assert (
        done.stderr == "handgrad: NUMBA_THREADING_LAYER: Numba cannot load 'tbb' on this machine; correct or unset it\n"
    )


@pytest.mark.parametrize("given", [["--out", ""], ["--out="], ["--data-dir", ""], ["--epochs", "2", "--data-dir="]])
def test_a_folder_without_a_name_is_not_the_current_one(
    given: list[str], cli: Callable[..., Any], folder: Path
) -> None:
    done = cli("train", folder / "table.csv", *given)
    name = next(word for word in given if "-d" in word or "-o" in word).rstrip("=")
    assert (done.exit_code, done.stderr) == (2, f"handgrad: {name}: expected a folder, got nothing\n")


def test_a_name_that_matplotlib_does_not_know_costs_no_report(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MPLBACKEND", "nonsense")
    monkeypatch.setattr(sys, "argv", ["handgrad", "--version"])
    for name in ("warnings.showwarning", "handgrad.cli._collect_garbage_seldom"):
        monkeypatch.setattr(name, lambda *_: None)
    with pytest.raises(SystemExit, match="0"):
        main()
    assert os.environ["MPLBACKEND"] == "agg"


def test_a_device_is_no_table(folder: Path) -> None:
    done = handgrad("ulimit -v 4000000; $H compare /dev/zero", folder)
    assert done.returncode == 2
    assert done.stderr.decode() == "handgrad: /dev/zero: expected a file, got a device, which may never end\n"


def test_a_compressed_file_that_does_not_fit_is_refused_before_it_is_expanded(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = folder / "bomb.csv.gz"
    path.write_bytes(gzip.compress(b"x,y\n1,2\n" + b"1,3\n2,5\n" * 5_000))
    assert load_table(path).rows == 10_001
    monkeypatch.setattr(tables, "EXPANDED_SHARE", 1e-9)
    with pytest.raises(DataError, match=r"bomb.csv.gz: expands to more than .* GiB"):
        load_table(path)


def places(found: Any, above: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path to each value within a JSON value."""
    inner = found.items() if isinstance(found, dict) else enumerate(found) if isinstance(found, list) else ()
    return [place for key, value in inner for place in [(*above, key), *places(value, (*above, key))]]


def changed(found: Any, chance: random.Random) -> Any:
    """A copy in which one value is another, shorter, or gone."""
    made = copy.deepcopy(found)
    *above, last = chance.choice(places(made))
    holder = made
    for key in above:
        holder = holder[key]
    value = holder[last]
    shorter = value[: len(value) // 2] if isinstance(value, list | str) else {}
    holder[last] = chance.choice([shorter, [], None, 0, -1, 1e308, "", {}, True])
    return made


@pytest.mark.usefixtures("without_figures")
def test_a_result_that_no_run_gives_is_one_line_or_a_page(cli: Callable[..., Any]) -> None:
    assert cli("compare", "--backends", "python,numpy", "--epochs", 3, "--budget", 0.01, "--out", "run").exit_code == 0
    whole = json.loads(Path("run/result.json").read_bytes())
    chance = random.Random(7)
    refused = 0
    for _ in range(40):
        Path("run/result.json").write_text(json.dumps(changed(whole, chance)))
        done = cli("report", "run")
        assert done.exit_code in (0, 2), done.output
        refused += done.exit_code == 2
        assert len(done.stderr.splitlines()) == (done.exit_code == 2)
    assert refused > 8
