"""Somebody's function, or its result, judged by the exact answer and a derived rounding bound."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from handgrad.backends.interface import InputError
from handgrad.compare.functions.arrays import Operand, numbers, reordered
from handgrad.compare.functions.causes import Shown, cause, explained, shown
from handgrad.compare.functions.formats import FORMATS
from handgrad.compare.functions.known import known_function
from handgrad.compare.functions.questions import OWN, Question, arguments_of, asked, meant, name_of, question_of
from handgrad.compare.functions.references import reference_named
from handgrad.compare.functions.weighing import weigh
from handgrad.compare.results.functions.judgement import Cause, Judgement

#: How often a function is asked again, with its terms in other orders.
ASKED_AGAIN = 16


def judge(
    function: Callable[..., Any] | str,
    inputs: Any,
    reference: str | Callable[..., Any] | None = None,
    axis: int | str | None = OWN,
    accumulate: str | None = None,
) -> Judgement:
    """What a function gives for these inputs, judged; see `handgrad.judge`.

    Args:
        function: It, or the name of one, whose NumPy version is judged then.
        inputs: A tuple of arrays, or the only array.
        reference: The name of the function that it is meant to be, or the exact answer's own function.
        axis: Along which it works; None for all elements.
        accumulate: The format in which it sums; None for the result's.

    Raises:
        InputError: If the inputs, the reference or the result cannot be judged.
    """
    name = function if isinstance(function, str) else name_of(function)
    if isinstance(function, str):
        reference = reference if reference is not None else function
        function = reference_named(function).by_numpy
    meaning = meant(function, name, reference, axis)
    arguments = arguments_of(inputs, meaning[0])
    question = question_of(arguments, meaning)
    given = asked(function, name, arguments)
    judgement = weigh(name, numbers(f"{name}'s result", given), question, accumulate)
    if question.reference is None or judgement.format not in FORMATS:
        return judgement
    return replace(judgement, cause=_cause(function, name, arguments, question, given, judgement))


def judge_result(
    actual: Any, exact_of: Sequence[Any], axis: int | str | None = OWN, accumulate: str | None = None
) -> Judgement:
    """A result that is there already, judged.

    Args:
        actual: The numbers.
        exact_of: The function's name, or a function that is known by itself, and then its inputs.
        axis: As in `judge`.
        accumulate: As in `judge`.

    Raises:
        InputError: As `judge`.
    """
    if not isinstance(exact_of, tuple | list) or len(exact_of) < 2:
        raise InputError("exact_of: expected a function and its inputs, as in ('dot', a, b), got something else")
    subject, *arguments = exact_of
    if callable(subject) and known_function(subject) is None:
        raise InputError(
            f"exact_of: expected the name of a known function, or one such as np.dot, got {name_of(subject)}; no bound "
            "is derived for a function of your own, but judge tells its ULPs"
        )
    named = subject if isinstance(subject, str) else None
    question = question_of(arguments, meant(subject, name_of(subject), named, axis))
    found = numbers("actual", actual)
    judgement = weigh("actual", found, question, accumulate)
    return replace(judgement, cause=_cause_of_one(question, found, judgement))


# -- why its bits are as they are ----------------------------------------------------------------------------------


def _cause(
    function: Callable[..., Any],
    name: str,
    arguments: Sequence[Any],
    question: Question,
    given: Any,
    judgement: Judgement,
) -> Cause | None:
    """From this result, and those for other orders of its terms."""
    if question.rows is None or not explained(question.name, question.rows.left.shape[1]):
        return None
    rng = np.random.default_rng(0)
    seen = [_shown(question, numbers(name, given), judgement.format)]
    while len(seen) <= ASKED_AGAIN and sum(one.given.size for one in seen) < ASKED_AGAIN:
        try:
            again = _reordered(arguments, question, rng)
            assert question.reference is not None
            other = question_of(again, (question.reference, question.axis))
            seen.append(_shown(other, numbers(name, asked(function, name, again)), judgement.format))
        except (InputError, AttributeError, TypeError):  # whoever fails in another order is not explained
            return None
    return cause(question.name, seen, FORMATS[judgement.format])


def _cause_of_one(question: Question, found: Operand, judgement: Judgement) -> Cause | None:
    """From this result alone: enough only where it has many numbers."""
    if judgement.format not in FORMATS or question.rows is None:
        return None
    if not explained(question.name, question.rows.left.shape[1]):
        return None
    return cause(question.name, [_shown(question, found, judgement.format)], FORMATS[judgement.format])


def _shown(question: Question, found: Operand, format: str) -> Shown:
    assert question.rows is not None
    rounded = FORMATS[format].round_sum(question.exact.nearest, question.exact.rest)
    return shown(question.name, question.rows, found.floats(), rounded, FORMATS[format])


def _reordered(arguments: Sequence[Any], question: Question, rng: np.random.Generator) -> tuple[Any, ...]:
    """The inputs with the terms of every sum in another order; the terms themselves stay as they are."""
    assert question.rows is not None
    if question.rows.right is not None:
        order = rng.permutation(question.rows.left.shape[1])
        return reordered(arguments[0], order, -1), reordered(arguments[1], order, 0)
    axis = -1 if question.axis is None else question.axis
    return (reordered(arguments[0], rng.permutation(question.inputs[0].values.shape[axis]), axis),)
