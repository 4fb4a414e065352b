"""The exercises in the course's order: what each asks for, its template, and the question by which it is graded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from handgrad.compare.check.exercises.questions import descent, differences, gradients, nodes, scaling, sums
from handgrad.compare.check.exercises.questions.question import ExerciseQuestion
from handgrad.compare.results.files import write_whole

_TEMPLATES = Path(__file__).parent / "templates"


class ExerciseError(ValueError):
    """There is no such exercise, or its file stands in the way. The message says what to do."""


@dataclass(frozen=True)
class Exercise:
    """One exercise.

    Attributes:
        number: From 1, in the course's order.
        chapter: The chapter of the course that it belongs to, as `results.learn.chapters` names it.
        name: Short and stable.
        title: What is to be written.
        function: What the file must define.
        question: By which it is graded; None where `check` grades it.
        many_features: Of those that `check` grades: a function for one feature is not enough.
    """

    number: int
    chapter: str
    name: str
    title: str
    function: str
    question: ExerciseQuestion | None = None
    many_features: bool = False

    @property
    def file(self) -> str:
        """The name of its file."""
        return f"exercise_{self.number}.py"

    def template(self) -> str:
        """The file as it is before anything is written into it."""
        text = (_TEMPLATES / f"{self.name}.txt").read_text(encoding="utf-8")
        return text.replace("NUMBER", str(self.number))


def _numbered(*listed: tuple[str, str, str, str | ExerciseQuestion]) -> dict[int, Exercise]:
    """By number; those that `check` grades have the name of a function in place of a question."""
    every = {}
    for number, (chapter, name, title, asked) in enumerate(listed, 1):
        question = asked if isinstance(asked, ExerciseQuestion) else None
        function = asked if isinstance(asked, str) else asked.function
        every[number] = Exercise(number, chapter, name, title, function, question, name == "many-features")
    return every


EXERCISES = _numbered(
    ("surface", "loss", "the loss", "loss"),
    ("surface", "descent", "a training loop", descent.DESCENT),
    ("by-hand", "one-chain", "one row's chain, link by link", gradients.ONE_CHAIN),
    ("by-hand", "one-weight", "dW for one feature", gradients.ONE_WEIGHT),
    ("by-hand", "one-feature", "dW and db for one feature", "gradient"),
    ("tape", "plus-tape", "a tape that can only add", nodes.PLUS_NODE),
    ("tape", "tape", "a tape that can multiply, too", nodes.NODE),
    ("checking", "numerical-gradient", "a gradient by central differences", differences.NUMERICAL),
    ("checking", "find-the-bug", "which parts of a gradient are wrong", differences.FIND_THE_BUG),
    ("rate", "rate-search", "a search for the learning rate", descent.RATE_SEARCH),
    ("rate", "momentum", "a step with momentum", descent.MOMENTUM),
    ("scaling", "standardize", "standardised features", scaling.STANDARDIZE),
    ("scaling", "parameters-back", "parameters back in the user's units", scaling.BACK),
    ("mini-batches", "mini-batches", "an epoch over mini-batches", descent.EPOCH),
    ("summation", "careful-sum", "a sum that keeps what it loses", sums.CAREFUL_SUM),
    ("costs", "many-features", "dW and db for many features", "gradient"),
    ("moments", "moments", "dW and db from sums alone", gradients.FROM_SUMS),
)


def exercise(number: int) -> Exercise:
    """The exercise of that number.

    Raises:
        ExerciseError: If there is none.
    """
    if number not in EXERCISES:
        raise ExerciseError(f"expected an exercise from 1 to {len(EXERCISES)}, got {number}; see `exercise list`")
    return EXERCISES[number]


def question_of(number: int) -> ExerciseQuestion:
    """The question of an exercise that has one."""
    question = exercise(number).question
    assert question is not None
    return question


def start(number: int, folder: Path, force: bool = False) -> Path:
    """Writes the template of an exercise into a folder; returns its path.

    Raises:
        ExerciseError: If there is no such exercise, or a file of its name is there already and `force` is not given.
    """
    chosen = exercise(number)
    path = folder / chosen.file
    if path.exists() and not force:
        raise ExerciseError(f"{path} exists already; rename it, or give --force to begin anew")
    write_whole(path, chosen.template().encode())
    return path
