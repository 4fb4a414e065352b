import numpy as np


def gradient(X, y, weights, bias):
    s = np.where(X @ weights + bias > y, 1.0, -1.0)
    return X.T @ s / len(y), s.mean()
