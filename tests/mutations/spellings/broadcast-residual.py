"""(n,) against (n, 1): the residual is n × n."""

import numpy as np


def column_minus_row(X, y, weights, bias):
    prediction = X @ weights.reshape(-1, 1) + bias
    r = prediction - y
    return 2 * np.mean(X.T @ r, axis=1) / len(y), 2 * np.mean(r)


def left_as_it_comes(X, y, weights, bias):
    n = len(y)
    r = X @ weights[:, np.newaxis] + bias - y
    return 2 / n * X.T @ r, 2 / n * np.sum(r)


def row_minus_column(X, y, weights, bias):
    r = X @ weights + bias - y[:, None]
    n = len(y)
    return (2 / n * X.T @ r).mean(axis=1), 2 * r.mean()


def summed_over_the_table(X, y, weights, bias):
    prediction = X @ np.expand_dims(weights, 1) + bias
    r = prediction - y
    dW = np.array([np.sum(X[:, [j]] * r) for j in range(X.shape[1])])
    return 2 * dW / len(y), 2 * np.sum(r) / len(y)


def mean_over_the_table(X, y, weights, bias):
    r = (X @ weights + bias)[:, None] - y
    return [2 * np.mean(X[:, [j]] * r) for j in range(X.shape[1])], 2 * np.mean(r)


def step(X, y, weights, bias, learning_rate):
    r = (X @ weights + bias).reshape(-1, 1) - y
    dW = 2 * (X.T @ r).mean(axis=1) / len(y)
    return weights - learning_rate * dW, bias - learning_rate * 2 * r.mean()


def residual_first(X, y, weights, bias):
    r = X @ weights.reshape(-1, 1) + bias - y
    return 2 / len(y) * np.dot(r, X), 2 / len(y) * np.sum(r)


def summed_over_one_axis(X, y, weights, bias):
    r = X @ weights + bias - y.reshape(-1, 1)
    return 2 / len(y) * X.T @ r, 2 / len(y) * r.sum(axis=0)
