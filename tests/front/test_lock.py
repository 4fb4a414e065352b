"""Two runs never write to one folder."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from handgrad.commands.shared.lock import FILE, FolderInUse, locked, locked_file
from handgrad.data.model_file import Model, save

HOLDS = """
import sys, time
from pathlib import Path
from handgrad.commands.shared.lock import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def other(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process, which writes to the folder `run`."""
    process = subprocess.Popen([sys.executable, "-c", HOLDS, tmp_path / "run"], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


@pytest.mark.skipif(sys.platform == "win32", reason="links")
def test_what_stands_in_a_folder_is_neither_emptied_nor_removed(tmp_path: Path) -> None:
    for name in (".lock", "precious"):
        (tmp_path / name).write_text("not ours")
    with locked(tmp_path):
        pass
    assert (tmp_path / ".lock").read_text() == "not ours"
    (tmp_path / FILE).symlink_to("precious")
    with pytest.raises(OSError, match=str(tmp_path)), locked(tmp_path):
        pass
    assert (tmp_path / "precious").read_text() == "not ours"


@pytest.mark.parametrize("below", ["", "run"])
def test_a_file_in_place_of_a_folder_is_told(below: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="expected a folder, got what is none"), locked(tmp_path / "file" / below):
        pass


@pytest.mark.parametrize(
    "words",
    [
        "compare --backends python,numpy",
        "compare --backends python,numpy --resume",
        "bench --rows 100 --features 1 --backends python",
        "gradcheck --backends python",
        "reproduce",
        "train table.csv",
        "evaluate table.csv --model model.json",
        "generate",
        "grade mine.py",
    ],
)
def test_the_second_run_in_a_folder_is_refused(
    words: str, other: subprocess.Popen[str], cli: Callable[..., Any], tmp_path: Path
) -> None:
    (tmp_path / "table.csv").write_text("x,y\n1,2\n2,4\n3,7\n")
    (tmp_path / "mine.py").write_text("def gradient(X, y, weights, bias):\n    return weights, bias\n")
    save(Model(np.ones(1), 0.0, ("x",), "y"), tmp_path / "model.json")
    before = sorted((tmp_path / "run").iterdir())
    done = cli(*words.split(), "--data-dir" if words == "generate" else "--out", "run")
    assert done.exit_code == 2
    (line,) = done.stderr.splitlines()
    assert line == (f"handgrad: run: process {other.pid} writes there; wait for its end, or give another folder")
    assert sorted((tmp_path / "run").iterdir()) == before


HOLDS_FILE = HOLDS.replace("import locked", "import locked_file").replace("with locked(", "with locked_file(")


@pytest.mark.parametrize("words", ["learn --dataset norris --out new/page.html", "explain --html new/page.html"])
def test_the_second_page_in_a_file_is_refused(words: str, cli: Callable[..., Any], tmp_path: Path) -> None:
    path = tmp_path / "new" / "page.html"
    with subprocess.Popen([sys.executable, "-c", HOLDS_FILE, path], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        done = cli(*words.split())
        other.kill()
    assert done.exit_code == 2
    (line,) = done.stderr.splitlines()
    assert line == f"handgrad: new/page.html: process {other.pid} writes there; wait for its end, or give another file"
    with locked_file(path):
        assert [one.name for one in path.parent.iterdir()] == [f".page.html{FILE}"]
    assert list(path.parent.iterdir()) == []


def test_a_report_is_not_written_into_the_folder_of_a_run_at_work(
    other: subprocess.Popen[str], cli: Callable[..., Any], tmp_path: Path
) -> None:
    (tmp_path / "run" / "result.json").write_text("{}")
    done = cli("report", "run")
    assert (done.exit_code, f"process {other.pid} writes there" in done.stderr) == (2, True), done.stderr


def test_a_killed_run_leaves_no_folder_locked(other: subprocess.Popen[str], tmp_path: Path) -> None:
    with pytest.raises(FolderInUse), locked(tmp_path / "run"):
        pass
    other.kill()
    other.wait()
    with locked(tmp_path / "run"):
        assert (tmp_path / "run" / FILE).exists()
    assert list((tmp_path / "run").iterdir()) == []


def test_a_folder_that_holds_nothing_is_gone_again_unless_it_was_there_before(tmp_path: Path) -> None:
    with locked(tmp_path / "new"):
        assert (tmp_path / "new").is_dir()
    assert not (tmp_path / "new").exists()
    with locked(tmp_path / "new" / "within"):
        pass
    assert not (tmp_path / "new").exists()
    (tmp_path / "old").mkdir()
    with locked(tmp_path / "old"):
        pass
    assert (tmp_path / "old").is_dir()
