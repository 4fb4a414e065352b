"""A worker's process: what it has imported when its library's clock begins, and how it fails."""

from __future__ import annotations

import contextlib
import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import psutil
import pytest

from handgrad.backends.given import of_text
from handgrad.backends.interface import Plan
from handgrad.compare.timing import memory, process, worker
from handgrad.compare.timing.messages import (
    AskMemory,
    Bind,
    BytesRead,
    EpochsTimed,
    FirstCall,
    FirstCalled,
    GradientMessage,
    Load,
    Loaded,
    PlanMessage,
    ReadBytes,
    TimeEpochs,
    Train,
    stamped,
    unstamped,
)
from handgrad.compare.timing.outset import timed_import
from handgrad.compare.timing.process import UntrueAnswer, Worker, WorkerError, implausible
from handgrad.compare.timing.session import Session
from handgrad.compare.warden import VARIABLE

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
    before, answered = modules_of(WATCHED, stamped(b"7", Load().line()))
    brought = {name.partition(".")[0] for name in before - bare}
    assert brought - sys.stdlib_module_names == {"handgrad"}
    assert brought.isdisjoint({"decimal", "numbers", "platform", "uuid"})  # which msgspec brings along
    stamp, answer = unstamped(answered)
    assert stamp == b"7"
    assert json.loads(answer)["answer"] == {"import_seconds": 0.5}


def test_a_library_that_is_not_there_is_an_answer() -> None:
    assert isinstance(timed_import("nobody"), ValueError)
    living = Worker("nobody", 1, 60)
    try:
        with pytest.raises(WorkerError, match="UnknownBackend: ") as caught:
            living.ask(Load())
        assert caught.value.status == "failed"
    finally:
        living.close()


#: A class that sets aside more than all its time, and a function that takes some.
SETS_ASIDE = """
import time
from handgrad.backends.adapters.function import FunctionTrainer
from handgrad.backends.numpy import NumPyTrainer

class Mine(NumPyTrainer):
    def run(self, *what):
        time.sleep(0.02)
        self.aside_seconds += 10
        return super().run(*what)

    def lap(self, *what):
        self.aside_seconds += 10
        return super().lap(*what)

def gradient(X, y, w, b):
    r = X @ w + b - y
    return 2 * X.T @ r / len(y), 2 * r.mean()

class Derived(FunctionTrainer):
    function = staticmethod(gradient)
    aside_seconds = property(lambda self: 10 * time.perf_counter(), lambda self, seconds: None)
"""


@pytest.mark.parametrize(("name", "believed"), [("Mine", False), ("Derived", False), ("gradient", True)])
def test_a_class_of_somebody_elses_sets_nothing_aside(tmp_path: Path, name: str, believed: bool) -> None:
    (tmp_path / "mine.py").write_text(SETS_ASIDE)
    np.savez(tmp_path / "data.npz", X=np.ones((100, 1)), y=np.ones(100))
    session = Session(of_text(f"{tmp_path / 'mine.py'}:{name}"), 0)
    session.answer(Bind(str(tmp_path / "data.npz"), "float64"))
    if name == "Mine":
        first = session.answer(FirstCall(PlanMessage.of(Plan(0.1, 1))))
        assert isinstance(first, FirstCalled)
        assert first.first_call_seconds >= 0.02
    if name == "gradient":
        session.bound().gradient_at([0.0], 0.0)
    assert (session.aside_seconds() > 0) is believed


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
    """A program in place of the interpreter, which answers the first request so, with its stamp in `$stamp`."""
    program = folder / "program"
    program.write_text(f"#!/bin/sh\nread stamp request\n{lines}\nread stamp request\n")
    program.chmod(0o755)
    return str(program)


