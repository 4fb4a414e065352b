"""What the student's process left of a file's functions, and the verdict on them. Nothing of it is trusted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from handgrad.compare.check.check import diagnose
from handgrad.compare.check.conventions import LossChoice
from handgrad.compare.check.student.answers import Answer
from handgrad.compare.check.student.asking import collect
from handgrad.compare.check.student.messages import Answered, Failed, Function, Message, outcome
from handgrad.compare.check.student.process import Ended
from handgrad.compare.check.student.signatures import signatures
from handgrad.compare.check.student.subjects import Found
from handgrad.compare.results.diagnosis import UNKNOWN, Assessment, NoAnswer, failed


def judged(file: str, ended: Ended, loss: LossChoice = None, integers: bool = False) -> Assessment:
    """What is found in what the process left of the file of that name: its first function that is wrong decides."""
    every = judged_each(file, ended, loss, integers)
    wrong = next((assessment for assessment in every if not assessment.correct), None)
    return wrong or replace(every[0], subjects=tuple(name for assessment in every for name in assessment.subjects))


def judged_each(file: str, ended: Ended, loss: LossChoice = None, integers: bool = False) -> tuple[Assessment, ...]:
    """What is found of each function that the process left answers of; of the file where there are none.

    Where the process came to no end, the last function is the one that did not answer. A loss beside a gradient tells
    of which loss that should be the gradient, if none is declared; it is told itself only if it is wrong.
    """
    messages, no_end = outcome(ended)
    functions, no_answers = _read(messages)
    failure = no_end or no_answers
    whole = functions if failure is None else functions[:-1]
    main = [f for f in whole if f.found.kind != "loss"] or whole
    beside = _beside([f for f in whole if f not in main]) if failure is None else None
    assessments = [_judge(f, loss, integers, beside) for f in main]
    if beside is not None and loss is None and not beside.correct and all(a.correct for a in assessments):
        assessments.append(beside)
    if failure is not None or not functions:
        name = functions[-1].found.name if functions else file
        assessments.append(failed(name, failure or NoAnswer("left-out")))
    return tuple(replace(assessment, printed_lines=ended.printed_lines) for assessment in assessments)


def _beside(losses: Sequence[_Answers]) -> Assessment | None:
    """What is found of the first loss that was understood; by which of the losses, too."""
    for one in losses:
        if _is_complete(one):
            found = diagnose(one.found, collect(one.found, one.answers), "any")
            if found.correct or (found.mistakes and UNKNOWN not in found.keys):
                return found
    return None


def _judge(function: _Answers, loss: LossChoice, integers: bool, beside: Assessment | None) -> Assessment:
    if not _is_complete(function):
        return failed(function.found.name, NoAnswer("left-out"))
    asked = collect(function.found, function.answers)
    if loss is None and beside is not None and beside.correct:
        return replace(diagnose(function.found, asked, beside.loss, integers), loss_origin="beside")
    return diagnose(function.found, asked, loss, integers)


@dataclass
class _Answers:
    """One function of the file, and its answers with the number of their form."""

    found: Found
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
                functions.append(_Answers(replace(message.described(), name=message.name, kind=message.kind)))
            elif isinstance(message, Answered):
                functions[-1].answers.append((message.form, message.answer()))
    except (IndexError, ValueError):
        return [], NoAnswer("forged")
    return functions, None


def _is_complete(function: _Answers) -> bool:
    """Whether the first signature, and each of a trainer, has one answer for each call; others may have fewer."""
    forms = list(signatures(function.found))
    if not function.answers or function.answers[0][0] != 0:
        return False
    if not all(0 <= form < len(forms) for form, _ in function.answers):
        return False
    asked = collect(function.found, function.answers)
    needed = len(forms) if function.found.kind == "trainer" else 1
    return (
        len(asked) >= needed
        and all(len(answers) == len(one.calls()) for one, answers in asked[:needed])
        and all(len(answers) <= len(one.calls()) for one, answers in asked)
        and all(a.failure or a.blocks for _, answers in asked for a in answers)
    )
