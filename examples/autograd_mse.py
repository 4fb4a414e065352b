"""HIPS autograd: the derivative of a NumPy function of the loss."""

import autograd.numpy as np
from autograd import value_and_grad

KIND = "autodiff"
REQUIRES = ("autograd",)
INSTALL = "pip install autograd"


def loss(parameters, X, y):
    """(1/n) Σ r², with weights and bias together."""
    weights, bias = parameters
    return np.mean((X @ weights + bias - y) ** 2)


loss_and_gradient = value_and_grad(loss)


def gradient(X, y, weights, bias):
    """The loss, dW and db, all from one walk back."""
    value, (d_weights, d_bias) = loss_and_gradient((weights, bias), X, y)
    return value, d_weights, d_bias
