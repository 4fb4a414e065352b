"""What is no file (a pipe, a device, a folder, a socket) costs one line wherever a file is read, and nobody waits."""

from __future__ import annotations

import contextlib
import os
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from handgrad.data import files
from handgrad.data.dataset import DataError
from handgrad.data.files import read_bytes
from handgrad.data.tables import load_table

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="pipes with names, devices and sockets")

TABLE = b"x,y\n1,2\n2,3\n3,5\n4,8\n"

#: Each command that reads a file; the file is called `given`.
COMMANDS = [
    "compare given", "train given", "explain given", "gradcheck given", "learn given --out run", "evaluate given",
    "evaluate table.csv --model given", "report given", "diff given given", "grade class --policy given",
    "grade given", "check given", "exercise check 1 given",
    "compare table.csv --backends python --epochs 1 --out run --resume",
]  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(files, "PIPE_SECONDS", 0.1)
    (tmp_path / "table.csv").write_bytes(TABLE)
    (tmp_path / "models").mkdir()
    model = b'{"schema":1,"kind":"handgrad model","feature_names":["x"],"target_name":"y","weights":[2.0],"bias":0.0,'
    (tmp_path / "models/model.json").write_bytes(model + b'"standardization":null,"details":{}}')
    (tmp_path / "class").mkdir()
    (tmp_path / "class/a.py").write_text("")
    (tmp_path / "run").mkdir()
    return tmp_path


def a_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(path))


MADE: dict[str, tuple[Callable[[Path], object], str]] = {
    "a pipe": (os.mkfifo, "a pipe to which nobody writes"),
    "a device": (lambda path: path.symlink_to("/dev/zero"), "a device, which may never end"),
    "a folder": (Path.mkdir, "a folder"),
    "a socket": (a_socket, "a socket"),
}


@pytest.mark.parametrize("kind", MADE)
def test_what_is_no_file_is_told_in_one_line_by_every_command(
    kind: str, folder: Path, cli: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    make, said = MADE[kind]
    monkeypatch.chdir(folder)  # the paths of sockets are short
    for path in (Path("given"), Path("run/measurements.jsonl")):
        make(path)
    for words in COMMANDS:
        done = cli(*words.split())
        assert done.exit_code == 2, (words, done.output)
        told = [line for line in done.stderr.splitlines() if not line.startswith("[")]  # but for the progress
        assert len(told) == 1, words
        expected = {"check": "expected a Python file", "exercise": "expected a Python file", "grade": "expected a"}
        assert expected.get(words.split()[0], said) in told[0] or kind == "a folder", (words, told)


def test_a_class_with_a_pipe_and_a_device_among_its_files_is_graded(folder: Path, cli: Callable[..., Any]) -> None:
    os.mkfifo(folder / "class/b.py")
    (folder / "class/c").mkdir()
    os.mkfifo(folder / "class/c/c.py")
    done = cli("grade", folder / "class", "--out", "graded")
    assert done.exit_code == 1, done.output
    assert (folder / "graded/result.json").exists()


def test_a_pipe_that_somebody_writes_to_is_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_bytes, args=(TABLE * 1 + b"5,9\n" * 20_000,))
    writer.start()
    assert load_table(path).rows == 20_004
    writer.join()


def test_a_pipe_that_never_ends_is_refused_within_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "PIPE_SHARE", 1e-9)
    path = tmp_path / "pipe"
    os.mkfifo(path)

    def write() -> None:
        with contextlib.suppress(BrokenPipeError), path.open("wb") as stream:
            for _ in range(1000):
                stream.write(b"1,2\n" * 10_000)

    writer = threading.Thread(target=write)
    writer.start()
    with pytest.raises(DataError, match=r"pipe: expected at most \d+ MiB, got more"):
        read_bytes(path)
    writer.join()
