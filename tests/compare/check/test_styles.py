# ruff: noqa: E501 - what students write keeps its own lines
"""Right files in many styles and conventions pass, each in its own words; the same files with a mistake in them do not.

They are asked as files are, but in this process; a few go through one of their own, too.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from checked import InThisProcess
from mutations.catalogue import single

from handgrad.compare.check.file import check_file
from handgrad.compare.check.judging import judged, judged_each
from handgrad.compare.results.diagnosis import Assessment

NUMPY = "import numpy as np\n"

#: By name: a right file, and what is replaced in it by what, with the mistake that this is.
Wrong = tuple[tuple[str, str, str], ...]
STYLES: dict[str, tuple[str, Wrong]] = {
    "one line": (
        "gradient = lambda X, y, w, b: (2 / len(y) * X.T @ (X @ w + b - y), 2 * (X @ w + b - y).mean())",
        (
            ("2 / len(y)", "1 / len(y)", "one-block-only"),
            ("X.T @ (X @ w + b - y)", "X.T @ (y - X @ w - b)", "one-block-only"),
        ),
    ),
    "einsum": (
        """
def gradient(X, y, weights, bias):
    r = np.einsum("ij,j->i", X, weights) + bias - y
    return 2 * np.einsum("ij,i->j", X, r) / len(r), 2 * np.einsum("i->", r) / len(r)
""",
        (
            ("- y", "+ 0 * y", "not-the-residual"),
            ("+ bias", "", "bias-left-out"),
            ('2 * np.einsum("ij,i->j", X, r) / len(r), 2', 'np.einsum("ij,i->j", X, r) / len(r), 1', "two-missing"),
        ),
    ),
    "columns of y": (
        """
def gradient(X, y, weights, bias):
    y, w = np.reshape(y, (-1, 1)), np.reshape(weights, (-1, 1))
    r = X @ w + bias - y
    return (2 / len(X)) * (X.T @ r), (2 / len(X)) * r.sum(axis=0)
""",
        (
            ("y, w = np.reshape(y, (-1, 1)), np", "w = np", "broadcast-residual"),
            ("(2 / len(X)) * (X.T @ r), (2 / len(X))", "2 * (X.T @ r), 2", "sum-instead-of-mean"),
        ),
    ),
    "loops over lists": (
        """
def gradient(X, y, weights, bias):
    n, d = len(X), len(X[0])
    dW, db = [0.0] * d, 0.0
    for row, target in zip(X, y):
        error = sum(w * x for w, x in zip(weights, row)) + bias - target
        for j in range(d):
            dW[j] += 2 * error * row[j] / n
        db += 2 * error / n
    return dW, db
""",
        (
            ("* row[j]", "", "x-left-out"),
            ("2 * error * row[j] / n", "4 * error * row[j] / n", "one-block-only"),
            ("+ bias - target", "- target", "bias-left-out"),
            ("- target", "+ target", "of-no-known-kind"),
        ),
    ),
    "pandas": (
        """
import pandas as pd
def gradient(X, y, weights, bias):
    frame = pd.DataFrame(X)
    error = frame.dot(weights) + bias - pd.Series(y)
    return frame.mul(error, axis=0).mean() * 2, error.mean() * 2
""",
        (
            ("error.mean() * 2", "error.sum() * 2", "one-block-only"),
            (".mean() * 2, error.mean() * 2", ".mean(), error.mean()", "two-missing"),
        ),
    ),
    "a stacked gradient": (
        """
def gradient(X, y, weights, bias):
    A = np.hstack([X, np.ones((len(X), 1))])
    return 2 / len(y) * A.T @ (A @ np.append(weights, bias) - y)
""",
        (
            ("2 / len(y)", "-2 / len(y)", "sign"),
            ("- y)", "* 0 + y)", "not-the-residual"),
            ("2 / len(y)", "2 / len(y) ** 2", "mean-twice"),
        ),
    ),
    "a dictionary of arrays": (
        """
def compute_gradients(x_train, y_train, params_w, params_b):
    n = x_train.shape[0]
    e = np.dot(x_train, params_w) + params_b - y_train
    grads = {"dw": (2 / n) * np.dot(x_train.T, e), "db": (2 / n) * np.sum(e)}
    return grads
""",
        (("(2 / n) * np.sum(e)", "np.sum(e)", "one-block-only"), ("- y_train", "", "not-the-residual")),
    ),
    "a data class": (
        """
