"""The exercises: their templates, and their grading, with the same machinery as `check`.

Where an exercise is a gradient, a step or a loss in the form of `check`, `check_file` grades it. The others are called
as their task says, in a process of their own with the same limits. An answer is right if it differs from the right one
by rounding only; a wrong one gets a mistake's name if that mistake reproduces all answers, and otherwise the numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from handgrad.backends.interface import FloatArray
from handgrad.compare.check.check import ONE_FEATURE
from handgrad.compare.check.diagnosis import Diagnosis, Evidence, failed
from handgrad.compare.check.exercises.tasks import (
    BACK,
    EPOCH,
    MOMENTUM,
    NODE,
    NUMERICAL,
    ONE_WEIGHT,
    RIDGE,
    STANDARDIZE,
    Blocks,
    Slip,
    Task,
)
from handgrad.compare.check.file import (
    MEMORY_LIMIT_BYTES,
    TIME_LIMIT_SECONDS,
    check_file,
    parse,
    read_failure,
    run_worker,
)
from handgrad.compare.check.file import with_note_on_output as with_note
from handgrad.compare.check.mistakes import MISTAKES, UNKNOWN
from handgrad.compare.check.student import Failure

#: Answers differ from the right ones by no more than this, relative to the largest number of the part.
RELATIVE = 1e-10

#: Numbers of one part that stand in the evidence: those that are off most.
SHOWN = 3

_TEMPLATES = Path(__file__).parent / "templates"
_WORKER = "handgrad.compare.check.exercises.worker"


class ExerciseError(ValueError):
    """There is no such exercise, or its file stands in the way. The message says what to do."""


@dataclass(frozen=True)
class Exercise:
    """One exercise.

    Attributes:
        number: From 1.
        name: Short and stable.
        title: What is to be written.
        function: What the file must define.
        task: How it is graded; None where `check` grades it.
        many_features: Of those that `check` grades: a function for one feature is not enough.
    """

    number: int
    name: str
    title: str
    function: str
    task: Task | None = None
    many_features: bool = False

    @property
    def file(self) -> str:
        """The name of its file."""
        return f"exercise_{self.number}.py"

    def template(self) -> str:
        """The file as it is before anything is written into it."""
        return (_TEMPLATES / f"exercise_{self.number}.txt").read_text(encoding="utf-8")


def _numbered(*listed: tuple[str, str, str, Task | None]) -> dict[int, Exercise]:
    return {
        number: Exercise(number, name, title, function, task, many_features=name == "many-features")
        for number, (name, title, function, task) in enumerate(listed, 1)
    }


EXERCISES = _numbered(
    ("one-weight", "dW for one feature", "weight_gradient", ONE_WEIGHT),
    ("one-feature", "dW and db for one feature", "gradient", None),
    ("many-features", "dW and db for many features", "gradient", None),
    ("mini-batches", "an epoch over mini-batches", "epoch", EPOCH),
    ("momentum", "a step with momentum", "momentum_step", MOMENTUM),
    ("standardize", "standardised features", "standardize", STANDARDIZE),
    ("parameters-back", "parameters back in the user's units", "parameters_back", BACK),
    ("loss", "the loss", "loss", None),
    ("numerical-gradient", "a gradient by central differences", "numerical_gradient", NUMERICAL),
    ("penalty", "the gradient of a penalised loss", "penalised_gradient", RIDGE),
    ("tape", "a node of reverse-mode autodiff", "Node", NODE),
)


def exercise(number: int) -> Exercise:
    """The exercise of that number.

    Raises:
        ExerciseError: If there is none.
    """
    if number not in EXERCISES:
        raise ExerciseError(f"expected an exercise from 1 to {len(EXERCISES)}, got {number}; see `exercise list`")
    return EXERCISES[number]


def task_of(number: int) -> Task:
    """The task of an exercise that has one."""
    task = exercise(number).task
    assert task is not None
    return task


def start(number: int, folder: Path, force: bool = False) -> Path:
    """Writes the template of an exercise into a folder; returns its path.

    Raises:
        ExerciseError: If there is no such exercise, or a file of its name is there already and `force` is not given.
    """
    chosen = exercise(number)
    path = folder / chosen.file
    if path.exists() and not force:
        raise ExerciseError(f"{path} exists already; rename it, or give --force to begin anew")
    path.write_text(chosen.template(), encoding="utf-8")
    return path


def grade(
    number: int, path: str | Path, *, time_limit: float = TIME_LIMIT_SECONDS, hint_only: bool = False
) -> Diagnosis:
    """Whether an exercise is solved, or what is wrong with the solution.

    Args:
        number: Of the exercise.
        path: The student's file. It is run, in a process of its own.
        time_limit: Seconds for all of it.
        hint_only: Leave out what gives the answer away.

    Raises:
        ExerciseError: If there is no such exercise.
        CheckError: If there is no such file, or it cannot be read.
    """
    chosen, file = exercise(number), Path(path)
    if (failure := parse(file)) is not None:
        return failed(file.name, failure)
    if chosen.task is None:
        diagnosis = _checked(chosen, file, time_limit)
    else:
        diagnosis = _graded(chosen.task, file, number, time_limit)
    return diagnosis.as_hint() if hint_only else diagnosis


def _checked(chosen: Exercise, file: Path, time_limit: float) -> Diagnosis:
    diagnosis = check_file(file, time_limit=time_limit)
    if diagnosis.correct and chosen.function not in diagnosis.subject.split(" and "):
        return failed(chosen.function, Failure("missing-function", f"is not defined; {diagnosis.subject} is"))
    if diagnosis.correct and chosen.many_features and ONE_FEATURE in diagnosis.notes:
        message = "takes one feature only, where X (n, d) and weights (d,) are expected"
        return failed(chosen.function, Failure("wrong-shape", message))
    return diagnosis


# -- tasks -----------------------------------------------------------------------------------------------------------

Answers = Sequence[tuple[FloatArray, ...]]


def _graded(task: Task, file: Path, number: int, time_limit: float) -> Diagnosis:
    ended = run_worker(_WORKER, file.resolve(), time_limit, MEMORY_LIMIT_BYTES, str(number))
    if ended.failure is not None:
        return failed(task.function, ended.failure)
    return with_note(verdict(task, ended.lines), ended.printed_lines)


def verdict(task: Task, lines: Sequence[Any]) -> Diagnosis:
    """The verdict on what the worker wrote, which is not trusted: only what has the form of an answer counts."""
    try:
        answers, changed, failure = _read(lines)
    except (KeyError, TypeError, ValueError, OverflowError):
        return failed(task.function, Failure("unreadable-answer", "gives something back that is not an answer"))
    if failure is not None:
        return failed(task.function, failure)
    if [len(answer) for answer in answers] != [len(task.parts)] * len(task.calls()):
        return failed(task.function, Failure("unreadable-answer", "leaves calls without an answer"))
    return _judged(task, answers, changed)


def _read(lines: Sequence[Any]) -> tuple[list[tuple[FloatArray, ...]], tuple[str, ...], Failure | None]:
    """Answers, the arguments that were changed, and the first failure."""
    answers: list[tuple[FloatArray, ...]] = []
    changed: dict[str, None] = {}
    for line in lines:
        if "failure" in line:
            return answers, (), read_failure(line["failure"])
        if "blocks" in line:
            arrays = (np.array(b["values"], dtype=np.float64).reshape(b["shape"]) for b in line["blocks"])
            answers.append(tuple(arrays))
            changed |= dict.fromkeys(map(str, line["changed"]))
    return answers, tuple(changed), None


def _judged(task: Task, answers: Answers, changed: tuple[str, ...]) -> Diagnosis:
    expected = _expected(task, task.right)
    if _agree(answers, expected):
        return _right(task, changed)
    slip = next((slip for slip in task.slips if _agree(answers, _expected(task, slip.answer))), None)
    if (failure := _wrong_shape(task, answers, expected)) is not None:
        return failed(task.function, failure) if slip is None else _wrong(task, slip, ())
    wrong = [k for k, pair in enumerate(zip(answers, expected, strict=True)) if not _agree([pair[0]], [pair[1]])]
    rows = [row for k in dict.fromkeys((wrong[0], wrong[-1])) for row in _rows(task, k, answers[k], expected[k])]
    diagnosis = _wrong(task, slip, tuple(rows))
    return diagnosis if slip else replace(diagnosis, notes=(_call_in_words(task, wrong[0]),))


def _expected(task: Task, answer: Callable[..., Blocks]) -> Answers:
    return [tuple(np.asarray(p, dtype=np.float64) for p in answer(**arguments)) for arguments in task.calls()]


def _wrong_shape(task: Task, answers: Answers, expected: Answers) -> Failure | None:
    for number, (given, right) in enumerate(zip(answers, expected, strict=True), 1):
        for name, part, truth in zip(task.parts, given, right, strict=True):
            if part.shape != truth.shape and not part.size == truth.size == 1:
                wanted = "one number" if truth.shape == () else f"shape {truth.shape}"
                message = f"returns {name} of shape {part.shape} in call {number}, where {wanted} is expected"
                return Failure("wrong-shape", message)
    return None


def _agree(answers: Answers, expected: Answers) -> bool:
    """Whether all answers are those, but for rounding. A mistake's answers may be of another shape."""
    pairs = [pair for given, right in zip(answers, expected, strict=True) for pair in zip(given, right, strict=True)]
    return all(
        given.size == right.size and bool((abs(given.ravel() - right.ravel()) <= _allowed(right)).all())
        for given, right in pairs
    )


