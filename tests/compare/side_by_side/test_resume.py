"""A killed run goes on where it was, and loses nothing that was finished."""

from __future__ import annotations

import json
import shutil
import threading
from pathlib import Path
from typing import Any

import pytest

from handgrad.compare.results.comparison import Comparison
from handgrad.compare.side_by_side import runs
from handgrad.compare.side_by_side import side_by_side as module
from handgrad.compare.side_by_side.prepare import Options
from handgrad.compare.side_by_side.runs import Run, RunContext
from handgrad.compare.timing import journal
from handgrad.compare.timing.journal import FILE
from handgrad.compare.timing.messages import Load
from handgrad.compare.timing.process import Worker, WorkerError
from handgrad.data import builtin_sets

NORRIS = builtin_sets.load("norris")


def options(**changed: Any) -> Options:
    return Options(**({"backends": ["python", "numpy", "tape"], "epochs": 5, "budget_seconds": 0.01} | changed))


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Comparison, Path]:
    """A run to its end, and its folder; nobody may write there."""
    folder = tmp_path_factory.mktemp("finished")
    return module.side_by_side(NORRIS, options(), folder), folder


@pytest.fixture
def first(finished: tuple[Comparison, Path], tmp_path: Path) -> Comparison:
    """The run to its end; the test's own folder is a copy of its folder."""
    shutil.copytree(finished[1], tmp_path, dirs_exist_ok=True)
    return finished[0]


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The backends whose processes are started from now on."""
    names: list[str] = []
    begin = Worker.__init__

    def noted(self: Worker, backend: str, *rest: Any, **more: Any) -> None:
        names.append(getattr(backend, "name", backend))
        begin(self, backend, *rest, **more)

    monkeypatch.setattr(Worker, "__init__", noted)
    return names


def lines(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / FILE).read_text().splitlines()]


def test_each_finished_measurement_is_a_line(finished: tuple[Comparison, Path]) -> None:
    assert {line["key"] for line in lines(finished[1])} == {
        f"{kind} {name}" for kind in ("run", "epochs", "laps") for name in ("python", "numpy", "tape")
    }


def test_a_finished_run_is_resumed_without_starting_anything(
    first: Comparison, tmp_path: Path, started: list[str]
) -> None:
    second = module.side_by_side(NORRIS, options(resume=True), tmp_path)
    assert started == []
    assert second.backends == first.backends


def test_a_run_killed_in_the_middle_of_a_line_does_only_what_is_missing(
    first: Comparison, tmp_path: Path, started: list[str]
) -> None:
    kept = [line for line in lines(tmp_path) if not line["key"].endswith("tape")]
    text = "".join(json.dumps(line) + "\n" for line in kept) + '{"problem": "abc", "key": "run ta'
    (tmp_path / FILE).write_text(text)
    second = module.side_by_side(NORRIS, options(resume=True), tmp_path)
    assert started == ["tape"]
    for name in ("python", "numpy"):
        assert second.backends[name].speed == first.backends[name].speed
    assert second.backends["tape"].weights == first.backends["tape"].weights
    assert lines_that_parse(tmp_path) >= {"run tape", "epochs tape"}


BROKEN = '{"problem": "ab'


def finished_lines(folder: Path) -> list[str]:
    return (folder / FILE).read_text().splitlines(keepends=True)


# what was timed together is written in one call; with all nine, `test_a_finished_run…` has no broken line
@pytest.mark.parametrize(("count", "broken"), [(0, BROKEN), (1, ""), (2, BROKEN), (3, ""), (9, BROKEN)])
@pytest.mark.usefixtures("first")
def test_no_finished_line_is_measured_again_wherever_a_run_was_killed(count: int, broken: str, tmp_path: Path) -> None:
    lines_of_all = finished_lines(tmp_path)
    assert len(lines_of_all) == 9
    kept = lines_of_all[:count]
    (tmp_path / FILE).write_text("".join(kept) + broken)
    module.side_by_side(NORRIS, options(resume=True), tmp_path)
    whole = [line for line in finished_lines(tmp_path) if line != broken + "\n"]
    assert whole[:count] == kept
    keys = [[json.loads(line)["key"] for line in some] for some in (whole, lines_of_all)]
    assert sorted(keys[0]) == sorted(keys[1])


def test_what_was_timed_together_is_kept_together(
    finished: tuple[Comparison, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The machine's reading is timed in a backend's process; without its line there would be no limit for good."""
    written: list[bytes] = []
    append = journal._append
    monkeypatch.setattr(journal, "_append", lambda *what: (written.append(what[1]), append(*what)))
    module.side_by_side(NORRIS, options(), tmp_path)
    assert [content.count(b"\n") for content in written] == [1, 1, 1, 6]


