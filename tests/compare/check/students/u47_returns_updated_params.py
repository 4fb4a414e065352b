import numpy as np


def gradient(X, y, weights, bias, lr=0.01):
    n = len(y)
    r = X @ weights + bias - y
    return weights - lr * 2 / n * X.T @ r, bias - lr * 2 / n * r.sum()
