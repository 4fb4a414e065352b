"""Each parameter moves before the next derivative is taken."""

import numpy as np


def bias_first(X, y, weights, bias, learning_rate):
    A = np.column_stack([np.ones(len(y)), X])
    theta = np.concatenate([[bias], weights])
    for j in range(A.shape[1]):
        theta[j] = theta[j] - learning_rate * 2 / len(y) * np.sum((A @ theta - y) * A[:, j])
    return theta[1:], theta[0]


def bias_last(X, y, weights, bias, learning_rate):
    new = weights.astype(float)
    for j in range(len(new)):
        new[j] -= learning_rate * 2 * np.mean(X[:, j] * (X @ new + bias - y))
    return new, bias - learning_rate * 2 * np.mean(X @ new + bias - y)


def of_a_list(X, y, weights, bias, learning_rate):
    theta = [bias, *weights]
    rows = [[1.0, *row] for row in X]
    for j in range(len(theta)):
        r = [sum(a * t for a, t in zip(row, theta)) - target for row, target in zip(rows, y)]
        theta[j] = theta[j] - learning_rate * 2 / len(y) * sum(e * row[j] for e, row in zip(r, rows))
    return theta[1:], theta[0]
