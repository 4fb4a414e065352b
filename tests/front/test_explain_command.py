"""`handgrad explain` as a person calls it."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from handgrad.commands.explain import show_walk
from handgrad.compare.learn.explanation import explain
from handgrad.data import builtin_sets


def test_without_arguments_two_rows_of_norris_are_explained(cli: Callable[..., Any]) -> None:
    done = cli("explain")
    assert done.exit_code == 0
    assert "norris, rows 1 and 2" in done.stdout
    assert "∂L/∂W = 0.12 + (-303.66) = -303.54" in done.stdout
    assert "\x1b" not in done.stdout


def test_steps_in_a_pipe_are_printed_at_once(cli: Callable[..., Any]) -> None:
    assert cli("explain", "--step").stdout == cli("explain").stdout


def test_on_a_terminal_enter_goes_on(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    explanation = explain(builtin_sets.load("norris"))
    show_walk(explanation, wait=False)
    at_once = capsys.readouterr().out
    enters = io.StringIO("\n" * 100)
    monkeypatch.setattr(sys, "stdin", enters)
    show_walk(explanation, wait=True)
    step_by_step = capsys.readouterr().out
    asked = step_by_step.count("Enter goes on")
    assert asked == enters.tell() > 20
    for line in at_once.splitlines():
        assert line in step_by_step


def test_a_table_with_chosen_columns_and_start(cli: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b,c\n1,2,3\n2,1,5\n4,4,4\n")
    done = cli("explain", "t.csv", "--target", "a", "--features", "c,b", "--weights", "2,-1", "--bias", "0",
               "--rows", "3", "--learning-rate", "0.1", "--json")  # fmt: skip
    assert done.exit_code == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["target"], told["features"], told["learning_rate"]) == ("a", ["c", "b"], 0.1)
    assert [step["old"] for step in told["steps"]] == [2.0, -1.0, 0.0]
    assert [row["predicted"] for row in told["rows"]] == [4.0, 9.0, 4.0]


def test_columns_of_a_built_in_table_can_be_chosen(cli: Callable[..., Any]) -> None:
    done = cli("explain", "--dataset", "diabetes", "--features", "bmi", "--json")
    assert json.loads(done.stdout)["features"] == ["bmi"]


def test_the_page_is_written(cli: Callable[..., Any], tmp_path: Path) -> None:
    done = cli("explain", "--html", "pages/norris.html")
    assert done.exit_code == 0
    assert (tmp_path / "pages/norris.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert "pages/norris.html" in done.stdout


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--rows", "13"], "1 to 12 rows"),
        (["--weights", "1,x"], "numbers with commas between"),
        (["--weights", "1,2"], "expected shape (1,)"),
        (["--features", "z"], "'z'"),
        (["--dataset", "norriss"], "did you mean"),
        (["nowhere.csv"], "nowhere.csv"),
        (["nowhere.csv", "--dataset", "norris"], "not both"),
        (["--learning-rate", "fast"], "'auto'"),
    ],
)
def test_wrong_input_is_told_in_one_line(cli: Callable[..., Any], words: list[str], told: str) -> None:
    done = cli("explain", *words)
    assert done.exit_code == 2
    assert told in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
