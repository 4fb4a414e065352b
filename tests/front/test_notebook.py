"""In a test, in a notebook: what `check` knows, where a teacher needs it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import handgrad as hg
from handgrad.magic import MagicUsage, checked, loss_of

RIGHT = """
import numpy as np

def gradient(X, y, weights, bias):
    r = X @ weights + bias - y
    return 2 / len(y) * X.T @ r, 2 * r.mean()
"""
HALF = RIGHT.replace("2 / len(y) *", "1 / len(y) *").replace("2 * r", "r")


def right(X: Any, y: Any, weights: Any, bias: Any) -> Any:
    r = X @ weights + bias - y
    return 2 / len(y) * X.T @ r, 2 * np.mean(r)


def test_a_right_gradient_passes_and_a_wrong_one_says_why() -> None:
    hg.assert_right(right)
    with pytest.raises(AssertionError, match="the sign is wrong"):
        hg.assert_right(lambda X, y, w, b: tuple(-block for block in right(X, y, w, b)))


def test_a_function_has_a_process_of_its_own_as_a_cell_has() -> None:
    for told in (hg.check(right), checked(RIGHT)):
        assert told.correct
        assert not any("in this process" in note for note in told.notes)


def test_the_declared_loss_decides() -> None:
    def half(X: Any, y: Any, w: Any, b: Any) -> Any:
        return tuple(block / 2 for block in right(X, y, w, b))

    hg.assert_right(half, loss="half-mse")
    with pytest.raises(AssertionError, match="half of what it should be"):
        hg.assert_right(half, loss="mse")


def test_a_cell_is_checked_in_a_process_of_its_own() -> None:
    assert checked(RIGHT).correct
    assert checked(HALF).mistake == "two-missing"
    assert checked(HALF, "half-mse").correct
    assert checked("import os; os._exit(3)").mistake == "exits"  # and this process goes on


def test_a_line_that_cannot_be_followed_says_what_is_expected() -> None:
    assert loss_of("check") is None
    assert loss_of("check half-mse") == "half-mse"
    for line in ("", "chek", "check mae", "check mse sum"):
        with pytest.raises(MagicUsage, match="expected %%handgrad check"):
            loss_of(line)


def test_the_magic_checks_the_cell_and_runs_it() -> None:
    pytest.importorskip("IPython", reason="IPython is not installed")
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell()
    try:
        shell.run_line_magic("load_ext", "handgrad")
        found = shell.run_cell_magic("handgrad", "check", HALF)
        assert found.mistake == "two-missing"
        assert shell.user_ns["gradient"](np.ones((2, 1)), np.zeros(2), np.ones(1), 0.0)[1] == 1.0
        hangs = shell.run_cell_magic("handgrad", "check", "import os\nos._exit(1)")
        assert hangs.mistake == "exits"
    finally:
        shell.history_manager.end_session()
