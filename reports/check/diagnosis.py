"""What was found out about a function, put into words: the verdict, the mathematics that is broken, the remedy."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import msgspec

from handgrad.compare.results.diagnosis import (
    CHANGES_INPUT,
    FAILURES,
    NOT_TOLD,
    OWN_FAULT,
    UNKNOWN,
    Assessment,
    Call,
    Confinement,
    Discrepancy,
    Mistake,
    NoAnswer,
    OwnProbe,
)
from handgrad.compare.results.reasons import brief
from handgrad.reports.check.exercise_words import EXERCISE_MISTAKES
from handgrad.reports.check.failures import failure_words, place_words
from handgrad.reports.check.losses import fewer, judged_by, undecided, words_of
from handgrad.reports.check.words import FACTORS, FORMS, MISTAKES, THETA, Wording

#: Of an exercise's numbers that no mistake explains: the table's words are about dW and db, which it may not have.
UNKNOWN_IN_EXERCISE = Wording(
    title=MISTAKES[UNKNOWN].title,
    mathematics="",
    hint="Do the first wrong call by hand, and compare each step.",
    question="Can you do the smallest call by hand, and compare each step?",
)


@dataclass(frozen=True)
class Evidence:
    """One number that was given, beside the right one; `where` names the number and the place.

    It `is_right` where they differ by rounding alone.
    """

    where: str
    given: float
    expected: float
    is_right: bool = False

    @property
    def ratio(self) -> float | None:
        """What was given over what was expected; None where that is 0."""
        return self.given / self.expected if self.expected else None


@dataclass(frozen=True)
class Diagnosis:
    """Whether a gradient is right, or which mistake was made.

    Attributes:
        correct: Every answer is right within the bound of its rounding errors.
        mistake: The first mistake's key; None if there is none, or if only a hint is to be given.
        mistakes: All keys.
        explanation: What is wrong, its first line enough for a title.
        evidence: Given and expected numbers at up to two probes.
        probe: Two rows of one feature, at which a wrong answer can be followed in the head.
        mathematics: The lines of mathematics that are broken.
        hint: What to change.
        question: What to ask in place of telling it.
        place: Where to look: the parts of the answer that are wrong, the lines that compute them.
        smallest_detectable: The relative error of a component that would have been seen; NaN where none was compared.
        notes: What else was noticed, none of it wrong.
        subject: The function's name.
        loss: By which it was judged: "mse", "half-mse", "sum" or "half-sum".
        right_for: Where no loss was declared: another one, of which it is right; else None.
    """

    correct: bool
    mistake: str | None
    mistakes: tuple[str, ...]
    explanation: str
    evidence: tuple[Evidence, ...] = ()
    probe: OwnProbe | None = None
    mathematics: str = ""
    hint: str = ""
    question: str = field(default="", repr=False)
    place: str = field(default="", repr=False)
    smallest_detectable: float = math.nan
    notes: tuple[str, ...] = ()
    subject: str = "gradient"
    loss: str = "mse"
    right_for: str | None = None

    def as_hint(self, rung: int = 1) -> Diagnosis:
        """Without the answer: no mistake's name and no numbers, and only as much as a rung of the ladder holds.

        The first is a question; the second says where to look, too; the third adds the formula, the fourth the remedy.
        What is no Python, and what could not be checked, is told all the same: it gives nothing away.
        """
        if self.correct or self.mistake in (FAILURES["syntax"], OWN_FAULT):
            return self
        return replace(
            self,
            mistake=None,
            mistakes=(),
            explanation="Not right yet." + (f"\n{self.place}" if rung >= 2 and self.place else ""),
            evidence=(),
            probe=None,
            mathematics=self.mathematics if rung >= 3 else "",
            hint="\n".join(filter(None, (self.question, self.hint if rung >= 4 else ""))),
            right_for=None,
        )

    def to_json(self) -> dict[str, Any]:
        """Plain values, for `json.dumps`; a smallest detectable error that is not known is None."""
        values = asdict(self)
        del values["question"], values["place"]
        if self.probe is not None:
            values["probe"] = msgspec.json.decode(msgspec.json.encode(self.probe))
        values["mistakes"], values["notes"] = list(self.mistakes), list(self.notes)
        values["evidence"] = [asdict(row) | {"ratio": row.ratio} for row in self.evidence]
        if not math.isfinite(self.smallest_detectable):
            values["smallest_detectable"] = None
        return values

    def __str__(self) -> str:
        """At most 80 columns; the first line tells the verdict."""
        from handgrad.reports.check.text import text

        return text(self)

    def _repr_html_(self) -> str:
        from handgrad.reports.check.html import html

        return html(self)


def diagnosis(assessment: Assessment) -> Diagnosis:
    """The words for what was found."""
    if assessment.failure is not None:
        told = _failed(assessment, assessment.failure)
    elif assessment.mistakes:
        told = _wrong(assessment)
    else:
        told = _right(assessment)
    detectable = assessment.smallest_detectable
    return replace(
        told,
        subject=" and ".join(assessment.subjects),
        smallest_detectable=math.nan if detectable is None else detectable,
        notes=tuple(_notes(assessment)),
        loss=assessment.loss,
        right_for=assessment.right_for,
    )


# -- right -----------------------------------------------------------------------------------------------------------


def _right(assessment: Assessment) -> Diagnosis:
    names, verb = " and ".join(assessment.subjects), "is" if len(assessment.subjects) == 1 else "are"
    asked = f"Asked {assessment.calls} times, it was right each time"
    loss = judged_by(assessment)
    title = f"Correct for {loss}" if loss else "Correct"
    return Diagnosis(True, None, (), f"{title}: {names} {verb} right.\n{asked}{_how_exactly(assessment)}")


def _how_exactly(assessment: Assessment) -> str:
    if assessment.smallest_detectable is None:
        return "."
    smallest = brief(assessment.smallest_detectable, 1)
    if assessment.by_exercise:
        return f", to {smallest} of the largest number of each part."
    return f". An error of {smallest} of a component would have been seen."


def _notes(assessment: Assessment) -> list[str]:
    notes = _notes_on_right(assessment) if assessment.correct else []
    if assessment.wrong_call is not None:
        notes.append(_call_words(assessment.wrong_call))
    if assessment.uses_handgrad and assessment.correct:
        notes.append("It imports handgrad, whose own code may be what was found right.")
    if assessment.confinement is not None and (open_to := _open_to(assessment.confinement)):
        notes.append(f"This system did not keep it from {open_to}.")
    if assessment.called_here:
        notes.append(f"It was called in this process, without a time limit: {assessment.called_here}.")
    if assessment.printed_lines:
        lines = (
            "1 line, which was" if assessment.printed_lines == 1 else f"{assessment.printed_lines} lines, which were"
        )
        notes.append(f"It printed {lines} not looked at.")
    return notes


def _open_to(confinement: Confinement) -> str:
    """What the system did not keep the file's process from."""
    possible = {"writing into files": confinement.writes, "the network": confinement.network}
    return " and ".join(what for what, refused in possible.items() if not refused)


