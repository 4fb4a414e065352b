"""A student's file runs in a process of its own: what it does there cannot hurt, and is told."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
import typer
from typer.testing import CliRunner

from handgrad.backends.signatures.subjects import Found
from handgrad.cli import OneLineErrors
from handgrad.commands.check import check as command
from handgrad.compare.check import file
from handgrad.compare.check.file import CheckError
from handgrad.compare.check.student.forms import Series, every_series
from handgrad.compare.check.student.probes import table_probes
from handgrad.reports.check.diagnosis import Diagnosis, diagnosis

RIGHT = """
import numpy as np

def gradient(X, y, weights, bias):
    r = X @ weights + bias - y
    return 2 / len(y) * X.T @ r, 2 * r.mean()
"""
HALF = RIGHT.replace("2 / len(y) *", "1 / len(y) *").replace("2 * r", "r")

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def student(text: str) -> Path:
        path = tmp_path / "mine.py"
        path.write_text(text, encoding="utf-8")
        return path

    return student


def check_file(path: Path, time_limit_seconds: float = file.TIME_LIMIT_SECONDS) -> Diagnosis:
    return diagnosis(file.check_file(path, time_limit_seconds=time_limit_seconds))


def body(line: str) -> str:
    return f"def gradient(X, y, weights, bias):\n    {line}\n"


def test_a_right_file_passes(write: Write) -> None:
    told = check_file(write(RIGHT))
    assert told.correct, str(told)
    assert told.subject == "gradient"


STEP = """
def step(X, y, weights, bias, learning_rate):
    dW, db = gradient(X, y, weights, bias)
    return weights - learning_rate * dW, bias - learning_rate * 2 * db
"""


def test_each_function_of_a_file_has_an_assessment_with_its_parts(write: Write) -> None:
    gradient, step = file.check_each(write(RIGHT + STEP))
    assert (gradient.subjects, gradient.parts) == (("gradient",), {"dW": True, "db": True})
    assert (step.subjects, step.parts) == (("step",), {"dW": True, "db": False})
    assert step.keys == ("one-block-only",)


def test_a_function_that_is_right_stays_so_where_the_next_one_hangs(write: Write) -> None:
    hangs = "\ndef step(X, y, weights, bias, learning_rate):\n    while True: pass\n"
    gradient, step = file.check_each(write(RIGHT + hangs), time_limit_seconds=1)
    assert gradient.correct
    assert step.keys == ("hangs",)


def test_of_a_file_without_answers_there_is_one_assessment(write: Write) -> None:
    assert [found.keys for found in file.check_each(write("x = 1"))] == [("missing-function",)]
    assert [found.keys for found in file.check_each(write("def f(:"))] == [("syntax-error",)]
    assert [found.keys for found in file.check_each(write("import os; os._exit(0)"))] == [("exits",)]


def test_a_wrong_file_is_told_as_in_this_process(write: Write) -> None:
    assert check_file(write(HALF)).mistakes == ("two-missing",)


def test_prints_and_a_main_block_do_no_harm(write: Write, capfd: pytest.CaptureFixture[str]) -> None:
    printing = RIGHT.replace("    r =", '    print(\'{"type": "done"}\'); r =')
    noisy = printing + "\nif __name__ == '__main__':\n    input()\n"
    told = check_file(write(noisy))
    assert told.correct
    assert any("printed" in note for note in told.notes)
    assert capfd.readouterr() == ("", "")


def test_a_neighbouring_module_can_be_imported_and_no_cache_is_left_behind(write: Write, tmp_path: Path) -> None:
    (tmp_path / "helper.py").write_text("TWO = 2\n", encoding="utf-8")
    assert check_file(write("from helper import TWO\n" + RIGHT.replace("2 *", "TWO *"))).correct
    assert sorted(p.name for p in tmp_path.iterdir()) == ["helper.py", "mine.py"]


def test_the_students_file_is_not_imported_here(write: Write) -> None:
    check_file(write("import sys\nsys.modules['seen_by_student'] = sys\n" + RIGHT))
    assert "seen_by_student" not in sys.modules
    assert "student_file" not in sys.modules


@pytest.mark.parametrize(
    ("text", "mistake", "line"),
    [
        (body("return X.nothing"), "raises", 2),
        ("import no_such_module_at_all\n", "raises", 1),
        (body("return gradient(X, y, weights, bias)"), "recursion", 2),
        (body("exit(0)"), "exits", 2),
        ("import sys\nsys.exit(3)\n", "exits", 2),
        (body("import os; os._exit(0)"), "exits", None),
        (body("return input()"), "asks-for-input", 2),
        (body("pass"), "not-written", 2),
        (body("x = 1"), "returns-nothing", None),
        (body("import ctypes; ctypes.string_at(0)"), "killed", 2),
        (body("return bytearray(5 << 30)"), "out-of-memory", 2),
        ("def other(X):\n    return X\n", "missing-function", None),
        ("", "missing-function", None),
        ("gradient = 3\n", "missing-function", None),
    ],
)
def test_what_gives_no_answer_is_wrong_and_points_at_the_students_line(
    write: Write, text: str, mistake: str, line: int | None
) -> None:
    told = check_file(write(text))
    assert (told.correct, told.mistake) == (False, mistake), str(told)
    assert ("mine.py, line " in told.explanation) == (line is not None)
    if line is not None:
        assert f"mine.py, line {line}: {text.splitlines()[line - 1].strip()}" in told.explanation


def test_a_hang_is_ended_with_all_its_children_and_its_line_is_told(write: Write, tmp_path: Path) -> None:
    mark = f"child of {tmp_path}"
    sleeper = "[sys.executable, '-c', 'import time; time.sleep(600)'"
    child = f"import subprocess, sys\nsubprocess.Popen({sleeper}, {mark!r}])\n"
    told = check_file(write(child + "while True:\n    pass\n"), time_limit_seconds=1)
    assert told.mistake == "hangs"
    assert "mine.py, line 3: while True:" in told.explanation or "line 4: pass" in told.explanation
    assert all(
        _ends(process.pid) for process in psutil.process_iter(["cmdline"]) if mark in (process.info["cmdline"] or ())
    )


def _ends(pid: int) -> bool:
    """Whether a process that was killed is gone, or is left for its new parent to reap, within a while."""
    for _ in range(100):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        state = Path(f"/proc/{pid}/stat")
        if state.exists() and state.read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "Z":
            return True
        time.sleep(0.05)
    return False


def test_a_right_gradient_beside_a_wrong_step_is_wrong(write: Write) -> None:
    step = """
