"""A worker's process: what it has imported when its library's clock begins, and how it fails."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import psutil
import pytest

from handgrad.backends.interface import Plan
from handgrad.compare.timing import memory, process, worker
from handgrad.compare.timing.messages import AskMemory, Bind, FirstCall, Load, PlanMessage, Train
from handgrad.compare.timing.outset import timed_import
from handgrad.compare.timing.process import Worker, WorkerError

#: A worker that says what is imported when the clock of its library's import would begin.
WATCHED = """
import json, sys
from handgrad.compare.timing import outset

def seen(backend):
    print(json.dumps(sorted(sys.modules)), file=sys.stderr)
    return 0.5

outset.timed_import = seen
from handgrad.compare.timing import worker
sys.argv = ["worker", "numpy"]
worker.main()
"""


def modules_of(code: str, given: bytes = b"") -> tuple[set[str], bytes]:
    """What an interpreter says on stderr that it has imported, and what it writes."""
    done = subprocess.run([sys.executable, "-c", code], input=given, capture_output=True, timeout=60, check=True)
    return set(json.loads(done.stderr)), done.stdout


def test_nothing_but_the_standard_library_is_imported_before_the_clock_of_the_librarys_import() -> None:
    bare, _ = modules_of("import sys, json; print(json.dumps(sorted(sys.modules)), file=sys.stderr)")
    before, answered = modules_of(WATCHED, Load().line())
    brought = {name.partition(".")[0] for name in before - bare}
    assert brought - sys.stdlib_module_names == {"handgrad"}
    assert brought.isdisjoint({"decimal", "numbers", "platform", "uuid"})  # which msgspec brings along
    assert json.loads(answered)["answer"] == {"import_seconds": 0.5}


def test_a_library_that_is_not_there_is_an_answer() -> None:
    assert isinstance(timed_import("nobody"), ValueError)
    living = Worker("nobody", 1, 60)
    try:
        with pytest.raises(WorkerError, match="UnknownBackend: ") as caught:
            living.ask(Load())
        assert caught.value.status == "failed"
    finally:
        living.close()


def test_a_request_that_fails_leaves_the_process_alive() -> None:
    plan = PlanMessage.of(Plan(0.1, 1))
    living = Worker("python", 1, 60)
    try:
        with pytest.raises(WorkerError, match="RuntimeError: no data was bound"):
            living.ask(Train(plan))
        assert living.ask(Load()).import_seconds >= 0
    finally:
        living.close()


def test_memory_counts_what_the_backend_takes_and_not_what_the_worker_needs(tmp_path: Path) -> None:
    data = tmp_path / "data.npz"
    np.savez(data, X=np.ones((100, 1)), y=np.ones(100))
    living = Worker("numpy", 1, 60)
    try:
        living.ask(Load())
        living.ask(Bind(str(data), "float64"))
        living.ask(FirstCall(PlanMessage.of(Plan(0.1, 1))))
        used = living.ask(AskMemory())
    finally:
        living.close()
    assert used.peak_bytes is not None
    assert used.own_bytes is not None
    assert 2**20 < used.own_bytes < used.peak_bytes - 2**22  # NumPy itself, and not the interpreter


def speaking(folder: Path, lines: str) -> str:
    """A program in place of the interpreter, which answers the first request so."""
    program = folder / "program"
    program.write_text(f"#!/bin/sh\nread request\n{lines}\nread request\n")
    program.chmod(0o755)
    return str(program)


@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell script")
@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("echo hello", "its answer to 'load' cannot be read"),
        ("""echo '{"answer": {"seconds": 1}}'""", "its answer to 'load' cannot be read.*import_seconds"),
        ("echo '{}'", "its answer to 'load' cannot be read"),
        ("echo out of luck >&2; exit 3", "its process ended with exit code 3: out of luck"),
        ("kill -9 $$", r"its process ended with signal SIGKILL \(out of memory\?\)"),
    ],
)
def test_a_process_that_says_something_else_has_failed(
    lines: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", speaking(tmp_path, lines))
    living = Worker("numpy", 1, 60)
    try:
        with pytest.raises(WorkerError, match=told):
            living.ask(Load())
    finally:
        living.close()


def test_where_linux_does_not_tell_psutil_does(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    here = memory.resident_bytes()
    monkeypatch.setattr(memory, "PROCESS", tmp_path / "nothing")
    assert memory.resident_bytes() == pytest.approx(here, rel=0.2)
    peak = memory.peak_bytes()
    assert peak is not None
    assert peak >= 0.8 * here
    memory.forget_peak()


def test_windows_tells_the_peak_by_psutil(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    class Process:
        def memory_info(self) -> object:
            return type("info", (), {"peak_wset": 12345})()

    monkeypatch.setattr(memory, "PROCESS", tmp_path / "nothing")
    monkeypatch.setattr(psutil, "Process", Process)
    assert memory.peak_bytes() == 12345


@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell script")
def test_a_process_that_falls_silent_without_ending_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "SILENT_SECONDS", 0.1)
    monkeypatch.setattr(sys, "executable", speaking(tmp_path, "exec >&-"))
    living = Worker("numpy", 1, 60)
    try:
        with pytest.raises(WorkerError, match="its process closed its pipes without ending"):
            living.ask(Load())
        assert living.process.returncode is not None
    finally:
        living.close()


@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell script")
def test_a_process_that_was_ended_for_its_slowness_can_be_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", speaking(tmp_path, ""))
    living = Worker("numpy", 1, 0.2)
    with pytest.raises(WorkerError, match=r"no answer to 'load' within 0\.2 s") as late:
        living.ask(Load())
    with pytest.raises(WorkerError, match="its process was ended before") as gone:
        living.ask(Load())
    living.rest()
    living.close()
    assert (late.value.status, gone.value.status) == ("timeout", "failed")


def test_what_the_worker_itself_needs_counts_as_the_bare_process(monkeypatch: pytest.MonkeyPatch) -> None:
    resident = iter([100, 400, 450])  # at first, with the library, with what answers requests
    monkeypatch.setattr(worker, "resident_bytes", lambda: next(resident))
    monkeypatch.setattr(worker, "timed_import", lambda backend: 0.5)
    session = worker.begun("python", Load().line())
    assert (session.bare_bytes, session.imported) == (150, 0.5)
    resident = iter([100, 100, 150])
    assert worker.begun("python", AskMemory().line()).imported is None
