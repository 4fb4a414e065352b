"""Somebody's function, or its result, judged by the exact answer and a derived rounding bound."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from handgrad.backends.interface import InputError
from handgrad.compare.functions.arrays import Numbers, numbers, reordered
from handgrad.compare.functions.causes import Shown, cause, explained, shown
from handgrad.compare.functions.formats import FORMATS
from handgrad.compare.functions.known import known_function
from handgrad.compare.functions.problems import OWN, Problem, asked, meant, name_of, problem_of
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
    arguments = inputs if isinstance(inputs, tuple) else (inputs,)
    problem = problem_of(arguments, meant(function, name, reference, axis))
    given = asked(function, name, arguments)
    judgement = weigh(name, numbers(f"{name}'s result", given), problem, accumulate)
    if problem.reference is None or judgement.format not in FORMATS:
        return judgement
    return replace(judgement, cause=_cause(function, name, arguments, problem, given, judgement))


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
    problem = problem_of(arguments, meant(subject, name_of(subject), named, axis))
    found = numbers("actual", actual)
    judgement = weigh("actual", found, problem, accumulate)
    return replace(judgement, cause=_cause_of_one(problem, found, judgement))


# -- why its bits are as they are ----------------------------------------------------------------------------------


def _cause(
    function: Callable[..., Any],
    name: str,
    arguments: Sequence[Any],
    problem: Problem,
    given: Any,
    judgement: Judgement,
) -> Cause | None:
    """From this result, and those for other orders of its terms."""
    if problem.rows is None or not explained(problem.name, problem.rows.left.shape[1]):
        return None
    rng = np.random.default_rng(0)
    seen = [_shown(problem, numbers(name, given), judgement.format)]
    while len(seen) <= ASKED_AGAIN and sum(one.given.size for one in seen) < ASKED_AGAIN:
        try:
            again = _reordered(arguments, problem, rng)
            assert problem.reference is not None
            other = problem_of(again, (problem.reference, problem.axis))
            seen.append(_shown(other, numbers(name, asked(function, name, again)), judgement.format))
        except (InputError, AttributeError, TypeError):  # whoever fails in another order is not explained
            return None
    return cause(problem.name, seen, FORMATS[judgement.format])


def _cause_of_one(problem: Problem, found: Numbers, judgement: Judgement) -> Cause | None:
    """From this result alone: enough only where it has many numbers."""
    if judgement.format not in FORMATS or problem.rows is None:
        return None
    if not explained(problem.name, problem.rows.left.shape[1]):
        return None
    return cause(problem.name, [_shown(problem, found, judgement.format)], FORMATS[judgement.format])


def _shown(problem: Problem, found: Numbers, format: str) -> Shown:
    assert problem.rows is not None
    rounded = FORMATS[format].round_sum(problem.exact.nearest, problem.exact.rest)
    return shown(problem.name, problem.rows, found.floats(), rounded, FORMATS[format])


def _reordered(arguments: Sequence[Any], problem: Problem, rng: np.random.Generator) -> tuple[Any, ...]:
    """The same inputs with the terms of every sum in another order."""
    assert problem.rows is not None
    if problem.rows.right is not None:
        order = rng.permutation(problem.rows.left.shape[1])
        return reordered(arguments[0], order, -1), reordered(arguments[1], order, 0)
    axis = -1 if problem.axis is None else problem.axis
    return (reordered(arguments[0], rng.permutation(problem.inputs[0].values.shape[axis]), axis),)
