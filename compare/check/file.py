"""`check` for a file: the student's code runs in a process of its own, with limits, and never in ours.

The right answers never leave this process, and what comes back from the other is not trusted.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from handgrad.compare.check.check import diagnose
from handgrad.compare.check.student.answers import Answer
from handgrad.compare.check.student.asking import collect
from handgrad.compare.check.student.forms import Kind, series
from handgrad.compare.check.student.messages import Answered, Failed, Function, Message
from handgrad.compare.check.student.process import MEMORY_LIMIT_BYTES, TIME_LIMIT_SECONDS, run_worker
from handgrad.compare.results.diagnosis import Failure, Finding, SourceLine, failed

_WORKER = "handgrad.compare.check.student.worker"


class CheckError(ValueError):
    """There is nothing to check: no file, not Python. The message names file and line."""


def check_file(
    path: str | Path,
    *,
    time_limit_seconds: float = TIME_LIMIT_SECONDS,
    memory_limit_bytes: int = MEMORY_LIMIT_BYTES,
) -> Finding:
    """Checks what a file defines: `gradient`, `step`, subclasses of `Trainer`, or `loss`; see `check` for their forms.

    Args:
        path: A Python file. It is run, in a process of its own, with nothing to read from and nowhere to print to.
        time_limit_seconds: For all of it; then it is killed, with all processes that it started.
        memory_limit_bytes: Of address space, where the system can limit that.

    Raises:
        CheckError: If there is no such file, or it cannot be read.
    """
    file = Path(path)
    if (failure := parse(file)) is not None:
        return failed(file.name, failure)
    ended = run_worker(
        _WORKER, file.resolve(), time_limit_seconds=time_limit_seconds, memory_limit_bytes=memory_limit_bytes
    )
    functions, failure = _read(ended.messages)
    if (failure := ended.failure or failure) is not None:
        return failed(functions[-1].name if functions else file.name, failure)
    return replace(_judge(file.name, functions), printed_lines=ended.printed_lines)


def parse(file: Path) -> Failure | None:
    """What keeps it from being Python, found by compiling it; None if nothing does. Nothing is run.

    Raises:
        CheckError: If there is no such file, or it cannot be read.
    """
    if not file.is_file():
        raise CheckError(f"{file}: expected a Python file, found {'a folder' if file.is_dir() else 'no such file'}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(file.read_bytes(), str(file), "exec", dont_inherit=True)
    except SyntaxError as error:
        line = SourceLine(file.name, error.lineno, (error.text or "").strip()[:60]) if error.lineno else None
        return Failure("syntax", given=error.msg, line=line)
    except (ValueError, RecursionError, MemoryError, OSError) as error:
        raise CheckError(f"{file}: cannot be read as Python: {error}") from None
    return None


# -- what came back, not to be trusted -------------------------------------------------------------------------------


@dataclass
class _Answers:
    """One function of the file, and its answers with the number of their form."""

    name: str
    kind: Kind
    answers: list[tuple[int, Answer]] = field(default_factory=list)


def _read(messages: Sequence[Message | None]) -> tuple[list[_Answers], Failure | None]:
    """The functions with their answers, and why there are no more.

    What has not the form of a message ends the reading: only the student's own code can have written it.
    """
    functions: list[_Answers] = []
    try:
        for message in messages:
            if message is None:
                raise ValueError("no message")
            if isinstance(message, Failed):
                return functions, message.failure
            if isinstance(message, Function):
                functions.append(_Answers(message.name, message.kind))
            elif isinstance(message, Answered):
                functions[-1].answers.append((message.form, message.answer()))
    except (IndexError, ValueError):
        return [], Failure("forged")
    return functions, None


def _is_complete(function: _Answers) -> bool:
    """Whether there is one answer for each call of each form that was tried."""
    forms = series(function.kind)
    if not all(0 <= form < len(forms) for form, _ in function.answers):
        return False
    asked = collect(function.kind, function.answers)
    needed = len(forms) if function.kind == "trainer" else 1
    return len(asked) >= needed and all(
        len(answers) == len(one.calls())
        and all(a.failure or len(a.blocks) == (1 if one.kind == "loss" else 2) for a in answers)
        for one, answers in asked
    )


# -- the verdict -----------------------------------------------------------------------------------------------------


def _judge(file: str, functions: Sequence[_Answers]) -> Finding:
    """The first of the file's functions that is wrong decides."""
    findings = [diagnose(collect(f.kind, f.answers), f.name) for f in functions if _is_complete(f)]
    if not findings or len(findings) < len(functions):
        return failed(file, Failure("left-out"))
    wrong = next((finding for finding in findings if not finding.correct), None)
    return wrong or replace(findings[0], subjects=tuple(name for f in findings for name in f.subjects))
