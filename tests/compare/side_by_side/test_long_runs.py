"""A run that would be most of a comparison is left out and said, unless it was named; short ones never are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from handgrad.backends.interface import InputError, Plan
from handgrad.compare.laps import long_runs
from handgrad.compare.laps.long_runs import long_run_seconds
from handgrad.compare.results import reasons
from handgrad.compare.results.comparison import Comparison
from handgrad.compare.results.files import from_json, to_json
from handgrad.compare.results.timing import SlowRun
from handgrad.compare.side_by_side import runs
from handgrad.compare.side_by_side.prepare import USUAL_SHARE, Options
from handgrad.compare.side_by_side.side_by_side import side_by_side
from handgrad.compare.timing.journal import FILE
from handgrad.compare.timing.messages import EpochsTimed
from handgrad.data.synthetic import synthetic
from handgrad.reports.compare.text import text
from handgrad.reports.compare.words import troubles
from handgrad.reports.look.text import plain


class Answering:
    """A process whose epoch takes so many seconds; counts how often it was asked."""

    def __init__(self, epoch_seconds: float) -> None:
        self.epoch_seconds, self.asked = epoch_seconds, 0

    def ask(self, request: Any) -> EpochsTimed:
        self.asked += 1
        return EpochsTimed(self.epoch_seconds, [0.0], 0.0)


@pytest.mark.parametrize(
    ("first_call", "epoch", "seconds", "asked"),
    [(0.09, 9.0, None, 0), (5.0, 0.001, None, 1), (1.0, 0.8, 0.8 * 110, 3), (0.1, 0.0909, None, 1)],
)
def test_a_long_run_is_foretold_from_an_epoch_without_compilation(
    first_call: float, epoch: float, seconds: float | None, asked: int
) -> None:
    worker = Answering(epoch)
    found = long_run_seconds(worker, first_call, Plan(learning_rate=0.1, epochs=100))  # type: ignore[arg-type]
    assert found == seconds
    assert worker.asked == asked


def test_more_epochs_than_any_machine_goes_through_are_refused() -> None:
    with pytest.raises(InputError, match=r"^epochs: expected at most 1,000,000,000,000, got 1000000000001$"):
        Options(epochs=10**12 + 1)


def test_one_slow_epoch_foretells_no_long_run() -> None:
    """A library's first epoch may wait for its threads to start."""

    class Waking(Answering):
        def ask(self, request: Any) -> EpochsTimed:
            answer = super().ask(request)
            return EpochsTimed(9.0, [0.0], 0.0) if self.asked == 1 else answer

    worker = Waking(0.001)
    assert long_run_seconds(worker, 1.0, Plan(learning_rate=0.1, epochs=100)) is None  # type: ignore[arg-type]
    assert worker.asked == 2


@pytest.mark.parametrize(
    ("options", "share"),
    [
        (Options(), USUAL_SHARE),
        (Options(backends=("numpy", "python")), 1.0),
        (Options(backends=("numpy",), slowest_share=0.1), 0.1),
        (Options(slowest_share=1.0), 1.0),
    ],
)
def test_named_backends_may_take_any_time(options: Options, share: float) -> None:
    assert options.allowed_share() == share


def test_the_share_is_of_the_whole_and_the_sentence_follows_the_figures() -> None:
    found = SlowRun(83.0, 109.0, 0.25)
    assert found.share == pytest.approx(83 / 192)
    assert found.too_long
    assert not SlowRun(83.0, 300.0, 0.25).too_long
    assert reasons.of_slow_run(found) == (
        "its run would take about 83 s, 43% of the whole, and may take 25% (--slowest-share); a backend that "
        "--backends names is measured, however long it takes"
    )
    assert "about 14 min, 89% of the whole, and may take 10%" in reasons.of_slow_run(SlowRun(840.0, 104.0, 0.1))
    assert "about 2.1 h" in reasons.of_slow_run(SlowRun(7500.0, 1.0, 0.1))


