"""Keys on gradients: one row's chain, dW for one feature, and the gradient from sums that do not change."""

from __future__ import annotations

from typing import Any

import numpy as np

from handgrad.compare.check.exercises.keys.key import AnswerKey, Blocks, Slip, exchanged, gradient, scaled


def _chain(x: float, y: float, weight: float, bias: float) -> Blocks:
    r = weight * x + bias - y
    return r, 2 * r, 2 * r * x, 2 * r


def _residual_turned(right: Any, **a: Any) -> Blocks:
    r, slope, *by_parameters = right(**a)
    return -r, -slope, *by_parameters


def _links_added(right: Any, **a: Any) -> Blocks:
    r, slope, _, d_bias = right(**a)
    return r, slope, slope + a["x"], d_bias


ONE_CHAIN = AnswerKey(
    right=_chain,
    slips=(
        Slip("residual-turned", _residual_turned),
        Slip("sign", scaled(-1.0)),
        Slip("two-missing", lambda right, **a: (right(**a)[0], *(part / 2 for part in right(**a)[1:]))),
        Slip("x-left-out", lambda right, **a: (*right(**a)[:2], right(**a)[1], right(**a)[3])),
        Slip("links-added", _links_added),
        Slip("by-the-input", lambda right, **a: (*right(**a)[:2], right(**a)[1] * a["weight"], right(**a)[3])),
        Slip("bias-left-out", lambda right, **a: right(**(a | {"bias": 0.0}))),
        Slip("swapped-answer", exchanged(2, 3)),
    ),
)


def _one_weight(x: list[float], y: list[float], weight: float, bias: float) -> Blocks:
    d_weights, _ = gradient(np.array(x)[:, np.newaxis], np.array(y), np.array([weight]), bias)
    return (float(d_weights[0]),)


def _without_x(right: Any, **a: Any) -> Blocks:
    """dW as if each residual were multiplied by 1: with x in the residual, but not after it."""
    x, y = np.array(a["x"]), np.array(a["y"])
    return (float(2 * (a["weight"] * x + a["bias"] - y).mean()),)


ONE_WEIGHT = AnswerKey(
    right=_one_weight,
    slips=(
        Slip("sign", scaled(-1.0)),
        Slip("two-missing", scaled(0.5)),
        Slip("two-twice", scaled(2.0)),
        Slip("sum-instead-of-mean", lambda right, **a: (len(a["y"]) * right(**a)[0],)),
        Slip("bias-left-out", lambda right, **a: right(**(a | {"bias": 0.0}))),
        Slip("not-the-residual", lambda right, **a: right(**(a | {"y": [0.0] * len(a["y"])}))),
        Slip("x-left-out", _without_x),
    ),
)


def _from_sums(
    n: int,
    sum_x: float,
    sum_y: float,
    sum_xx: float,
    sum_xy: float,
    weight: float,
    bias: float,
    count: float | None = None,
) -> Blocks:
    """`count` stands for n where b is added up over the rows."""
    of_bias = n if count is None else count
    return (
        2 / n * (weight * sum_xx + bias * sum_x - sum_xy),
        2 / n * (weight * sum_x + of_bias * bias - sum_y),
    )


FROM_SUMS = AnswerKey(
    right=_from_sums,
    slips=(
        Slip("sign", scaled(-1.0)),
        Slip("two-missing", scaled(0.5)),
        Slip("sum-instead-of-mean", lambda right, **a: tuple(a["n"] * part for part in right(**a))),
        Slip("bias-added-once", lambda right, **a: right(**(a | {"count": 1.0}))),
        Slip("square-of-the-sum", lambda right, **a: right(**(a | {"sum_xx": a["sum_x"] ** 2}))),
        Slip("bias-left-out", lambda right, **a: right(**(a | {"bias": 0.0}))),
        Slip("swapped-answer", exchanged()),
    ),
)
