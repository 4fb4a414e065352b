"""What the student's process left of a file's functions, and the verdict on them. Nothing of it is trusted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from handgrad.compare.check.check import diagnose
from handgrad.compare.check.conventions import LossChoice
from handgrad.compare.check.student.answers import Answer
from handgrad.compare.check.student.asking import collect
from handgrad.compare.check.student.forms import Kind, series
from handgrad.compare.check.student.messages import Answered, Failed, Function, Message, outcome
from handgrad.compare.check.student.process import Ended
from handgrad.compare.results.diagnosis import Assessment, NoAnswer, failed


def judged(file: str, ended: Ended, loss: LossChoice = None, integers: bool = False) -> Assessment:
    """What is found in what the process left of the file of that name."""
    messages, no_end = outcome(ended)
    functions, no_answers = _read(messages)
    if (failure := no_end or no_answers) is not None:
        return failed(functions[-1].name if functions else file, failure)
    return replace(_judge(file, functions, loss, integers), printed_lines=ended.printed_lines)


def judged_each(file: str, ended: Ended, loss: LossChoice = None) -> tuple[Assessment, ...]:
    """What is found of each function that the process left answers of; of the file where there are none.

    Where the process came to no end, the last function is the one that did not answer.
    """
    messages, no_end = outcome(ended)
    functions, no_answers = _read(messages)
    failure = no_end or no_answers
    whole = functions if failure is None else functions[:-1]
    assessments = [
        diagnose(collect(f.kind, f.answers), f.name, loss) if _is_complete(f) else failed(f.name, NoAnswer("left-out"))
        for f in whole
    ]
    if failure is not None or not functions:
        assessments.append(failed(functions[-1].name if functions else file, failure or NoAnswer("left-out")))
    return tuple(replace(assessment, printed_lines=ended.printed_lines) for assessment in assessments)


@dataclass
class _Answers:
    """One function of the file, and its answers with the number of their form."""

    name: str
    kind: Kind
    answers: list[tuple[int, Answer]] = field(default_factory=list)


def _read(messages: Sequence[Message | None]) -> tuple[list[_Answers], NoAnswer | None]:
    """The functions with their answers, and why there are no more.

    What has not the form of a message ends the reading: only the student's own code can have written it.
    """
    functions: list[_Answers] = []
    try:
        for message in messages:
            if message is None:
                raise ValueError("no message")
            if isinstance(message, Failed):
                return functions, message.failure
            if isinstance(message, Function):
                functions.append(_Answers(message.name, message.kind))
            elif isinstance(message, Answered):
                functions[-1].answers.append((message.form, message.answer()))
    except (IndexError, ValueError):
        return [], NoAnswer("forged")
    return functions, None


def _is_complete(function: _Answers) -> bool:
    """Whether there is one answer for each call of each form that was tried."""
    forms = series(function.kind)
    if not all(0 <= form < len(forms) for form, _ in function.answers):
        return False
    asked = collect(function.kind, function.answers)
    needed = len(forms) if function.kind == "trainer" else 1
    return len(asked) >= needed and all(
        len(answers) == len(one.calls())
        and all(a.failure or len(a.blocks) == (1 if one.kind == "loss" else 2) for a in answers)
        for one, answers in asked
    )


def _judge(file: str, functions: Sequence[_Answers], loss: LossChoice, integers: bool) -> Assessment:
    """The first of the file's functions that is wrong decides."""
    assessments = [diagnose(collect(f.kind, f.answers), f.name, loss, integers) for f in functions if _is_complete(f)]
    if not assessments or len(assessments) < len(functions):
        return failed(file, NoAnswer("left-out"))
    wrong = next((assessment for assessment in assessments if not assessment.correct), None)
    return wrong or replace(assessments[0], subjects=tuple(name for f in assessments for name in f.subjects))
