"""Wrong in ways that have no name; none of them may pass, or get another mistake's name."""

import numpy as np


def _right(X, y, weights, bias):
    r = X @ weights + bias - y
    return 2 / len(y) * X.T @ r, 2 * r.mean()


def only_beyond_fifty_rows(X, y, weights, bias):
    dW, db = _right(X, y, weights, bias)
    return (dW * 1.001, db) if len(y) > 50 else (dW, db)


def slightly_beyond_fifty_rows(X, y, weights, bias):
    dW, db = _right(X, y, weights, bias)
    return (dW * (1 + 3e-8), db * (1 + 3e-8)) if len(y) > 70 else (dW, db)


def one_component_slightly(X, y, weights, bias):
    dW, db = _right(X, y, weights, bias)
    dW[0] *= 1 + 1e-8
    return dW, db


def one_component_by_a_trillionth(X, y, weights, bias):
    dW, db = _right(X, y, weights, bias)
    dW[-1] *= 1 + 1e-12
    return dW, db


def a_row_dropped(X, y, weights, bias):
    return _right(X[1:], y[1:], weights, bias)


def cubed(X, y, weights, bias):
    r = X @ weights + bias - y
    return 3 / len(y) * X.T @ r**2, 3 * np.mean(r**2)


def clipped(X, y, weights, bias):
    dW, db = _right(X, y, weights, bias)
    return np.clip(dW, -1, 1), np.clip(db, -1, 1)


def normalised(X, y, weights, bias):
    dW, db = _right(X, y, weights, bias)
    length = np.sqrt(dW @ dW + db * db) + 1e-30
    return dW / length, db / length


def centred(X, y, weights, bias):
    dW, db = _right(X, y, weights, bias)
    return dW - db * X.mean(axis=0), db


def constant_added(X, y, weights, bias):
    dW, db = _right(X, y, weights, bias)
    return dW + 1e-7, db


def lasso(X, y, weights, bias):
    dW, db = _right(X, y, weights, bias)
    return dW + 0.1 * np.sign(weights), db


def three_mistakes(X, y, weights, bias):
    r = X @ weights - y
    return -X.T @ r, -r.sum() + 0.1 * bias


def learning_rate_forgotten(X, y, weights, bias, learning_rate):
    dW, db = _right(X, y, weights, bias)
    return weights - 0.3 * dW, bias - 0.3 * db
