"""How a function of somebody else is called: in which form, and in which order, it wants its arguments."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from handgrad.backends.interface import FloatArray
from handgrad.backends.signatures.arguments import ONE_FEATURE, data_in, parameters_in
from handgrad.backends.signatures.signature import Signature, signatures
from handgrad.backends.signatures.subjects import Found

#: Forms that are lists of Python's numbers.
LISTS = ("rows", "numbers")


@dataclass
class FunctionCall:
    """A function with the signature in which it is called.

    Attributes:
        function: It.
        signature: In which form, and in which order, it takes its arguments.
        data: X, as it was last given, and what was made of it and of y.
    """

    function: Callable[..., Any]
    signature: Signature
    data: tuple[Any, dict[str, Any]] = (None, {})

    def __call__(self, X: FloatArray, y: FloatArray, weights: FloatArray, bias: Any, rate: Any = None) -> Any:
        """What it returns for X (n, d), y (n,), weights (d,), a bias and, of a step, its length."""
        form, theta = self.signature.form, self.signature.theta
        if self.data[0] is not X:
            self.data = X, self.own(data_in(form, theta, X, y))
        values = {"rate": rate, "rounds": 1, **self.data[1], **self.own(parameters_in(form, theta, weights, bias))}
        keywords = self.signature.keywords
        given = [(keyword, values[role]) for keyword, role in zip(keywords, self.signature.roles, strict=True)]
        named = {keyword: value for keyword, value in given if keyword}
        return self.function(*(value for keyword, value in given if not keyword), **named)

    def own(self, values: dict[str, Any]) -> dict[str, Any]:
        """The values as the form wants them: lists of Python's numbers, or as they are."""
        if self.signature.form not in LISTS:
            return values
        return {name: np.asarray(value).tolist() for name, value in values.items()}


def plain(signature: Signature) -> bool:
    """Whether a function takes X, y, weights and a bias, of a step a rate, as they are and in this order."""
    asked_for = signature.roles in (("X", "y", "weights", "bias"), ("X", "y", "weights", "bias", "rate"))
    return asked_for and signature.form == "arrays" and not any(signature.keywords)


def calls(function: Callable[..., Any], found: Found, features: int) -> Iterator[tuple[Signature, Callable[..., Any]]]:
    """Each way in which a function may want its arguments, the likeliest first, for d features."""
    for signature in signatures(found):
        without_bias = signature.theta == "none" or not {"bias", "theta"} & set(signature.roles)
        if not without_bias and not (signature.form in ONE_FEATURE and features > 1):
            yield signature, function if plain(signature) else FunctionCall(function, signature)
