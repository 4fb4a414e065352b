"""Divided by a number of rows that is not that of the batch."""

import numpy as np

from handgrad.backends.interface import Gradient
from handgrad.backends.numpy import NumPyTrainer

TOTAL = 1000
_first = []


def constant(X, y, weights, bias):
    r = X @ weights + bias - y
    return 2 / TOTAL * X.T @ r, 2 / TOTAL * r.sum()


def rows_of_the_first_call(X, y, weights, bias):
    _first.append(len(y))
    r = X @ weights + bias - y
    return 2 * X.T @ r / _first[0], 2 * np.sum(r) / _first[0]


def loop_with_a_batch_size(X, y, weights, bias, batch_size=32):
    dW, db = np.zeros(len(weights)), 0.0
    for i in range(len(y)):
        r = X[i] @ weights + bias - y[i]
        dW += X[i] * 2 * r / batch_size
        db += 2 * r / batch_size
    return dW, db


def step(X, y, weights, bias, learning_rate):
    r = X @ weights + bias - y
    return weights - learning_rate * 2 / 500 * X.T @ r, bias - learning_rate * 2 / 500 * r.sum()


class WholeRows(NumPyTrainer):
    """Divides each batch's sums by the rows of the whole data."""

    def gradient(self, X, y, weights, bias):
        r = X @ weights + bias - y
        n = np.dtype(self.dtype).type(self.rows)
        return Gradient(r @ r / n, 2 / n * (r @ X), 2 / n * r.sum())
