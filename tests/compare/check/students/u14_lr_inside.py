import numpy as np

lr = 0.01


def gradient(X, y, weights, bias):
    r = X @ weights + bias - y
    return lr * 2 * X.T @ r / len(y), lr * 2 * r.mean()
