"""What ends with a process that is killed: its workers, stopped or not, from their first moment; and its files."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from handgrad.compare import lifetime
from handgrad.compare.lifetime import mark
from handgrad.compare.timing.messages import AskMemory, Load
from handgrad.compare.timing.process import Worker
from handgrad.compare.warden import VARIABLE, kill_marked, marked

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
    "what a backend has started, which left its group": """
import sys, time
from pathlib import Path
from handgrad.compare.timing.process import Worker
from handgrad.compare.timing.messages import Load
folder = Path(sys.argv[1], "forking")
(folder / "forking-1.dist-info").mkdir(parents=True)
(folder / "forking-1.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\\nName: forking\\nVersion: 1\\n")
(folder / "forking-1.dist-info" / "entry_points.txt").write_text("[handgrad.backends]\\nforking = forking:T\\n")
(folder / "forking.py").write_text("class T:\\n    name = 'forking'\\n    summary = ''\\n    kind = 'manual'\\n"
    "    requires = ('forkinglib',)\\n")
(folder / "forkinglib.py").write_text("import os, time\\nif os.fork() == 0:\\n"
    "    os.setsid()\\n    if os.fork() == 0:\\n"
    f"        open({str(folder / 'pid')!r}, 'w').write(str(os.getpid()))\\n        time.sleep(60)\\n    os._exit(0)\\n")
worker = Worker("forking", 1, 60, {"PYTHONPATH": str(folder)})
worker.ask(Load())
worker.rest()
while not (folder / "pid").exists() or not (folder / "pid").read_text():
    time.sleep(0.01)
print((folder / "pid").read_text(), flush=True)
""",
    "a student's file": """
import sys, time
from pathlib import Path
from handgrad.compare.check.student import process
file = Path(sys.argv[1], "student.py").absolute()
file.write_text("import time\\nprint('loading')\\ntime.sleep(60)\\n")
with process.started(file) as dialogue:
    while not dialogue._process.printed_lines():
        time.sleep(0.01)
    print(dialogue._process.pid, flush=True)
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
def test_a_worker_ends_with_a_parent_that_is_killed_and_no_file_stays(
    program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """But for the folder in which a student's file may write, which the next run removes."""
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
    if program is AT_WORK["a student's file"]:
        monkeypatch.setattr(lifetime.tempfile, "tempdir", str(temporary))
        lifetime.sweep()
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


def test_a_worker_lives_on_when_the_thread_that_started_it_has_ended() -> None:
    found: list[Worker] = []
    thread = threading.Thread(target=lambda: found.append(Worker("python", 1, 60)))
    thread.start()
    thread.join()
    (worker,) = found
    try:
        assert worker.ask(Load()).import_seconds >= 0
        worker.rest()
        assert worker.ask(AskMemory()).peak_bytes is not None
    finally:
        worker.close()


def test_a_fork_of_this_process_does_not_hold_its_warden_back(tmp_path: Path) -> None:
    code = """
import os, subprocess, time
from handgrad.compare.lifetime import mark
from handgrad.compare.warden import VARIABLE
child = subprocess.Popen(["sleep", "60"], env=os.environ | {VARIABLE: mark()}, start_new_session=True)
if os.fork() == 0:
    time.sleep(30)
    os._exit(0)
print(child.pid, flush=True)
os.kill(os.getpid(), 9)
"""
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    wait_until(lambda: not lives(child))
    os.killpg(parent.pid, signal.SIGKILL)  # its fork
    parent.communicate()


def test_only_those_with_the_mark_are_ended() -> None:
    ours, others = (
        subprocess.Popen(["sleep", "60"], env=os.environ | {VARIABLE: mark()}, start_new_session=True) for _ in range(2)
    )
    wait_until(lambda: {ours.pid, others.pid} <= set(marked(lifetime.WATCH.token)))
    one = psutil.Process(ours.pid).environ()[VARIABLE]
    kill_marked(one)
    assert ours.wait(5) == -signal.SIGKILL
    assert others.poll() is None
    kill_marked(lifetime.WATCH.token)
    assert others.wait(5) == -signal.SIGKILL


@pytest.mark.parametrize("end", ["os.kill(os.getpid(), 9)", "os._exit(0)"])
def test_a_temporary_folder_is_gone_after_a_process_that_could_not_remove_it(end: str, tmp_path: Path) -> None:
    code = f"""
import os
from pathlib import Path
from handgrad.compare.lifetime import temporary_folder
with temporary_folder() as folder:
    Path(folder, "data").write_text("much")
    print(folder, flush=True)
    {end}
"""
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | {"TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE, text=True, check=False,
    )  # fmt: skip
    assert Path(done.stdout.strip()).parent == tmp_path
    wait_until(lambda: not list(tmp_path.iterdir()))
