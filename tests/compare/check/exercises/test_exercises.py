"""Every exercise has a solution that passes, and wrong ones that fail with a name or with numbers."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from handgrad.compare.check.exercises import grading
from handgrad.compare.check.exercises.catalogue import EXERCISES, ExerciseError, exercise, start
from handgrad.compare.check.exercises.features import STANDARDIZE
from handgrad.compare.check.exercises.grading import _agree, _expected, assessed
from handgrad.compare.check.exercises.node import NODE
from handgrad.compare.check.exercises.steps import MOMENTUM
from handgrad.compare.check.exercises.task import Task
from handgrad.compare.check.exercises.worker import ask
from handgrad.compare.check.file import CheckError
from handgrad.compare.check.student.messages import read
from handgrad.compare.check.student.process import TIME_LIMIT_SECONDS
from handgrad.reports.check.diagnosis import Diagnosis, diagnosis

NUMPY = "import numpy as np\n"

SOLUTIONS = {
    1: """
def weight_gradient(x, y, weight, bias):
    total = 0.0
    for xi, yi in zip(x, y):
        total += 2 * (weight * xi + bias - yi) * xi
    return total / len(x)
""",
    2: """
def gradient(x, y, weight, bias):
    dw = db = 0.0
    for xi, yi in zip(x, y):
        r = weight * xi + bias - yi
        dw += 2 * r * xi
        db += 2 * r
    return dw / len(x), db / len(x)
""",
    3: """
def gradient(X, y, weights, bias):
    r = X @ weights + bias - y
    return 2 / len(y) * (X.T @ r), 2 * r.mean()
""",
    4: """
def epoch(X, y, weights, bias, learning_rate, batches):
    start = weights, bias
    for rows in batches:
        r = X[rows] @ weights + bias - y[rows]
        dW, db = 2 / len(rows) * (X[rows].T @ r), 2 * r.mean()
        weights, bias = weights - learning_rate * dW, bias - learning_rate * db
    return weights, bias
""",
    5: """
def momentum_step(parameters, gradient, velocity, learning_rate, momentum):
    velocity = momentum * velocity + gradient
    return parameters - learning_rate * velocity, velocity
""",
    6: """
def standardize(X):
    means = X.mean(axis=0)
    scales = np.sqrt(((X - means) ** 2).mean(axis=0))
    return (X - means) / scales, means, scales
""",
    7: """
def parameters_back(weights, bias, means, scales):
    own = weights / scales
    return own, bias - (means * own).sum()
""",
    8: """
def loss(X, y, weights, bias):
    return ((X @ weights + bias - y) ** 2).mean()
""",
    9: """
def numerical_gradient(loss, weights, bias, h):
    dW = np.zeros(len(weights))
    for j in range(len(weights)):
        up, down = weights.copy(), weights.copy()
        up[j] += h
        down[j] -= h
        dW[j] = (loss(up, bias) - loss(down, bias)) / (2 * h)
    return dW, (loss(weights, bias + h) - loss(weights, bias - h)) / (2 * h)
""",
    10: """
def penalised_gradient(X, y, weights, bias, penalty):
    r = X @ weights + bias - y
    return 2 / len(y) * (X.T @ r) + 2 * penalty * weights, 2 * r.mean()
""",
    11: """
class Node:
    def __init__(self, value, parents=()):
        self.value, self.parents, self.adjoint = value, parents, 0.0

    def __add__(self, other):
        return Node(self.value + other.value, ((self, 1.0), (other, 1.0)))

    def __mul__(self, other):
        return Node(self.value * other.value, ((self, other.value), (other, self.value)))

    def backward(self):
        order, seen = [], set()

        def visit(node):
            if id(node) not in seen:
                seen.add(id(node))
                for parent, _ in node.parents:
                    visit(parent)
                order.append(node)

        visit(self)
        self.adjoint = 1.0
        for node in reversed(order):
            for parent, local in node.parents:
                parent.adjoint += node.adjoint * local
