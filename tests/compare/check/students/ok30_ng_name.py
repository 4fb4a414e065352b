import numpy as np


def compute_gradient(X, y, w, b):
    m = X.shape[0]
    err = X @ w + b - y
    dj_dw = 2 / m * X.T @ err
    dj_db = 2 / m * err.sum()
    return dj_db, dj_dw
