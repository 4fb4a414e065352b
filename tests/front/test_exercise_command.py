"""`handgrad exercise` as a student calls it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

RIGHT = "    return weights / scales, bias - (means * weights / scales).sum()\n"


@pytest.fixture
def solved(tmp_path: Path, cli: Callable[..., Any]) -> Path:
    """Exercise 13, started and filled in."""
    assert cli("exercise", "start", 13).exit_code == 0
    path = tmp_path / "exercise_13.py"
    kept = [line for line in path.read_text(encoding="utf-8").splitlines(True) if "NotImplementedError" not in line]
    path.write_text("".join(kept) + RIGHT, encoding="utf-8")
    return path


def test_the_list_names_every_exercise_and_what_was_started(cli: Callable[..., Any]) -> None:
    cli("exercise", "start", 4)
    lines = cli("exercise", "list").stdout.splitlines()
    assert [line.split()[0] for line in lines[1:18]] == [str(number) for number in range(1, 18)]
    assert [line for line in lines if "exercise_" in line] == [lines[4]]
    assert all(len(line) <= 80 for line in lines)
    told = json.loads(cli("exercise", "list", "--json").stdout)
    assert [one["chapter"] for one in told] == sorted(one["chapter"] for one in told)
    assert [one["started"] for one in told] == [number == 4 for number in range(1, 18)]


def test_a_group_without_a_command_shows_its_help_in_lines(cli: Callable[..., Any]) -> None:
    for words in ((), ("exercise",)):
        alone = cli(*words)
        assert (alone.exit_code, alone.stdout) == (2, "")
        assert alone.stderr == cli(*words, "--help").stdout


def test_from_start_to_right(cli: Callable[..., Any], solved: Path) -> None:
    done = cli("exercise", "check", 13)
    assert (done.exit_code, done.stdout.splitlines()[0]) == (0, "Correct: parameters_back is right.")
    assert done.stdout.splitlines()[-1] == "Next: handgrad exercise start 14"
    assert json.loads(cli("exercise", "check", 13, "--json").stdout)["correct"]


def test_a_wrong_solution_ends_with_exit_code_1_and_its_name(cli: Callable[..., Any], solved: Path) -> None:
    solved.write_text(solved.read_text(encoding="utf-8").replace("bias - (", "bias + ("), encoding="utf-8")
    done = cli("exercise", "check", 13)
    assert done.exit_code == 1
    assert done.stdout.splitlines()[0] == "Wrong: the bias is moved the other way"
    told = json.loads(cli("exercise", "check", 13, "--json").stdout)
    assert (told["correct"], told["mistake"]) == (False, "bias-the-other-way")
    hint = cli("exercise", "check", 13, "--hint")
    assert hint.exit_code == 1
    assert hint.stdout.splitlines()[0] == "Not right yet."


def test_another_file_can_be_graded(cli: Callable[..., Any], solved: Path, tmp_path: Path) -> None:
    solved.rename(tmp_path / "mine.py")
    assert cli("exercise", "check", 13, "mine.py").exit_code == 0


def test_a_solution_is_not_written_over(cli: Callable[..., Any], solved: Path) -> None:
    done = cli("exercise", "start", 13)
    assert done.exit_code == 2
    assert "--force" in done.stderr
    assert RIGHT in solved.read_text(encoding="utf-8")
    assert cli("exercise", "start", 13, "--force").exit_code == 0
    assert RIGHT not in solved.read_text(encoding="utf-8")


@pytest.mark.parametrize("words", [("start", 18), ("check", 18), ("check", 1), ("start", "one")])
def test_wrong_usage_is_told_in_one_line(cli: Callable[..., Any], words: tuple[Any, ...]) -> None:
    done = cli("exercise", *words)
    assert done.exit_code == 2
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("exercise", "start", "loss"), "Invalid value for 'number': expected a whole number, got 'loss'"),
        (("compare", "--epochs", "1.5"), "Invalid value for '--epochs': expected a whole number, got '1.5'"),
        (("compare", "--budget", "x"), "Invalid value for '--budget': expected a number, got 'x'"),
        (("compare", "--dtype", "x"), "Invalid value for '--dtype': 'x' is not one of 'float64', 'float32'."),
    ],
)
def test_a_value_of_another_kind_is_told_with_what_is_expected(cli: Any, words: tuple[str, ...], told: str) -> None:
    done = cli(*words)
    assert (done.exit_code, done.stderr) == (2, f"handgrad: {told}\n")
