import numpy as np


def gradient(X, y, weights, bias, lam=0.1):
    r = X @ weights + bias - y
    return 2 * X.T @ r / len(y) + 2 * lam * weights, 2 * r.mean()
