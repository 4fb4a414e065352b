"""What a batch system or `timeout` does to a run: it ends in order, and keeps what it has measured."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
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
    (folder / "temporary").mkdir(exist_ok=True)
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
        assert process.pid in living(process.pid)
        workers: list[psutil.Process] = []  # each leads a session of its own; between two of them there may be none
        asked = psutil.Process(process.pid)
        wait_until(lambda: bool(workers.extend(asked.children(recursive=True)) or workers), "a worker")
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


@contextmanager
def busy_with(doing: str) -> Iterator[subprocess.Popen[str]]:
    """The command line, whose `command` says "ready" and goes on as told; ended in any case."""
    code = f"""
import hashlib, signal, sys, time
from handgrad import cli, __main__
def command():
    print("ready", flush=True)
{textwrap.indent(textwrap.dedent(doing), "    ")}
cli.main = command
__main__.main()
"""
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", code], stdout=pipe, stderr=pipe, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


#: What the main thread may be at when a signal comes, and would go on with for a minute or longer.
BUSY = {
    "waits": "time.sleep(60)",
    "an import makes a crash of the exception": """
        import importlib.abc, importlib.util, os
        class Crashing(importlib.abc.MetaPathFinder, importlib.abc.Loader):
            def find_spec(self, name, path, target=None):
                return importlib.util.spec_from_loader(name, self) if name == "crashing" else None
            def exec_module(self, module):
                try:
                    time.sleep(60)
                except BaseException:
                    os.abort()
        sys.meta_path.insert(0, Crashing())
        import crashing
    """,
    "a library swallows the exception": """
        try:
            time.sleep(60)
        except BaseException:
            pass
        time.sleep(60)
    """,
    "swallows and ends as if nothing had been": """
        try:
            time.sleep(60)
        except BaseException:
            pass
        sys.exit(0)
    """,
    "makes another exception of it": """
        try:
            time.sleep(60)
        except BaseException:
            raise ImportError("pandas is not there") from None
    """,
    "computes in C": "hashlib.pbkdf2_hmac('sha512', b'', b'', 500_000_000)",
    "waits for its threads": """
        from concurrent.futures import ThreadPoolExecutor
        with ThreadPoolExecutor() as pool:
            pool.submit(time.sleep, 60)
            time.sleep(60)
    """,
    "a destructor is at work": """
        class Slow:
            def __del__(self):
                time.sleep(60)
        del [Slow()][0]
        time.sleep(60)
    """,
    "a weak reference's callback is at work": """
        import weakref
        one = type("One", (), {})()
        gone = weakref.ref(one, lambda _: time.sleep(60))
        del one
        time.sleep(60)
    """,
}


@pytest.mark.parametrize(
    ("sent", "code", "told"),
    [
        (signal.SIGINT, 130, "interrupted"),
        (signal.SIGTERM, 143, "terminated by SIGTERM"),
        (signal.SIGHUP, 129, "terminated by SIGHUP"),
    ],
)
def test_a_signal_ends_the_command_whatever_it_is_at(sent: signal.Signals, code: int, told: str) -> None:
    """All at once, since each is given its time to end."""
    with ExitStack() as started_ones:
        processes = {name: started_ones.enter_context(busy_with(doing)) for name, doing in BUSY.items()}
        for process in processes.values():
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            process.send_signal(sent)
        for name, process in processes.items():
            _, errors = process.communicate(timeout=25)
            assert process.returncode == code, (name, errors)
            assert errors.splitlines()[-1] == f"handgrad: {told}", name
            assert errors.count(told) == 1, name
            assert "Traceback" not in errors, name


def test_an_end_by_force_says_how_to_go_on_and_leaves_no_children() -> None:
    done = in_a_process_of_its_own("""
import hashlib, os, signal, subprocess, threading
from handgrad.signals import advised, end_on_signals
end_on_signals()
with advised(lambda: "go on like that"):
    print(subprocess.Popen(["sleep", "60"]).pid, flush=True)
    threading.Timer(0.3, signal.raise_signal, (signal.SIGTERM,)).start()
    hashlib.pbkdf2_hmac('sha512', b'', b'', 500_000_000)
""")
    assert done.returncode == 143
    assert done.stderr == "handgrad: go on like that\nhandgrad: terminated by SIGTERM\n"
    wait_until(lambda: not Path("/proc", done.stdout.strip(), "exe").exists(), "the child to end")


def test_a_second_signal_does_not_end_the_tidying_up() -> None:
    done = in_a_process_of_its_own("""
import signal
from handgrad import __main__, cli
def command():
    try:
        signal.raise_signal(signal.SIGTERM)
    finally:
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGINT)
        print("tidied up")
cli.main = command
__main__.main()
""")
    assert (done.returncode, done.stdout) == (128 + signal.SIGTERM, "tidied up\n"), done.stderr


def test_a_run_that_ignores_hangups_goes_on() -> None:
    done = in_a_process_of_its_own("""
import signal
from handgrad.signals import end_on_signals
signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as `nohup` leaves it
end_on_signals()
signal.raise_signal(signal.SIGHUP)
print("went on")
""")
    assert (done.returncode, done.stdout) == (0, "went on\n"), done.stderr


def in_a_process_of_its_own(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def test_a_signal_at_any_time_while_a_table_is_loaded(tmp_path: Path) -> None:
    """pyarrow's import of pandas was seen to swallow what a signal raises."""
    table = tmp_path / "table.csv"
    table.write_text("x,y\n" + "".join(f"{i},{2 * i + i % 3}\n" for i in range(50)))
    for after in (0.15, 0.3, 0.45, 0.6, 0.75):
        with started(f"compare {table} --backends numpy,python --out run{after}", tmp_path) as process:
            time.sleep(after)
            process.terminate()
            _, said = process.communicate(timeout=25)
        assert process.returncode in (143, -signal.SIGTERM), said  # the latter before Python is there
        assert "Traceback" not in said
