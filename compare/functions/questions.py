"""What is judged: a function's inputs, and the exact answer for them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from handgrad.backends.interface import FloatArray, InputError
from handgrad.compare.functions.arrays import Operand, finite, numbers
from handgrad.compare.functions.exact import Exact, exactly, fractions
from handgrad.compare.functions.known import known_function, path_of
from handgrad.compare.functions.references import Reference, Rows, reference_named

#: An axis that nobody gave: the function's own.
OWN = "own"

#: What a result is held against: a function that is known here, or one of the user's own that gives exact answers.
Meant = Reference | Callable[..., Any]


@dataclass(frozen=True, eq=False)
class Question:
    """Inputs, and the exact answer for them.

    Attributes:
        reference: The function; None where a user's own one gave the answer.
        name: Its name.
        inputs: As numbers.
        rows: The inputs as they are worked on; None with no reference.
        exact: In the result's shape.
        values: The doubles nearest to the exact ones, as the rows have them.
        axis: Along which it works.
    """

    reference: Reference | None
    name: str
    inputs: tuple[Operand, ...]
    rows: Rows | None
    exact: Exact
    values: FloatArray
    axis: int | None


def meant(
    function: Any, name: str, reference: str | Callable[..., Any] | None, axis: int | str | None
) -> tuple[Meant, int | None]:
    """The function that is meant, and the axis."""
    if not callable(function) and not isinstance(function, str):
        raise InputError(f"function: expected a function, or the name of one, got {name}")
    if callable(reference):
        return reference, None
    if not isinstance(reference, str | None):
        raise InputError(f"reference: expected a name or a function, got {reference!r}")
    found = known_function(function) if reference is None else (reference, OWN)
    if found is None:
        raise InputError(
            f"reference: expected to be told what {name} computes, since it is no function that is known; "
            "give reference='sum', say, or a function that gives the exact answer"
        )
    named, own = reference_named(found[0]), found[1]
    chosen = axis if axis != OWN else own if own != OWN else named.axis
    if isinstance(chosen, str):
        raise InputError(f"axis: expected a number or None, got {chosen!r}")
    return named, chosen


def arguments_of(inputs: Any, reference: Meant) -> Sequence[Any]:
    """What a function is called with: a tuple's entries, a list of two arrays for a product, or the only input."""
    if isinstance(inputs, tuple):
        return inputs
    two = isinstance(reference, Reference) and reference.inputs == 2 and isinstance(inputs, list) and len(inputs) == 2
    return inputs if two else (inputs,)


def question_of(arguments: Sequence[Any], meaning: tuple[Meant, int | None]) -> Question:
    """The inputs, and the exact answer for what is meant.

    Raises:
        InputError: If the inputs are too few or too many, not finite, or of shapes that do not fit.
    """
    reference, axis = meaning
    if not isinstance(reference, Reference):
        inputs = tuple(numbers(f"input {i}", one) for i, one in enumerate(arguments))
        answer = _exact_by(reference, arguments)
        return Question(None, name_of(reference), inputs, None, answer, answer.nearest, None)
    if len(arguments) != reference.inputs:
        raise InputError(f"inputs: expected {reference.inputs} for a {reference.name}, got {len(arguments)}")
    labels = ("x",) if reference.inputs == 1 else ("a", "b")
    inputs = tuple(finite(label, numbers(label, one)) for label, one in zip(labels, arguments, strict=True))
    rows = reference.rows(inputs, axis)
    if not reference.rational and reference.name != "2-norm" and rows.left.dtype == object:
        raise InputError(f"x: expected integers up to 2^53 for {reference.name}, got larger ones")
    exact = reference.exact(rows)
    placed = Exact(rows.back(exact.nearest), rows.back(exact.rest), exact.rationals)
    return Question(reference, reference.name, inputs, rows, placed, exact.nearest, axis)


def _exact_by(reference: Callable[..., Any], arguments: Sequence[Any]) -> Exact:
    """What a user's own reference answers: fractions, integers, decimals, mpmath's numbers or floats, nested or not."""
    answer = np.asarray(asked(reference, name_of(reference), arguments), dtype=object)
    try:
        return exactly(fractions(answer.ravel().tolist(), answer.shape))
    except (AttributeError, TypeError, ValueError, OverflowError) as error:
        raise InputError(
            f"reference: expected numbers that know their ratio, such as Fraction, int, Decimal or mpf, got others "
            f"({error})"
        ) from None


def asked(function: Callable[..., Any], name: str, arguments: Sequence[Any]) -> Any:
    """What a function gives.

    Raises:
        InputError: If it raises anything, which is told, and chained.
    """
    try:
        with np.errstate(all="ignore"):
            return function(*arguments)
    except Exception as error:
        shapes = ", ".join(str(np.shape(one)) for one in arguments)
        raise InputError(
            f"{name}: expected a result for inputs {shapes}, got {type(error).__name__}: {error}"
        ) from error


def name_of(function: Any) -> str:
    """What a function is called, in full where it is known by itself."""
    if isinstance(function, str):
        return function
    return path_of(function) or str(getattr(function, "__name__", type(function).__name__))
