"""The process in which an exercise runs: `python -m handgrad.compare.check.exercises.worker` and a `Job`.

It makes the calls of the exercise's task and writes one message for each. Nothing is judged here.
"""

from __future__ import annotations

import sys
import warnings
from types import ModuleType
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from handgrad.compare.check.exercises.catalogue import task_of
from handgrad.compare.check.exercises.task import Task
from handgrad.compare.check.student.answers import LARGEST_ANSWER, Answer, NotAnAnswer, as_numbers
from handgrad.compare.check.student.failures import failure_from
from handgrad.compare.check.student.job import Job
from handgrad.compare.check.student.messages import Answered, Failed, write
from handgrad.compare.check.student.worker import work
from handgrad.compare.results.diagnosis import NoAnswer


def ask(module: ModuleType, file: str, out: IO[str], task: Task) -> None:
    """Calls what the task asks for, and writes what came back."""
    function = getattr(module, task.function, None)
    if not callable(function):
        write(out, Failed(NoAnswer("defines-no", expected=task.function)))
        return
    for arguments, untouched in zip(task.calls(), task.calls(), strict=True):
        try:
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                returned = task.ask(function, arguments)
            blocks = _blocks(returned, task)
        except NotAnAnswer as problem:
            write(out, Failed(problem.failure))
        except (Exception, SystemExit) as error:  # whatever a student's code raises is its answer
            write(out, Failed(failure_from(error, error.__traceback__, file)))
        else:
            changed = tuple(name for name in arguments if not _same(arguments[name], untouched[name]))
            write(out, Answered.of(Answer(blocks, changed=changed)))


def _blocks(returned: Any, task: Task) -> tuple[NDArray[Any], ...]:
    """The parts of an answer as float64."""
    if returned is None:
        raise NotAnAnswer(NoAnswer("none"))
    parts, wanted = (returned,) if len(task.parts) == 1 else returned, ", ".join(task.parts)
    if not isinstance(parts, tuple | list):
        raise NotAnAnswer(NoAnswer("not-the-parts", type(returned).__name__, wanted))
    if len(parts) != len(task.parts):
        raise NotAnAnswer(NoAnswer("other-number-of-parts", str(len(parts)), wanted))
    arrays = [as_numbers(part) for part in parts]
    for name, array in zip(task.parts, arrays, strict=True):
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
    chosen = task_of(job.exercise)
    work(job, lambda module, job, out: ask(module, job.file, out, chosen))
