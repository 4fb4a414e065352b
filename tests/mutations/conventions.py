"""The mutants as the same mistakes in the gradient of another loss: c Σ r² with another c than 1/n."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
from mutations.catalogue import Mutant, mutants

from handgrad.compare.results.diagnosis import UNKNOWN, LossName

#: Gradient over that of the mean squared error, for n rows.
FACTORS: dict[LossName, Callable[[int], float]] = {
    "mse": lambda n: 1.0,
    "half-mse": lambda n: 0.5,
    "sum": lambda n: float(n),
    "half-sum": lambda n: n / 2,
}
#: What would come out of whole numbers is not a multiple of what comes out now; two of these take a second each.
_LEFT_OUT = {
    "integers:buffer_like_the_weights",
    "integers:integer_buffer_always",
    "pairs:t",
    "pairs:i",
    "transposed:summed_over_features",
}
#: Of means only: for another n each of these is another mistake.
_OF_MEANS = {
    "bias-penalised:weight_decay_in_a_step",
    "penalty-without-factor:weight_decay_in_a_step",
    "not-reset:step_without_zero_grad",
    "pairs:f",
    "pairs:w",
}
#: Of a sum, other mistakes: by its own name, or without one.
_OF_SUMS = {
    "mean-twice": "mean-instead-of-sum",
    "sum-instead-of-mean": UNKNOWN,
    "one-row-fewer": UNKNOWN,
    "whole-n-in-batch": UNKNOWN,
    "one-block-only:bias_summed": UNKNOWN,
    "one-block-only:bias_summed_without_the_two": UNKNOWN,
}


def wrong_in(loss: LossName, spellings: int) -> list[tuple[Mutant, tuple[str, ...]]]:
    """Wrong functions that are mistakes of that loss, too, and what they are called there.

    Up to so many of each mistake, of two together, and all of those without a name.
    """
    wrong = [m for m in mutants() if m.mistakes and inspect.isfunction(m.fresh()) and m.id not in _LEFT_OUT]
    if loss in ("sum", "half-sum"):
        wrong = [m for m in wrong if m.id not in _OF_MEANS]
    some = [m for names in dict.fromkeys(m.mistakes for m in wrong) for m in _some(wrong, names, spellings)]
    return [(mutant, _names(mutant, loss)) for mutant in some]


def _some(wrong: list[Mutant], names: tuple[str, ...], spellings: int) -> list[Mutant]:
    many = [mutant for mutant in wrong if mutant.mistakes == names]
    return many if names == (UNKNOWN,) else many[:spellings]


def _names(mutant: Mutant, loss: LossName) -> tuple[str, ...]:
    if loss in ("mse", "half-mse"):
        return mutant.mistakes
    names = tuple(_OF_SUMS.get(mutant.id, _OF_SUMS.get(name, name)) for name in mutant.mistakes)
    return (UNKNOWN,) if UNKNOWN in names else names


def in_convention(mutant: Mutant, loss: LossName) -> Callable[..., Any]:
    """The same mistake in the gradient of another loss."""
    function, factor = mutant.fresh(), FACTORS[loss]
    names = list(inspect.signature(function).parameters)
    if len(names) > 4 and names[4] in ("learning_rate", "rate"):
        return _step(function, factor)
    if mutant.mistakes in (("bias-penalised",), ("penalty-without-factor",)):
        return _plus(function, factor)
    if "new-parameters" in mutant.mistakes:
        return _moved(function, factor)
    return _grown(function, factor) if "not-reset" in mutant.mistakes else _times(function, factor)


def _step(function: Callable[..., Any], factor: Callable[[int], float]) -> Callable[..., Any]:
    """Of a multiple of the loss: as far as with a multiple of the rate."""

    @functools.wraps(function)
    def step(X: Any, y: Any, weights: Any, bias: Any, learning_rate: Any) -> Any:
        return function(X, y, weights, bias, learning_rate * factor(len(y)))

    return step


def _times(function: Callable[..., Any], factor: Callable[[int], float]) -> Callable[..., Any]:
    @functools.wraps(function)
    def gradient(X: Any, y: Any, weights: Any, bias: Any) -> Any:
        return tuple(factor(len(y)) * np.asarray(block) for block in function(X, y, weights, bias))

    return gradient


def _plus(function: Callable[..., Any], factor: Callable[[int], float]) -> Callable[..., Any]:
    """What the loss does not have stays as large as it is."""

    @functools.wraps(function)
    def gradient(X: Any, y: Any, weights: Any, bias: Any) -> Any:
        r = np.asarray(X, float) @ weights + bias - y
        more = (factor(len(y)) - 1) * 2 / len(y)
        dW, db = function(X, y, weights, bias)
        return np.ravel(dW) + more * (X.T @ r), db + more * r.sum()

    return gradient


def _moved(function: Callable[..., Any], factor: Callable[[int], float]) -> Callable[..., Any]:
    @functools.wraps(function)
    def gradient(X: Any, y: Any, weights: Any, bias: Any) -> Any:
        new = zip((weights, bias), function(X, y, weights, bias), strict=True)
        return tuple(old - factor(len(y)) * (old - np.asarray(moved)) for old, moved in new)

    return gradient


def _grown(function: Callable[..., Any], factor: Callable[[int], float]) -> Callable[..., Any]:
    """What each call adds is multiplied."""
    last: list[Any] = [0.0, 0.0]
    total: list[Any] = [0.0, 0.0]

    @functools.wraps(function)
    def gradient(X: Any, y: Any, weights: Any, bias: Any) -> Any:
        for i, block in enumerate(function(X, y, weights, bias)):
            total[i], last[i] = total[i] + factor(len(y)) * (block - last[i]), block
        return tuple(total)

    return gradient
