"""Grading of the exercises, with the same machinery as `check`.

Where an exercise is a gradient, a step or a loss in the form of `check`, `check_file` grades it. The others are called
as their question says, in a process of their own with the same limits. An answer is right if it differs from the right
one by rounding only; a wrong one gets a mistake's name if that mistake, or two at once, reproduces all answers, and
otherwise the numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from handgrad.backends.interface import FloatArray
from handgrad.compare.check.exercises.catalogue import Exercise, exercise
from handgrad.compare.check.exercises.keys.every import KEYS
from handgrad.compare.check.exercises.keys.key import Answering, AnswerKey, Blocks
from handgrad.compare.check.exercises.questions.question import ExerciseQuestion
from handgrad.compare.check.file import check_file, parse
from handgrad.compare.check.sandbox.answers import Answer
from handgrad.compare.check.sandbox.failures import GiveUp
from handgrad.compare.check.student.process import TIME_LIMIT_SECONDS, started
from handgrad.compare.results.diagnosis import (
    CHANGES_INPUT,
    UNKNOWN,
    Assessment,
    Call,
    Discrepancy,
    Mistake,
    NoAnswer,
    failed,
)

#: Answers differ from the right ones by no more than this, relative to the largest number of the part.
RELATIVE = 1e-10

#: Numbers of one part that stand in the evidence: those that are off most.
SHOWN = 3

_WORKER = "handgrad.compare.check.exercises.worker"

#: The parts of the answer to each call.
Answers = Sequence[tuple[FloatArray, ...]]


def grade(number: int, path: str | Path, *, time_limit_seconds: float = TIME_LIMIT_SECONDS) -> Assessment:
    """Whether an exercise is solved, or what is wrong with the solution.

    Args:
        number: Of the exercise.
        path: The student's file. It is run, in a process of its own.
        time_limit_seconds: For all of it.

    Raises:
        ExerciseError: If there is no such exercise.
        CheckError: If there is no such file, or it cannot be read.
    """
    chosen, file = exercise(number), Path(path)
    if (failure := parse(file)) is not None:
        return failed(file.name, failure)
    if chosen.question is None:
        return _checked(chosen, file, time_limit_seconds)
    return _graded(chosen, chosen.question, file, time_limit_seconds)


def _checked(chosen: Exercise, file: Path, time_limit_seconds: float) -> Assessment:
    assessment = check_file(file, time_limit_seconds=time_limit_seconds, loss="mse")
    if assessment.correct and chosen.function not in assessment.subjects:
        return failed(chosen.function, NoAnswer("not-defined", given=" and ".join(assessment.subjects)))
    if assessment.correct and chosen.many_features and assessment.one_feature:
        return failed(chosen.function, NoAnswer("one-feature-only"))
    return assessment


def _graded(chosen: Exercise, question: ExerciseQuestion, file: Path, time_limit_seconds: float) -> Assessment:
    with started(file.resolve(), worker=_WORKER, time_limit_seconds=time_limit_seconds) as dialogue:
        found = assessed(question, KEYS[chosen.name], partial(dialogue.ask_exercise, chosen.number))
        return dialogue.witnessed(found)


def assessed(question: ExerciseQuestion, key: AnswerKey, ask: Callable[[int], Answer]) -> Assessment:
    """What is found in the answers to the calls of a question, by their number; the first failure ends it."""
    answers: list[tuple[FloatArray, ...]] = []
    changed: dict[str, None] = {}
    try:
        for number in range(len(question.calls())):
            answer = ask(number)
            if answer.failure is not None:
                return failed(question.function, answer.failure)
            answers.append(answer.blocks)
            changed |= dict.fromkeys(answer.changed)
    except GiveUp as problem:
        return failed(question.function, problem.failure)
    if any(len(answer) != len(question.parts) for answer in answers):
        return failed(question.function, NoAnswer("unreadable"))
    return _judged(question, key, answers, tuple(changed))


def _judged(question: ExerciseQuestion, key: AnswerKey, answers: Answers, changed: tuple[str, ...]) -> Assessment:
    calls, right = question.calls(), expected(question, key.right)
    known = Assessment((question.function,), calls=len(calls), smallest_detectable=RELATIVE, by_exercise=True)
    if agree(answers, right):
        return replace(known, mistakes=(Mistake(CHANGES_INPUT, arguments=changed),) if changed else ())
    made = recognised(question, key, answers)
    named = replace(known, mistakes=tuple(map(Mistake, made or (UNKNOWN,))))
    if (failure := _wrong_shape(question, answers, right)) is not None:
        return named if made else failed(question.function, failure)
    wrong = [k for k, pair in enumerate(zip(answers, right, strict=True)) if not agree([pair[0]], [pair[1]])]
    rows = [row for k in dict.fromkeys((wrong[0], wrong[-1])) for row in _rows(question, k, answers[k], right[k])]
    call = None if made else Call(wrong[0] + 1, _arguments(calls[wrong[0]]))
    return replace(named, evidence=tuple(rows), wrong_call=call)


def recognised(question: ExerciseQuestion, key: AnswerKey, answers: Answers) -> tuple[str, ...]:
    """The one mistake that answers so, or else the two at once; none where no two do, or where several pairs do."""
    fitting: dict[tuple[str, ...], None] = {}
    for fault in key.faults():
        if agree(answers, expected(question, fault.answer)):
            if len(fault.mistakes) == 1:
                return fault.mistakes
            fitting[fault.mistakes] = None
    return next(iter(fitting)) if len(fitting) == 1 else ()


def expected(question: ExerciseQuestion, answer: Answering) -> Answers:
    """What is answered to each call of the question by who answers so."""
    return [tuple(np.asarray(p, dtype=np.float64) for p in answer(**arguments)) for arguments in question.calls()]


def _wrong_shape(question: ExerciseQuestion, answers: Answers, right: Answers) -> NoAnswer | None:
    for number, (given, wanted) in enumerate(zip(answers, right, strict=True), 1):
        for name, part, truth in zip(question.parts, given, wanted, strict=True):
            if part.shape != truth.shape and not part.size == truth.size == 1:
                return NoAnswer("shape", str(part.shape), str(truth.shape), part=name, place=number)
    return None


def agree(answers: Answers, others: Answers) -> bool:
    """Whether all answers are those, but for rounding. A mistake's answers may be of another shape."""
    pairs = [pair for given, right in zip(answers, others, strict=True) for pair in zip(given, right, strict=True)]
    return all(
        given.size == right.size and bool((abs(given.ravel() - right.ravel()) <= _allowed(right)).all())
        for given, right in pairs
    )