from dataclasses import dataclass
@dataclass
class Grads:
    weights: np.ndarray
    bias: float
def gradient(X, y, weights, bias):
    r = X @ weights + bias - y
    return Grads(2 * X.T @ r / r.size, 2 * r.mean())
""",
        (("r.size, 2 * r.mean()", "r.size, -2 * r.mean()", "one-block-only"),),
    ),
    "a NamedTuple with the loss": (
        """
from typing import NamedTuple
class Out(NamedTuple):
    loss: float
    dW: np.ndarray
    db: float
def loss_and_grad(X, y, W, b):
    r = X @ W + b - y
    return Out(float(r @ r / len(r)), 2 * (r @ X) / len(r), 2 * r.mean())
""",
        (("2 * r.mean())", "2 * r.sum())", "one-block-only"),),
    ),
    "a triple with the loss last": (
        """
def backward(X, y, w, b):
    n = len(y)
    r = X @ w + b - y
    dw = 2 / n * X.T @ r
    db = 2 / n * r.sum()
    loss = (r ** 2).sum() / n
    return dw, db, loss
""",
        (("2 / n * X.T", "-2 / n * X.T", "one-block-only"), ("+ b", "", "bias-left-out")),
    ),
    "half the loss in a triple": (
        """
def loss_and_gradients(X, y, w, b):
    n = len(y)
    r = X @ w + b - y
    return (r ** 2).sum() / (2 * n), X.T @ r / n, r.sum() / n
""",
        (("r.sum() / n", "r.sum()", "one-block-only"),),
    ),
    "Ng, with a cost beside": (
        """
def compute_cost(X, y, w, b):
    m = X.shape[0]
    return ((X @ w + b - y) ** 2).sum() / (2 * m)
def compute_gradient(X, y, w, b):
    m, n = X.shape
    dj_dw, dj_db = np.zeros(n), 0.
    for i in range(m):
        err = X[i] @ w + b - y[i]
        for j in range(n):
            dj_dw[j] += err * X[i, j]
        dj_db += err
    return dj_db / m, dj_dw / m
""",
        (
            ("dj_dw / m", "dj_dw / (2 * m)", "one-block-only"),
            ("err = X[i] @ w + b - y[i]", "err = y[i] - X[i] @ w - b", "sign"),
        ),
    ),
    "Ng in Octave's words": (
        """
def computeCost(X, y, theta):
    m = len(y)
    return 1 / (2 * m) * np.sum((X @ theta - y) ** 2)
def gradientDescent(X, y, theta, alpha, num_iters):
    m = len(y)
    J_history = np.zeros(num_iters)
    for it in range(num_iters):
        theta = theta - alpha / m * X.T @ (X @ theta - y)
        J_history[it] = computeCost(X, y, theta)
    return theta, J_history
""",
        (("theta - alpha", "theta + alpha", "sign"), ("alpha / m", "alpha", "sum-instead-of-mean")),
    ),
    "a step by its name": (
        """
def update_weights(features, targets, weights, bias, lr):
    predictions = features @ weights + bias
    error = predictions - targets
    weights = weights - lr * 2 * features.T @ error / len(targets)
    bias = bias - lr * 2 * error.mean()
    return weights, bias
""",
        (
            (
                "bias = bias - lr * 2 * error.mean()",
                "bias = bias - lr * 2 * (features @ weights + bias - targets).mean()",
                "updated-too-early",
            ),
            ("predictions - targets", "targets - predictions", "sign"),
        ),
    ),
    "ML cheat sheet": (
        """
def cost_function(radio, sales, weight, bias):
    companies = len(radio)
    total_error = 0.0
    for i in range(companies):
        total_error += (sales[i] - (weight*radio[i] + bias))**2
    return total_error / companies

def update_weights(radio, sales, weight, bias, learning_rate):
    weight_deriv = 0
    bias_deriv = 0
    companies = len(radio)
    for i in range(companies):
        weight_deriv += -2*radio[i] * (sales[i] - (weight*radio[i] + bias))
        bias_deriv += -2*(sales[i] - (weight*radio[i] + bias))
    weight -= (weight_deriv / companies) * learning_rate
    bias -= (bias_deriv / companies) * learning_rate
    return weight, bias
""",
        (("-2*radio[i] *", "-1*radio[i] *", "one-block-only"),),
    ),
    "θ and a design matrix": (
        """
def mse_gradient(theta, A, y):
    return 2 * A.T.dot(A.dot(theta) - y) / A.shape[0]
