"""Exercises on gradients: dW for one feature, and dW and db of a penalised loss."""

from __future__ import annotations

import numpy as np

from handgrad.backends.interface import FloatArray
from handgrad.compare.check.exercises.task import Arguments, Blocks, Slip, Task, gradient, tables


def _one_weight_calls() -> list[Arguments]:
    return [
        {"x": X[:, 0].tolist(), "y": y.tolist(), "weight": float(weights[0]), "bias": bias}
        for X, y, weights, bias in tables((3, 1), (7, 1), (11, 1), (1, 1))
    ]


def _one_weight(x: list[float], y: list[float], weight: float, bias: float, factor: float = 2.0) -> Blocks:
    d_weights, _ = gradient(np.array(x)[:, np.newaxis], np.array(y), np.array([weight]), bias, factor)
    return (float(d_weights[0]),)


def _without_x(x: list[float], y: list[float], weight: float, bias: float) -> Blocks:
    _, d_bias = gradient(np.array(x)[:, np.newaxis], np.array(y), np.array([weight]), bias)
    return (d_bias,)


ONE_WEIGHT = Task(
    function="weight_gradient",
    parts=("dW",),
    calls=_one_weight_calls,
    right=_one_weight,
    slips=(
        Slip("sign", lambda **a: _one_weight(**a, factor=-2)),
        Slip("two-missing", lambda **a: _one_weight(**a, factor=1)),
        Slip("two-twice", lambda **a: _one_weight(**a, factor=4)),
        Slip("sum-instead-of-mean", lambda **a: _one_weight(**a, factor=2 * len(a["y"]))),
        Slip("bias-left-out", lambda **a: _one_weight(**(a | {"bias": 0.0}))),
        Slip("not-the-residual", lambda **a: _one_weight(**(a | {"y": [0.0] * len(a["y"])}))),
        Slip("x-left-out", _without_x),
    ),
)


def _ridge_calls() -> list[Arguments]:
    return [
        {"X": X, "y": y, "weights": weights, "bias": bias, "penalty": penalty}
        for (X, y, weights, bias), penalty in zip(
            tables((7, 2), (11, 3), (13, 1), (5, 5)), (0.5, 0.1, 2.0, 0.0), strict=True
        )
    ]


def _ridge(
    X: FloatArray, y: FloatArray, weights: FloatArray, bias: float, penalty: float, of_bias: float = 0.0
) -> Blocks:
    """With `of_bias`, that multiple of b is added to db."""
    d_weights, d_bias = gradient(X, y, weights, bias)
    return d_weights + 2 * penalty * weights, d_bias + of_bias * penalty * bias


RIDGE = Task(
    function="penalised_gradient",
    parts=("dW", "db"),
    calls=_ridge_calls,
    right=_ridge,
    slips=(
        Slip("bias-penalised", lambda **a: _ridge(**a, of_bias=2.0)),
        Slip("penalty-without-factor", lambda **a: _ridge(**(a | {"penalty": a["penalty"] / 2}))),
        Slip("penalty-left-out", lambda **a: _ridge(**(a | {"penalty": 0.0}))),
        Slip("penalty-per-row", lambda **a: _ridge(**(a | {"penalty": a["penalty"] / len(a["y"])}))),
        Slip("penalty-the-other-way", lambda **a: _ridge(**(a | {"penalty": -a["penalty"]}))),
        Slip("sign", lambda **a: tuple(-part for part in _ridge(**a))),
    ),
)
