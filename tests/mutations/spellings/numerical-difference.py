"""Forward differences of the loss."""

import numpy as np


def _loss(X, y, weights, bias):
    return np.mean((X @ weights + bias - y) ** 2)


def a_tenth(X, y, weights, bias):
    h = 0.1
    base = _loss(X, y, weights, bias)
    dW = [(_loss(X, y, weights + h * e, bias) - base) / h for e in np.eye(len(weights))]
    return dW, (_loss(X, y, weights, bias + h) - base) / h


def a_thousandth(X, y, weights, bias):
    h = 1e-3
    base = _loss(X, y, weights, bias)
    dW = [(_loss(X, y, weights + h * e, bias) - base) / h for e in np.eye(len(weights))]
    return dW, (_loss(X, y, weights, bias + h) - base) / h


def a_ten_thousandth(X, y, weights, bias):
    h = 1e-4
    base = _loss(X, y, weights, bias)
    dW = [(_loss(X, y, weights + h * e, bias) - base) / h for e in np.eye(len(weights))]
    return dW, (_loss(X, y, weights, bias + h) - base) / h
