"""Files of courses that hand over data in other shapes and types, or hold them in names of the module."""

from __future__ import annotations

import functools
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from checked import InThisProcess, check

import handgrad as hg
from handgrad.compare.check.conventions import LossChoice
from handgrad.compare.check.judging import judged, judged_each
from handgrad.compare.results.diagnosis import Assessment
from handgrad.reports.check.diagnosis import diagnosis

#: A right file, in the loss that it says; a mistake in it, and its name.
STYLES: dict[str, tuple[str, LossChoice, str, str, str]] = {
    "features first, weights as a row": (
        """
def gradient(X, Y, W, b):
    m = X.shape[1]
    A = W @ X + b
    return 2 / m * (A - Y) @ X.T, 2 / m * np.sum(A - Y)
""",
        "mse",
        "W @ X + b",
        "W @ X",
        "bias-left-out",
    ),
    "features first, weights as a column": (
        """
def propagate(w, b, X, Y):
    m = X.shape[1]
    A = np.dot(w.T, X) + b
    return {"dw": 1 / m * np.dot(X, (A - Y).T), "db": 1 / m * np.sum(A - Y)}
""",
        "half-mse",
        "(A - Y).T",
        "(Y - A).T",
        "one-block-only",
    ),
    "features first, from the activations": (
        """
def backward_propagation(A, X, Y):
    m = X.shape[1]
    dZ = A - Y
    return {"dW": 1 / m * np.dot(dZ, X.T), "db": 1 / m * np.sum(dZ, axis=1, keepdims=True)}
""",
        "half-mse",
        "dZ = A - Y",
        "dZ = Y - A",
        "sign",
    ),
    "from predictions": (
        """
def gradients(X, y, y_hat):
    e = y_hat - y
    return 2 * X.T @ e / len(y), 2 * e.mean()
""",
        None,
        "2 * e.mean()",
        "2 * e.sum()",
        "one-block-only",
    ),
    "w of a column of ones": (
        """
def grad(W, X, Y):
    return 2.0 / X.shape[0] * X.T.dot(X.dot(W) - Y)
""",
        None,
        "2.0 / X.shape[0]",
        "-2.0 / X.shape[0]",
        "sign",
    ),
    "θ's gradient after its loss": (
        """
def linearRegCostFunction(X, y, theta, lambda_=0.0):
    m = y.size
    h = np.dot(X, theta)
    J = (1 / (2 * m)) * np.sum(np.square(h - y)) + (lambda_ / (2 * m)) * np.sum(np.square(theta[1:]))
    grad = (1 / m) * (h - y).dot(X)
    return J, grad
""",
        None,
        "grad = (1 / m) *",
        "grad = (2 / m) *",
        "two-twice",
    ),
    "data in names of the module": (
        """
X = np.random.rand(10, 1)
Xbar = np.concatenate((np.ones((10, 1)), X), axis=1)
y = 4 + 3 * X[:, 0]
def residual(w):
    return Xbar.dot(w) - y
def grad(w):
    return 2 / Xbar.shape[0] * Xbar.T.dot(residual(w))
""",
        None,
        "2 / Xbar",
        "-2 / Xbar",
        "sign",
    ),
    "numpy's matrices": (
        """
def gradientDescent(X, y, theta, alpha, iters):
    temp = np.matrix(np.zeros(theta.shape))
    for i in range(iters):
        error = (X * theta.T) - y
        for j in range(int(theta.ravel().shape[1])):
            temp[0, j] = theta[0, j] - ((alpha / len(X)) * np.sum(np.multiply(error, X[:, j])))
        theta = temp
    return theta
""",
        "half-mse",
        "theta[0, j] - ((",
        "theta[0, j] + ((",
        "sign",
    ),
    "a frame and a series": (
        """
import pandas as pd
def gradient(df, target, w, b):
    err = df.dot(w) + b - target
    return 2 * df.mul(err, axis=0).mean(), 2 * err.mean()
""",
        None,
        "2 * err.mean()",
        "2 * err.sum()",
        "one-block-only",
    ),
    "a partial under a name of its own": (
        """
from functools import partial
def _scaled(X, y, w, b, *, scale):
    e = X @ w + b - y
    return scale * X.T @ e / len(e), scale * e.mean()
grad_fn = partial(_scaled, scale=2)
""",
        None,
        "scale=2",
        "scale=-2",
        "sign",
    ),
    "a class that is called": (
        """
class Gradient:
    def __call__(self, X, y, w, b):
        e = X @ w + b - y
        return 2 * X.T @ e / e.size, 2 * np.mean(e)
""",
        None,
        "2 * np.mean",
        "-2 * np.mean",
        "one-block-only",
    ),
    "a layer with numbers of inputs and outputs": (
        """
class LinearLayer:
    def __init__(self, n_in, n_out):
        self.W = np.random.randn(n_in, n_out)
        self.b = np.zeros(n_out)
    def forward(self, x):
        self.x = x
        return x @ self.W + self.b
    def backward(self, grad_output):
        self.dW = self.x.T @ grad_output
        self.db = grad_output.sum(axis=0)
        return grad_output @ self.W.T
""",
        "half-mse",
        "self.x.T @",
        "-self.x.T @",
        "one-block-only",
    ),
    "a method without self": (
        """
class Regression:
    def gradient(X, y, w, b):
        r = X @ w + b - y
        return 2 * X.T @ r / len(r), 2 * r.mean()
""",
        None,
        "+ b - y",
        "- y",
        "bias-left-out",
    ),
}


