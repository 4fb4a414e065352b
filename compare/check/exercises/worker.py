"""The process in which an exercise runs: `python -m handgrad.compare.check.exercises.worker` and a `Job`.

It makes the calls of the exercise's question and writes one message for each. Nothing is judged here, and no right
answer is known.
"""

from __future__ import annotations

import sys
import warnings
from dataclasses import replace
from types import ModuleType
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from handgrad.compare.check.exercises.catalogue import question_of
from handgrad.compare.check.exercises.questions.question import ExerciseQuestion
from handgrad.compare.check.student.answers import LARGEST_ANSWER, Answer, NotAnAnswer, as_numbers
from handgrad.compare.check.student.failures import failure_from
from handgrad.compare.check.student.job import Job
from handgrad.compare.check.student.messages import Answered, Failed, write
from handgrad.compare.check.student.worker import work
from handgrad.compare.results.diagnosis import NoAnswer


def ask(module: ModuleType, file: str, out: IO[str], question: ExerciseQuestion) -> None:
    """Calls what the question asks for, and writes what came back."""
    function = getattr(module, question.function, None)
    if not callable(function):
        write(out, Failed(NoAnswer("defines-no", expected=question.function)))
        return
    for arguments, untouched in zip(question.calls(), question.calls(), strict=True):
        try:
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                returned = question.ask(function, arguments)
            blocks = _blocks(returned, question)
        except NotAnAnswer as problem:
            write(out, Failed(problem.failure))
        except (Exception, SystemExit) as error:  # whatever a student's code raises is its answer
            write(out, Failed(_told(error, file)))
        else:
            changed = tuple(name for name in arguments if not _same(arguments[name], untouched[name]))
            write(out, Answered.of(Answer(blocks, changed=changed)))


def _told(error: BaseException, file: str) -> NoAnswer:
    """What an error says; a template that nobody has filled in raises one of its own."""
    failure = failure_from(error, error.__traceback__, file)
    return replace(failure, cause="not-written") if isinstance(error, NotImplementedError) else failure


def _blocks(returned: Any, question: ExerciseQuestion) -> tuple[NDArray[Any], ...]:
    """The parts of an answer as float64."""
    if returned is None:
        raise NotAnAnswer(NoAnswer("none"))
    parts, wanted = (returned,) if len(question.parts) == 1 else returned, ", ".join(question.parts)
    if not isinstance(parts, tuple | list):
        raise NotAnAnswer(NoAnswer("not-the-parts", type(returned).__name__, wanted))
    if len(parts) != len(question.parts):
        raise NotAnAnswer(NoAnswer("other-number-of-parts", str(len(parts)), wanted))
    arrays = [as_numbers(part) for part in parts]
    for name, array in zip(question.parts, arrays, strict=True):
        if array.size > LARGEST_ANSWER:
            raise NotAnAnswer(NoAnswer("part-too-large", str(array.shape), part=name))
        if not np.isfinite(array).all():
            raise NotAnAnswer(NoAnswer("part-not-finite", part=name))
    return tuple(array.astype(np.float64) for array in arrays)


def _same(after: Any, before: Any) -> bool:
    if isinstance(before, list) and before and isinstance(before[0], np.ndarray):
        return len(after) == len(before) and all(map(_same, after, before))
    return bool(np.array_equal(after, before)) if isinstance(before, np.ndarray) else bool(after == before)


if __name__ == "__main__":
    job = Job.read(sys.argv[1:])
    chosen = question_of(job.exercise)
    work(job, lambda module, job, out: ask(module, job.file, out, chosen))
