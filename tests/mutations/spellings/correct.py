"""Right gradients in many styles."""

import functools
import math
from fractions import Fraction
from itertools import repeat
from operator import mul
from typing import NamedTuple

import numpy as np

from handgrad.backends.autodiff import Node, backward
from handgrad.backends.numpy import NumPyTrainer
from handgrad.backends.python import PythonTrainer
from handgrad.backends.tape import TapeTrainer


def vectorised(X, y, weights, bias):
    r = X @ weights + bias - y
    return 2 / len(y) * X.T @ r, 2 / len(y) * r.sum()


def canonical(X, y, weights, bias):
    n = X.shape[0]
    y_pred = X.dot(weights) + bias
    dW = -2 * X.T @ (y - y_pred) / n
    db = -2 * np.sum(y - y_pred) / n
    return dW, db


def broadcasting(X, y, weights, bias):
    r = np.sum(X * weights, axis=1) + bias - y
    return 2 * np.mean(X * r[:, np.newaxis], axis=0), 2 * np.mean(r)


def columns(X, y, weights, bias):
    W, t = weights.reshape(-1, 1), y.reshape(-1, 1)
    r = X @ W + bias - t
    return 2 / len(t) * X.T @ r, 2 / len(t) * r.sum(axis=0, keepdims=True)


def row_of_a_matrix(X, y, weights, bias):
    r = (X @ weights + bias - y)[None, :]
    return 2 / r.size * (r @ X), np.array([2 * r.mean()])


def einsum(X, y, weights, bias):
    r = np.einsum("nd,d->n", X, weights) + bias - y
    return np.einsum("nd,n->d", X, r) * 2 / len(r), np.einsum("n->", r) * 2 / len(r)


def loop(X, y, weights, bias):
    n, d = X.shape
    dW, db = [0.0] * d, 0.0
    for i in range(n):
        prediction = bias
        for j in range(d):
            prediction += X[i, j] * weights[j]
        error = prediction - y[i]
        for j in range(d):
            dW[j] += 2 * error * X[i, j] / n
        db += 2 * error / n
    return dW, db


def loop_from_the_last_row(X, y, weights, bias):
    dW, db = np.zeros(X.shape[1]), 0.0
    for row, t in zip(X[::-1], y[::-1]):
        r = row @ weights + bias - t
        dW = dW + r * row
        db = db + r
    return tuple(2 * dW / len(y)), 2 * db / len(y)


def lists_of_lists(rows, targets, weights, bias):
    if not isinstance(rows, list):
        raise TypeError("lists only")
    r = [sum(map(mul, row, weights)) + bias - t for row, t in zip(rows, targets)]
    n = len(r)
    return [2 * math.fsum(map(mul, column, r)) / n for column in zip(*rows)], 2 * math.fsum(r) / n


def one_feature_arrays(x, y, w, b):
    r = w * x + b - y
    return 2 * np.mean(x * r), 2 * np.mean(r)


def one_feature_numbers(xs, ys, w, b):
    n = len(xs)
    dw = sum(2 * (w * x + b - y) * x for x, y in zip(xs, ys)) / n
    db = sum(2 * (w * x + b - y) for x, y in zip(xs, ys)) / n
    return float(dw), float(db)


def one_feature_lists_only(xs, ys, w, b):
    errors = [w * x + b - y for x, y in zip(xs, ys)] + []
    assert isinstance(xs, list)
    return 2 * sum(map(mul, xs, errors)) / len(xs), 2 * sum(errors) / len(xs)


def exact_fractions(X, y, weights, bias):
    n = len(y)
    r = [
        sum((Fraction(x) * Fraction(w) for x, w in zip(row.tolist(), weights.tolist())), Fraction(bias)) - Fraction(t)
        for row, t in zip(X, y.tolist())
    ]
    columns = X.T.tolist()
    return [2 * sum(Fraction(x) * e for x, e in zip(c, r)) / n for c in columns], 2 * sum(r) / n


class Params(NamedTuple):
    weights: np.ndarray
    bias: float


def pure_function_of_a_tree(X, y, weights, bias):
    """As one writes it for JAX: parameters in, a tree of the same form out, nothing changed."""

    def forward(params):
        return X @ params.weights + params.bias

    def pullback(params, cotangent):
        return Params(cotangent @ X, np.sum(cotangent))

    params = Params(weights, bias)
    return pullback(params, 2.0 * (forward(params) - y) / y.shape[0])


def design_matrix(X, y, weights, bias):
    A = np.column_stack([X, np.ones(len(y))])
    g = 2 / len(y) * A.T @ (A @ np.append(weights, bias) - y)
    return g[:-1], g[-1]


def per_row_then_mean(X, y, weights, bias):
    def of_one_row(x, t):
        r = x @ weights + bias - t
        return np.append(2 * r * x, 2 * r)

    g = np.mean([of_one_row(x, t) for x, t in zip(X, y)], axis=0)
    return g[:-1], g[-1]


