"""A file's functions asked one after the other, and the verdict on each. Nothing that its process tells is trusted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from handgrad.backends.signatures.subjects import CANONICAL, Found
from handgrad.compare.check.check import diagnose, of_kind
from handgrad.compare.check.conventions import LossChoice
from handgrad.compare.check.lines import lines
from handgrad.compare.check.sandbox.failures import GiveUp
from handgrad.compare.check.sandbox.notebook import source_of
from handgrad.compare.check.student.asking import Asked, ask_all
from handgrad.compare.check.student.dialogue import Dialogue
from handgrad.compare.results.diagnosis import UNKNOWN, Assessment, NoAnswer, SourceLine, failed


@dataclass(frozen=True)
class Questioned:
    """One function of the file, and its answers."""

    found: Found
    asked: tuple[Asked, ...]


def judged(every: Sequence[Assessment]) -> Assessment:
    """The assessments of a file as one: its first function that is wrong decides."""
    wrong = next((assessment for assessment in every if not assessment.correct), None)
    return wrong or replace(every[0], subjects=tuple(name for assessment in every for name in assessment.subjects))


def judged_each(
    file: Path,
    dialogue: Dialogue,
    wanted: str = "",
    loss: LossChoice = None,
    integers: bool = False,
    seed: int = 0,
) -> tuple[Assessment, ...]:
    """What is found of each function of the file; of the file where there is none, or where it cannot be run.

    After a function that ended its process, or gives no answer, none is asked. A loss beside a gradient tells of which
    loss that should be the gradient, if none is declared; it is told itself only if it is wrong.

    Args:
        file: The student's file.
        dialogue: What asks its process.
        wanted: The function to check; empty for those that are asked for, or that stand for them.
        loss: See `check.diagnose`.
        integers: Whether what wraps around on int32 or uint8 is a mistake, and not a note.
        seed: Of the numbers at which it is asked.
    """
    functions, failure = questioned(file, dialogue, wanted, seed)
    assessments = verdicts(functions, failure, loss, integers)
    source = source_of(file)
    assessments = [replace(found, lines=lines(source, file.name, found)) for found in assessments]
    assessments = list(map(dialogue.witnessed, assessments))
    if any(f.found.kind == "trainer" for f in functions):  # which has to import the class that it derives from
        assessments = [replace(found, uses_handgrad=False) for found in assessments]
    return tuple(assessments)


def verdicts(
    functions: Sequence[Questioned], failure: Assessment | None, loss: LossChoice = None, integers: bool = False
) -> list[Assessment]:
    """What is found in the answers of functions of one file, and last why there are no more, if so."""
    main = [f for f in functions if f.found.kind != "loss"] or functions
    beside = _beside([f for f in functions if f not in main]) if failure is None else None
    assessments = [_judge(f, loss, integers, beside) for f in main]
    if beside is not None and loss is None and not beside.correct and all(a.correct for a in assessments):
        assessments.append(beside)
    if failure is not None:
        assessments.append(failure)
    return assessments


def questioned(
    file: Path, dialogue: Dialogue, wanted: str = "", seed: int = 0
) -> tuple[list[Questioned], Assessment | None]:
    """The functions that answered, and what is found of the one that did not, or of the file."""
    functions: list[Questioned] = []
    subject = file.name
    try:
        for found in _to_check(file, dialogue, wanted):
            subject = found.name
            if found.empty:
                raise GiveUp(NoAnswer("not-written", line=_line(file, found.empty)))
            functions.append(Questioned(found, tuple(ask_all(dialogue.ask, found, seed))))
    except GiveUp as problem:
        return functions, failed(subject, problem.failure)
    return functions, None


def _to_check(file: Path, dialogue: Dialogue, wanted: str) -> tuple[Found, ...]:
    """What there is to check in the file; a loss beside something else is no more than that."""
    described = dialogue.describe(wanted)
    if any(one.kind != one.name for one in described.found if one.name in CANONICAL):
        raise GiveUp(NoAnswer("forged"))
    every = described.found
    if all(one.kind == "loss" for one in every):
        every = tuple(of_kind(one, dialogue.ask) for one in every)
    if any(one.kind != "loss" for one in every) or len(every) == 1:
        return every
    names = ", ".join(described.defined[:8])
    raise GiveUp(NoAnswer("not-in-file" if wanted else "nothing-to-check", given=names, expected=wanted))


def _line(file: Path, number: int) -> SourceLine:
    return SourceLine(file.name, number, source_of(file).splitlines()[number - 1].strip())


def _beside(losses: Sequence[Questioned]) -> Assessment | None:
    """What is found of the first loss that was understood; by which of the losses, too."""
    for one in losses:
        found = diagnose(one.found, one.asked, "any")
        if found.correct or (found.mistakes and UNKNOWN not in found.keys):
            return found
    return None


def _judge(function: Questioned, loss: LossChoice, integers: bool, beside: Assessment | None) -> Assessment:
    if loss is None and beside is not None and beside.correct and not function.found.from_predictions:
        return replace(diagnose(function.found, function.asked, beside.loss, integers), loss_origin="beside")
    return diagnose(function.found, function.asked, loss, integers)
