"""The 2 of the square is missing."""

import numpy as np


def vectorised(X, y, weights, bias):
    r = X @ weights + bias - y
    return X.T @ r / len(y), r.mean()


def of_half_the_loss(X, y, weights, bias):
    """Right for (1/2n) Σ r², the loss of many textbooks."""
    m = y.shape[0]
    h = X.dot(weights) + bias
    return (1 / m) * np.sum((h - y)[:, np.newaxis] * X, axis=0), (1 / m) * np.sum(h - y)


def columns(X, y, weights, bias):
    t = y.reshape(-1, 1)
    W = weights.reshape(-1, 1)
    r = X @ W + bias - t
    return X.T @ r / len(t), np.mean(r, keepdims=True)


def comprehension(X, y, weights, bias):
    n = len(y)
    r = [sum(x * w for x, w in zip(row, weights)) + bias - t for row, t in zip(X, y)]
    return [sum(row[j] * e for row, e in zip(X, r)) / n for j in range(len(weights))], sum(r) / n


def step(X, y, weights, bias, learning_rate):
    r = X @ weights + bias - y
    return weights - learning_rate * X.T @ r / len(y), bias - learning_rate * r.mean()
