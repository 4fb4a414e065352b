"""Exercises on descent: an epoch over mini-batches, and a step with momentum."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from handgrad.backends.interface import FloatArray
from handgrad.compare.check.exercises.task import Arguments, Blocks, Slip, Task, gradient, tables


def _epoch_calls() -> list[Arguments]:
    """Batches of unlike size, and one that stands alone."""
    cut = {7: (3, 6), 11: (4, 8), 13: (13,), 10: (5,)}
    made = []
    for X, y, weights, bias in tables((7, 2), (11, 3), (13, 1), (10, 2)):
        rows = np.random.default_rng(len(y)).permutation(len(y))
        batches = [part for part in np.split(rows, cut[len(y)]) if len(part)]
        made.append({"X": X, "y": y, "weights": weights, "bias": bias, "learning_rate": 0.03, "batches": batches})
    return made


def _epoch(
    X: FloatArray,
    y: FloatArray,
    weights: FloatArray,
    bias: float,
    learning_rate: float,
    batches: Sequence[Any],
    once: bool = False,
    by: int = 0,
) -> Blocks:
    """With `once`, all gradients are those of the start; with `by`, they are divided by that number of rows."""
    start = weights, bias
    for rows in batches:
        d_weights, d_bias = gradient(X[rows], y[rows], *(start if once else (weights, bias)))
        scale = learning_rate * (len(rows) / by if by else 1.0)
        weights, bias = weights - scale * d_weights, bias - scale * d_bias
    return weights, bias


def _bias_late(**a: Any) -> Blocks:
    weights, bias = a["weights"], a["bias"]
    for rows in a["batches"]:
        X, y = a["X"][rows], a["y"][rows]
        weights = weights - a["learning_rate"] * gradient(X, y, weights, bias)[0]
        bias = bias - a["learning_rate"] * gradient(X, y, weights, bias)[1]
    return weights, bias


EPOCH = Task(
    function="epoch",
    parts=("weights", "bias"),
    calls=_epoch_calls,
    right=_epoch,
    slips=(
        Slip("one-gradient-for-all", lambda **a: _epoch(**a, once=True)),
        Slip("whole-n-in-batch", lambda **a: _epoch(**a, by=len(a["y"]))),
        Slip(
            "last-batch-left-out",
            lambda **a: _epoch(**(a | {"batches": [b for b in a["batches"] if len(b) == len(a["batches"][0])]})),
        ),
        Slip(
            "whole-table",
            lambda **a: _epoch(**(a | {"batches": [np.arange(len(a["y"]))] * len(a["batches"])})),
        ),
        Slip("updated-too-early", _bias_late),
        Slip("sign", lambda **a: _epoch(**(a | {"learning_rate": -a["learning_rate"]}))),
        Slip("two-missing", lambda **a: _epoch(**(a | {"learning_rate": a["learning_rate"] / 2}))),
    ),
)


def _momentum_calls() -> list[Arguments]:
    return [
        {
            "parameters": random.normal(size=d),
            "gradient": random.normal(size=d),
            "velocity": random.normal(size=d),
            "learning_rate": rate,
            "momentum": momentum,
        }
        for d, rate, momentum in ((2, 0.1, 0.9), (3, 0.25, 0.5), (5, 0.01, 0.8), (1, 0.5, 0.0))
        for random in (np.random.default_rng([6, d]),)
    ]


def _momentum(
    parameters: FloatArray, gradient: FloatArray, velocity: FloatArray, learning_rate: float, momentum: float
) -> Blocks:
    new = momentum * velocity + gradient
    return parameters - learning_rate * new, new


def _old_velocity(**a: Any) -> Blocks:
    return a["parameters"] - a["learning_rate"] * a["velocity"], _momentum(**a)[1]


def _damped(**a: Any) -> Blocks:
    return _momentum(**(a | {"gradient": (1 - a["momentum"]) * a["gradient"]}))


def _rate_in_velocity(sign: float) -> Callable[..., Blocks]:
    def answer(**a: Any) -> Blocks:
        new = a["momentum"] * a["velocity"] + sign * a["learning_rate"] * a["gradient"]
        return a["parameters"] - sign * new, new

    return answer


MOMENTUM = Task(
    function="momentum_step",
    parts=("parameters", "velocity"),
    calls=_momentum_calls,
    right=_momentum,
    slips=(
        Slip("no-momentum", lambda **a: _momentum(**(a | {"momentum": 0.0}))),
        Slip("old-velocity", _old_velocity),
        Slip("damped-gradient", _damped),
        Slip("rate-in-velocity", _rate_in_velocity(1.0)),
        Slip("rate-in-velocity", _rate_in_velocity(-1.0)),
        Slip("uphill", lambda **a: (2 * a["parameters"] - _momentum(**a)[0], _momentum(**a)[1])),
    ),
)
