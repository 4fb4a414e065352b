"""What a batch system or `timeout` does to a run: it ends in order, and keeps what it has measured."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="sees its processes in Linux's /proc")

RUNS = {
    "compare": "compare --backends python,numpy,tape --budget 5 --out run",
    "bench": "bench --rows 50,200 --features 1,3 --backends python,numpy --budget 5 --threads 1 --out run",
}


@contextmanager
def started(words: str, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """The command in a process group of its own, as a shell starts it; temporary files go to `folder/temporary`."""
    (folder / "temporary").mkdir()
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "handgrad", *words.split()], cwd=folder,
        env=os.environ | {"TMPDIR": str(folder / "temporary")}, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def wait_until(done: Callable[[], bool], what: str) -> None:
    until = time.monotonic() + 60
    while not done():
        assert time.monotonic() < until, f"waited in vain for {what}"
        time.sleep(0.01)


def living(group: int) -> list[int]:
    """The processes of a group that have not ended; one whose exit code nobody asked for stays listed."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(FileNotFoundError, ProcessLookupError):  # ended meanwhile
            state, _, its_group = status.read_text().rpartition(")")[2].split()[:3]
            if int(its_group) == group and state != "Z":
                found.append(int(status.parent.name))
    return found


@pytest.mark.parametrize(
    ("command", "sent", "code", "told"),
    [
        ("compare", signal.SIGTERM, 143, "terminated by SIGTERM"),
        ("bench", signal.SIGTERM, 143, "terminated by SIGTERM"),
        ("bench", signal.SIGINT, 130, "interrupted"),
    ],
)
def test_a_run_that_is_ended_tidies_up_and_says_how_to_go_on(
    command: str, sent: signal.Signals, code: int, told: str, tmp_path: Path
) -> None:
    with started(RUNS[command], tmp_path) as process:
        measured = tmp_path / "run" / "measurements.jsonl"
        wait_until(lambda: measured.exists() or process.poll() is not None, "the first measurement")
        wait_until(lambda: any((tmp_path / "temporary").iterdir()), "data for a worker")
        assert process.pid in living(process.pid)
        workers = psutil.Process(process.pid).children(recursive=True)  # each leads a session of its own
        assert workers
        if sent is signal.SIGTERM:
            process.terminate()  # `timeout` sends it to the process, and then to its whole group
        os.killpg(process.pid, sent)  # as the terminal sends Ctrl-C
        _, said = process.communicate(timeout=60)
        assert process.returncode == code
        assert said.splitlines()[-2:] == [
            "handgrad: finished measurements are kept; go on with --resume --out run",
            f"handgrad: {told}",
        ]
        wait_until(lambda: not living(process.pid), "its group to end")
        wait_until(lambda: not any(worker.is_running() for worker in workers), "its workers to end")
    assert list((tmp_path / "temporary").iterdir()) == []
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["measurements.jsonl"]


def in_a_process_of_its_own(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def test_a_second_signal_does_not_end_the_tidying_up() -> None:
    done = in_a_process_of_its_own("""
import signal
from handgrad.cli import _end_orderly_on_signals
_end_orderly_on_signals()
try:
    signal.raise_signal(signal.SIGTERM)
finally:
    signal.raise_signal(signal.SIGTERM)
    print("tidied up")
""")
    assert (done.returncode, done.stdout) == (128 + signal.SIGTERM, "tidied up\n"), done.stderr


def test_a_run_that_ignores_hangups_goes_on() -> None:
    done = in_a_process_of_its_own("""
import signal
from handgrad.cli import _end_orderly_on_signals
signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as `nohup` leaves it
_end_orderly_on_signals()
signal.raise_signal(signal.SIGHUP)
print("went on")
""")
    assert (done.returncode, done.stdout) == (0, "went on\n"), done.stderr
