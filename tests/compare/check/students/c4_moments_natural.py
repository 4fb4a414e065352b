import numpy as np


def gradient(X, y, weights, bias):
    n = len(y)
    A, c, sx, sy = X.T @ X, X.T @ y, X.sum(axis=0), y.sum()
    return 2 / n * (A @ weights + bias * sx - c), 2 / n * (sx @ weights + n * bias - sy)
