"""The same question gets another answer."""

import numpy as np

_random = np.random.default_rng(5)


def _right(X, y, weights, bias):
    r = X @ weights + bias - y
    return 2 / len(y) * X.T @ r, 2 * r.mean()


def noise(X, y, weights, bias):
    dW, db = _right(X, y, weights, bias)
    return dW * (1 + 1e-6 * _random.standard_normal(len(dW))), db


def noise_of_the_size_of_float32(X, y, weights, bias):
    dW, db = _right(X, y, weights, bias)
    return dW * (1 + 6e-8 * _random.standard_normal(len(dW))), db * (1 + 6e-8 * _random.standard_normal())


def momentum_hidden(X, y, weights, bias, state=[0.0]):  # noqa: B006
    dW, db = _right(X, y, weights, bias)
    state[0] = 0.9 * state[0] + db
    return dW, state[0]


def half_of_the_rows(X, y, weights, bias):
    rows = _random.choice(len(y), size=max(1, len(y) // 2), replace=False)
    return _right(X[rows], y[rows], weights, bias)


def velocity_in_a_step(X, y, weights, bias, learning_rate, state={}):  # noqa: B006
    dW, db = _right(X, y, weights, bias)
    old = state.get(len(weights), (0.0, 0.0))
    new = 0.9 * old[0] + dW, 0.9 * old[1] + db
    state[len(weights)] = new
    return weights - learning_rate * new[0], bias - learning_rate * new[1]
