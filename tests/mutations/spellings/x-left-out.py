"""x is left out of dW."""

import numpy as np


def one_number(X, y, weights, bias):
    r = X @ weights + bias - y
    return 2 * r.mean(), 2 * r.mean()


def filled(X, y, weights, bias):
    db = 2 / len(y) * np.sum(X.dot(weights) + bias - y)
    return np.full(X.shape[1], db), db


def loop(X, y, weights, bias):
    n, d = X.shape
    dW, db = [0.0] * d, 0.0
    for i in range(n):
        r = sum(X[i, j] * weights[j] for j in range(d)) + bias - y[i]
        for j in range(d):
            dW[j] += 2 * r / n
        db += 2 * r / n
    return dW, db


def one_feature(x, y, w, b):
    r = w * x + b - y
    return 2 * np.mean(r), 2 * np.mean(r)


def step(X, y, weights, bias, learning_rate):
    change = learning_rate * 2 * np.mean(X @ weights + bias - y)
    return weights - change, bias - change