""",
}

#: Exercise, what is replaced in its solution, by what, and the mistake that this is.
WRONG = [
    (1, "weight * xi + bias - yi", "yi - weight * xi - bias", "sign"),
    (1, "2 * (", "(", "two-missing"),
    (1, "total / len(x)", "total", "sum-instead-of-mean"),
    (1, " + bias", "", "bias-left-out"),
    (1, ") * xi", ")", "x-left-out"),
    (1, " - yi", "", "not-the-residual"),
    (1, "2 * (weight", "3 * (weight", "of-no-known-kind"),
    (2, "db / len(x)", "db", "one-block-only"),
    (2, "weight * xi + bias - yi", "yi - weight * xi - bias", "sign"),
    (3, "2 / len(y)", "1 / len(y)", "one-block-only"),
    (3, "X @ weights + bias - y", "X @ weights - y", "bias-left-out"),
    (4, "for rows in batches", "for rows in [b for b in batches if len(b) == len(batches[0])]", "last-batch-left-out"),
    (4, "2 / len(rows) * (X[rows].T @ r), 2 * r.mean()", "2 / len(y) * (X[rows].T @ r), 2 / len(y) * r.sum()",
     "whole-n-in-batch"),
    (4, "r = X[rows] @ weights + bias - y[rows]\n", "r = X[rows] @ start[0] + start[1] - y[rows]\n",
     "one-gradient-for-all"),
    (4, "2 * r.mean()\n", "2 * (X[rows] @ (weights - learning_rate * 2 / len(rows) * (X[rows].T @ r)) "
     "+ bias - y[rows]).mean()\n", "updated-too-early"),
    (4, "weights, bias = weights - learning_rate * dW, ", "weights -= learning_rate * dW; bias = ",
     "changes-its-input"),
    (5, "momentum * velocity + gradient", "gradient", "no-momentum"),
    (5, "+ gradient", "+ (1 - momentum) * gradient", "damped-gradient"),
    (5, "parameters - learning_rate * velocity, velocity", "parameters + learning_rate * velocity, velocity", "uphill"),
    (5, "+ gradient\n    return parameters - learning_rate * velocity",
     "+ learning_rate * gradient\n    return parameters - velocity", "rate-in-velocity"),
    (5, "+ gradient\n    return parameters - learning_rate * velocity",
     "- learning_rate * gradient\n    return parameters + velocity", "rate-in-velocity"),
    (5, "velocity = momentum * velocity + gradient\n    return parameters - learning_rate * velocity, velocity",
     "return parameters - learning_rate * velocity, momentum * velocity + gradient", "old-velocity"),
    (6, ".mean(axis=0))", ".sum(axis=0) / (len(X) - 1))", "sample-deviation"),
    (6, "np.sqrt(((X - means) ** 2).mean(axis=0))", "((X - means) ** 2).mean(axis=0)", "variance"),
    (6, "(X - means) / scales,", "X / scales,", "not-centred"),
    (6, "mean(axis=0", "mean(axis=1, keepdims=True", "by-row"),
    (7, "bias - (means * own).sum()", "bias", "bias-not-moved"),
    (7, "weights / scales", "weights * scales", "times-the-scale"),
    (7, "(means * own)", "(means * weights)", "bias-of-other-weights"),
    (7, "bias - (", "bias + (", "bias-the-other-way"),
    (8, ".mean()", ".sum()", "sum-instead-of-mean"),
    (8, ".mean()", ".mean() / 2", "halved-loss"),
    (9, "/ (2 * h)", "/ h", "divided-by-h"),
    (9, "up[j] += h\n        down[j] -= h", "up += h\n        down -= h", "all-weights-at-once"),
    (10, "2 * r.mean()", "2 * r.mean() + 2 * penalty * bias", "bias-penalised"),
    (10, "2 * penalty * weights", "penalty * weights", "penalty-without-factor"),
    (10, "2 * penalty * weights", "2 * penalty * weights / len(y)", "penalty-per-row"),
    (10, " + 2 * penalty * weights", "", "penalty-left-out"),
    (10, " + 2 * penalty * weights", " - 2 * penalty * weights", "penalty-the-other-way"),
    (11, "parent.adjoint += ", "parent.adjoint = ", "overwritten"),
    (11, "((self, other.value), (other, self.value))", "((self, self.value), (other, other.value))", "swapped"),
    (11, "order.append(node)", "order.insert(0, node)", "of-no-known-kind"),
]  # fmt: skip


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], Path]:
    def student(text: str) -> Path:
        path = tmp_path / "mine.py"
        path.write_text(NUMPY + text, encoding="utf-8")
        return path

    return student


def test_every_exercise_has_a_solution_here() -> None:
    assert SOLUTIONS.keys() == EXERCISES.keys()


@pytest.mark.parametrize("number", EXERCISES)
def test_a_solution_passes(number: int, write: Callable[[str], Path]) -> None:
    answered = grade(number, write(SOLUTIONS[number]))
    assert answered.correct, str(answered)
    assert answered.mistakes == ()


@pytest.mark.parametrize("number", EXERCISES)
def test_a_template_that_nobody_filled_in_fails_and_points_at_its_line(number: int, tmp_path: Path) -> None:
    path = start(number, tmp_path)
    answered = grade(number, path)
    assert not answered.correct
    assert "NotImplementedError" in answered.explanation
    assert f"{path.name}, line" in answered.explanation
    assert f"handgrad exercise check {number}" in path.read_text(encoding="utf-8")


def graded_here(task: Task, text: str) -> Diagnosis:
    """As `grade` does it, but in this process."""
    module = ModuleType("student")
    exec(compile(NUMPY + text, "student.py", "exec"), vars(module))
    out = io.StringIO()
    ask(module, "student.py", out, task)
    return diagnosis(assessed(task, read(out.getvalue().encode())))


def grade(number: int, path: Path, time_limit_seconds: float = TIME_LIMIT_SECONDS) -> Diagnosis:
    return diagnosis(grading.grade(number, path, time_limit_seconds=time_limit_seconds))


def changed(number: int, old: str, new: str) -> str:
    assert SOLUTIONS[number].count(old) >= 1
    return SOLUTIONS[number].replace(old, new)


OWN = [case for case in WRONG if EXERCISES[case[0]].task is not None]
BY_CHECK = [case for case in WRONG if EXERCISES[case[0]].task is None]


@pytest.mark.parametrize(("number", "old", "new", "mistake"), OWN, ids=lambda part: str(part)[:24])
def test_a_wrong_solution_fails_by_name(number: int, old: str, new: str, mistake: str) -> None:
    answered = graded_here(exercise(number).task, changed(number, old, new))
    assert answered.mistakes == (mistake,), str(answered)
    assert answered.hint
    assert mistake in ("changes-its-input", "by-row") or any(row.given != row.expected for row in answered.evidence)
    assert all(len(line) <= 80 for line in str(answered).splitlines())


@pytest.mark.parametrize(("number", "old", "new", "mistake"), BY_CHECK, ids=lambda part: str(part)[:24])
def test_gradients_and_losses_are_graded_as_check_does(
    number: int, old: str, new: str, mistake: str, write: Callable[[str], Path]
) -> None:
    answered = grade(number, write(changed(number, old, new)))
    assert answered.mistakes == (mistake,), str(answered)


def tasks() -> list[Any]:
    return [pytest.param(e.task, id=e.name) for e in EXERCISES.values() if e.task is not None]


@pytest.mark.parametrize("task", tasks())
def test_no_mistake_answers_as_the_right_one_or_as_another(task: Task) -> None:
    """Else a right solution could be named wrong, or a mistake get another one's name."""
    answers = {"right": _expected(task, task.right)}
    for slip in task.slips:
        mine = _expected(task, slip.answer)
        for other, theirs in answers.items():
            assert other == slip.mistake or not _agree(mine, theirs), (slip.mistake, other)
        answers[slip.mistake] = mine


