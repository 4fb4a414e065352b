"""The same constant stands everywhere."""


def _right(X, y, weights, bias):
    r = X @ weights + bias - y
    return 2 / len(y) * X.T @ r, 2 * r.mean()


def three_times(X, y, weights, bias):
    dW, db = _right(X, y, weights, bias)
    return 3 * dW, 3 * db


def step_too_long(X, y, weights, bias, learning_rate):
    dW, db = _right(X, y, weights, bias)
    return weights - 1.1 * learning_rate * dW, bias - 1.1 * learning_rate * db


def rate_inside(X, y, weights, bias):
    dW, db = _right(X, y, weights, bias)
    return 0.01 * dW, 0.01 * db