def _notes_on_right(assessment: Assessment) -> list[str]:
    notes = []
    if assessment.arguments:
        notes.append(f"Its arguments were taken for ({', '.join(assessment.arguments)}), in this order.")
    if assessment.theta:
        notes.append(THETA[assessment.theta])
    if assessment.trains:
        notes.append("It was trained for 2, 3 and 4 epochs, and what each epoch added was judged.")
    if assessment.float32:
        notes.append("It computes in float32, and is right within float32's rounding errors.")
    if assessment.one_feature:
        notes.append("It takes one feature only, X as (n,) and the weight as a number.")
    if assessment.features_first:
        notes.append("X was given with a feature in each row, (d, n), and y as (1, n).")
    if assessment.wrapped_types:
        types = ", ".join(assessment.wrapped_types)
        notes.append(
            f"On arrays of {types} its numbers wrap around: they do not fit into that type. "
            "np.asarray(X, dtype=float) prevents that."
        )
    if assessment.refused_types:
        notes.append(f"It raises an error when X is of type {', '.join(assessment.refused_types)}.")
    return notes


def _call_words(call: Call) -> str:
    return f"Call {call.number} had {', '.join(f'{name} = {value}' for name, value in call.arguments.items())}."


# -- wrong -----------------------------------------------------------------------------------------------------------


#: The verdict on what says nothing of whether a gradient is right.
_WITHOUT_ANSWER = {
    "not-written": "Not yet",
    "missing-function": "Not found",
    OWN_FAULT: "Not checked",
    NOT_TOLD: "Not told",
}


def _failed(assessment: Assessment, failure: NoAnswer) -> Diagnosis:
    line = failure.line
    verdict = _WITHOUT_ANSWER.get(failure.key, "Wrong")
    where = f"\n{line.file}, line {line.number}: {line.text}" if line else ""
    return Diagnosis(
        correct=False,
        mistake=failure.key,
        mistakes=(failure.key,),
        explanation=_sentence(f"{verdict}: {' and '.join(assessment.subjects)} {failure_words(failure)}") + where,
        question=f"What happens in line {line.number}?" if line else "What does your function return?",
        place=where.strip() or f"Look at {' and '.join(assessment.subjects)}.",
    )


