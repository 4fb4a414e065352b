"""The sign is wrong, in several spellings."""

import numpy as np


def residual_turned_round(X, y, weights, bias):
    r = y - (X @ weights + bias)
    n = len(y)
    return 2 / n * X.T @ r, 2 / n * r.sum()


def minus_in_front(X, y, weights, bias):
    error = np.dot(X, weights) + bias - y
    return -2 * np.mean(X * error[:, None], axis=0), -2 * np.mean(error)


def loop(X, y, weights, bias):
    n, d = X.shape
    dW, db = [0.0] * d, 0.0
    for i in range(n):
        prediction = bias
        for j in range(d):
            prediction += X[i][j] * weights[j]
        for j in range(d):
            dW[j] += 2 * (y[i] - prediction) * X[i][j] / n
        db += 2 * (y[i] - prediction) / n
    return dW, db


def uphill_step(X, y, weights, bias, learning_rate):
    r = X @ weights + bias - y
    return weights + learning_rate * 2 * (X.T @ r) / len(y), bias + learning_rate * 2 * r.mean()


def one_feature_plain_numbers(xs, ys, w, b):
    dw = db = 0.0
    for x, y in zip(xs, ys):
        dw -= 2 * x * (w * x + b - y) / len(xs)
        db -= 2 * (w * x + b - y) / len(xs)
    return float(dw), float(db)
