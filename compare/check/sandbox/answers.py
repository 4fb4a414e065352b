"""What a student's function gave back, as plain arrays, or as the failure that it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handgrad.backends.signatures.parts import parts_in
from handgrad.compare.results.diagnosis import NoAnswer

Arrays = tuple[NDArray[Any], ...]

#: Numbers in one block of an answer; more are a wrong shape, and are not looked at.
LARGEST_ANSWER = 100_000


@dataclass(frozen=True, eq=False)
class Answer:
    """What came back from one call.

    Attributes:
        blocks: What was returned, part by part, in float64; read as dW (d,) and db (), or as the loss ().
        types: The names of the types in which the blocks came.
        changed: Which of the arguments were changed by the call.
        failure: In place of blocks.
        names: Of the blocks, as a dictionary or a named tuple has them.
        container: The type of all that was returned.
    """

    blocks: Arrays = ()
    types: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    failure: NoAnswer | None = None
    names: tuple[str, ...] = ()
    container: str = ""


def answer_of(returned: Any) -> Answer:
    """What was returned, part by part, in whatever form: a pair, a dictionary, a named tuple, one vector, a number."""
    if returned is None:
        return Answer(failure=NoAnswer("none"))
    container = type(returned).__name__
    try:
        names, parts = parts_in(returned)
        arrays = [as_numbers(part) for part in parts]
    except NotAnAnswer as problem:
        return Answer(failure=problem.failure)
    if any(array.size > LARGEST_ANSWER for array in arrays):
        shapes_given = " and ".join(str(array.shape) for array in arrays)
        return Answer(failure=NoAnswer("too-large", shapes_given))
    types = tuple(str(array.dtype) for array in arrays)
    if not all(np.isfinite(array).all() for array in arrays):
        return Answer(failure=NoAnswer("not-finite"))
    return Answer(tuple(a.astype(np.float64) for a in arrays), types, names=names, container=container)


class NotAnAnswer(Exception):
    """What was returned is no answer; `failure` says why."""

    def __init__(self, failure: NoAnswer) -> None:
        super().__init__(failure.cause)
        self.failure = failure


def as_numbers(part: Any) -> NDArray[Any]:
    """An array of what was returned: numbers, lists, arrays, or tensors of a library that need not be named here."""
    if part is None:
        raise NotAnAnswer(NoAnswer("none-inside"))
    if isinstance(part, (list, tuple)):
        return _stacked([as_numbers(piece) for piece in part])
    if hasattr(part, "detach"):  # PyTorch: a tensor on the graph, perhaps on another device
        part = part.detach().cpu()
    array = np.asarray(part)
    if array.dtype == object:  # Fraction, Decimal
        array = _floats(array)
    if array.dtype.kind not in "fiu":
        raise NotAnAnswer(NoAnswer("type", type(part).__name__, data_type=str(array.dtype)))
    return array


def _stacked(pieces: list[NDArray[Any]]) -> NDArray[Any]:
    try:
        return np.array(pieces)
    except ValueError:
        raise NotAnAnswer(NoAnswer("unlike-shapes")) from None


def _floats(array: NDArray[Any]) -> NDArray[Any]:
    try:
        return array.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise NotAnAnswer(NoAnswer("no-real-numbers", str(error))) from None


def parts_of(returned: Any, wanted: tuple[str, ...]) -> Answer:
    """The answer to an exercise, whose parts are known by name and order.

    Raises:
        NotAnAnswer: If something else was returned.
    """
    if returned is None:
        raise NotAnAnswer(NoAnswer("none"))
    parts, names = (returned,) if len(wanted) == 1 else returned, ", ".join(wanted)
    if not isinstance(parts, tuple | list):
        raise NotAnAnswer(NoAnswer("not-the-parts", type(returned).__name__, names))
    if len(parts) != len(wanted):
        raise NotAnAnswer(NoAnswer("other-number-of-parts", str(len(parts)), names))
    return Answer(tuple(map(_part, wanted, parts)))


def _part(name: str, part: Any) -> NDArray[np.float64]:
    array = as_numbers(part)
    if array.size > LARGEST_ANSWER:
        raise NotAnAnswer(NoAnswer("part-too-large", str(array.shape), part=name))
    if not np.isfinite(array).all():
        raise NotAnAnswer(NoAnswer("part-not-finite", part=name))
    return array.astype(np.float64)
