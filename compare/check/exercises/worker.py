"""The process in which an exercise runs: `python -m handgrad.compare.check.exercises.worker FILE ANSWERS TRACE …`.

It makes the calls of the exercise's task and writes one line of JSON for each. Nothing is judged here.
"""

from __future__ import annotations

import sys
import warnings
from dataclasses import asdict
from types import ModuleType
from typing import IO, Any

import numpy as np

from handgrad.compare.check.exercises.exercises import task_of
from handgrad.compare.check.exercises.tasks import Task
from handgrad.compare.check.student import LARGEST_ANSWER, Failure, NotAnAnswer, as_numbers, failure_from
from handgrad.compare.check.worker import work, write


def ask(module: ModuleType, file: str, out: IO[str], task: Task) -> None:
    """Calls what the task asks for, and writes what came back."""
    function = getattr(module, task.function, None)
    if not callable(function):
        write(out, failure=asdict(Failure("missing-function", f"defines no {task.function}")))
        return
    for arguments, untouched in zip(task.calls(), task.calls(), strict=True):
        try:
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                returned = task.ask(function, arguments)
            blocks = _blocks(returned, task)
        except NotAnAnswer as problem:
            write(out, failure=asdict(problem.failure))
        except (Exception, SystemExit) as error:  # whatever a student's code raises is its answer
            write(out, failure=asdict(failure_from(error, error.__traceback__, file)))
        else:
            changed = [name for name in arguments if not _same(arguments[name], untouched[name])]
            write(out, blocks=blocks, changed=changed)


def _blocks(returned: Any, task: Task) -> list[dict[str, Any]]:
    """The parts of an answer as plain numbers."""
    if returned is None:
        raise NotAnAnswer("returns-nothing", "returns None: is there a `return` on every path?")
    parts = (returned,) if len(task.parts) == 1 else returned
    wanted = f"{', '.join(task.parts)} {'is' if len(task.parts) == 1 else 'are'} expected"
    if not isinstance(parts, tuple | list):
        raise NotAnAnswer("wrong-shape", f"returns one {type(returned).__name__}, where {wanted}")
    if len(parts) != len(task.parts):
        raise NotAnAnswer("wrong-shape", f"returns {len(parts)} values, where {wanted}")
    arrays = [as_numbers(part) for part in parts]
    for name, array in zip(task.parts, arrays, strict=True):
        if array.size > LARGEST_ANSWER:
            raise NotAnAnswer("wrong-shape", f"returns {name} of shape {array.shape}")
        if not np.isfinite(array).all():
            raise NotAnAnswer("not-finite", f"returns NaN or infinity as {name}")
    return [{"shape": array.shape, "values": array.astype(np.float64).ravel().tolist()} for array in arrays]


def _same(after: Any, before: Any) -> bool:
    if isinstance(before, list) and before and isinstance(before[0], np.ndarray):
        return len(after) == len(before) and all(map(_same, after, before))
    return bool(np.array_equal(after, before)) if isinstance(before, np.ndarray) else bool(after == before)


if __name__ == "__main__":
    chosen = task_of(int(sys.argv[5]))
    work(
        sys.argv[1],
        sys.argv[2],
        sys.argv[3],
        int(sys.argv[4]),
        lambda module, file, out: ask(module, file, out, chosen),
    )