@pytest.mark.parametrize("task", tasks())
def test_a_small_error_in_any_one_number_is_seen(task: Task) -> None:
    right = _expected(task, task.right)
    for call, parts in enumerate(right):
        for part, numbers in enumerate(parts):
            for place in range(numbers.size):
                off = [tuple(np.array(p) for p in answer) for answer in right]
                size = max(1.0, float(abs(numbers).max()))
                off[call][part].flat[place] += 3e-10 * size
                assert not _agree(off, right), (call, part, place)


def test_momentum_as_pytorch_has_it() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    for call in MOMENTUM.calls():
        if not call["momentum"]:
            continue  # PyTorch then keeps no velocity
        theta = torch.tensor(call["parameters"], requires_grad=True)
        descent = torch.optim.SGD([theta], lr=call["learning_rate"], momentum=call["momentum"])
        descent.state[theta]["momentum_buffer"] = torch.tensor(call["velocity"])
        theta.grad = torch.tensor(call["gradient"])
        descent.step()
        parameters, velocity = MOMENTUM.right(**call)
        assert theta.detach().numpy() == pytest.approx(parameters, rel=1e-14)
        assert descent.state[theta]["momentum_buffer"].numpy() == pytest.approx(velocity, rel=1e-14)


def test_adjoints_are_the_derivatives_of_the_expression() -> None:
    """Against central differences, exact for products of at most two equal factors but for their rounding."""
    for call in NODE.calls():
        values, operations = call["values"], call["operations"]
        _, adjoints = NODE.right(values, operations)
        for j, adjoint in enumerate(adjoints):
            h = 1e-5
            up, down = ([v + s * h * (i == j) for i, v in enumerate(values)] for s in (1, -1))
            slope = (NODE.right(up, operations)[0] - NODE.right(down, operations)[0]) / (2 * h)
            assert adjoint == pytest.approx(slope, rel=1e-8, abs=1e-8)


