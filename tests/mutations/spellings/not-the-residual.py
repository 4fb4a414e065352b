"""ŷ or y alone in place of ŷ − y."""

import numpy as np


def prediction(X, y, weights, bias):
    y_hat = X @ weights + bias
    return 2 * X.T @ y_hat / len(y), 2 * y_hat.mean()


def target(X, y, weights, bias):
    return -2 * np.mean(X * y[:, None], axis=0), -2 * np.mean(y)


def loop_over_predictions(X, y, weights, bias):
    n, d = X.shape
    dW, db = [0.0] * d, 0.0
    for i in range(n):
        guess = sum(X[i, j] * weights[j] for j in range(d)) + bias
        db += 2 / n * guess
        for j in range(d):
            dW[j] += 2 / n * guess * X[i, j]
    return dW, db


def step_from_the_target(X, y, weights, bias, learning_rate):
    n = len(y)
    return weights + learning_rate * 2 / n * X.T @ y, bias + learning_rate * 2 / n * y.sum()


def target_with_a_plus(X, y, weights, bias):
    return 2 / len(y) * X.T @ y, 2 * np.mean(y)