""",
        (("2 * A", "A", "two-missing"), ("/ A.shape[0]", "", "sum-instead-of-mean")),
    ),
    "two weights by number": (
        """
def gradient(x, y, w0, w1):
    n = len(x)
    e = [w0 + w1 * xi - yi for xi, yi in zip(x, y)]
    d0 = 2 / n * sum(e)
    d1 = 2 / n * sum(ei * xi for ei, xi in zip(e, x))
    return d1, d0
""",
        (("return d1, d0", "return d1, d0 * n", "one-block-only"),),
    ),
    "a model's method": (
        """
class Model:
    def __init__(self, n_features):
        self.w = np.zeros(n_features)
        self.b = 0.0
    def forward(self, X):
        return X @ self.w + self.b
    def gradients(self, X, y):
        e = self.forward(X) - y
        return 2 * X.T @ e / len(y), 2 * e.mean()
""",
        (("+ self.b", "", "bias-left-out"),),
    ),
    "a model that takes a step": (
        """
class Perceptron:
    def __init__(self, n_features, lr=0.25):
        self.weights = np.zeros(n_features)
        self.bias = 0.0
    def step(self, X, y, lr):
        e = X @ self.weights + self.bias - y
        self.weights = self.weights - lr * 2 * X.T @ e / len(y)
        self.bias = self.bias - lr * 2 * e.mean()
        return self.weights, self.bias
""",
        (("self.bias - lr * 2", "self.bias + lr * 2", "one-block-only"),),
    ),
    "closures": (
        """
def make(factor):
    def gradient(X, y, weights, bias):
        r = X @ weights + bias - y
        return factor * X.T @ r / len(r), factor * r.mean()
    return gradient
gradient = make(2)
""",
        (
            ("make(2)", "make(4)", "two-twice"),
            ("make(2)", "make(-2)", "sign"),
            ("make(2)", "make(3)", "constant-factor"),
        ),
    ),
    "partial": (
        """
from functools import partial
def scaled(factor, X, y, weights, bias):
    r = X @ weights + bias - y
    return factor * X.T @ r / len(r), factor * r.mean()
gradient = partial(scaled, 2)
""",
        (("(scaled, 2)", "(scaled, 1)", "two-missing"),),
    ),
    "a decorator": (
        """
from functools import wraps
def timed(f):
    @wraps(f)
    def inner(*args, **kwargs):
        return f(*args, **kwargs)
    return inner
@timed
def gradient(X, y, weights, bias):
    r = X @ weights + bias - y
    return 2 * X.T @ r / len(r), 2 * r.mean()
""",
        (("2 * r.mean()", "2 * r.sum()", "one-block-only"),),
    ),
    "typed and keyword only": (
        """
def gradient(X: np.ndarray, y: np.ndarray, weights: np.ndarray, bias: float, *, factor: float = 2.0) -> tuple[np.ndarray, float]:
    r = X @ weights + bias - y
    return factor * X.T @ r / len(r), factor * float(r.mean())
""",
        (("factor: float = 2.0", "factor: float = 1.0", "two-missing"),),
    ),
    "arguments as they come": (
        """
def gradient(*args):
    X, y, weights, bias = args
    r = X @ weights + bias - y
    return 2 * X.T @ r / len(r), 2 * r.mean()
""",
        (("2 * X.T", "X.T", "one-block-only"),),
    ),
    "central differences": (
        """
def gradient(X, y, weights, bias):
    def loss(w, b):
        return np.mean((X @ w + b - y) ** 2)
    steps = np.eye(len(weights))
    return np.array([(loss(weights + s, bias) - loss(weights - s, bias)) / 2 for s in steps]), (loss(weights, bias + 1) - loss(weights, bias - 1)) / 2
""",
        (
            (
                "(loss(weights + s, bias) - loss(weights - s, bias)) / 2",
                "loss(weights + s, bias) - loss(weights - s, bias)",
                "one-block-only",
            ),
        ),
    ),
    "small differences": (
        """
def gradient(X, y, weights, bias):
    r = X @ weights + bias - y
    return 2 * X.T @ r / len(r), 2 * r.mean()
""",
        (
            (
                "    return 2 * X.T @ r / len(r), 2 * r.mean()",
                """    def loss(w, b):
        return np.mean((X @ w + b - y) ** 2)
    h = 1e-6
    dW = [(loss(weights + h * s, bias) - loss(weights - h * s, bias)) / (2 * h) for s in np.eye(len(weights))]
    return np.array(dW), (loss(weights, bias + h) - loss(weights, bias - h)) / (2 * h)""",
                "numerical-noise",
            ),
        ),
    ),
    "sums over the residuals of rows": (
        """
