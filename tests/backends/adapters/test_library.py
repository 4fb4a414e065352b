"""A function of a shared library, stood for by one of Python that is called with the same addresses."""

from __future__ import annotations

import ctypes

import numpy as np
import pytest

from handgrad.backends.adapters.library import LibraryTrainer
from handgrad.backends.adapters.running import CodeError

X = np.random.default_rng(5).normal(size=(40, 2))
Y = X @ [1.5, -2.0] + 3 + np.sin(np.arange(40))
OPTIMUM = np.linalg.lstsq(np.column_stack([X, np.ones(40)]), Y)[0]


def at(address: int, *shape: int):
    """The doubles that stand at an address."""
    return np.ctypeslib.as_array((ctypes.c_double * int(np.prod(shape))).from_address(address)).reshape(shape)


def of_loss(factor):
    """The trainer of a C function that gives so many times the gradient of (1/n) Σ r²."""

    def gradient(X, y, n, d, weights, bias, d_weights, d_bias):
        residual = at(X, n, d) @ at(weights, d) + bias - at(y, n)
        at(d_weights, d)[:] = factor(n) * 2 / n * (residual @ at(X, n, d))
        at(d_bias, 1)[:] = factor(n) * 2 * residual.mean()

    inside = {"symbols": {"float64": gradient}, "where": "kernel.so:gradient", "name": "kernel"}
    return type("Library", (LibraryTrainer,), inside)(X, Y)


@pytest.mark.parametrize("first", ["vanishing", "few rows"])
def test_another_loss_is_refused_after_a_first_question_that_did_not_tell(first):
    """Where the gradient vanishes it is that of every loss; over two rows, ½ Σ r² is (1/n) Σ r²."""
    trainer = of_loss(lambda n: n / 2)
    if first == "vanishing":
        trainer.gradient_at(OPTIMUM[:2], OPTIMUM[2])
    else:
        trainer.gradient(X[:2], Y[:2], np.ones(2), 1.0)
    with pytest.raises(CodeError, match="got that of ½ Σ r²"):
        trainer.gradient_at([1.0, 1.0], 0.0)


def test_a_right_gradient_is_looked_at_until_it_has_told():
    trainer = of_loss(lambda n: 1.0)
    trainer.gradient_at(OPTIMUM[:2], OPTIMUM[2])
    trainer.gradient_at([1.0, 1.0], 0.0)
    looked = trainer.aside_seconds
    trainer.gradient_at([1.0, 2.0], 0.0)
    assert trainer.aside_seconds == looked > 0