def test_a_kept_run_whose_process_cannot_be_started_again_stands_without_times(
    first: Comparison, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready = runs.made_ready

    def failing(worker: Worker, context: RunContext, place: str) -> None:
        if "tape" in worker.process.args:
            raise WorkerError("it is gone")
        ready(worker, context, place)

    monkeypatch.setattr(runs, "made_ready", failing)
    (tmp_path / FILE).write_text("".join(line for line in finished_lines(tmp_path) if '"run ' in line))
    second = module.side_by_side(NORRIS, options(resume=True), tmp_path)
    assert second.backends["tape"].weights == first.backends["tape"].weights
    assert second.backends["tape"].reason == "could not be timed: it is gone"
    assert second.backends["numpy"].speed is not None


def lines_that_parse(folder: Path) -> set[str]:
    keys = set()
    for line in (folder / FILE).read_text().splitlines():
        try:
            keys.add(json.loads(line)["key"])
        except json.JSONDecodeError:
            continue
    return keys


@pytest.mark.usefixtures("first")
def test_measurements_of_another_problem_are_never_used(tmp_path: Path, started: list[str]) -> None:
    module.side_by_side(NORRIS, options(resume=True, epochs=6), tmp_path)
    assert sorted(started) == ["numpy", "python", "tape"]


@pytest.mark.usefixtures("first")
def test_without_resume_everything_is_measured_anew(tmp_path: Path, started: list[str]) -> None:
    module.side_by_side(NORRIS, options(), tmp_path)
    assert sorted(started) == ["numpy", "python", "tape"]


def test_a_backend_that_dies_fails_alone_and_keeps_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ask = Worker.ask

    def dying(self: Worker, request: Any) -> Any:
        if "tape" in self.process.args and request.name == "train":
            self.process.kill()
            self.process.wait()
        return ask(self, request)

    monkeypatch.setattr(Worker, "ask", dying)
    found = module.side_by_side(NORRIS, options(), tmp_path)
    assert found.backends["tape"].status == "failed"
    assert "SIGKILL" in (found.backends["tape"].reason or "")
    assert found.backends["numpy"].status == "ok"
    assert found.backends["numpy"].speed is not None
    assert not found.verdict.passed


def test_a_backend_that_takes_too_long_is_a_timeout(tmp_path: Path) -> None:
    found = module.side_by_side(NORRIS, options(backends=["numpy", "python"], timeout_seconds=20.0), tmp_path)
    assert found.verdict.passed
    worker = Worker("numpy", 1, timeout_seconds=1e-4)
    with pytest.raises(WorkerError, match="no answer to 'load'") as caught:
        worker.ask(Load())
    worker.close()
    assert caught.value.status == "timeout"


def test_an_interrupted_run_keeps_what_it_had(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    interrupted, carry_out = threading.Event(), module.carry_out

    def slowly(run: Run, context: RunContext) -> None:
        """The last backend is not done before the interrupt, however busy the machine is."""
        carry_out(run, context) if run.entry.name != "tape" else interrupted.wait(60)

    def interrupt(what: str, done: int, of: int) -> None:
        if what == "tape":
            interrupted.set()
            raise KeyboardInterrupt

    monkeypatch.setattr(module, "carry_out", slowly)
    with pytest.raises(KeyboardInterrupt):
        module.side_by_side(NORRIS, options(), tmp_path, interrupt)
    assert {line["key"] for line in lines(tmp_path)} == {"run python", "run numpy"}