def gradient(X, y, weights, bias):
    return tuple(2 * sum(part) / len(y) for part in zip(*(((w @ x0 + bias - t) * x0, w @ x0 + bias - t) for x0, t, w in ((x, t, weights) for x, t in zip(X, y)))))
""",
        (("- t) * x0", "- t) * 1", "x-left-out"),),
    ),
    "moments": (
        """
def gradient(X, y, weights, bias):
    n = len(y)
    G, c, m = X.T @ X / n, X.T @ y / n, X.mean(axis=0)
    return 2 * (G @ weights + m * bias - c), 2 * (m @ weights + bias - y.mean())
""",
        (("+ m * bias", "", "bias-left-out"),),
    ),
    "names of a paper": (
        """
def grad_mse(Phi, t, w, b):
    N = t.shape[0]
    e = Phi @ w + b - t
    return 2.0 / N * Phi.T @ e, 2.0 / N * e.sum()
""",
        (("2.0 / N * Phi", "2.0 * Phi", "one-block-only"),),
    ),
    "from the prediction": (
        """
def dLoss(y_hat, y):
    return 2 * (y_hat - y) / len(y)
def gradient(X, y, weights, bias):
    delta = dLoss(X @ weights + bias, y)
    return X.T @ delta, delta.sum()
""",
        (("2 * (y_hat - y)", "2 * (y - y_hat)", "sign"), ("X.T @ delta", "delta", "by-prediction")),
    ),
    "weights second": (
        """
def grad(w, b, X, y):
    r = X @ w + b - y
    return 2 * X.T @ r / len(y), 2 * r.mean()
""",
        (("+ b", "- b", "of-no-known-kind"),),
    ),
    "slope and intercept": (
        """
def gradients(m, c, x, y):
    n = float(len(x))
    y_pred = m * x + c
    dm = (-2 / n) * sum(x * (y - y_pred))
    dc = (-2 / n) * sum(y - y_pred)
    return dm, dc
""",
        (
            ("dc = (-2 / n)", "dc = (2 / n)", "one-block-only"),
            ("dm = (-2 / n) * sum(x * (y - y_pred))", "dm = (-2 / n) * sum(y - y_pred)", "x-left-out"),
        ),
    ),
    "a sum of squares, with its loss": (
        """
def sse(X, y, w, b):
    return np.sum((X @ w + b - y) ** 2)
def gradient(X, y, w, b):
    r = X @ w + b - y
    return 2 * X.T @ r, 2 * np.sum(r)
""",
        (("2 * np.sum(r)", "2 * np.mean(r)", "one-block-only"),),
    ),
    "half a sum of squares, with its loss": (
        """
def cost(X, y, w, b):
    return 0.5 * np.sum((X @ w + b - y) ** 2)
def gradient(X, y, w, b):
    r = X @ w + b - y
    return X.T @ r, r.sum()
""",
        (("r.sum()", "2 * r.sum()", "one-block-only"),),
    ),
    "rows as records": (
        """
def gradient(X, y, weights, bias):
    rows = [dict(enumerate(row)) for row in X]
    errors = [sum(weights[k] * v for k, v in row.items()) + bias - t for row, t in zip(rows, y)]
    return [2 * np.mean([e * row[k] for e, row in zip(errors, rows)]) for k in rows[0]], 2 * np.mean(errors)
""",
        (("2 * np.mean(errors)", "np.mean(errors)", "one-block-only"),),
    ),
    "complex step": (
        """
def gradient(X, y, weights, bias):
    def loss(theta):
        return np.sum((X @ theta[:-1] + theta[-1] - y) ** 2) / len(y)
    theta, h = np.append(weights, bias).astype(complex), 1e-30
    d = [loss(theta + 1j * h * e).imag / h for e in np.eye(len(theta))]
    return np.array(d[:-1]), d[-1]
""",
        (("/ len(y)", "", "sum-instead-of-mean"),),
    ),
    "fractions": (
        """
from fractions import Fraction as F
def gradient(X, y, weights, bias):
    X, y, w, b = [[F(float(v)) for v in row] for row in X], [F(float(t)) for t in y], [F(float(v)) for v in weights], F(float(bias))
    r = [sum(a * c for a, c in zip(row, w)) + b - t for row, t in zip(X, y)]
    return [2 * sum(e * row[j] for e, row in zip(r, X)) / len(y) for j in range(len(w))], 2 * sum(r) / len(y)
