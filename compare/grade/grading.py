"""A class graded: every file in a process of its own, as many at once as there are cores, each result kept at once."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from handgrad.compare.check.file import CheckError, check_each
from handgrad.compare.check.sandbox.failures import own_fault
from handgrad.compare.check.student.process import TIME_LIMIT_SECONDS
from handgrad.compare.grade.anonymous import anonymous
from handgrad.compare.grade.points import points
from handgrad.compare.grade.submissions import Submission, submissions
from handgrad.compare.lifetime import temporary_folder
from handgrad.compare.results.diagnosis import Assessment, NoAnswer, SourceLine, failed
from handgrad.compare.results.grades.graded import ClassGrades, Grade, Policy
from handgrad.compare.timing.environment import available_cores, command_line, versions
from handgrad.compare.timing.journal import Journal, fingerprint
from handgrad.compare.timing.progress import Progress, silent

if TYPE_CHECKING:
    from handgrad.compare.check.conventions import LossChoice


@dataclass(frozen=True)
class GradeOptions:
    """How a class is graded.

    Attributes:
        policy: By which points are given.
        time_limit_seconds: For each file.
        jobs: Files at once; None for as many as there are cores.
        name: The file to take where a student's folder has several.
        anonymous: Numbers in place of names.
        loss: Of which gradients are expected; see `check.check_file`.
        one_student: A folder that is given is a student's, not a class's.
        seed: Of the numbers at which functions are asked.
    """

    policy: Policy = field(default_factory=Policy)
    time_limit_seconds: float = TIME_LIMIT_SECONDS
    jobs: int | None = None
    name: str | None = None
    anonymous: bool = False
    loss: LossChoice = None
    one_student: bool = False
    seed: int = 0


@dataclass(frozen=True)
class Checked:
    """What was found in a file, as the journal keeps it."""

    assessments: tuple[Assessment, ...]
    lines: tuple[SourceLine, ...]


def grade_class(
    given: Sequence[Path],
    options: GradeOptions | None = None,
    folder: Path | None = None,
    resume: bool = False,
    progress: Progress = silent,
) -> ClassGrades:
    """Grades every student's file of folders, files and zips.

    Args:
        given: See `submissions`.
        options: How.
        folder: Where the journal stands, by which a killed run is gone on with.
        resume: Whether to use what the journal holds; a file whose content has changed is checked again.
        progress: Called after each file.

    Raises:
        SubmissionError: If there is nothing to grade, or a zip is unsafe.
    """
    options = options or GradeOptions()
    with temporary_folder() as unpacked:
        found, left_out = submissions(given, Path(unpacked), options.name, options.one_student)
        of = fingerprint(options.time_limit_seconds, options.loss, options.seed, versions().get("handgrad"))
        journal = Journal(folder, of, resume)
        known = {one.digest(): one for one in found}
        reused = sum(journal.get(digest, Checked) is not None for digest in known)
        _check_all(known, journal, options, progress)
        grades = tuple(_grade(one, journal, options.policy) for one in found)
    named = ClassGrades(
        source=", ".join(path.name or path.resolve().name or str(path) for path in given),
        grades=grades,
        policy=options.policy,
        command=command_line(),
        time=datetime.now().astimezone().isoformat(timespec="seconds"),
        time_limit_seconds=options.time_limit_seconds,
        left_out=tuple(left_out),
        reused=reused,
    )
    return anonymous(named) if options.anonymous else named


def _check_all(known: dict[str, Submission], journal: Journal, options: GradeOptions, progress: Progress) -> None:
    """Checks what the journal does not hold, and appends each result as it comes."""
    todo = {digest: one for digest, one in known.items() if journal.get(digest, Checked) is None}
    pool = ThreadPoolExecutor(options.jobs or available_cores())
    try:
        asked: dict[Future[Checked], str] = {pool.submit(checked, one, options): key for key, one in todo.items()}
        for done, future in enumerate(as_completed(asked), len(known) - len(todo) + 1):
            journal.append(asked[future], future.result())
            progress(f"{done} of {len(known)} files", done, len(known))
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def checked(one: Submission, options: GradeOptions) -> Checked:
    """What is found in a student's file, run where no other student's stands."""
    with temporary_folder() as name:
        path = one.copied(Path(name))
        try:
            assessments = check_each(
                path, time_limit_seconds=options.time_limit_seconds, loss=options.loss, seed=options.seed
            )
        except CheckError as error:
            assessments = (failed(path.name, NoAnswer("syntax", given=str(error).partition(": ")[2])),)
        except Exception as error:  # a fault of ours, which must not cost the class its page
            assessments = (failed(path.name, own_fault(error)),)
    found = tuple(line for assessment in assessments for line in assessment.lines)
    return Checked(tuple(replace(assessment, lines=()) for assessment in assessments), found)


def _grade(one: Submission, journal: Journal, policy: Policy) -> Grade:
    digest = one.digest()
    kept = journal.get(digest, Checked)
    assert kept is not None, "every file has been checked"
    own = Path(one.file).name
    assessments = tuple(_named(assessment, one.path.name, own) for assessment in kept.assessments)
    shown = tuple(replace(line, file=own) for line in kept.lines)
    return Grade(one.student, one.file, digest, assessments, points(assessments, policy), shown)


def _named(assessment: Assessment, before: str, own: str) -> Assessment:
    """With the file's own name in place of that of its copy."""
    copies = {"submission.py", "submission.ipynb", before}
    subjects = tuple(own if subject in copies else subject for subject in assessment.subjects)
    failure = assessment.failure
    if failure is not None and failure.line is not None:
        failure = replace(failure, line=replace(failure.line, file=own))
    return replace(assessment, subjects=subjects, failure=failure)
