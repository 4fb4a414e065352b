"""A multiple of b is added to db."""

import numpy as np

LAMBDA = 0.1


def plain(X, y, weights, bias):
    r = X @ weights + bias - y
    return 2 * X.T @ r / len(y), 2 * r.mean() + 2 * LAMBDA * bias


def divided_by_n(X, y, weights, bias):
    n = len(y)
    dW, db = np.zeros(len(weights)), 0.0
    for row, t in zip(X, y):
        r = row.dot(weights) + bias - t
        dW += 2 / n * r * row
        db += 2 / n * r
    return dW, db + LAMBDA / n * bias


def design_matrix_with_a_mask(X, y, weights, bias):
    A = np.hstack([X, np.ones((len(y), 1))])
    theta = np.append(weights, bias)
    mask = np.append(np.zeros(len(weights)), 1.0)  # the wrong way round
    g = 2 / len(y) * A.T @ (A @ theta - y) + 0.3 * mask * theta
    return g[:-1], g[-1]


def weight_decay_in_a_step(X, y, weights, bias, learning_rate):
    r = X @ weights + bias - y
    return weights - learning_rate * 2 * X.T @ r / len(y), bias * (
        1 - 0.01 * learning_rate
    ) - learning_rate * 2 * r.mean()
