"""A right function is right in whatever order its arguments and answers come; a wrong one is told all the same."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from handgrad.compare.check.file import check_file
from handgrad.reports.check.diagnosis import Diagnosis, diagnosis

NG = """
import numpy as np

def compute_cost(x, y, w, b):
    m = x.shape[0]
    return sum((np.dot(x[i], w) + b - y[i]) ** 2 for i in range(m)) / (2 * m)

def compute_gradient(x, y, w, b):
    m = x.shape[0]
    dj_dw, dj_db = 0, 0
    for i in range(m):
        err = np.dot(x[i], w) + b - y[i]
        dj_dw = dj_dw + err * x[i]
        dj_db = dj_db + err
    return dj_db / m, dj_dw / m
"""
NEDRICH = """
def step_gradient(b_current, m_current, points, learningRate):
    b_gradient = 0
    m_gradient = 0
    N = float(len(points))
    for i in range(0, len(points)):
        x = points[i, 0]
        y = points[i, 1]
        b_gradient += -(2 / N) * (y - ((m_current * x) + b_current))
        m_gradient += -(2 / N) * x * (y - ((m_current * x) + b_current))
    new_b = b_current - (learningRate * b_gradient)
    new_m = m_current - (learningRate * m_gradient)
    return [new_b, new_m]
"""
THETA = """
def gradient(X, y, theta):
    return 2 / len(y) * X.T @ (X @ theta - y)
"""
OWN_ONES = """
import numpy as np
def grad(theta, X, y):
    A = np.c_[X, np.ones(len(y))]
    return 2 / len(y) * A.T @ (A @ theta - y)
"""
BIAS_FIRST = OWN_ONES.replace("X, np.ones(len(y))", "np.ones(len(y)), X")
DICTIONARY = """
def gradients(features, targets, weights, bias):
    r = features @ weights + bias - targets
    return {"db": 2 * r.mean(), "dw": 2 * features.T @ r / len(r)}
"""
NAMED_TUPLE = """
from collections import namedtuple
Grad = namedtuple("Grad", "bias weights")
def gradient(X, y, w, b):
    r = X @ w + b - y
    return Grad(2 * r.mean(), 2 * X.T @ r / len(r))
"""
TRIPLE = """
def loss_and_gradient(X, y, w, b):
    r = X @ w + b - y
    return (r ** 2).mean(), 2 * X.T @ r / len(r), 2 * r.mean()
"""
CLASS = """
class LinearRegression:
    def __init__(self):
        self.weights = None
        self.bias = 0.0

    def predict(self, X):
        return X @ self.weights + self.bias

    def compute_gradients(self, X, y):
        r = self.predict(X) - y
        return 2 * X.T @ r / len(y), 2 * r.mean()
"""
REAL_PYTHON = """
def ssr_gradient(x, y, b):
    res = b[0] + b[1] * x - y
    return 2 * res.mean(), 2 * (res * x).mean()
"""
PANDAS_ROWS = """
def get_gradient(m, b, x, y):
    N = len(x)
    dm = sum(-2 / N * x[i] * (y[i] - (m * x[i] + b)) for i in range(N))
    db = sum(-2 / N * (y[i] - (m * x[i] + b)) for i in range(N))
    return dm, db
"""
ITERATIONS = """
def gradient_descent(X, y, w, b, alpha, num_iters):
    history = []
    for _ in range(num_iters):
        r = X @ w + b - y
        w, b = w - alpha * 2 * X.T @ r / len(y), b - alpha * 2 * r.mean()
        history.append((r ** 2).mean())
    return w, b, history
"""
RIGHT = {
    "ng": NG, "nedrich": NEDRICH, "theta": THETA, "own-ones": OWN_ONES, "bias-first": BIAS_FIRST,
    "dictionary": DICTIONARY, "named-tuple": NAMED_TUPLE, "triple": TRIPLE, "class": CLASS, "real-python": REAL_PYTHON,
    "pandas-rows": PANDAS_ROWS, "iterations": ITERATIONS,
}  # fmt: skip


@pytest.fixture(name="told")
def _told(tmp_path: Path):  # type: ignore[no-untyped-def]
    def told(text: str, name: str = "mine.py", function: str = "") -> Diagnosis:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return diagnosis(check_file(path, function=function))

    return told


@pytest.mark.parametrize("text", RIGHT.values(), ids=RIGHT)
def test_a_right_function_passes_in_its_own_style(told, text: str) -> None:  # type: ignore[no-untyped-def]
    found = told(text)
    assert found.correct, str(found)


@pytest.mark.parametrize(
    ("text", "old", "new", "mistake"),
    [
        (NG, "dj_dw / m", "dj_dw", "one-block-only"),
        (NEDRICH, "m_gradient += -(2", "m_gradient += (2", "one-block-only"),
        (THETA, "2 / len(y)", "1 / len(y)", "two-missing"),
        (BIAS_FIRST, "@ theta - y", "@ theta", "not-the-residual"),
        (DICTIONARY, "bias - targets", "0 - targets", "bias-left-out"),
        (CLASS, "- y\n", "+ 0 * y\n", "not-the-residual"),
        (PANDAS_ROWS, "-2 / N", "2 / N", "sign"),
    ],
)
def test_a_wrong_one_is_called_by_its_name_in_its_own_style(told, text: str, old: str, new: str, mistake: str) -> None:  # type: ignore[no-untyped-def]
    assert old in text
    found = told(text.replace(old, new))
    assert found.mistake == mistake, str(found)


def test_the_function_that_is_asked_for_is_the_one_that_is_checked(told) -> None:  # type: ignore[no-untyped-def]
    both = THETA + "\ndef other(X, y, w, b):\n    r = X @ w + b - y\n    return -2 * X.T @ r / len(y), -2 * r.mean()\n"
    assert told(both).correct
    assert told(both, function="other").mistake == "sign"
    missing = told(both, function="nowhere")
    assert missing.mistake == "missing-function"
    assert "nowhere" in missing.explanation


def test_the_cells_of_a_notebook_that_define_something_are_checked(told) -> None:  # type: ignore[no-untyped-def]
    cells = ["%matplotlib inline\nimport numpy as np", "data = open('nowhere.csv')", NG, "print(1/0)"]
    notebook = {"cells": [{"cell_type": "code", "source": [cell]} for cell in cells]}
    found = told(json.dumps(notebook), name="homework.ipynb")
    assert found.correct, str(found)
    assert found.loss == "half-mse"


@pytest.mark.parametrize("body", ["pass", "...", "return None", "raise NotImplementedError", '"""Text."""'])
def test_a_template_is_not_written_yet(told, body: str) -> None:  # type: ignore[no-untyped-def]
    found = told(f"def gradient(X, y, weights, bias):\n    {body}\n")
    assert found.mistake == "not-written"
    assert found.explanation.startswith("Not yet: gradient is not written yet")