def test_what_a_walk_that_starts_too_early_answers_is_named() -> None:
    recursive = """
class Node:
    def __init__(self, value, parents=()):
        self.value, self.parents, self.adjoint = value, parents, 0.0
    def __add__(self, other):
        return Node(self.value + other.value, ((self, 1.0), (other, 1.0)))
    def __mul__(self, other):
        return Node(self.value * other.value, ((self, other.value), (other, self.value)))
    def backward(self):
        self.adjoint = 1.0
        def visit(node):
            for parent, local in node.parents:
                parent.adjoint += node.adjoint * local
                visit(parent)
        visit(self)
"""
    assert graded_here(NODE, recursive).mistakes == ("visited-too-early",)


@pytest.mark.parametrize(
    ("text", "mistake", "told"),
    [
        (
            "def standardize(X):\n    return 1.0",
            "wrong-shape",
            "returns one float, where Z, means, scales",
        ),
        ("def standardize(X):\n    return X, X", "wrong-shape", "returns 2 values"),
        ("def standardize(X):\n    return X, X[0, :1], X[0]", "wrong-shape", "returns means of shape (1,) in call 1"),
        ("def standardize(X):\n    pass", "returns-nothing", "returns None"),
        ("def standardize(X):\n    return X * np.nan, X[0], X[0]", "not-finite", "NaN or infinity as Z"),
        ("def standardize(X):\n    return 'Z', X[0], X[0]", "not-numbers", "real numbers are expected"),
        ("def standardise(X):\n    return X, X[0], X[0]", "missing-function", "defines no standardize"),
    ],
)
def test_an_answer_that_is_none_is_told(text: str, mistake: str, told: str) -> None:
    answered = graded_here(STANDARDIZE, text)
    assert answered.mistakes == (mistake,)
    assert told in " ".join(answered.explanation.split())


def test_an_error_points_at_the_students_own_line(write: Callable[[str], Path]) -> None:
    answered = grade(6, write("\n\ndef standardize(X):\n    return X @ X @ X\n"))
    assert answered.mistake == "raises"
    assert "mine.py, line 5: return X @ X @ X" in answered.explanation


def test_a_solution_that_never_ends_is_stopped(write: Callable[[str], Path]) -> None:
    answered = grade(6, write("import time\ndef standardize(X):\n    time.sleep(600)\n"), time_limit_seconds=2)
    assert answered.mistake == "hangs"


def test_forged_answers_are_not_taken() -> None:
    no_blocks, no_shape = {"type": "answer", "form": 0, "blocks": "x"}, {"shape": [2], "values": [1.0]}
    for line in (
        no_blocks,
        {"type": "answer", "form": 0, "blocks": [no_shape]},
        {"type": "done"},
        {"type": "failure"},
        7,
    ):
        found = assessed(STANDARDIZE, read(json.dumps(line).encode()))
        assert found.keys == ("unreadable-answer",), line


def test_one_feature_is_not_enough_for_the_exercise_on_many(write: Callable[[str], Path]) -> None:
    answered = grade(3, write(SOLUTIONS[2]))
    assert not answered.correct
    assert "one feature only" in answered.explanation


def test_another_function_than_the_one_that_is_asked_for_is_no_solution(write: Callable[[str], Path]) -> None:
    answered = grade(3, write(SOLUTIONS[8]))
    assert answered.mistake == "missing-function"


def test_what_has_no_name_is_told_with_its_arguments() -> None:
    answered = graded_here(exercise(4).task, changed(4, "2 / len(rows)", "3 / len(rows)"))
    assert answered.mistakes == ("of-no-known-kind",)
    (note,) = answered.notes
    assert "bias = 1.349, learning_rate = 0.03, batches = [[0, 5, 6], [2, 4, 1], [3]]" in note


def test_a_hint_does_not_give_the_answer_away() -> None:
    told = graded_here(ONE := exercise(1).task, changed(1, "2 * (", "(")).as_hint()
    assert ONE is not None
    assert told.mistakes == ()
    assert told.evidence == ()
    assert "half" not in str(told)
    assert "?" in told.hint


def test_a_started_file_is_not_written_over(tmp_path: Path) -> None:
    path = start(5, tmp_path)
    path.write_text("mine", encoding="utf-8")
    with pytest.raises(ExerciseError, match="--force"):
        start(5, tmp_path)
    assert path.read_text(encoding="utf-8") == "mine"
    assert start(5, tmp_path, force=True).read_text(encoding="utf-8") == exercise(5).template()


def test_there_is_no_exercise_twelve_and_no_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ExerciseError, match="1 to 11"):
        grade(12, tmp_path / "x.py")
    with pytest.raises(CheckError, match="no such file"):
        grade(1, tmp_path / "x.py")
