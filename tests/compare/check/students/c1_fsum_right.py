import math
import numpy as np


def gradient(X, y, weights, bias):
    n, d = X.shape
    r = [math.fsum([*(X[i, j] * weights[j] for j in range(d)), bias, -y[i]]) for i in range(n)]
    return [2 / n * math.fsum(X[i, j] * r[i] for i in range(n)) for j in range(d)], 2 / n * math.fsum(r)