@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell script")
@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("echo hello", "no answer to 'load' came in the place of one: 'hello'"),
        ("""echo '{"answer": {"import_seconds": 0}}'""", "no answer to 'load' came in the place of one: '{\"answer"),
        ("""echo '123 {"answer": {"import_seconds": 0}}'""", "no answer to 'load' came in the place of one"),
        ("""echo "$stamp hello" """, "its answer to 'load' cannot be read"),
        ("""echo "$stamp" '{"answer": {"seconds": 1}}'""", "its answer to 'load' cannot be read.*import_seconds"),
        ("""echo "$stamp" '{"seconds": 1}'""", "its answer to 'load' cannot be read.*unknown field `seconds`"),
        ("""echo "$stamp" '{}'""", "its answer to 'load' cannot be read"),
        ("""echo "$stamp" '{"answer": {"import_seconds": -1}}'""", "its clock gave -1 s"),
        ("""echo "$stamp" '{"answer": {"import_seconds": null}}'""", "its answer to 'load' cannot be read"),
        (
            """echo "$stamp" '{"answer": {"import_seconds": 900}}'""",
            "its clock gave 900 s for what was answered within",
        ),
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


#: A process that leaves its pipe to three others, two of which have left its group: they outlive it, if nobody ends it.
FORKING = """
for i in 1 2; do setsid sleep 60 & done; sleep 60 &
sleep 0.2; {then}
"""


def marked(mark: str) -> list[int]:
    """The processes that a worker with that mark has left."""
    found = []
    for one in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if one.environ().get(VARIABLE) == mark and one.status() != psutil.STATUS_ZOMBIE:
                found.append(one.pid)
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="needs setsid and a look at other processes' environments")
@pytest.mark.parametrize("then", ["read stamp request; read stamp request", "exit 3"])
def test_what_a_worker_has_started_ends_with_it_and_is_not_waited_for(
    then: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", speaking(tmp_path, FORKING.replace("{then}", then)))
    living = Worker("numpy", 1, 50 if then == "exit 3" else 1)
    try:
        with pytest.raises(WorkerError, match="exit code 3" if then == "exit 3" else "no answer to 'load' within 1 s"):
            living.ask(Load())
    finally:
        living.close()
    assert not living.answers.reader.is_alive()
    assert marked(living.mark) == []


@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell script")
def test_a_line_that_comes_before_it_was_asked_for_is_no_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = '{"answer": {"import_seconds": 0}}'
    monkeypatch.setattr(
        sys, "executable", speaking(tmp_path, f"""echo "$stamp" '{answer}'; echo "$stamp" '{answer}'""")
    )
    living = Worker("numpy", 1, 60)
    try:
        assert living.ask(Load()).import_seconds == 0
        with pytest.raises(UntrueAnswer, match="no answer to 'load' came in the place of one"):
            living.ask(Load())
        with pytest.raises(WorkerError, match="its process was ended before"):
            living.ask(Load())
    finally:
        living.close()


def test_seconds_that_cannot_be_are_told() -> None:
    plan = PlanMessage.of(Plan(0.1, 1))

    def told(seconds: float, epochs: int = 1000, waited: float = 0.1) -> str | None:
        return implausible(TimeEpochs(plan, epochs), EpochsTimed(seconds, [0.0], 0.0), waited)

    assert told(0.09) is None
    assert told(0.1005) is None
    assert told(1e-6) is None
    assert told(-1e-9) == "its clock gave -1e-09 s"
    assert told(math.nan) == "its clock gave nan s"
    assert told(math.inf) == "its clock gave inf s"
    assert told(0.2) == "its clock gave 0.2 s for what was answered within 0.1 s"
    assert told(0.0) == "its clock gave 0 s for what no processor does in less than 1e-07 s"
    assert told(1e-5, 10**6) == "its clock gave 1e-05 s for what no processor does in less than 0.0001 s"
    assert implausible(ReadBytes(8, 10**6), BytesRead(0.0), 1.0) is not None
    assert implausible(Load(), Loaded(0.0), 1.0) is None
    assert implausible(FirstCall(plan), FirstCalled(-0.5, GradientMessage(0.0, [], 0.0)), 1.0) is not None
