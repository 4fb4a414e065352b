"""`check` for a file: the student's code runs in a process of its own, with limits, and never in ours.

What comes back is lines of JSON with plain numbers, which are not trusted: they are read up to a size, and only what
has the form of an answer counts. The right answers never leave this process.
"""

from __future__ import annotations

import contextlib
import json
import linecache
import os
import re
import signal
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, get_args

import numpy as np

from handgrad.compare.check.check import diagnose
from handgrad.compare.check.diagnosis import Diagnosis, failed
from handgrad.compare.check.mistakes import Kind
from handgrad.compare.check.student import Answer, Failure, collect, series

TIME_LIMIT_SECONDS = 10.0
MEMORY_LIMIT_BYTES = 4 * 1024**3
STACK_SECONDS = 0.2
LARGEST_ANSWERS_BYTES = 32 * 1024 * 1024


class CheckError(ValueError):
    """There is nothing to check: no file, not Python. The message names file and line."""


def check_file(
    path: str | Path,
    *,
    time_limit: float = TIME_LIMIT_SECONDS,
    memory_limit: int = MEMORY_LIMIT_BYTES,
    hint_only: bool = False,
) -> Diagnosis:
    """Checks what a file defines: `gradient`, `step`, subclasses of `Trainer`, or `loss`; see `check` for their forms.

    Args:
        path: A Python file. It is run, in a process of its own, with nothing to read from and nowhere to print to.
        time_limit: Seconds for all of it; then it is killed, with all processes that it started.
        memory_limit: Bytes of address space, where the system can limit that.
        hint_only: Leave out what gives the answer away.

    Raises:
        CheckError: If there is no such file, or it cannot be read.
    """
    file = Path(path)
    if (failure := parse(file)) is not None:
        return failed(file.name, failure)
    diagnosis = _judge(file.name, _run(file.resolve(), time_limit, memory_limit))
    return diagnosis.as_hint() if hint_only else diagnosis


def parse(file: Path) -> Failure | None:
    """What keeps it from being Python, found by compiling it; None if nothing does. Nothing is run."""
    if not file.is_file():
        raise CheckError(f"{file}: expected a Python file, found {'a folder' if file.is_dir() else 'no such file'}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(file.read_bytes(), str(file), "exec", dont_inherit=True)
    except SyntaxError as error:
        text = (error.text or "").strip()[:60]
        return Failure("syntax-error", f"is not Python: {error.msg}", error.lineno, text, file.name)
    except (ValueError, RecursionError, MemoryError, OSError) as error:
        raise CheckError(f"{file}: cannot be read as Python: {error}") from None
    return None


# -- the process -----------------------------------------------------------------------------------------------------


@dataclass
class _Subject:
    """One function of the file, and its answers with the number of their form."""

    name: str
    kind: Kind
    answers: list[tuple[int, Answer]] = field(default_factory=list)


@dataclass
class _Outcome:
    """All that came back from the process."""

    subjects: list[_Subject]
    failure: Failure | None
    printed_lines: int


@dataclass
class Ended:
    """What a worker process left: the lines that it wrote, why it did not come to its end, how much it printed."""

    lines: list[Any]
    failure: Failure | None
    printed_lines: int


def run_worker(worker: str, file: Path, time_limit: float, memory_limit: int, *arguments: str) -> Ended:
    """Runs a module of ours on a student's file in a process of its own; see `student_worker.work`."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        answers, trace, printed = folder / "answers", folder / "trace", folder / "printed"
        command = [sys.executable, "-P", "-m", worker, str(file), str(answers), str(trace), str(memory_limit)]
        with printed.open("wb") as output:
            process = subprocess.Popen(
                [*command, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env=os.environ | {"PYTHONUNBUFFERED": "1"},
            )
            ended_by = _wait(process, time_limit)
        lines = list(_lines(answers))
        failure = None if {"done": True} in lines else _located(ended_by, trace, file)
        return Ended(lines, failure, _count_lines(printed))


def _run(file: Path, time_limit: float, memory_limit: int) -> _Outcome:
    ended = run_worker("handgrad.compare.check.worker", file, time_limit, memory_limit)
    subjects, failure = _read(ended.lines)
    return _Outcome(subjects, ended.failure or failure, ended.printed_lines)


def _wait(process: subprocess.Popen[bytes], time_limit: float) -> Failure:
    """Waits for the end, then kills what is left; the failure that it is if no answer says that it was done."""
    try:
        code = process.wait(timeout=time_limit)
    except subprocess.TimeoutExpired:
        _ask_for_stack(process)
        return Failure("hangs", f"gives no answer within {time_limit:g} s, and was ended")
    finally:
        _kill(process)
    if code < 0:
        return Failure("killed", f"ended its process by {signal.Signals(-code).name}")
    return Failure("exits", f"ends its process (exit code {code})")


def _ask_for_stack(process: subprocess.Popen[bytes]) -> None:
    """Has the process write where it is, and gives it the time for that."""
    if hasattr(signal, "SIGUSR1"):
        process.send_signal(signal.SIGUSR1)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=STACK_SECONDS)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Ends the process and those that it started."""
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError):  # all of them have ended
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()