def _wrong(assessment: Assessment) -> Diagnosis:
    evidence = tuple(map(_row, assessment.evidence))
    wordings = [_wording(mistake, assessment) for mistake in assessment.mistakes]
    return Diagnosis(
        correct=False,
        mistake=assessment.keys[0],
        mistakes=assessment.keys,
        explanation=_explanation(assessment, wordings, evidence),
        evidence=evidence,
        probe=assessment.own_probe,
        mathematics="\n".join(dict.fromkeys(wording.mathematics for wording in wordings)),
        hint="\n".join(wording.hint for wording in wordings),
        question="\n".join(wording.question for wording in wordings),
        place=_place(assessment),
    )


def _place(assessment: Assessment) -> str:
    """The parts that are wrong beside those that are right, and the lines of the file that compute them."""
    wrong = [name for name, is_right in assessment.parts.items() if not is_right]
    right = [name for name, is_right in assessment.parts.items() if is_right]
    beside = f"; {right[0]} is right" if right else ""
    told = f"Look at {' and '.join(wrong)}{beside}." if wrong else ""
    lines = [f"{line.file}, line {line.number}: {line.text}" for line in assessment.lines]
    return "\n".join(filter(None, (told, *lines)))


def _row(discrepancy: Discrepancy) -> Evidence:
    index = f"[{', '.join(map(str, discrepancy.index))}]" if discrepancy.index else ""
    where = f"{discrepancy.part}{index}, {place_words(discrepancy.place)}"
    return Evidence(where, discrepancy.given, discrepancy.expected, discrepancy.is_right)


def _wording(mistake: Mistake, assessment: Assessment) -> Wording:
    if mistake.key == UNKNOWN and assessment.by_exercise:
        return UNKNOWN_IN_EXERCISE
    return words_of(mistake, assessment) or EXERCISE_MISTAKES[mistake.key]


def _explanation(assessment: Assessment, wordings: list[Wording], evidence: tuple[Evidence, ...]) -> str:
    if assessment.right_for is not None:
        return undecided(assessment, assessment.right_for)
    by = judged_by(assessment)
    held = f"Held against {by}." if by else ""
    return "\n".join(filter(None, (_what_is_wrong(assessment, wordings, evidence), held, fewer(assessment))))


def _what_is_wrong(assessment: Assessment, wordings: list[Wording], evidence: tuple[Evidence, ...]) -> str:
    if assessment.keys == (UNKNOWN,):
        worst = "" if assessment.by_exercise else _worst(evidence)
        return f"{' and '.join(assessment.subjects)}: {wordings[0].title}" + (f" ({worst})" if worst else "")
    details = [_detail(mistake, assessment) for mistake in assessment.mistakes]
    titles = [w.title + (f" ({detail})" if detail else "") for w, detail in zip(wordings, details, strict=True)]
    if len(titles) == 1:
        return f"Wrong: {titles[0]}"
    listed = "\n".join(f"{i}. {title}" for i, title in enumerate(titles, 1))
    return f"Wrong, {len(titles)} mistakes at once: {_and(assessment.keys)}.\n{listed}"


def _and(names: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _worst(evidence: tuple[Evidence, ...]) -> str:
    if not evidence:
        return ""
    worst = max(evidence, key=lambda row: abs(row.given - row.expected) / (abs(row.expected) or 1.0))
    return f"{worst.where}: off by {brief(abs(worst.given - worst.expected), 2)}"


def _detail(mistake: Mistake, assessment: Assessment) -> str:
    """Where the mistake was made, or in which form; may be empty."""
    if mistake.key == CHANGES_INPUT:
        names = ", ".join(mistake.arguments)
        return names if assessment.by_exercise else f"it changes {names}"
    if mistake.key == "constant-factor" and assessment.evidence and assessment.evidence[0].ratio is not None:
        return f"{brief(assessment.evidence[0].ratio, 6)} times the right one"
    if mistake.block:
        return _block_words(mistake)
    return FORMS[mistake.key, mistake.form] if mistake.form else ""


def _block_words(mistake: Mistake) -> str:
    if not mistake.factor:
        return f"{mistake.block} is 0"
    other = "db" if mistake.block == "dW" else "dW"
    return f"{mistake.block} is {FACTORS[mistake.factor]}, {other} is not"


def _sentence(words: str) -> str:
    return words if words.endswith((".", "?", "!")) else f"{words}."
