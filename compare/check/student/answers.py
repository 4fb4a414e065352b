"""What a student's function gave back, as plain arrays, or as the failure that it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handgrad.compare.check.student.forms import Kind
from handgrad.compare.check.student.probes import Probe
from handgrad.compare.results.diagnosis import NoAnswer

Arrays = tuple[NDArray[Any], ...]

#: Numbers in one block of an answer; more are a wrong shape, and are not looked at.
LARGEST_ANSWER = 100_000


@dataclass(frozen=True, eq=False)
class Answer:
    """What came back from one call.

    Attributes:
        blocks: dW (d,) and db (), or the loss (): in float64, in the given shape where that is another.
        types: The names of the types in which the blocks came.
        changed: Which of the arguments were changed by the call.
        failure: In place of blocks.
    """

    blocks: Arrays = ()
    types: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    failure: NoAnswer | None = None


def failure_of(answer: Answer, probe: Probe, kind: Kind) -> NoAnswer | None:
    """The answer's failure; a wrong shape is one, too."""
    if answer.failure is not None:
        return answer.failure
    expected = _expected_shapes(probe, kind)
    for (name, shape), block in zip(expected.items(), answer.blocks, strict=True):
        if block.shape != shape:
            return NoAnswer("shape", str(block.shape), str(shape), part=name, place=probe.shape)
    return None


def _expected_shapes(probe: Probe, kind: Kind) -> dict[str, tuple[int, ...]]:
    if kind == "loss":
        return {"loss": ()}
    names = ("new weights", "new bias") if kind == "step" else ("dW", "db")
    return dict(zip(names, ((probe.features,), ()), strict=True))


def answer_of(returned: Any, probe: Probe, kind: Kind) -> Answer:
    """What was returned at a probe: dW (d,) and db (), parameters after a step, the loss (), or no such thing."""
    if returned is None:
        return Answer(failure=NoAnswer("none"))
    try:
        parts = (returned,) if kind == "loss" else _two_parts(returned, kind)
        arrays = [as_numbers(part) for part in parts]
    except NotAnAnswer as problem:
        return Answer(failure=problem.failure)
    shapes = ((),) if kind == "loss" else ((probe.features,), ())
    if any(array.size > LARGEST_ANSWER for array in arrays):
        shapes_given = " and ".join(str(array.shape) for array in arrays)
        return Answer(failure=NoAnswer("too-large", shapes_given, place=probe.shape))
    blocks = tuple(_shaped(array, shape) for array, shape in zip(arrays, shapes, strict=True))
    types = tuple(str(array.dtype) for array in arrays)
    if not all(np.isfinite(block).all() for block in blocks):
        return Answer(failure=NoAnswer("not-finite", place=probe.shape))
    return Answer(tuple(block.astype(np.float64) for block in blocks), types)


class NotAnAnswer(Exception):
    """What was returned is no answer; `failure` says why."""

    def __init__(self, failure: NoAnswer) -> None:
        super().__init__(failure.cause)
        self.failure = failure


def _two_parts(returned: Any, kind: Kind) -> tuple[Any, Any]:
    """The pair that a function returned; also what has `weights` and `bias`, as this package's own results have."""
    wanted = "(weights, bias)" if kind == "step" else "(dW, db)"
    if hasattr(returned, "weights") and hasattr(returned, "bias"):
        return returned.weights, returned.bias
    try:
        parts = tuple(returned)
    except TypeError:
        raise NotAnAnswer(NoAnswer("no-pair", type(returned).__name__, wanted)) from None
    if len(parts) != 2:
        raise NotAnAnswer(NoAnswer("no-pair-of-values", str(len(parts)), wanted))
    return parts


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


def _shaped(array: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    """Columns (d, 1), rows (1, d) and arrays of one number count as (d,) and as a number."""
    size = int(np.prod(shape, dtype=int))
    return array.reshape(shape) if array.size == size and max(array.shape, default=1) == size else array
