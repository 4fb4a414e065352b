"""Summed once too often."""

import numpy as np


def vectorised(X, y, weights, bias):
    A = np.column_stack([np.ones(len(y)), X])
    g = 2 / len(y) * np.sum(A.T @ (A @ np.concatenate([[bias], weights]) - y))
    return np.full(len(weights), g), g


def filled(X, y, weights, bias):
    r = X @ weights + bias - y
    g = 2 * np.mean(r * (X.sum(axis=1) + 1))
    return [g] * X.shape[1], g


def step(X, y, weights, bias, learning_rate):
    A = np.c_[X, np.ones(len(y))]
    theta = np.r_[weights, bias]
    theta = theta - learning_rate * 2 / len(y) * np.sum((A @ theta - y) @ A)
    return theta[:-1], theta[-1]
