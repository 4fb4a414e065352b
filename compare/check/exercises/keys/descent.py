"""Keys on descent: a training loop, a search for the learning rate, an epoch of mini-batches, momentum."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from handgrad.backends.interface import FloatArray
from handgrad.compare.check.exercises.keys.key import Answering, AnswerKey, Blocks, Slip, exchanged, gradient

Slopes = Callable[[float, float], tuple[float, float]]


def _descend(
    gradient: Slopes, weight: float, bias: float, learning_rate: float, epochs: int, late: bool = False
) -> Blocks:
    """With `late`, db is taken after the weight has moved."""
    for _ in range(epochs):
        d_weight, d_bias = gradient(weight, bias)
        weight -= learning_rate * d_weight
        bias -= learning_rate * (gradient(weight, bias)[1] if late else d_bias)
    return weight, bias


def _always_from_the_start(right: Answering, **a: Any) -> Blocks:
    """Every epoch takes the gradient of the first one."""
    first = a["gradient"](a["weight"], a["bias"])
    return right(**(a | {"gradient": lambda weight, bias: first}))


DESCENT = AnswerKey(
    right=_descend,
    slips=(
        Slip("uphill", lambda right, **a: right(**(a | {"learning_rate": -a["learning_rate"]}))),
        Slip("gradient-not-renewed", _always_from_the_start),
        Slip("one-epoch-only", lambda right, **a: right(**(a | {"epochs": 1}))),
        Slip("one-epoch-too-few", lambda right, **a: right(**(a | {"epochs": a["epochs"] - 1}))),
        Slip("one-epoch-too-many", lambda right, **a: right(**(a | {"epochs": a["epochs"] + 1}))),
        Slip("updated-too-early", lambda right, **a: right(**(a | {"late": True}))),
        Slip("rate-left-out", lambda right, **a: right(**(a | {"learning_rate": 1.0}))),
        Slip("parts-exchanged", exchanged()),
    ),
)


def _search(loss_after: Callable[[float], float], rates: Sequence[float]) -> Blocks:
    losses = [loss_after(rate) for rate in rates]
    finite = [pair for pair in zip(losses, rates, strict=True) if math.isfinite(pair[0])]
    return (min(finite)[1],)


def _nan_is_least(right: Answering, **a: Any) -> Blocks:
    """As `numpy.argmin` has it: the first NaN, if there is one."""
    return (a["rates"][int(np.argmin([a["loss_after"](rate) for rate in a["rates"]]))],)


def _nan_is_kept(right: Answering, **a: Any) -> Blocks:
    """As Python's `min` has it: a NaN that comes first is less than nothing, and stays."""
    return (min(a["rates"], key=a["loss_after"]),)


def _place(right: Answering, **a: Any) -> Blocks:
    """Where the rate stands in the list; what is no rate has no place in it."""
    (rate,) = right(**a)
    return (float(a["rates"].index(rate)) if rate in a["rates"] else math.nan,)


RATE_SEARCH = AnswerKey(
    right=_search,
    slips=(
        Slip("nan-is-least", _nan_is_least),
        Slip("nan-is-least", _nan_is_kept),
        Slip("loss-returned", lambda right, **a: (a["loss_after"](right(**a)[0]),)),
        Slip(
            "largest-that-converges",
            lambda right, **a: (max(rate for rate in a["rates"] if math.isfinite(a["loss_after"](rate))),),
        ),
        Slip("index-returned", _place),
        Slip("smallest-rate", lambda right, **a: (min(a["rates"]),)),
        Slip("largest-loss", lambda right, **a: right(**(a | {"loss_after": lambda rate: -a["loss_after"](rate)}))),
    ),
)


def _epoch(
    X: FloatArray,
    y: FloatArray,
    weights: FloatArray,
    bias: float,
    learning_rate: float,
    batches: Sequence[Any],
    once: bool = False,
    by: int = 0,
    late: bool = False,
) -> Blocks:
    """One epoch, with what may be done wrong in it.

    With `once`, all gradients are those of the start; with `by`, they are divided by that number of rows; with `late`,
    db is taken after the weights have moved.
    """
    start = weights, bias
    for rows in batches:
        at = start if once else (weights, bias)
        scale = learning_rate * (len(rows) / by if by else 1.0)
        moved = weights - scale * gradient(X[rows], y[rows], *at)[0]
        bias = bias - scale * gradient(X[rows], y[rows], moved if late else at[0], at[1])[1]
        weights = moved
    return weights, bias


def _of_full_length(right: Answering, **a: Any) -> Blocks:
    return right(**(a | {"batches": [batch for batch in a["batches"] if len(batch) == len(a["batches"][0])]}))


EPOCH = AnswerKey(
    right=_epoch,
    slips=(
        Slip("one-gradient-for-all", lambda right, **a: right(**(a | {"once": True}))),
        Slip("whole-n-in-batch", lambda right, **a: right(**(a | {"by": len(a["y"])}))),
        Slip("last-batch-left-out", _of_full_length),
        Slip(
            "whole-table",
            lambda right, **a: right(**(a | {"batches": [np.arange(len(a["y"]))] * len(a["batches"])})),
        ),
        Slip("updated-too-early", lambda right, **a: right(**(a | {"late": True}))),
        Slip("sign", lambda right, **a: right(**(a | {"learning_rate": -a["learning_rate"]}))),
        Slip("two-missing", lambda right, **a: right(**(a | {"learning_rate": a["learning_rate"] / 2}))),
        Slip("parts-exchanged", exchanged()),
    ),
)


def _momentum(
    parameters: FloatArray, gradient: FloatArray, velocity: FloatArray, learning_rate: float, momentum: float
) -> Blocks:
    new = momentum * velocity + gradient
    return parameters - learning_rate * new, new


def _rate_in_velocity(sign: float) -> Callable[..., Blocks]:
    def made(right: Answering, **a: Any) -> Blocks:
        new = a["momentum"] * a["velocity"] + sign * a["learning_rate"] * a["gradient"]
        return a["parameters"] - sign * new, new

    return made


MOMENTUM = AnswerKey(
    right=_momentum,
    slips=(
        Slip("no-momentum", lambda right, **a: right(**(a | {"momentum": 0.0}))),
        Slip(
            "old-velocity",
            lambda right, **a: (a["parameters"] - a["learning_rate"] * a["velocity"], right(**a)[1]),
        ),
        Slip("damped-gradient", lambda right, **a: right(**(a | {"gradient": (1 - a["momentum"]) * a["gradient"]}))),
        Slip("rate-in-velocity", _rate_in_velocity(1.0)),
        Slip("rate-in-velocity", _rate_in_velocity(-1.0)),
        Slip("uphill", lambda right, **a: (2 * a["parameters"] - right(**a)[0], right(**a)[1])),
        Slip("parts-exchanged", exchanged()),
    ),
)
