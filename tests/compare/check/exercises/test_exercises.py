"""Every exercise has a solution that passes, and wrong ones that fail with a name or with numbers."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from handgrad.compare.check.exercises import grading
from handgrad.compare.check.exercises.catalogue import EXERCISES, ExerciseError, exercise, question_of, start
from handgrad.compare.check.exercises.grading import agree, assessed, expected, recognised
from handgrad.compare.check.exercises.keys.every import KEYS
from handgrad.compare.check.exercises.keys.key import AnswerKey, Slip, scaled, with_slip
from handgrad.compare.check.exercises.questions.question import ExerciseQuestion
from handgrad.compare.check.exercises.worker import answer
from handgrad.compare.check.file import CheckError
from handgrad.compare.check.sandbox.answers import Answer
from handgrad.compare.check.student.process import TIME_LIMIT_SECONDS
from handgrad.reports.check.diagnosis import Diagnosis, diagnosis

NUMPY = "import numpy as np\n"

SOLUTIONS = {
    4: """
def weight_gradient(x, y, weight, bias):
    total = 0.0
    for xi, yi in zip(x, y):
        total += 2 * (weight * xi + bias - yi) * xi
    return total / len(x)
""",
    5: """
def gradient(x, y, weight, bias):
    dw = db = 0.0
    for xi, yi in zip(x, y):
        r = weight * xi + bias - yi
        dw += 2 * r * xi
        db += 2 * r
    return dw / len(x), db / len(x)
""",
    16: """
def gradient(X, y, weights, bias):
    r = X @ weights + bias - y
    return 2 / len(y) * (X.T @ r), 2 * r.mean()
""",
    14: """
def epoch(X, y, weights, bias, learning_rate, batches):
    start = weights, bias
    for rows in batches:
        r = X[rows] @ weights + bias - y[rows]
        dW, db = 2 / len(rows) * (X[rows].T @ r), 2 * r.mean()
        weights, bias = weights - learning_rate * dW, bias - learning_rate * db
    return weights, bias
""",
    11: """
def momentum_step(parameters, gradient, velocity, learning_rate, momentum):
    velocity = momentum * velocity + gradient
    return parameters - learning_rate * velocity, velocity
""",
    12: """
def standardize(X):
    means = X.mean(axis=0)
    scales = np.sqrt(((X - means) ** 2).mean(axis=0))
    return (X - means) / scales, means, scales
""",
    13: """
def parameters_back(weights, bias, means, scales):
    own = weights / scales
    return own, bias - (means * own).sum()
""",
    1: """
def loss(X, y, weights, bias):
    return ((X @ weights + bias - y) ** 2).mean()
""",
    8: """
def numerical_gradient(loss, weights, bias, h):
    dW = np.zeros(len(weights))
    for j in range(len(weights)):
        up, down = weights.copy(), weights.copy()
        up[j] += h
        down[j] -= h
        dW[j] = (loss(up, bias) - loss(down, bias)) / (2 * h)
    return dW, (loss(weights, bias + h) - loss(weights, bias - h)) / (2 * h)
""",
    7: """
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
    2: """
def descend(gradient, weight, bias, learning_rate, epochs):
    for _ in range(epochs):
        dw, db = gradient(weight, bias)
        weight, bias = weight - learning_rate * dw, bias - learning_rate * db
    return weight, bias
""",
    3: """
def one_chain(x, y, weight, bias):
    r = weight * x + bias - y
    slope = 2 * r
    return r, slope, slope * x, slope
""",
    6: """
class Node:
    def __init__(self, value, parents=()):
        self.value, self.parents, self.adjoint = value, parents, 0.0

    def __add__(self, other):
        return Node(self.value + other.value, (self, other))

    def backward(self):
        order, seen = [], set()

        def visit(node):
            if id(node) not in seen:
                seen.add(id(node))
                for parent in node.parents:
                    visit(parent)
                order.append(node)

        visit(self)
        self.adjoint = 1.0
        for node in reversed(order):
            for parent in node.parents:
                parent.adjoint += node.adjoint
""",
    9: """
def wrong_parts(loss, gradient, weights, bias):
    said = np.append(*gradient(weights, bias))
    theta, h = np.append(weights, bias), 1e-5
    found = []
    for j in range(len(theta)):
        up, down = theta.copy(), theta.copy()
        up[j] += h
        down[j] -= h
        found.append((loss(up[:-1], up[-1]) - loss(down[:-1], down[-1])) / (2 * h))
    return [abs(a - b) > 1e-4 * max(1, abs(b)) for a, b in zip(said, found)]
""",
    10: """
import math
def best_rate(loss_after, rates):
    best, least = None, math.inf
    for rate in rates:
        loss = loss_after(rate)
        if math.isfinite(loss) and loss < least:
            best, least = rate, loss
    return best
""",
    15: """
def careful_sum(numbers):
    total = lost = 0.0
    for number in numbers:
        wanted = number - lost
        reached = total + wanted
        lost = (reached - total) - wanted
        total = reached
    return total
""",
    17: """
def gradient_from_sums(n, sum_x, sum_y, sum_xx, sum_xy, weight, bias):
    dw = weight * sum_xx + bias * sum_x - sum_xy
    db = weight * sum_x + n * bias - sum_y
    return 2 * dw / n, 2 * db / n
""",
}

