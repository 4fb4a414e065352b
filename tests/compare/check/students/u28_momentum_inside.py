import numpy as np

v = None


def gradient(X, y, weights, bias):
    global v
    r = X @ weights + bias - y
    g = np.append(2 * X.T @ r / len(y), 2 * r.mean())
    v = g if v is None or len(v) != len(g) else 0.9 * v + g
    return v[:-1].copy(), v[-1]
