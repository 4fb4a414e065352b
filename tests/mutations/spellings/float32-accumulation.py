"""float64 data, float32 sums."""

import numpy as np


def scalar_accumulators(X, y, weights, bias):
    n, d = X.shape
    dW, db = [np.float32(0)] * d, np.float32(0)
    for i in range(n):
        r = X[i] @ weights + bias - y[i]
        for j in range(d):
            dW[j] = np.float32(dW[j] + np.float32(X[i, j] * r))
        db = np.float32(db + np.float32(r))
    return [2 * float(g) / n for g in dW], 2 * float(db) / n


def float32_buffers(X, y, weights, bias):
    dW, db = np.zeros(X.shape[1], dtype=np.float32), np.zeros(1, dtype=np.float32)
    for row, t in zip(X, y):
        r = row @ weights + bias - t
        dW += (r * row).astype(np.float32)
        db += np.float32(r)
    return dW * 2 / len(y), db * 2 / len(y)


def data_cast_down(X, y, weights, bias):
    X32, y32 = X.astype(np.float32), y.astype(np.float32)
    r = X32 @ weights.astype(np.float32) + np.float32(bias) - y32
    dW, db = 2 / len(y) * X32.T @ r, 2 * r.mean()
    return dW.astype(float), float(db)


def only_the_weights(X, y, weights, bias):
    r = X @ weights + bias - y
    dW = np.zeros(len(weights), np.float32)
    np.matmul(X.T, r, out=dW, casting="same_kind")
    return 2 * dW.astype(float) / len(y), 2 * r.mean()


def sum_with_a_dtype(X, y, weights, bias):
    r = X @ weights + bias - y
    products = X * r[:, None]
    return 2 * products.sum(axis=0, dtype=np.float32) / len(y), 2 * r.sum(dtype=np.float32) / len(y)


def step(X, y, weights, bias, learning_rate):
    r = (X @ weights + bias - y).astype(np.float32)
    dW, db = 2 / len(y) * X.T.astype(np.float32) @ r, 2 * r.mean()
    return weights - learning_rate * dW.astype(float), bias - learning_rate * float(db)
