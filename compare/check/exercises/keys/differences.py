"""Keys on checking: central differences, and which parts of a gradient are wrong."""

from __future__ import annotations

from typing import Any

import numpy as np

from handgrad.backends.interface import FloatArray
from handgrad.compare.check.exercises.keys.key import Answering, AnswerKey, Blocks, Slip, exchanged, scaled
from handgrad.compare.check.exercises.questions.differences import hilly_gradient


def _differences(
    loss: Any, weights: FloatArray, bias: float, h: float, back: float = 1.0, width: float = 2.0
) -> Blocks:
    """(L(θ + h e) − L(θ − `back` h e)) / (`width` h) for each parameter."""
    units = h * np.eye(len(weights))
    d_weights = [(loss(weights + u, bias) - loss(weights - back * u, bias)) / (width * h) for u in units]
    return np.array(d_weights), (loss(weights, bias + h) - loss(weights, bias - back * h)) / (width * h)


def _all_at_once(right: Answering, **a: Any) -> Blocks:
    loss, weights, bias, h = a["loss"], a["weights"], a["bias"], a["h"]
    together = (loss(weights + h, bias) - loss(weights - h, bias)) / (2 * h)
    return np.full(len(weights), together), right(**a)[1]


NUMERICAL = AnswerKey(
    right=_differences,
    slips=(
        Slip("forward-difference", lambda right, **a: right(**(a | {"back": 0.0, "width": 1.0}))),
        Slip("backward-difference", lambda right, **a: right(**(a | {"h": -a["h"], "back": 0.0, "width": 1.0}))),
        Slip("divided-by-h", scaled(2.0)),
        Slip("all-weights-at-once", _all_at_once),
        Slip("swapped-answer", exchanged()),
    ),
)


def _suspicion(gradient: Any, weights: FloatArray, bias: float) -> tuple[FloatArray, FloatArray]:
    """What the gradient says, and what is right, (d + 1,) each, the bias last."""
    return tuple(np.append(*found(weights, bias)) for found in (gradient, hilly_gradient))  # type: ignore[return-value]


def _wrong_parts(loss: Any, gradient: Any, weights: FloatArray, bias: float) -> Blocks:
    said, true = _suspicion(gradient, weights, bias)
    return (abs(said - true) > 1e-6 * np.maximum(1.0, abs(true)),)


def _by_size(right: Answering, **a: Any) -> Blocks:
    said, true = _suspicion(a["gradient"], a["weights"], a["bias"])
    return (abs(abs(said) - abs(true)) > 1e-6 * np.maximum(1.0, abs(true)),)


def _loosely(right: Answering, **a: Any) -> Blocks:
    said, true = _suspicion(a["gradient"], a["weights"], a["bias"])
    return (abs(said - true) > 0.05 * np.maximum(1.0, abs(true)),)


def _relative_to_itself(right: Answering, **a: Any) -> Blocks:
    """A part whose derivative is 0 is said to be wrong, since any rounding is infinitely larger."""
    _, true = _suspicion(a["gradient"], a["weights"], a["bias"])
    return (np.asarray(right(**a)[0], dtype=bool) | (true == 0),)


FIND_THE_BUG = AnswerKey(
    right=_wrong_parts,
    slips=(
        Slip("relative-at-zero", _relative_to_itself),
        Slip("sizes-compared", _by_size),
        Slip("too-lenient", _loosely),
        Slip("bias-not-checked", lambda right, **a: (np.append(right(**a)[0][:-1], 0.0),)),
        Slip("roundings-accused", lambda right, **a: (np.ones(len(a["weights"]) + 1),)),
        Slip("right-and-wrong-exchanged", lambda right, **a: (1.0 - np.asarray(right(**a)[0], dtype=np.float64),)),
    ),
)