#: Exercise, what is replaced in its solution, by what, and the mistake that this is.
WRONG = [
    (4, "weight * xi + bias - yi", "yi - weight * xi - bias", "sign"),
    (4, "2 * (", "(", "two-missing"),
    (4, "total / len(x)", "total", "sum-instead-of-mean"),
    (4, " + bias", "", "bias-left-out"),
    (4, ") * xi", ")", "x-left-out"),
    (4, " - yi", "", "not-the-residual"),
    (4, "2 * (weight", "3 * (weight", "of-no-known-kind"),
    (5, "db / len(x)", "db", "one-block-only"),
    (5, "weight * xi + bias - yi", "yi - weight * xi - bias", "sign"),
    (16, "2 / len(y)", "1 / len(y)", "one-block-only"),
    (16, "X @ weights + bias - y", "X @ weights - y", "bias-left-out"),
    (14, "for rows in batches", "for rows in [b for b in batches if len(b) == len(batches[0])]", "last-batch-left-out"),
    (14, "2 / len(rows) * (X[rows].T @ r), 2 * r.mean()", "2 / len(y) * (X[rows].T @ r), 2 / len(y) * r.sum()",
     "whole-n-in-batch"),
    (14, "r = X[rows] @ weights + bias - y[rows]\n", "r = X[rows] @ start[0] + start[1] - y[rows]\n",
     "one-gradient-for-all"),
    (14, "2 * r.mean()\n", "2 * (X[rows] @ (weights - learning_rate * 2 / len(rows) * (X[rows].T @ r)) "
     "+ bias - y[rows]).mean()\n", "updated-too-early"),
    (14, "weights, bias = weights - learning_rate * dW, ", "weights -= learning_rate * dW; bias = ",
     "changes-its-input"),
    (11, "momentum * velocity + gradient", "gradient", "no-momentum"),
    (11, "+ gradient", "+ (1 - momentum) * gradient", "damped-gradient"),
    (11, "parameters - learning_rate * velocity, velocity", "parameters + learning_rate * velocity, velocity",
     "uphill"),
    (11, "+ gradient\n    return parameters - learning_rate * velocity",
     "+ learning_rate * gradient\n    return parameters - velocity", "rate-in-velocity"),
    (11, "+ gradient\n    return parameters - learning_rate * velocity",
     "- learning_rate * gradient\n    return parameters + velocity", "rate-in-velocity"),
    (11, "velocity = momentum * velocity + gradient\n    return parameters - learning_rate * velocity, velocity",
     "return parameters - learning_rate * velocity, momentum * velocity + gradient", "old-velocity"),
    (12, ".mean(axis=0))", ".sum(axis=0) / (len(X) - 1))", "sample-deviation"),
    (12, "np.sqrt(((X - means) ** 2).mean(axis=0))", "((X - means) ** 2).mean(axis=0)", "variance"),
    (12, "(X - means) / scales,", "X / scales,", "not-centred"),
    (12, "mean(axis=0", "mean(axis=1, keepdims=True", "by-row"),
    (13, "bias - (means * own).sum()", "bias", "bias-not-moved"),
    (13, "weights / scales", "weights * scales", "times-the-scale"),
    (13, "(means * own)", "(means * weights)", "bias-of-other-weights"),
    (13, "bias - (", "bias + (", "bias-the-other-way"),
    (1, ".mean()", ".sum()", "sum-instead-of-mean"),
    (1, ".mean()", ".mean() / 2", "halved-loss"),
    (8, "/ (2 * h)", "/ h", "divided-by-h"),
    (8, "up[j] += h\n        down[j] -= h", "up += h\n        down -= h", "all-weights-at-once"),
    (7, "parent.adjoint += ", "parent.adjoint = ", "overwritten"),
    (7, "((self, other.value), (other, self.value))", "((self, self.value), (other, other.value))", "swapped"),
    (7, "order.append(node)", "order.insert(0, node)", "of-no-known-kind"),
    (7, "self.adjoint = 1.0", "self.adjoint = 0.0", "no-seed"),
    (6, "self.adjoint = 1.0", "self.adjoint = 0.0", "no-seed"),
    (6, "parent.adjoint += ", "parent.adjoint = ", "overwritten"),
    (16, "return 2 / len(y) * (X.T @ r), 2 * r.mean()", "return 2 * r.mean(), 2 / len(y) * (X.T @ r)",
     "swapped-answer"),
    (2, "weight - learning_rate * dw, bias - learning_rate * db",
     "weight + learning_rate * dw, bias + learning_rate * db", "uphill"),
    (2, "range(epochs)", "range(epochs - 1)", "one-epoch-too-few"),
    (2, "range(epochs)", "range(epochs + 1)", "one-epoch-too-many"),
    (2, "    return", "        return", "one-epoch-only"),
    (2, "    for _ in range(epochs):\n        dw, db = gradient(weight, bias)",
     "    dw, db = gradient(weight, bias)\n    for _ in range(epochs):", "gradient-not-renewed"),
    (2, "weight, bias = weight - learning_rate * dw, bias - learning_rate * db",
     "weight -= learning_rate * dw; bias -= learning_rate * gradient(weight, bias)[1]", "updated-too-early"),
    (2, "weight - learning_rate * dw, bias - learning_rate * db", "weight - dw, bias - db", "rate-left-out"),
    (2, "return weight, bias", "return bias, weight", "parts-exchanged"),
    (3, "r = weight * x + bias - y\n    slope = 2 * r", "r = y - weight * x - bias\n    slope = 2 * r", "sign"),
    (3, "r = weight * x + bias - y\n    slope = 2 * r\n    return r, slope, slope * x, slope",
     "r = y - weight * x - bias\n    return r, 2 * r, -2 * r * x, -2 * r", "residual-turned"),
    (3, "slope * x", "slope + x", "links-added"),
    (3, "slope * x", "slope", "x-left-out"),
    (3, "slope * x", "slope * weight", "by-the-input"),
    (3, "2 * r", "r", "two-missing"),
    (9, "1e-4 * max(1, abs(b))", "1e-4 * abs(b)", "relative-at-zero"),
    (9, "abs(a - b)", "abs(abs(a) - abs(b))", "sizes-compared"),
    (9, "1e-4", "0.05", "too-lenient"),
    (9, "1e-4 * max(1, abs(b))", "0", "roundings-accused"),
    (9, "return [abs(a - b) > 1e-4 * max(1, abs(b)) for a, b in zip(said, found)]",
     "return [abs(a - b) > 1e-4 * max(1, abs(b)) for a, b in zip(said[:-1], found)] + [False]", "bias-not-checked"),
    (9, "abs(a - b) >", "abs(a - b) <=", "right-and-wrong-exchanged"),
    (10, "math.isfinite(loss) and loss < least", "not loss >= least", "of-no-known-kind"),
    (10, "    best, least = None, math.inf\n",
     "    return rates[int(np.argmin([loss_after(rate) for rate in rates]))]\n", "nan-is-least"),
    (10, "    best, least = None, math.inf\n", "    return min(rates, key=loss_after)\n", "nan-is-least"),
    (10, "return best", "return least", "loss-returned"),
    (10, "return best", "return rates.index(best)", "index-returned"),
    (10, "loss < least", "rate > (best or 0)", "largest-that-converges"),
    (10, "    best, least = None, math.inf\n", "    return min(rates)\n", "smallest-rate"),
    (15, "number - lost", "number + lost", "lost-part-turned"),
    (15, "lost = (reached - total) - wanted", "lost = 0", "plain-sum"),
    (15, "in numbers", "in sorted(numbers)", "of-no-known-kind"),
    (17, "n * bias", "bias", "bias-added-once"),
    (17, "weight * sum_xx", "weight * sum_x**2", "square-of-the-sum"),
    (17, "2 * dw / n, 2 * db / n", "2 * dw, 2 * db", "sum-instead-of-mean"),
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


#: Numbers of the exercises by name.
NUMBER = {one.name: one.number for one in EXERCISES.values()}


def graded_here(number: int, text: str) -> Diagnosis:
    """As `grade` does it, but in this process."""
    module = ModuleType("student")
    exec(compile(NUMPY + text, "student.py", "exec"), vars(module))
    question = question_of(number)
    return diagnosis(
        assessed(question, KEYS[exercise(number).name], lambda call: answer(question, call, module, "student.py"))
    )


def grade(number: int, path: Path, time_limit_seconds: float = TIME_LIMIT_SECONDS) -> Diagnosis:
    return diagnosis(grading.grade(number, path, time_limit_seconds=time_limit_seconds))


def changed(number: int, old: str, new: str) -> str:
    assert SOLUTIONS[number].count(old) >= 1
    return SOLUTIONS[number].replace(old, new)


@pytest.mark.parametrize("number", EXERCISES)
def test_a_solution_passes(number: int, write: Callable[[str], Path]) -> None:
    checked = EXERCISES[number].question is None
    answered = grade(number, write(SOLUTIONS[number])) if checked else graded_here(number, SOLUTIONS[number])
    assert answered.correct, str(answered)
    assert answered.mistakes == ()


@pytest.mark.parametrize("number", EXERCISES)
def test_a_template_that_nobody_filled_in_is_wrong_and_says_how_it_is_checked(number: int, tmp_path: Path) -> None:
    path = start(number, tmp_path)
    text = path.read_text(encoding="utf-8")
    assert f'"""Exercise {number}: ' in text
    assert f"handgrad exercise check {number}\n" in text
    assert "NUMBER" not in text
    if EXERCISES[number].question is not None:
        assert graded_here(number, text).mistake == "not-written"


@pytest.mark.parametrize("number", [NUMBER["descent"], NUMBER["many-features"]])
def test_in_a_process_of_its_own_the_same_is_found(number: int, tmp_path: Path, write: Callable[[str], Path]) -> None:
    assert grade(number, write(SOLUTIONS[number])).correct
    path = start(number, tmp_path)
    answered = grade(number, path)
    assert not answered.correct
    assert answered.mistake == "not-written"
    assert f"{path.name}, line" in answered.explanation


def test_the_students_process_imports_no_key() -> None:
    code = (
        "import sys, handgrad.compare.check.exercises.worker; print([n for n in sys.modules if 'exercises.keys' in n])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


FROM_THE_KEY = """
{0}def momentum_step(parameters, gradient, velocity, learning_rate, momentum):
    {1}return KEYS["momentum"].right(parameters, gradient, velocity, learning_rate, momentum)
"""


@pytest.mark.parametrize(
    ("at_the_top", "inside"),
    [
        ("from handgrad.compare.check.exercises.keys.every import KEYS\n", ""),
        (
            "",
            "from importlib import import_module\n"
            "    KEYS = import_module('handgrad.compare.check.exercises.keys.every').KEYS\n    ",
        ),
    ],
)
def test_the_key_is_closed_to_a_solution(at_the_top: str, inside: str, write: Callable[[str], Path]) -> None:
    found = grading.grade(NUMBER["momentum"], write(FROM_THE_KEY.format(at_the_top, inside)))
    assert found.failure is not None
    assert "the answers to the exercises are closed" in found.failure.given


def test_a_solution_that_imports_handgrad_is_told_and_one_that_does_not_is_not(write: Callable[[str], Path]) -> None:
    right, number = SOLUTIONS[NUMBER["momentum"]], NUMBER["momentum"]
    told, silent = (grade(number, write(text)) for text in ("import handgrad as hg\nhg.gradient\n" + right, right))
    assert told.correct
    assert "imports handgrad" in str(told)
    assert "imports handgrad" not in str(silent)


def test_every_question_has_a_key() -> None:
    assert KEYS.keys() == {one.name for one in EXERCISES.values() if one.question is not None}


OWN = [case for case in WRONG if EXERCISES[case[0]].question is not None]
BY_CHECK = [case for case in WRONG if EXERCISES[case[0]].question is None]


@pytest.mark.parametrize(("number", "old", "new", "mistake"), OWN, ids=lambda part: str(part)[:24])
def test_a_wrong_solution_fails_by_name(number: int, old: str, new: str, mistake: str) -> None:
    answered = graded_here(number, changed(number, old, new))
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


def questions() -> list[Any]:
    return [pytest.param(e.question, KEYS[e.name], id=e.name) for e in EXERCISES.values() if e.question is not None]


@pytest.mark.parametrize(("question", "key"), questions())
def test_no_mistake_answers_as_the_right_one_or_as_another(question: ExerciseQuestion, key: AnswerKey) -> None:
    """Else a right solution could be named wrong, or a mistake get another one's name."""
    answers = {"right": expected(question, key.right)}
    for fault in key.faults():
        mine = expected(question, fault.answer)
        if len(fault.mistakes) > 1:
            continue  # two at once may undo each other; it is enough that they can be answered
        for other, theirs in answers.items():
            assert other == fault.mistakes[0] or not agree(mine, theirs), (fault.mistakes, other)
        answers[fault.mistakes[0]] = mine


@pytest.mark.parametrize(("question", "key"), questions())
def test_a_small_error_in_any_one_number_is_seen(question: ExerciseQuestion, key: AnswerKey) -> None:
    right = expected(question, key.right)
    for call, parts in enumerate(right):
        for part, numbers in enumerate(parts):
            for place in range(numbers.size):
                off = [tuple(np.array(p) for p in answer) for answer in right]
                size = max(1.0, float(abs(numbers).max()))
                off[call][part].flat[place] += 3e-10 * size
                assert not agree(off, right), (call, part, place)


PAIRS = [
    (4, [("2 * (", "("), (" + bias", "")], ("two-missing", "bias-left-out")),
    (4, [("weight * xi + bias - yi", "yi - weight * xi - bias"), ("total / len(x)", "total")],
     ("sign", "sum-instead-of-mean")),
    (7, [("self.adjoint = 1.0", "self.adjoint = 1.0"), ("parent.adjoint += ", "parent.adjoint = "),
         ("((self, other.value), (other, self.value))", "((self, self.value), (other, other.value))")],
     ("overwritten", "swapped")),
    (2, [("weight - learning_rate * dw, bias - learning_rate * db",
          "weight + learning_rate * dw, bias + learning_rate * db"), ("range(epochs)", "range(epochs - 1)")],
     ("uphill", "one-epoch-too-few")),
    (12, [(".mean(axis=0))", ".sum(axis=0) / (len(X) - 1))"), ("means, scales\n", "scales, means\n")],
     ("sample-deviation", "parts-exchanged")),
    (14, [("2 / len(rows) * (X[rows].T @ r), 2 * r.mean()", "1 / len(rows) * (X[rows].T @ r), r.mean()"),
          ("return weights, bias", "return bias, weights")], ("two-missing", "parts-exchanged")),
]  # fmt: skip


@pytest.mark.parametrize(("number", "changes", "mistakes"), PAIRS, ids=lambda part: str(part)[:30])
def test_two_mistakes_at_once_are_both_named(
    number: int, changes: list[tuple[str, str]], mistakes: tuple[str, str]
) -> None:
    text = SOLUTIONS[number]
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    told = graded_here(number, text)
    assert told.mistakes == mistakes
    assert "2 mistakes at once" in str(told)


def test_a_pair_that_could_as_well_be_another_pair_is_not_named() -> None:
    """In the order in which the two stand, two pairs of this key answer alike: 2 · 3 = 3 · 2."""
    question = question_of(NUMBER["one-weight"])
    right = KEYS["one-weight"].right
    factors = {"a": 2.0, "b": 15.0, "c": 3.0, "d": 10.0}
    alike = AnswerKey(right, tuple(Slip(name, scaled(by)) for name, by in factors.items()))
    assert recognised(question, alike, expected(question, scaled_answer(right, 30.0))) == ()
    assert recognised(question, alike, expected(question, scaled_answer(right, 6.0))) == ("a", "c")
    assert recognised(question, alike, expected(question, scaled_answer(right, 7.0))) == ()


def scaled_answer(right: Any, by: float) -> Any:
    return with_slip(Slip("", scaled(by)), right)


WALKS = {
    "breadth-first": """
        waiting, seen = [self], {id(self)}
        while waiting:
            node = waiting.pop(0)
            for parent, local in node.parents:
                parent.adjoint += node.adjoint * local
                if id(parent) not in seen:
                    seen.add(id(parent))
                    waiting.append(parent)
""",
    "visited-too-early": """
        def visit(node):
            for parent, local in node.parents:
                parent.adjoint += node.adjoint * local
                visit(parent)
        visit(self)
""",
}


def test_momentum_as_pytorch_has_it() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    question, right = question_of(NUMBER["momentum"]), KEYS["momentum"].right
    for call in question.calls():
        if not call["momentum"]:
            continue  # PyTorch then keeps no velocity
        theta = torch.tensor(call["parameters"], requires_grad=True)
        descent = torch.optim.SGD([theta], lr=call["learning_rate"], momentum=call["momentum"])
        descent.state[theta]["momentum_buffer"] = torch.tensor(call["velocity"])
        theta.grad = torch.tensor(call["gradient"])
        descent.step()
        parameters, velocity = right(**call)
        assert theta.detach().numpy() == pytest.approx(parameters, rel=1e-14)
        assert descent.state[theta]["momentum_buffer"].numpy() == pytest.approx(velocity, rel=1e-14)


def test_adjoints_are_the_derivatives_of_the_expression() -> None:
    """Against central differences, exact for products of at most two equal factors but for their rounding."""
    right = KEYS["tape"].right
    for call in question_of(NUMBER["tape"]).calls():
        values, operations = call["values"], call["operations"]
        _, adjoints = right(values, operations)
        for j, adjoint in enumerate(adjoints):
            h = 1e-5
            up, down = ([v + s * h * (i == j) for i, v in enumerate(values)] for s in (1, -1))
            slope = (right(up, operations)[0] - right(down, operations)[0]) / (2 * h)
            assert adjoint == pytest.approx(slope, rel=1e-8, abs=1e-8)


@pytest.mark.parametrize("mistake", WALKS)
def test_a_walk_in_the_wrong_order_is_named(mistake: str) -> None:
    text = SOLUTIONS[NUMBER["tape"]]
    text = text[: text.index("    def backward")] + "    def backward(self):\n        self.adjoint = 1.0\n"
    assert graded_here(NUMBER["tape"], text + WALKS[mistake].lstrip("\n")).mistakes == (mistake,)


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
    answered = graded_here(NUMBER["standardize"], text)
    assert answered.mistakes == (mistake,)
    assert told in " ".join(answered.explanation.split())


def test_an_error_points_at_the_students_own_line(write: Callable[[str], Path]) -> None:
    answered = grade(NUMBER["standardize"], write("\n\ndef standardize(X):\n    return X @ X @ X\n"))
    assert answered.mistake == "raises"
    assert "mine.py, line 5: return X @ X @ X" in answered.explanation


def test_a_solution_that_never_ends_is_stopped(write: Callable[[str], Path]) -> None:
    answered = grade(
        NUMBER["standardize"], write("import time\ndef standardize(X):\n    time.sleep(9)\n"), time_limit_seconds=2
    )
    assert answered.mistake == "hangs"


@pytest.mark.parametrize("blocks", [(), (np.ones(2),)])
def test_an_answer_without_the_parts_is_none(blocks: tuple[Any, ...]) -> None:
    assert assessed(question_of(12), KEYS["standardize"], lambda call: Answer(blocks)).keys == ("unreadable-answer",)


def test_one_feature_is_not_enough_for_the_exercise_on_many(write: Callable[[str], Path]) -> None:
    answered = grade(16, write(SOLUTIONS[5]))
    assert not answered.correct
    assert "one feature only" in answered.explanation


def test_another_function_than_the_one_that_is_asked_for_is_no_solution(write: Callable[[str], Path]) -> None:
    answered = grade(16, write(SOLUTIONS[1]))
    assert answered.mistake == "missing-function"


def test_what_has_no_name_is_told_with_its_arguments() -> None:
    answered = graded_here(14, changed(14, "2 / len(rows)", "3 / len(rows)"))
    assert answered.mistakes == ("of-no-known-kind",)
    (note,) = answered.notes
    assert "bias = 1.349, learning_rate = 0.03, batches = [[0, 5, 6], [2, 4, 1], [3]]" in note


def test_a_hint_does_not_give_the_answer_away() -> None:
    told = graded_here(4, changed(4, "2 * (", "(")).as_hint()
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


def test_there_is_no_exercise_eighteen_and_no_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ExerciseError, match="1 to 17"):
        grade(18, tmp_path / "x.py")
    with pytest.raises(CheckError, match="no such file"):
        grade(1, tmp_path / "x.py")
