"""db comes first."""

import numpy as np


def expressions(X, y, weights, bias):
    r = X @ weights + bias - y
    return 2 * r.mean(), 2 * X.T @ r / len(y)


def loop(X, y, weights, bias):
    n = len(y)
    r = [row @ weights + bias - t for row, t in zip(X, y)]
    return 2 * sum(r) / n, [2 * sum(e * row[j] for e, row in zip(r, X)) / n for j in range(X.shape[1])]


def one_feature(x, y, w, b):
    r = w * x + b - y
    return 2 * np.mean(r), 2 * np.mean(r * x)
