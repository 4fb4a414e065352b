"""Right files as courses and notebooks write them pass under each of the four losses, declared or not."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

import pytest
from checked import InThisProcess
from course_styles import COURSES, FACTORS, written

from handgrad.compare.check.judging import Questioned, judged, questioned, verdicts
from handgrad.compare.results.diagnosis import Assessment, LossName

LOSSES: tuple[LossName, ...] = get_args(LossName)


def asked(name: str, loss: LossName, folder: Path) -> tuple[Sequence[Questioned], Assessment | None]:
    path = folder / f"{loss}.py"
    path.write_text("import numpy as np\n" + written(COURSES[name], loss), encoding="utf-8")
    try:
        return questioned(path, InThisProcess(path))  # type: ignore[arg-type]
    finally:
        sys.modules.pop("student_file", None)


@pytest.mark.parametrize("name", COURSES)
def test_a_right_file_passes_under_each_loss(name: str, tmp_path: Path) -> None:
    if "torch" in name:
        pytest.importorskip("torch", reason="a file that takes tensors needs PyTorch")
    for loss in LOSSES:
        functions, failure = asked(name, loss, tmp_path)
        assert failure is None, (loss, failure)
        declared = judged(verdicts(functions, None, loss))
        assert declared.correct, (loss, declared.keys, declared.failure)
        undeclared = judged(verdicts(functions, None))
        told = undeclared.loss if undeclared.correct else undeclared.right_for
        assert told == loss, (undeclared.keys, undeclared.failure)
        assert undeclared.correct or not name.startswith("cost:"), "the loss beside it tells which is meant"


@pytest.mark.parametrize("name", ["class with fit", "fast.ai's functions", "partial derivatives by name", "Siraj"])
def test_it_is_wrong_under_another_loss(name: str, tmp_path: Path) -> None:
    functions, _ = asked(name, "half-mse", tmp_path)
    right = [loss for loss in LOSSES if judged(verdicts(functions, None, loss)).correct]
    assert right == ["half-mse"]


def test_there_are_forty_and_each_says_in_which_loss_it_is_written() -> None:
    assert len(COURSES) >= 40
    assert all(len({written(text, loss) for loss in LOSSES}) == 4 for text in COURSES.values())
    assert set(FACTORS) == set(LOSSES)


#: A mistake in what is no function of data and parameters, and its name.
WRONG = (
    ("class with fit", "+ self.bias", "", "bias-left-out"),
    ("class with fit", "FRONT(n_samples)", "-FRONT(n_samples)", "sign"),
    ("class with fit and a random start", "FRONT(len(y))", "2 * FRONT(len(y))", "two-twice"),
    ("class with fit of one feature", "((pred - y) * x)", "(pred - y)", "x-left-out"),
    ("gradient descent from zero", "+ b - y", "- y", "bias-left-out"),
    ("class that updates itself", "+ self.b - y", "- y", "bias-left-out"),
    ("forward and backward", "self.X.T @ d", "2 * self.X.T @ d", "one-block-only"),
    ("fast.ai's functions", "w.g = inp.T @ out.g", "w.g = 2 * inp.T @ out.g", "one-block-only"),
    ("partial derivatives by name", "* xi for xi", "for xi", "x-left-out"),
    ("global parameters", "@ w + b", "@ w", "bias-left-out"),
    ("pure function of a dictionary", '+ params["b"]', "", "bias-left-out"),
    ("static method", "@ w + b - y", "@ w - y", "bias-left-out"),
    ("CS231n", "(scores - y)\n", "(y - scores)\n", "sign"),
)


@pytest.mark.parametrize(("name", "old", "new", "mistake"), WRONG, ids=[f"{one[0]}:{one[3]}" for one in WRONG])
def test_its_mistakes_are_named(
    name: str, old: str, new: str, mistake: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert old in COURSES[name]
    monkeypatch.setitem(COURSES, name, COURSES[name].replace(old, new))
    functions, failure = asked(name, "mse", tmp_path)
    assert failure is None
    assert judged(verdicts(functions, None, "mse")).keys[:1] == (mistake,)
