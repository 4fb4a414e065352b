"""A function of a notebook or a test, checked in a process of its own."""

from __future__ import annotations

import importlib
import os
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import handgrad as hg
from handgrad.compare.check.file import check_file

FACTOR = 2.0


def right(X: Any, y: Any, weights: Any, bias: Any) -> Any:
    r = X @ weights + bias - y
    return FACTOR * X.T @ r / len(y), FACTOR * r.mean()


def closure(table: dict[str, Any]) -> Any:
    def gradient(X: Any, y: Any, weights: Any, bias: Any) -> Any:
        table["calls"] = table.get("calls", 0) + 1
        return tuple(table["factor"] * block for block in right(X, y, weights, bias))

    return gradient


def test_what_it_refers_to_goes_along_and_nothing_comes_back() -> None:
    table = {"factor": np.float64(1.0), "rows": np.zeros((1000, 3))}
    assert hg.check(closure(table)).correct
    assert hg.check(closure(table | {"factor": 0.5})).mistake == "two-missing"
    assert "calls" not in table


def test_it_ends_what_it_likes_but_not_this_process(tmp_path: Path) -> None:
    def ends(X: Any, y: Any, weights: Any, bias: Any) -> Any:
        os._exit(7)

    def hangs(X: Any, y: Any, weights: Any, bias: Any) -> Any:
        while True:
            time.sleep(60)

    assert hg.check(ends).mistake == "exits"
    told = hg.check(hangs, time_limit_seconds=0.2)
    assert told.mistake == "hangs"
    assert "time.sleep(60)" in told.explanation
    assert not any("this process" in note for note in told.notes)


def test_an_error_is_told_with_its_line() -> None:
    def divides(X: Any, y: Any, weights: Any, bias: Any) -> Any:
        return 1 / 0

    told = hg.check(divides).explanation
    assert "test_sending.py, line" in told
    assert "return 1 / 0" in told


def test_what_cannot_be_sent_is_called_here_and_that_is_told_in_a_line() -> None:
    lock = threading.Lock()

    def locked(X: Any, y: Any, weights: Any, bias: Any) -> Any:
        with lock:
            return right(X, y, weights, bias)

    (note,) = hg.check(locked).notes
    assert note.startswith("It was called in this process, without a time limit: it cannot be sent to another (")
    assert "lock" in note
    assert "\n" not in note


class Unwilling:
    """Can be pickled, and not be unpickled."""

    def __reduce__(self) -> Any:
        return int, ("no number",)


def test_what_does_not_arrive_is_called_here() -> None:
    unwilling = Unwilling()

    def gradient(X: Any, y: Any, weights: Any, bias: Any) -> Any:
        return right(X, y, weights, bias) if unwilling else None

    (note,) = hg.check(gradient).notes
    assert "it could not be loaded in another (ValueError" in note


def test_a_module_is_not_run_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ran").touch()
    (tmp_path / "its_helper.py").write_text("def predicted(X, w, b):\n    return X @ w + b\n", encoding="utf-8")
    (tmp_path / "its_own.py").write_text(
        "import its_helper\n"
        f"with open({str(tmp_path / 'ran')!r}, 'a') as file:\n    file.write('x')\n"
        "def gradient(X, y, w, b):\n    r = its_helper.predicted(X, w, b) - y\n"
        "    return 2 * X.T @ r / len(y), 2 * r.mean()\n",
        encoding="utf-8",
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    own = importlib.import_module("its_own")

    assert hg.check(own.gradient).notes == ()
    assert (tmp_path / "ran").read_text(encoding="utf-8") == "x"


def test_a_file_that_asks_itself_is_checked_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text(
        "import handgrad as hg\ndef gradient(X, y, w, b):\n    r = X @ w + b - y\n"
        "    return 2 * X.T @ r / len(y), 2 * r.mean()\nassert hg.check(gradient).correct\n",
        encoding="utf-8",
    )
    assert check_file(path).correct
