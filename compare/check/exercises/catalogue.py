"""The exercises by number: what each asks for, its template, and the task by which it is graded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from handgrad.compare.check.exercises.differences import NUMERICAL
from handgrad.compare.check.exercises.features import BACK, STANDARDIZE
from handgrad.compare.check.exercises.gradients import ONE_WEIGHT, RIDGE
from handgrad.compare.check.exercises.node import NODE
from handgrad.compare.check.exercises.steps import EPOCH, MOMENTUM
from handgrad.compare.check.exercises.task import Task

_TEMPLATES = Path(__file__).parent / "templates"


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