""",
        (("2 * sum(r)", "sum(r)", "one-block-only"),),
    ),
    "global settings": (
        """
FACTOR = 2
def predict(X, w, b):
    return X @ w + b
def error(X, y, w, b):
    return predict(X, w, b) - y
def gradient(X, y, weights, bias):
    e = error(X, y, weights, bias)
    return FACTOR * X.T @ e / len(e), FACTOR * e.mean()
""",
        (
            ("FACTOR = 2", "FACTOR = 1", "two-missing"),
            ("X @ w + b", "X @ w", "bias-left-out"),
            ("- y", "", "not-the-residual"),
        ),
    ),
    "German words": (
        """
def gradient(daten, ziele, gewichte, achsenabschnitt):
    fehler = daten @ gewichte + achsenabschnitt - ziele
    return 2 * daten.T @ fehler / len(ziele), 2 * fehler.mean()
""",
        (("2 * daten.T", "daten.T", "one-block-only"),),
    ),
    "new parameters in a class that keeps its rate": (
        """
class GD:
    def __init__(self, learning_rate):
        self.learning_rate = learning_rate
        self.w = None
        self.b = 0.0
    def update(self, X, y):
        e = X @ self.w + self.b - y
        return self.w - self.learning_rate * 2 * X.T @ e / len(y), self.b - self.learning_rate * 2 * e.mean()
""",
        (("- self.learning_rate * 2 * e", "+ self.learning_rate * 2 * e", "one-block-only"),),
    ),
    "keywords only": (
        """
def gradient(*, features, target, weights, intercept):
    r = features @ weights + intercept - target
    return 2 * features.T @ r / len(r), 2 * r.mean()
""",
        (("2 * r.mean()", "r.mean()", "one-block-only"), ("/ len(r), 2", ", 2", "one-block-only")),
    ),
    "keywords only, in German": (
        """
def gradient(daten, ziele, *, gewichte, achsenabschnitt):
    r = daten @ gewichte + achsenabschnitt - ziele
    return 2 * daten.T @ r / len(r), 2 * r.mean()
""",
        (("+ achsenabschnitt", "", "bias-left-out"),),
    ),
    "a class that takes its rate by keyword only": (
        """
class GD:
    def __init__(self, *, learning_rate):
        self.learning_rate, self.w, self.b = learning_rate, None, 0.0
    def update(self, X, *, y):
        e = X @ self.w + self.b - y
        return self.w - self.learning_rate * 2 * X.T @ e / len(y), self.b - self.learning_rate * 2 * e.mean()
""",
        (("- self.learning_rate * 2 * e", "+ self.learning_rate * 2 * e", "one-block-only"),),
    ),
    "a gradient in a class that keeps its rate": (
        """
class GD:
    def __init__(self, *, learning_rate):
        self.learning_rate, self.w, self.b = learning_rate, None, 0.0
    def gradient(self, X, y):
        e = X @ self.w + self.b - y
        return 2 * X.T @ e / len(y), 2 * e.mean()
""",
        (("2 * e.mean()", "e.mean()", "one-block-only"),),
    ),
    "a data class of its own": (
        """
from dataclasses import dataclass
@dataclass
class Grad:
    db: float
    dw: np.ndarray
    method: str = "by hand"
def gradient(X, y, w, b):
    r = X @ w + b - y
    return Grad(2 * r.mean(), 2 * X.T @ r / len(y))
""",
        (("Grad(2 * r", "Grad(r", "one-block-only"),),
    ),
    "an object with slots": (
        """
class Grad:
    __slots__ = ("grad_w", "grad_b")
def gradient(X, y, w, b):
    r, g = X @ w + b - y, Grad()
    g.grad_b, g.grad_w = 2 * r.mean(), 2 * X.T @ r / len(y)
    return g
""",
        (("= 2 * r.mean(), 2", "= r.mean(), 1", "two-missing"),),
    ),
    "Numba-like loops": (
        """
def gradient(X, y, weights, bias):
    n, d = X.shape
    dW = np.zeros(d)
    db = 0.0
    for i in range(n):
        p = bias
        for j in range(d):
            p += X[i, j] * weights[j]
        r = 2.0 * (p - y[i]) / n
        for j in range(d):
            dW[j] += X[i, j] * r
        db += r
    return dW, db
