"""The bias is left out of the forward pass."""

import numpy as np


def vectorised(X, y, weights, bias):
    r = X @ weights - y
    return 2 * X.T @ r / len(y), 2 * r.mean()


def loop(X, y, weights, bias):
    n = len(y)
    dW, db = np.zeros_like(weights, dtype=float), 0.0
    for row, t in zip(X, y):
        error = sum(a * b for a, b in zip(row, weights)) - t
        dW += 2 * error * np.asarray(row) / n
        db += 2 * error / n
    return dW, db


def columns(X, y, weights, bias):
    W, t = weights.reshape(-1, 1), y.reshape(-1, 1)
    delta = 2 * (X.dot(W) - t) / len(t)
    return X.T.dot(delta).ravel(), delta.sum()


def one_feature(x, y, w, b):
    return 2 * np.mean(x * (w * x - y)), 2 * np.mean(w * x - y)


def step(X, y, weights, bias, learning_rate):
    r = np.matmul(X, weights) - y
    return weights - learning_rate * 2 / len(y) * (r @ X), bias - learning_rate * 2 / len(y) * sum(r)
