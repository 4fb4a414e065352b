import numpy as np


def gradient(X, y, weights, bias):
    r = X @ weights + bias - y
    return 2 * r.mean(), 2 * X.T @ r / len(y)