def reduce(X, y, weights, bias):
    def add(total, row):
        x, t = row
        r = 2 * (np.dot(x, weights) + bias - t) / len(y)
        return total[0] + r * x, total[1] + r

    return functools.reduce(add, zip(X, y), (np.zeros(X.shape[1]), 0.0))


def central_differences(X, y, weights, bias):
    """Exact for a quadratic with h = 1, but for rounding."""

    def loss(W, b):
        return np.mean((X @ W + b - y) ** 2)

    dW = [(loss(weights + e, bias) - loss(weights - e, bias)) / 2 for e in np.eye(len(weights))]
    return dW, (loss(weights, bias + 1) - loss(weights, bias - 1)) / 2


def complex_step(X, y, weights, bias):
    def loss(W, b):
        return np.mean((X @ W + b - y) ** 2)

    h = 1e-20j
    return [loss(weights + h * e, bias).imag / 1e-20 for e in np.eye(len(weights))], loss(
        weights, bias + h
    ).imag / 1e-20


def autodiff_tape(X, y, weights, bias):
    X, y, weights = (np.asarray(a, dtype=float) for a in (X, y, weights))
    W, b = Node(weights), Node(np.float64(bias))
    backward((Node(X) @ W + b - Node(y)).square().mean())
    return W.adjoint, b.adjoint


def dual_numbers(X, y, weights, bias):
    """Forward mode: one tangent per parameter."""

    def derivative(tangent_w, tangent_b):
        value = X @ weights + bias - y
        tangent = X @ tangent_w + tangent_b
        return np.mean(2 * value * tangent)

    d = len(weights)
    return np.array([derivative(e, 0.0) for e in np.eye(d)]), derivative(np.zeros(d), 1.0)


def float32_throughout(X, y, weights, bias):
    X, y, weights = (np.asarray(a, dtype=np.float32) for a in (X, y, weights))
    r = X @ weights + np.float32(bias) - y
    return np.float32(2 / len(y)) * X.T @ r, np.float32(2) * r.mean()


def float32_loop(X, y, weights, bias):
    X, y, weights = (np.asarray(a, dtype=np.float32) for a in (X, y, weights))
    n = np.float32(len(y))
    dW, db = np.zeros(X.shape[1], np.float32), np.float32(0)
    for i in range(len(y)):
        r = X[i] @ weights + np.float32(bias) - y[i]
        dW = dW + np.float32(2) * r * X[i] / n
        db = db + np.float32(2) * r / n
    return dW, db


def extended_precision(X, y, weights, bias):
    r = X.astype(np.longdouble) @ weights + bias - y
    return 2 * X.T @ r / len(y), 2 * r.mean()


def blocks(X, y, weights, bias):
    dW, db = np.zeros(X.shape[1]), 0.0
    for first in range(0, len(y), 4):
        rows = slice(first, first + 4)
        r = X[rows] @ weights + bias - y[rows]
        dW += r @ X[rows]
        db += r.sum()
    return 2 * dW / len(y), 2 * db / len(y)


def object_with_names(X, y, weights, bias):
    return NumPyTrainer(X, y).gradient_at(weights, bias)


def prints_and_repeats(X, y, weights, bias):
    for _ in repeat(None, 2):
        r = X @ weights + bias - y
    return 2 / len(y) * X.T @ r, 2 * np.average(r)


def step(X, y, weights, bias, learning_rate):
    r = X @ weights + bias - y
    return weights - learning_rate * 2 / len(y) * X.T @ r, bias - learning_rate * 2 * r.mean()


def step_in_loops(X, y, weights, bias, learning_rate):
    dW, db = loop(X, y, weights, bias)
    return [w - learning_rate * g for w, g in zip(weights, dW)], bias - learning_rate * db


class LoopTrainer(PythonTrainer):
    """A trainer of lists."""


class OwnTape(TapeTrainer):
    """A trainer by autodiff."""


def loss(X, y, weights, bias):
    return np.mean((X @ weights + bias - y) ** 2)


def loss_in_a_loop(X, y, weights, bias):
    return sum((sum(map(mul, row, weights)) + bias - t) ** 2 for row, t in zip(X, y)) / len(y)


def float32_with_a_plain_bias(X, y, weights, bias):
    return NumPyTrainer(X, y, "float32").gradient_at(weights, bias)


def squares_overflow(X, y, weights, bias):
    """Normal equations: XᵀX of 32-bit integers does not fit into 32 bits."""
    n = len(y)
    dW = 2 / n * ((X.T @ X) @ weights + bias * X.sum(axis=0) - X.T @ y)
    return dW, 2 / n * (X.sum(axis=0) @ weights + n * bias - y.sum())


def bytes_wrap(X, y, weights, bias):
    r = X @ weights + bias + (-y)  # −1 is 255 in uint8
    return 2 / len(y) * X.T @ r, 2 * r.mean()