@pytest.fixture(scope="module")
def left_out(tmp_path_factory: pytest.TempPathFactory) -> tuple[Comparison, Path]:
    """Of two backends, each of whose runs counts as long, the one that takes longer is left out."""
    folder = tmp_path_factory.mktemp("run")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(long_runs, "PATIENT_SECONDS", 0.0)
        return compared(folder, slowest_share=0.0), folder


def compared(folder: Path, **options: Any) -> Comparison:
    table, _ = synthetic(3000, seed=1)
    return side_by_side(table, Options(backends=("python", "numpy"), epochs=5, **options), folder)


def test_what_is_left_out_is_said_and_nothing_else_suffers(left_out: tuple[Comparison, Path]) -> None:
    found, _ = left_out
    python = found.backends["python"]
    assert (python.status, python.losses, python.speed) == ("skipped", (), None)
    assert python.slow is not None
    assert python.slow.too_long
    assert python.reason == reasons.of_slow_run(python.slow)
    assert python.slow.gradient_ratio is not None
    assert 0 < python.slow.gradient_ratio < 1
    assert "its gradient at the start is right, within 0." in python.reason
    assert python.accuracy is None  # as nobody knows of its run whether it is
    assert found.backends["numpy"].speed is not None
    assert found.verdict.passed
    assert [(names, happened) for names, happened, _ in troubles(found)] == [("python", "left out")]
    told = " ".join(plain(text(found)).split())
    assert "python left out" in told.replace(":", "")
    assert "of the whole, and may take 0% (--slowest-share)" in told
    assert from_json(to_json(found), Comparison) == found


def test_a_resumed_run_leaves_out_the_same_and_measures_it_when_it_may(left_out: tuple[Comparison, Path]) -> None:
    found, folder = left_out
    again = compared(folder, slowest_share=0.0, resume=True)
    assert again.backends["python"].slow == found.backends["python"].slow
    assert again.backends["numpy"] == found.backends["numpy"]
    allowed = compared(folder, resume=True)
    assert allowed.backends["python"].status == "ok"
    assert allowed.backends["python"].slow is None


@pytest.mark.parametrize(
    ("weights", "told"), [([1.0], "dW1 at the start is"), ([1.0, 2.0], "has not one weight for each feature")]
)
def test_a_backend_that_is_left_out_fails_by_a_wrong_gradient(
    left_out: tuple[Comparison, Path], tmp_path: Path, weights: list[float], told: str
) -> None:
    lines = [json.loads(line) for line in (left_out[1] / FILE).read_bytes().splitlines()]
    lines = [line for line in lines if line["key"] not in ("run python", "laps python", "epochs python")]
    for line in lines:
        if line["key"] == "gradient python":
            line["measured"]["weights"] = weights
    (tmp_path / FILE).write_text("".join(json.dumps(line) + "\n" for line in lines))
    found = compared(tmp_path, slowest_share=0.0, resume=True)
    assert found.backends["python"].status == "failed"
    assert told in str(found.backends["python"].reason)
    (objection,) = found.verdict.reasons
    assert objection.startswith("python: ")
    assert told in objection


def test_a_run_that_waited_and_may_take_its_time_is_measured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(long_runs, "PATIENT_SECONDS", 0.0)
    table, told = synthetic(3000, seed=1)[0], list[tuple[int, int]]()
    options = Options(backends=("python", "numpy"), epochs=5, slowest_share=0.999)
    found = side_by_side(table, options, tmp_path, lambda what, done, of: told.append((done, of)))
    assert told == sorted(told)  # what waited is not counted twice
    assert told[-1] == (4, 5)
    assert {name: one.status for name, one in found.backends.items()} == {"python": "ok", "numpy": "ok"}


def test_what_took_long_only_beside_others_is_not_left_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Foretold while others are set up, and again when they are done: the second counts."""
    told: list[float | None] = [60.0, 60.0, None, None]
    monkeypatch.setattr(runs, "long_run_seconds", lambda *_: told.pop(0))
    found = compared(tmp_path, slowest_share=0.0)
    assert {name: one.status for name, one in found.backends.items()} == {"python": "ok", "numpy": "ok"}
    assert not told