def _located(failure: Failure, trace: Path, file: Path) -> Failure:
    """With the student's line from the stack that was written before the end."""
    stack = trace.read_text(encoding="utf-8", errors="replace") if trace.exists() else ""
    found = re.search(rf'File "{re.escape(str(file))}", line (\d+)', stack)
    if not found:
        return failure
    line = int(found[1])
    return replace(failure, line=line, text=linecache.getline(str(file), line).strip(), file=file.name)


def _count_lines(printed: Path) -> int:
    with printed.open("rb") as file:
        return sum(1 for _ in file)


# -- what came back, not to be trusted -------------------------------------------------------------------------------


def _lines(answers: Path) -> Iterator[Any]:
    """The lines that are JSON; the last may be half written."""
    if not answers.exists():
        return
    with answers.open("rb") as file:
        text = file.read(LARGEST_ANSWERS_BYTES)
    for line in text.splitlines():
        try:
            yield json.loads(line)
        except (ValueError, RecursionError):
            yield None


def _read(lines: list[Any]) -> tuple[list[_Subject], Failure | None]:
    """Subjects with their answers, and why there are none.

    What has not the form of an answer ends the reading: only the student's own code can have written it.
    """
    subjects: list[_Subject] = []
    try:
        for line in lines:
            if "failure" in line:
                return subjects, read_failure(line["failure"])
            if "subject" in line:
                subjects.append(_Subject(_text(line["subject"]), _kind(line["kind"])))
            elif "answer" in line:
                subjects[-1].answers.append((int(line["form"]), _answer(line["answer"])))
    except (KeyError, IndexError, TypeError, ValueError, OverflowError):
        return [], Failure(
            "unreadable-answer", "gives back what is no answer: does it write into files that are not its own?"
        )
    return subjects, None


def _answer(line: dict[str, Any]) -> Answer:
    if line["failure"] is not None:
        return Answer(failure=read_failure(line["failure"]))
    blocks = tuple(
        np.array(block["values"], dtype=np.float64).reshape([int(n) for n in block["shape"]])
        for block in line["blocks"]
    )
    if not 1 <= len(blocks) <= 2 or not all(np.isfinite(block).all() for block in blocks):
        raise ValueError("blocks")
    return Answer(blocks, tuple(map(_text, line["types"])), tuple(map(_text, line["changed"])))


def read_failure(line: dict[str, Any]) -> Failure:
    """The failure that a worker wrote."""
    number = None if line["line"] is None else int(line["line"])
    return Failure(_text(line["id"]), _text(line["message"]), number, _text(line["text"]), _text(line["file"]))


def _kind(text: str) -> Kind:
    if text not in get_args(Kind):
        raise ValueError(text)
    kind: Kind = text  # type: ignore[assignment]
    return kind


def _text(value: Any) -> str:
    """Text that can be shown: short, and without control characters."""
    return "".join(c if c.isprintable() else " " for c in str(value)[:300])


# -- the verdict -----------------------------------------------------------------------------------------------------


def _judge(file: str, outcome: _Outcome) -> Diagnosis:
    """The first of the file's functions that is wrong decides."""
    if outcome.failure is not None:
        name = outcome.subjects[-1].name if outcome.subjects else file
        return failed(name, outcome.failure)
    verdicts = [diagnose(collect(s.kind, s.answers), s.name) for s in outcome.subjects if _is_complete(s)]
    if not verdicts or len(verdicts) < len(outcome.subjects):
        return failed(
            file, Failure("unreadable-answer", "leaves answers out: does it write into files that are not its own?")
        )
    verdict = next((v for v in verdicts if not v.correct), verdicts[0])
    if verdict.correct and len(verdicts) > 1:
        names = " and ".join(v.subject for v in verdicts)
        verdict = replace(verdict, subject=names, explanation=f"Correct: {names} are right.\n" + _second_line(verdict))
    return with_note_on_output(verdict, outcome.printed_lines)


def _is_complete(subject: _Subject) -> bool:
    """Whether there is one answer for each call of each form that was tried."""
    asked = collect(subject.kind, subject.answers) if _forms_exist(subject) else []
    needed = len(series(subject.kind)) if subject.kind == "trainer" else 1
    return len(asked) >= needed and all(
        len(answers) == len(one.calls())
        and all(a.failure or len(a.blocks) == (1 if one.kind == "loss" else 2) for a in answers)
        for one, answers in asked
    )


def _forms_exist(subject: _Subject) -> bool:
    return all(0 <= form < len(series(subject.kind)) for form, _ in subject.answers)


def _second_line(diagnosis: Diagnosis) -> str:
    return diagnosis.explanation.partition("\n")[2]


def with_note_on_output(diagnosis: Diagnosis, lines: int) -> Diagnosis:
    """The diagnosis, saying that something was printed where that is so."""
    if not lines:
        return diagnosis
    return replace(diagnosis, notes=(*diagnosis.notes, f"It printed {lines} lines, which were not looked at."))
