import numpy as np


def gradient(X, y, weights, bias):
    r = bias - y
    for j in range(min(8, X.shape[1])):
        r = r + X[:, j] * weights[j]
    return 2 * X.T @ r / len(y), 2 * r.mean()