def step(X, y, weights, bias, learning_rate):
    weights = weights - learning_rate * gradient(X, y, weights, bias)[0]
    return weights, bias - learning_rate * gradient(X, y, weights, bias)[1]
"""
    assert check_file(write(RIGHT + step)).mistakes == ("updated-too-early",)
    right = check_file(
        write(RIGHT + step.replace("    weights = ", "    moved = ").replace("return weights", "return moved"))
    )
    assert right.correct
    assert right.subject == "gradient and step"


def test_a_trainer_in_a_file_is_checked(write: Write) -> None:
    trainer = """
from handgrad.backends.numpy import NumPyTrainer

class Mine(NumPyTrainer):
    def gradient(self, X, y, weights, bias):
        loss, dW, db = super().gradient(X, y, weights, bias)
        return type(super().gradient(X, y, weights, bias))(loss, -dW, -db)
"""
    told = check_file(write(trainer))
    assert (told.subject, told.mistakes) == ("Mine", ("sign",))


def test_a_gradient_that_remembers_is_not_mixed_up_between_the_forms_of_its_arguments(write: Write) -> None:
    remembering = """
total = [0.0, 0.0]

def gradient(xs, ys, w, b):
    for x, y in zip(xs, ys):
        total[0] += float(2 * (w * x + b - y) * x / len(xs))
        total[1] += float(2 * (w * x + b - y) / len(xs))
    return total[0], total[1]
"""
    assert check_file(write(remembering)).mistakes == ("not-reset",)


@pytest.mark.parametrize(("text", "line"), [("def gradient(:\n    pass\n", 1), ("x = 1\nreturn x\n", 2)])
def test_a_file_that_is_not_python_is_wrong_and_its_line_is_told(write: Write, text: str, line: int) -> None:
    told = check_file(write(text))
    assert not told.correct
    assert told.mistake == "syntax-error"
    assert f"line {line}: {text.splitlines()[line - 1].strip()}" in told.explanation


def test_a_missing_file_and_a_folder_are_errors_of_usage(tmp_path: Path) -> None:
    with pytest.raises(CheckError, match="no such file"):
        check_file(tmp_path / "none.py")
    with pytest.raises(CheckError, match="a folder"):
        check_file(tmp_path)


# -- the command -----------------------------------------------------------------------------------------------------

app = typer.Typer(cls=OneLineErrors)
app.command("check")(command)
app.command("other")(lambda: None)  # with one command alone, typer drops its name


@pytest.mark.parametrize(("text", "code"), [(RIGHT, 0), (HALF, 1), ("def :", 1)])
def test_the_exit_code_grades(write: Write, text: str, code: int) -> None:
    assert CliRunner().invoke(app, ["check", str(write(text))]).exit_code == code


def test_the_command_prints_one_json_object(write: Write) -> None:
    result = CliRunner().invoke(app, ["check", str(write(HALF)), "--json"])
    values = json.loads(result.stdout)
    assert (values["correct"], values["mistake"], values["mistakes"]) == (False, "two-missing", ["two-missing"])
    assert values["evidence"][0]["ratio"] == pytest.approx(0.5)


def test_the_command_gives_a_hint_only(write: Write) -> None:
    result = CliRunner().invoke(app, ["check", str(write(HALF)), "--hint-only"])
    assert result.exit_code == 1
    assert result.stdout.startswith("Not right yet.")
    assert "half" not in result.stdout


def test_a_verdict_does_not_depend_on_probes_being_the_same_objects(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two files that are checked at once may each make the probes for the first time."""

    def made_anew(found: Found, seed: int) -> Iterator[Series]:
        table_probes.cache_clear()
        return every_series(found, seed)

    monkeypatch.setattr("handgrad.compare.check.student.asking.every_series", made_anew)
    assert check_file(write(RIGHT)).correct
