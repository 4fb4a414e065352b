"""How the answer of a function of somebody else is read: which part is the loss, which dW and which db."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handgrad.backends.adapters.derivative import Derivative
from handgrad.backends.interface import DType
from handgrad.backends.signatures.names import part_of
from handgrad.backends.signatures.parts import Arrangement, arranged, parts_in
from handgrad.backends.signatures.signature import Theta
from handgrad.backends.signatures.subjects import Found


@dataclass(frozen=True)
class Reading:
    """How answers are read.

    Attributes:
        arrangement: Which parts are dW and db, or the new parameters.
        loss: Which part is the loss; None where there is none.
        features: d.
        dtype: In which all of it is computed with.
        plain: Whether the answer itself is the tuple of the parts.
    """

    arrangement: Arrangement
    loss: int | None
    features: int
    dtype: DType
    plain: bool

    def __call__(self, returned: Any) -> Derivative:
        """The loss, dW (d,) and db of an answer.

        Raises:
            ValueError: If a part has another number of numbers.
        """
        parts = returned if self.plain else flat(returned)[1]
        loss = None if self.loss is None else self.numbers(parts[self.loss]).reshape(())[()]
        where = self.arrangement
        weights = self.numbers(parts[where.weights])
        if where.joined:
            first, both = where.joined == "bias-first", weights.reshape(self.features + 1)
            return Derivative(loss, both[1:] if first else both[:-1], both[0 if first else -1])
        assert where.bias is not None
        return Derivative(loss, weights.reshape(self.features), self.numbers(parts[where.bias]).reshape(())[()])

    def numbers(self, part: Any) -> NDArray[Any]:
        """A part of an answer, of any shape, as an array of the dtype."""
        if hasattr(part, "detach"):  # PyTorch: a tensor on the graph, perhaps on another device
            part = part.detach().cpu()
        return np.asarray(part, dtype=self.dtype)


def flat(returned: Any) -> tuple[tuple[str, ...], list[Any]]:
    """The names of an answer's parts, where they have any, and the parts; those of a pair within a pair stand beside.

    As `jax.value_and_grad` has them: the loss, and dW and db together.
    """
    if hasattr(returned, "weights") and hasattr(returned, "bias") and hasattr(returned, "loss"):
        return ("loss", "weights", "bias"), [returned.loss, returned.weights, returned.bias]
    names, parts = parts_in(returned)
    if len(parts) == 2 and isinstance(parts[1], tuple | list) and len(parts[1]) == 2 and np.ndim(parts[0]) == 0:
        return ("loss", "", ""), [parts[0], *parts[1]]
    return names, parts


def readings(found: Found, theta: Theta, returned: Any, features: int, dtype: DType) -> Iterator[Reading]:
    """How an answer may be meant, the likeliest first; without what has no bias."""
    names, parts = flat(returned)
    plain = (
        type(returned) is tuple
        and len(parts) == len(returned)
        and all(a is b for a, b in zip(parts, returned, strict=True))
    )
    sizes = [np.size(part.detach().cpu() if hasattr(part, "detach") else part) for part in parts]
    told = names or found.returns
    for where in arranged(found, theta, names, sizes, features):
        if where.bias is not None or where.joined:
            loss = loss_among(told if len(told) == len(parts) else ("",) * len(parts), sizes, where)
            yield Reading(where, loss, features, dtype, plain)


def loss_among(names: tuple[str, ...], sizes: list[int], where: Arrangement) -> int | None:
    """Which part is the loss: one number beside dW and db, and the only one, or the one whose name says so."""
    taken = {where.weights, where.weights if where.joined else where.bias}
    left = [place for place, size in enumerate(sizes) if place not in taken and size == 1]
    named = [place for place in left if part_of(names[place]) == "loss"]
    if named:
        return named[0]
    return left[0] if len(left) == 1 and not names[left[0]] else None