def _allowed(right: FloatArray) -> float:
    """How far rounding may carry an answer: small beside the largest number of its part, and beside 1."""
    return RELATIVE * max(1.0, float(abs(right).max(initial=0.0)))


def _right(task: Task, changed: tuple[str, ...]) -> Diagnosis:
    if changed:
        mistake = MISTAKES["changes-its-input"]
        told = f"Wrong: {mistake.title} ({', '.join(changed)})"
        return Diagnosis(
            False, mistake.id, (mistake.id,), told, (), mistake.mathematics, mistake.hint, mistake.question
        )
    calls = len(task.calls())
    explanation = (
        f"Correct: {task.function} is right.\n"
        f"Asked {calls} times, it was right each time, to {RELATIVE:.0e} of the largest number of each part."
    )
    return Diagnosis(True, None, (), explanation, smallest_detectable=RELATIVE, subject=task.function)


def _wrong(task: Task, slip: Slip | None, evidence: tuple[Evidence, ...]) -> Diagnosis:
    """The verdict on wrong numbers; where no mistake explains them, with the first call to do by hand."""
    mistake = UNKNOWN if slip is None else slip.mistake
    known = slip is not None
    return Diagnosis(
        correct=False,
        mistake=mistake.id,
        mistakes=(mistake.id,),
        explanation=f"Wrong: {mistake.title}" if known else f"{task.function}: {mistake.title}",
        evidence=evidence,
        mathematics=mistake.mathematics if known else "",
        hint=mistake.hint if known else "Do the first wrong call by hand, and compare each step.",
        question=mistake.question if known else "Can you do the smallest call by hand, and compare each step?",
        smallest_detectable=RELATIVE,
        subject=task.function,
    )


def _call_in_words(task: Task, call: int) -> str:
    """The arguments of a call, to four digits."""
    arguments = [f"{name} = {_in_words(value)}" for name, value in task.calls()[call].items() if not callable(value)]
    return f"Call {call + 1} had {', '.join(arguments)}."


def _in_words(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_in_words, value))}]"
    if isinstance(value, np.ndarray):
        return " ".join(np.array2string(value, precision=4, separator=", ").split())
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _rows(task: Task, call: int, given: Blocks, right: Blocks) -> list[Evidence]:
    """The numbers of one call that are off most."""
    rows = []
    for name, part, truth in zip(task.parts, given, right, strict=True):
        worst = np.argsort(-abs(part - truth).ravel(), kind="stable")[:SHOWN]
        for place in sorted(worst.tolist()):
            where = ", ".join(map(str, np.unravel_index(place, truth.shape)))
            label = f"{name}[{where}]" if truth.shape else name
            rows.append(Evidence(f"{label}, call {call + 1}", float(part.flat[place]), float(truth.flat[place])))
    return rows
