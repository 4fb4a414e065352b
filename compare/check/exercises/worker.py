"""The process in which an exercise runs: `python -m handgrad.compare.check.exercises.worker` and a `Job`.

It makes the calls of the exercise's question. Nothing is judged here, and no right answer is known.
"""

from __future__ import annotations

import sys
from functools import partial
from types import ModuleType

from handgrad.compare.check.exercises.catalogue import question_of
from handgrad.compare.check.exercises.questions.question import ExerciseQuestion
from handgrad.compare.check.sandbox.answers import Answer
from handgrad.compare.check.sandbox.calling import Argument, Invocation, answer_to
from handgrad.compare.check.sandbox.job import Job
from handgrad.compare.check.sandbox.messages import Answered, ExerciseCall, Reply, Request
from handgrad.compare.check.sandbox.worker import work
from handgrad.compare.results.diagnosis import NoAnswer


def reply(request: Request, module: ModuleType, file: str) -> Reply:
    """What the module's function answers to a call of an exercise."""
    assert isinstance(request, ExerciseCall)
    question = question_of(request.exercise)
    return Answered.of(answer(question, request.number, module, file), request.nonce)


def answer(question: ExerciseQuestion, number: int, module: ModuleType, file: str | None = None) -> Answer:
    """What the module's function answers to the call of that number."""
    function = getattr(module, question.function, None)
    if not callable(function):
        return Answer(failure=NoAnswer("defines-no", expected=question.function))
    return answer_to(partial(invocation, question, number), function, file)


def invocation(question: ExerciseQuestion, number: int) -> Invocation:
    """The call of that number, with new values each time."""
    arguments = tuple(Argument(name, value) for name, value in question.calls()[number].items())
    return Invocation(question.function, arguments, "exercise", parts=question.parts, ask=question.ask)


if __name__ == "__main__":
    work(Job.read(sys.argv[1:]), reply)