def _allowed(right: FloatArray) -> float:
    """How far rounding may carry an answer: small beside the largest number of its part, and beside 1."""
    return RELATIVE * max(1.0, float(abs(right).max(initial=0.0)))


def _arguments(call: dict[str, Any]) -> dict[str, str]:
    """Those of a call that can be written down."""
    return {name: _written(value) for name, value in call.items() if not callable(value)}


def _written(value: Any) -> str:
    """A value as Python or NumPy writes it, to four digits."""
    if isinstance(value, list):
        return f"[{', '.join(map(_written, value))}]"
    if isinstance(value, np.ndarray):
        return " ".join(np.array2string(value, precision=4, separator=", ").split())
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _rows(question: ExerciseQuestion, call: int, given: Blocks, right: Blocks) -> list[Discrepancy]:
    """The numbers of one call that are off most."""
    rows = []
    for name, part, truth in zip(question.parts, given, right, strict=True):
        worst = np.argsort(-abs(part - truth).ravel(), kind="stable")[:SHOWN]
        for place in sorted(worst.tolist()):
            index = tuple(int(i) for i in np.unravel_index(place, truth.shape))
            numbers = float(part.flat[place]), float(truth.flat[place])
            is_right = abs(numbers[0] - numbers[1]) <= _allowed(truth)
            rows.append(Discrepancy(name, index, call + 1, *numbers, is_right=is_right))
    return rows
