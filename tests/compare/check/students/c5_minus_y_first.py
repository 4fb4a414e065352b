import numpy as np


def gradient(X, y, weights, bias):
    r = -y + X @ weights + bias
    return 2 / len(y) * X.T @ r, 2 * r.mean()