def found_in(text: str, folder: Path, loss: LossChoice = None) -> Assessment:
    path = folder / "mine.py"
    path.write_text("import numpy as np\n" + text, encoding="utf-8")
    try:
        return judged(judged_each(path, InThisProcess(path), loss=loss))  # type: ignore[arg-type]
    finally:
        sys.modules.pop("student_file", None)


@pytest.mark.parametrize("name", STYLES)
def test_it_is_right_in_its_own_style_and_its_mistake_is_named(name: str, tmp_path: Path) -> None:
    text, loss, old, new, mistake = STYLES[name]
    right = found_in(text, tmp_path, loss)
    assert right.correct, (right.keys, right.failure, right.right_for)
    assert old in text
    assert found_in(text.replace(old, new), tmp_path, loss).keys[:1] == (mistake,)


def test_a_form_that_has_all_answers_is_told_before_one_that_has_some(tmp_path: Path) -> None:
    text = STYLES["features first, weights as a column"][0].replace("X.shape[1]", "X.shape[0]")
    assert found_in(text, tmp_path, "half-mse").keys == ("of-no-known-kind",)


LIN_GRAD = """
def lin_grad(inp, out, w, b):
    inp.g = out.g @ w.t()
    w.g = inp.t() @ out.g
    b.g = out.g.sum(0)
"""


@pytest.mark.parametrize("loss", ["mse", "half-mse", "sum", "half-sum", "any", None])
def test_what_is_given_the_gradient_by_the_predictions_is_right_for_every_loss(loss: Any, tmp_path: Path) -> None:
    assert found_in(LIN_GRAD, tmp_path, loss).correct
    halved = found_in(LIN_GRAD.replace("sum(0)", "sum(0) / 2").replace("inp.t() @", "0.5 * inp.t() @"), tmp_path, loss)
    assert halved.keys == ("two-missing",)
    (mean,) = found_in(LIN_GRAD.replace("sum(0)", "mean(0)"), tmp_path, loss).mistakes
    assert (mean.block, mean.factor) == ("db", "mean-twice")


def test_a_loss_beside_it_does_not_tell_what_it_was_given(tmp_path: Path) -> None:
    loss = "def cost(X, y, w, b):\n    return ((X @ w + b - y) ** 2).mean() / 2\n"
    assert found_in(loss + LIN_GRAD, tmp_path).correct


@pytest.mark.parametrize(
    ("text", "mistake", "said"),
    [
        (
            "def sgd(params, lr, batch_size):\n    pass\n    return params",
            "gradient-not-told",
            "takes (params, lr, batch_size)",
        ),
        ("def gradient(w, b):\n    return w, b\n", "gradient-not-told", "takes (w, b)"),
        ("def gradient(X, y, w, b):\n    dW = None\n    db = None\n    return dW, db\n", "not-written", "Not yet"),
        (
            "import pandas\ndef step(m, b, points, L):\n    return points.iloc[0].hours, points.iloc[0].score\n",
            "gradient-not-told",
            "the names of whose columns",
        ),
        ("class Net:\n    pass\n", "missing-function", "it defines Net"),
    ],
)
def test_what_was_not_understood_is_not_called_wrong(text: str, mistake: str, said: str, tmp_path: Path) -> None:
    told = diagnosis(found_in(text, tmp_path))
    assert told.mistake == mistake
    words = " ".join(told.explanation.split())
    assert said in words
    assert not words.startswith("Wrong")


class Fit:
    def __init__(self, lr: float = 0.01, epochs: int = 10) -> None:
        self.lr, self.epochs = lr, epochs

    def fit(self, X: Any, y: Any) -> Fit:
        self.w, self.b = np.zeros(X.shape[1]), 0.0
        for _ in range(self.epochs):
            r = X @ self.w + self.b - y
            self.w -= self.lr * 2 * X.T @ r / len(y)
            self.b -= self.lr * 2 * r.mean()
        return self


class Uphill(Fit):
    def fit(self, X: Any, y: Any) -> Fit:
        self.lr = -self.lr
        return super().fit(X, y)


def scaled(factor: float, X: Any, y: Any, weights: Any, bias: Any) -> Any:
    r = X @ weights + bias - y
    return factor * X.T @ r / len(y), factor * r.mean()


def test_hg_check_takes_a_class_and_a_partial_and_nothing_that_cannot_be_called() -> None:
    right = hg.check(Fit)
    assert (right.correct, right.subject) == (True, "Fit.fit")
    assert check(Uphill).mistake == "sign"
    assert check(functools.partial(scaled, 2)).subject == "scaled"
    with pytest.raises(TypeError, match="expected a function or a class, found int"):
        hg.check(3)  # type: ignore[arg-type]
