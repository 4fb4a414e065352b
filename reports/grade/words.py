"""What is said about a class: the mistakes that are common in it, and who needs what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from handgrad.compare.results.diagnosis import FAILURES, UNKNOWN
from handgrad.compare.results.grades.graded import ClassGrades, Grade, NotGraded
from handgrad.reports.check.diagnosis import diagnosis
from handgrad.reports.check.losses import words_of
from handgrad.reports.check.words import MISTAKES, Wording
from handgrad.reports.look.names import shown
from handgrad.reports.look.words import plural

#: Of a group: the students that a sentence names, and the lines that are shown.
MOST_NAMED, MOST_SHOWN_LINES = 40, 5

_REASONS = {
    "link": "a link; links are not followed",
    "archive": "a zip within; unpack it first",
    "several-files": "several Python files; name the one to grade with --file",
    "no-python": "no .py and no .ipynb file",
    "too-large": "too large for one student's files",
}

#: What is said of files without an answer, by the key of the failure.
_WITHOUT_ANSWER = {
    "raises": "raises an error",
    "exits": "ends its own process",
    "asks-for-input": "waits for somebody to type",
    "recursion": "calls itself without end",
    "out-of-memory": "needs more memory than it may have",
    "hangs": "gives no answer in time",
    "killed": "was ended by a signal",
    "returns-nothing": "returns None",
    "wrong-shape": "returns arrays of another shape",
    "not-numbers": "returns what are no real numbers",
    "not-finite": "returns NaN or infinity",
    "unreadable-answer": "gives back what is no answer",
    "syntax-error": "is not Python",
    "missing-function": "defines no function to check",
    "not-written": "is not written yet",
    "fault-of-handgrad": "could not be checked, by a fault of handgrad and not of the file",
}


@dataclass(frozen=True)
class MistakeGroup:
    """The students whose files make the same mistake.

    Attributes:
        key: Of the mistake or the failure.
        title: What is wrong.
        mathematics: What it breaks; may be empty.
        remedy: What to change; may be empty.
        question: What to ask them.
        students: Their names.
        lines: Lines that compute what is wrong, the most common first, each with how many of them have it.
    """

    key: str
    title: str
    mathematics: str
    remedy: str
    question: str
    students: tuple[str, ...]
    lines: tuple[tuple[str, int], ...]


def groups(found: ClassGrades) -> list[MistakeGroup]:
    """The mistakes of a class, the most common first."""
    counted = Counter(key for grade in found.grades for key in grade.keys)
    return [_group(key, [g for g in found.grades if key in g.keys]) for key, _ in counted.most_common()]


def _group(key: str, grades: list[Grade]) -> MistakeGroup:
    told = diagnosis(next(one for grade in grades for one in grade.assessments if key in one.keys))
    wording = _wording(key, grades)
    lines = Counter(text for grade in grades for text in dict.fromkeys(_lines(key, grade)))
    return MistakeGroup(
        key=key,
        title=wording.title if wording else _WITHOUT_ANSWER.get(key, key),
        mathematics=wording.mathematics if wording else "",
        remedy=wording.hint if wording else "",
        question=wording.question if wording else told.question,
        students=tuple(shown(grade.student) for grade in grades),
        lines=tuple((shown(text, 100), count) for text, count in lines.most_common(MOST_SHOWN_LINES)),
    )


def _wording(key: str, grades: list[Grade]) -> Wording | None:
    """The words about a mistake that hold for all of them: of a loss or a gradient, and of one loss or another."""
    made = [(m, one) for grade in grades for one in grade.assessments for m in one.mistakes if m.key == key]
    every = [words for mistake, one in made if (words := words_of(mistake, one)) is not None]
    if not every:
        return None
    first, others = every[0], every[1:]
    same = {
        name: text if all(getattr(one, name) == text for one in others) else "" for name, text in asdict(first).items()
    }
    return Wording(**same | {"title": same["title"] or MISTAKES[key].title})


def _lines(key: str, grade: Grade) -> Iterator[str]:
    if key in FAILURES.values():
        for one in grade.assessments:
            if one.failure is not None and one.failure.key == key and one.failure.line is not None:
                yield one.failure.line.text
    elif key != UNKNOWN or grade.lines:
        yield from (line.text for line in grade.lines)


def verdict(found: ClassGrades) -> str:
    """How many files are right."""
    right, every = sum(grade.correct for grade in found.grades), len(found.grades)
    if right == every:
        return f"{'the one file' if every == 1 else f'all {every} files'} right."
    return f"{right} of {plural(every, 'file')} right."


def mean_points(found: ClassGrades) -> str:
    """The mean of the points, beside those of a file that is right."""
    mean = sum(grade.points for grade in found.grades) / len(found.grades)
    return f"{number(mean)} of {number(found.grades[0].most)} points on average"


def number(points: float) -> str:
    """Points, to a hundredth."""
    return f"{round(points, 2):g}"


def mistake(grade: Grade) -> str:
    """What is wrong with a file, in a few words for a table."""
    if grade.keys:
        return ", ".join(grade.keys)
    if grade.correct and any(one.uses_handgrad for one in grade.assessments):
        return "right, imports handgrad"
    return "right" if grade.correct else "a function is missing"


def block(grade: Grade, name: str) -> str:
    """The points of one block, over all functions of a file; a dash where it has none."""
    own = [one for one in grade.blocks if one.block == name]
    return f"{number(sum(one.given for one in own))}/{number(sum(one.most for one in own))}" if own else "–"


def policy(found: ClassGrades) -> list[str]:
    """How points were given."""
    own = found.policy
    whole = (
        ", ".join(f"{shown(name)} {number(points)}" for name, points in own.functions.items())
        if own.functions
        else f"{number(own.points)} for a file that is right, shared alike by its functions"
    )
    others = "".join(f", {number(share)} for {shown(key)}" for key, share in own.mistakes.items())
    return [
        f"Points: {whole}. The blocks of a function (dW and db) share its points alike.",
        f"A wrong block keeps {number(own.named)} of its points for a mistake with a name and {number(own.unknown)} "
        f"for one without{others}. Where there is no answer, there are no points.",
    ]


def left_out(found: ClassGrades) -> list[str]:
    """What was not graded, and why."""
    return [f"Not graded: {_left_out(one)}." for one in found.left_out]


def _left_out(one: NotGraded) -> str:
    return f"{shown(one.file)} ({_REASONS[one.reason]})"


def who(group: MistakeGroup) -> str:
    """Its students' names, as many as a sentence can hold."""
    more = len(group.students) - MOST_NAMED
    return ", ".join(group.students[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
