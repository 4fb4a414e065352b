"""One parameter has moved when the other's derivative is taken."""

import numpy as np

from handgrad.backends.interface import Parameters
from handgrad.backends.numpy import NumPyTrainer


def weights_first(X, y, weights, bias, learning_rate):
    weights = weights - learning_rate * 2 * X.T @ (X @ weights + bias - y) / len(y)
    bias = bias - learning_rate * 2 * np.mean(X @ weights + bias - y)
    return weights, bias


def bias_first(X, y, weights, bias, learning_rate):
    bias = bias - learning_rate * 2 * np.mean(X @ weights + bias - y)
    weights = weights - learning_rate * 2 * X.T @ (X @ weights + bias - y) / len(y)
    return weights, bias


def loop(X, y, weights, bias, learning_rate):
    n, d = X.shape

    def residual(i):
        return sum(X[i, j] * weights[j] for j in range(d)) + bias - y[i]

    r = [residual(i) for i in range(n)]
    weights = [weights[j] - learning_rate * 2 / n * sum(r[i] * X[i, j] for i in range(n)) for j in range(d)]
    r = [residual(i) for i in range(n)]
    bias = bias - learning_rate * 2 / n * sum(r)
    return weights, bias


def one_feature(x, y, w, b, rate):
    w = w - rate * 2 * np.mean((w * x + b - y) * x)
    b = b - rate * 2 * np.mean(w * x + b - y)
    return w, b


class WeightsFirst(NumPyTrainer):
    """Its gradient is right; its step takes it twice."""

    def update(self, weights, bias, gradient, learning_rate):
        rate = np.dtype(self.dtype).type(learning_rate)
        moved = weights - rate * gradient.weights
        again = self.gradient(*self.data, moved, bias)
        return Parameters(moved, bias - rate * again.bias)
