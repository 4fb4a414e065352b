"""What ends with a process that is killed: its workers, stopped or not, from their first moment; and its files."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from handgrad.compare import lifetime

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a stopped process with its parent")

#: Programs that start a worker, say its number, and wait.
AT_WORK = {
    "a backend that rests": """
from handgrad.compare.timing.process import Worker
from handgrad.compare.timing.messages import Load
worker = Worker("python", 1, 60)
worker.ask(Load())
worker.rest()
print(worker.process.pid, flush=True)
""",
    "the machine's reader that rests": """
from handgrad.compare.timing.process import Worker, WorkerError
from handgrad.compare.timing.messages import AskMemory
worker = Worker("(machine)", 1, 60)
worker.ask(AskMemory())
worker.rest()
print(worker.process.pid, flush=True)
""",
    "a library that is being imported": """
import sys
from pathlib import Path
from handgrad.compare.timing.process import Worker
from handgrad.compare.timing.messages import Load
folder = Path(sys.argv[1], "slow")
(folder / "slow-1.dist-info").mkdir(parents=True)
(folder / "slow-1.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\\nName: slow\\nVersion: 1\\n")
(folder / "slow-1.dist-info" / "entry_points.txt").write_text("[handgrad.backends]\\nslow = slow:T\\n")
(folder / "slow.py").write_text("class T:\\n    name = 'slow'\\n    summary = ''\\n    kind = 'manual'\\n"
    "    requires = ('slowlib',)\\n")
(folder / "slowlib.py").write_text("import time\\ntime.sleep(60)\\n")
worker = Worker("slow", 1, 60, {"PYTHONPATH": str(folder)})
worker.send(b"1 " + Load().line())
import time; time.sleep(1.0)
assert worker.process.poll() is None
print(worker.process.pid, flush=True)
""",
    "a student's file": """
import sys, time
from pathlib import Path
from handgrad.compare.check.student import process
file = Path(sys.argv[1], "student.py").absolute()
file.write_text("import os, time\\nPath = __import__('pathlib').Path\\n"
    "Path(__file__).with_suffix('.pid').write_text(str(os.getpid()))\\ntime.sleep(60)\\n")
with process.started("handgrad.compare.check.student.worker", file):
    while not file.with_suffix(".pid").exists() or not file.with_suffix(".pid").read_text():
        time.sleep(0.01)
    print(file.with_suffix(".pid").read_text(), flush=True)
    time.sleep(60)
""",
}


def wait_until(done: Callable[[], bool]) -> None:
    until = time.monotonic() + 20
    while not done():
        assert time.monotonic() < until
        time.sleep(0.01)


def lives(pid: int) -> bool:
    """Whether a process goes on; one that has ended, and that nobody waits for, does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.mark.parametrize("program", AT_WORK.values(), ids=AT_WORK)
def test_a_worker_ends_with_a_parent_that_is_killed_and_no_file_stays(program: str, tmp_path: Path) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    code = program + "\nimport time; time.sleep(60)"
    parent = subprocess.Popen(
        [sys.executable, "-c", code, tmp_path], stdout=subprocess.PIPE, text=True,
        env=os.environ | {"TMPDIR": str(temporary)},
    )  # fmt: skip
    assert parent.stdout is not None
    worker = int(parent.stdout.readline())
    assert lives(worker)
    parent.send_signal(signal.SIGKILL)
    parent.communicate()
    wait_until(lambda: not lives(worker))
    assert list(temporary.iterdir()) == []


def test_others_read_a_passing_file_that_has_no_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lifetime.tempfile, "tempdir", str(tmp_path))
    with lifetime.passing_file() as path:
        Path(path).write_text("handed over")
        read = subprocess.run(["cat", path], capture_output=True, text=True, check=True)
        assert read.stdout == "handed over"
        assert list(tmp_path.iterdir()) == []
    assert not Path(path).exists() or Path(path).resolve().parent != tmp_path


def test_the_folders_of_killed_processes_are_removed_and_no_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lifetime.tempfile, "tempdir", str(tmp_path))
    left = tmp_path / "handgrad-left"
    (left / "within").mkdir(parents=True)
    (tmp_path / "others").mkdir()
    with lifetime.temporary_folder() as first, lifetime.temporary_folder() as second:
        assert first != second
        assert sorted(map(str, tmp_path.iterdir())) == sorted([first, second, str(tmp_path / "others")])
    assert [path.name for path in tmp_path.iterdir()] == ["others"]
