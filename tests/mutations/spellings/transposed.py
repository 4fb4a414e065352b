"""Transposed, or summed over the wrong axis."""

import numpy as np


def x_for_its_transpose(X, y, weights, bias):
    r = X @ weights + bias - y
    return 2 / len(y) * X @ r, 2 * r.mean()


def transposed_in_the_forward_pass(X, y, weights, bias):
    r = X.T @ weights + bias - y
    return 2 / len(y) * X.T @ r, 2 * r.mean()


def summed_over_features(X, y, weights, bias):
    r = X @ weights + bias - y
    return 2 / len(y) * np.sum(X * r[:, None], axis=1), 2 * r.mean()


def averaged_over_features(X, y, weights, bias):
    r = X @ weights + bias - y
    return 2 * np.mean(X * r.reshape(-1, 1), axis=1), 2 * r.mean()


def averaged_over_all(X, y, weights, bias):
    r = X @ weights + bias - y
    return 2 * np.mean(X * r[:, None]), 2 * np.mean(r)


def features_reversed(X, y, weights, bias):
    r = X @ weights + bias - y
    return (2 / len(y) * X.T @ r)[::-1], 2 * r.mean()


def features_rolled_in_a_loop(X, y, weights, bias):
    n, d = X.shape
    dW, db = np.zeros(d), 0.0
    for i in range(n):
        r = X[i] @ weights + bias - y[i]
        for j in range(d):
            dW[j - 1] += 2 / n * r * X[i, j]
        db += 2 / n * r
    return dW, db


def step(X, y, weights, bias, learning_rate):
    r = X @ weights + bias - y
    return weights - learning_rate * (2 / len(y) * X.T @ r)[::-1], bias - learning_rate * 2 * r.mean()


def reshaped(X, y, weights, bias):
    r = X @ weights + bias - y
    return 2 / len(y) * X.reshape(X.shape[1], X.shape[0]) @ r, 2 * r.mean()
