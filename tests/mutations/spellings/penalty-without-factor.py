"""A multiple of the weights is added to dW."""

import numpy as np


def plain(X, y, weights, bias):
    r = X @ weights + bias - y
    return 2 * X.T @ r / len(y) + 0.1 * weights, 2 * r.mean()


def loop(X, y, weights, bias):
    n, d = X.shape
    r = [sum(X[i, j] * weights[j] for j in range(d)) + bias - y[i] for i in range(n)]
    dW = [2 / n * sum(X[i, j] * r[i] for i in range(n)) + 1e-3 * weights[j] for j in range(d)]
    return dW, 2 / n * sum(r)


def divided_by_n(X, y, weights, bias):
    n = len(y)
    W = weights[:, None]
    r = X @ W + bias - y[:, None]
    return (2 * X.T @ r + 0.5 * W) / n, 2 * r.sum() / n


def weight_decay_in_a_step(X, y, weights, bias, learning_rate):
    r = X @ weights + bias - y
    decayed = (1 - learning_rate * 0.05) * weights
    return decayed - learning_rate * 2 / len(y) * X.T @ r, bias - learning_rate * 2 * np.mean(r)


def twice_lambda(X, y, weights, bias, lam=0.1):
    r = X @ weights + bias - y
    return 2 * X.T @ r / len(y) + 2 * lam * weights, 2 * r.mean()
