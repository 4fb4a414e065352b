"""Right for dW or for db, and off by a factor for the other."""

import numpy as np


def two_missing_in_bias(X, y, weights, bias):
    r = X @ weights + bias - y
    return 2 * X.T @ r / len(y), r.mean()


def two_missing_in_weights(X, y, weights, bias):
    r = X @ weights + bias - y
    return np.mean(X * r[:, None], axis=0), 2 * r.mean()


def bias_summed(X, y, weights, bias):
    n = len(y)
    dW, db = np.zeros(len(weights)), 0.0
    for row, t in zip(X, y):
        r = row @ weights + bias - t
        dW += 2 / n * r * row
        db += 2 * r
    return dW, db


def bias_of_the_wrong_sign(X, y, weights, bias):
    r = y - X @ weights - bias
    return -2 / len(y) * X.T @ r, 2 / len(y) * np.sum(r)


def weights_of_the_wrong_sign_in_a_step(X, y, weights, bias, learning_rate):
    r = X @ weights + bias - y
    return weights + learning_rate * 2 * X.T @ r / len(y), bias - learning_rate * 2 * r.mean()


def bias_never_learned(X, y, weights, bias, learning_rate):
    r = X @ weights + bias - y
    return weights - learning_rate * 2 * X.T @ r / len(y), bias


def bias_summed_without_the_two(X, y, weights, bias):
    r = X @ weights + bias - y
    return 2 * X.T @ r / len(y), r.sum()
