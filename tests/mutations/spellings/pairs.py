"""Two mistakes at once; the docstring of each says which."""

import numpy as np


def a(X, y, weights, bias):
    """sign, two-missing"""
    r = y - X @ weights - bias
    return X.T @ r / len(y), r.mean()


def b(X, y, weights, bias):
    """two-missing, sum-instead-of-mean"""
    r = X @ weights + bias - y
    return X.T @ r, r.sum()


def c(X, y, weights, bias):
    """two-missing, bias-left-out"""
    r = X @ weights - y
    return X.T @ r / len(y), r.mean()


def d(X, y, weights, bias):
    """sign, bias-left-out"""
    dW, db = np.zeros(len(weights)), 0.0
    for x, t in zip(X, y):
        r = t - x @ weights
        dW += 2 * r * x / len(y)
        db += 2 * r / len(y)
    return dW, db


def e(X, y, weights, bias):
    """sum-instead-of-mean, penalty-without-factor"""
    r = X @ weights + bias - y
    return 2 * X.T @ r + 0.1 * weights, 2 * r.sum()


def f(X, y, weights, bias):
    """bias-penalised, penalty-without-factor"""
    r = X @ weights + bias - y
    return 2 / len(y) * X.T @ r + 0.1 * weights, 2 * r.mean() + 0.1 * bias


def g(X, y, weights, bias):
    """sign, x-left-out"""
    r = y - X @ weights - bias
    return np.full(len(weights), 2 * r.mean()), 2 * r.mean()


def h(X, y, weights, bias):
    """broadcast-residual, sign"""
    r = y - (X @ weights.reshape(-1, 1) + bias)
    return 2 * (X.T @ r).mean(axis=1) / len(y), 2 * r.mean()


def i(X, y, weights, bias):
    """transposed, two-missing"""
    r = X @ weights + bias - y
    return np.mean(X * r[:, None], axis=1), r.mean()


def j(X, y, weights, bias):
    """bias-left-out, transposed"""
    r = X @ weights - y
    return (2 / len(y) * X.T @ r)[::-1], 2 * r.mean()


def k(X, y, weights, bias):
    """absolute-error, sum-instead-of-mean"""
    s = np.sign(X @ weights + bias - y)
    return X.T @ s, s.sum()


def m(X, y, weights, bias):
    """bias-left-out, not-the-residual"""
    y_hat = X @ weights
    return 2 * X.T @ y_hat / len(y), 2 * y_hat.mean()


_total = {"W": 0.0, "b": 0.0}


def n(X, y, weights, bias):
    """not-reset, two-missing"""
    r = X @ weights + bias - y
    _total["W"] = _total["W"] + X.T @ r / len(y)
    _total["b"] = _total["b"] + r.mean()
    return _total["W"], _total["b"]


def o(X, y, weights, bias):
    """one-block-only, bias-left-out"""
    r = X @ weights - y
    return 2 * X.T @ r / len(y), r.mean()


def p(X, y, weights, bias):
    """sum-instead-of-mean, two-missing"""
    n, d = X.shape
    r = [sum(X[i, j] * weights[j] for j in range(d)) + bias - y[i] for i in range(n)]
    return [2 * sum(X[i, j] * r[i] for i in range(n)) for j in range(d)], sum(r) / n


def q(X, y, weights, bias, learning_rate):
    """sign, updated-too-early"""
    weights = weights + learning_rate * 2 * X.T @ (X @ weights + bias - y) / len(y)
    bias = bias + learning_rate * 2 * np.mean(X @ weights + bias - y)
    return weights, bias


def r(X, y, weights, bias, learning_rate):
    """two-missing, updated-too-early"""
    weights = weights - learning_rate * X.T @ (X @ weights + bias - y) / len(y)
    bias = bias - learning_rate * np.mean(X @ weights + bias - y)
    return weights, bias


def s(X, y, weights, bias):
    """float32-accumulation, sign"""
    r = (y - X @ weights - bias).astype(np.float32)
    return (2 / len(y) * X.T.astype(np.float32) @ r).astype(float), float(2 * r.mean())


def t(X, y, weights, bias):
    """integers, two-missing"""
    error = X @ weights + bias - y
    dW = np.zeros_like(weights)
    dW[:] = X.T @ error / len(y)
    return dW, error.mean()


def u(X, y, weights, bias):
    """changes-its-input, sign"""
    weights *= 1.0
    y -= X @ weights + bias
    return 2 / len(y) * X.T @ y, 2 * y.mean()


def v(X, y, weights, bias):
    """whole-n-in-batch, bias-left-out"""
    r = X @ weights - y
    return 2 / 64 * X.T @ r, 2 / 64 * r.sum()


def w(X, y, weights, bias):
    """one-block-only, bias-penalised"""
    r = X @ weights + bias - y
    return X.T @ r / len(y), 2 * r.mean() + 0.2 * bias


def x(X, y, weights, bias):
    """not-the-residual, x-left-out"""
    return np.full(len(weights), -2 * y.mean()), -2 * y.mean()