""",
        (
            ("p = bias", "p = 0.0", "bias-left-out"),
            ("np.zeros(d)", "np.zeros(d, dtype=np.float32)", "float32-accumulation"),
            ("(p - y[i]) / n", "(p - y[i])", "sum-instead-of-mean"),
            ("2.0 * (p", "(p", "two-missing"),
            (
                "        for j in range(d):\n            dW",
                "        for j in range(d - 1):\n            dW",
                "of-no-known-kind",
            ),
        ),
    ),
}


def found_in(text: str, folder: Path) -> Assessment:
    path = folder / "mine.py"
    path.write_text(NUMPY + text, encoding="utf-8")
    try:
        return judged(judged_each(path, InThisProcess(path)))  # type: ignore[arg-type]
    finally:
        sys.modules.pop("student_file", None)


WRONG = [(name, *one) for name, (_, wrong) in STYLES.items() for one in wrong]


@pytest.mark.parametrize("name", STYLES)
def test_a_right_file_passes_in_its_own_style(name: str, tmp_path: Path) -> None:
    found = found_in(STYLES[name][0], tmp_path)
    assert found.correct, (found.keys, found.failure, found.right_for)


@pytest.mark.mutation
@pytest.mark.parametrize(("name", "old", "new", "mistake"), WRONG, ids=lambda part: str(part)[:20])
def test_a_wrong_file_is_caught_in_its_own_style(name: str, old: str, new: str, mistake: str, tmp_path: Path) -> None:
    right = STYLES[name][0]
    assert old in right
    found = found_in(right.replace(old, new), tmp_path)
    assert not found.correct
    assert found.keys[:1] == (mistake,), found.keys


BY_DIFFERENCES = """
def gradient(X, y, weights, bias):
    def loss(w, b):
        return ((X @ w + b - y) ** 2).mean()
    h, back = {step}, {back}
    dW = [(loss(weights + h * s, bias) - loss(weights - back * s, bias)) / (h + back) for s in np.eye(len(weights))]
    return np.array(dW), (loss(weights, bias + h) - loss(weights, bias - back)) / (h + back)
"""


@pytest.mark.parametrize(
    ("step", "back"), [("1e-4", "1e-4"), ("1e-5", "1e-5"), ("1e-7", "1e-7"), ("1e-8", "1e-8"), ("1e-8", "0.0")]
)
def test_the_noise_of_small_differences_is_named(step: str, back: str, tmp_path: Path) -> None:
    assert found_in(BY_DIFFERENCES.format(step=step, back=back), tmp_path).keys == ("numerical-noise",)


def test_what_is_nearly_right_for_another_reason_is_no_noise_of_differences(tmp_path: Path) -> None:
    nearly = STYLES["einsum"][0].replace("2 * np.einsum", "(2 + 1e-7 * np.sin(r.sum())) * np.einsum")
    assert found_in(nearly, tmp_path).keys == ("of-no-known-kind",)


@pytest.mark.parametrize("places", [5, 6, 7, 8])
def test_what_is_rounded_to_decimals_is_not_called_float32(places: int, tmp_path: Path) -> None:
    rounded = f"""
def gradient(X, y, weights, bias):
    r = X @ weights + bias - y
    return (2 * X.T @ r / len(y)).round({places}), (2 * r.mean()).round({places})
"""
    assert found_in(rounded, tmp_path).keys == ("of-no-known-kind",)
    step = rounded.replace("gradient(X, y, weights, bias", "step(X, y, weights, bias, rate")
    step = step.replace("return (2", "return (weights - rate * 2").replace(", (2", ", (bias - rate * 2")
    assert "float32-accumulation" not in found_in(step, tmp_path).keys


def test_there_are_forty_styles_and_with_the_mutants_more_than_a_hundred_wrong_files() -> None:
    assert len(STYLES) >= 40
    assert len(WRONG) >= 60
    assert len(WRONG) + sum(bool(mutant.mistakes) for mutant in single()) >= 200


@pytest.mark.parametrize("name", ["a NamedTuple with the loss", "Ng in Octave's words", "a model that takes a step"])
def test_a_file_is_told_the_same_in_a_process_of_its_own(name: str, tmp_path: Path) -> None:
    here = found_in(STYLES[name][0], tmp_path)
    there = check_file(tmp_path / "mine.py")
    assert (there.correct, there.calls, there.loss) == (True, here.calls, here.loss)
