"""The student's process, from outside: it is started with limits, ended when its time is over, and never believed.

What it leaves are messages (`messages`), read up to a size, and a stack for where it was when it was ended.
"""

from __future__ import annotations

import contextlib
import linecache
import os
import re
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from handgrad.compare.check.student.messages import Done, Job, Message, read
from handgrad.compare.results.diagnosis import Failure, SourceLine

TIME_LIMIT_SECONDS = 10.0
MEMORY_LIMIT_BYTES = 4 * 1024**3
STACK_SECONDS = 0.2
LARGEST_ANSWERS_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True)
class Ended:
    """What a worker process left.

    Attributes:
        messages: What it wrote; None for a line that is no message.
        failure: Why it did not come to its end.
        printed_lines: How much it printed.
    """

    messages: list[Message | None]
    failure: Failure | None
    printed_lines: int


def run_worker(
    worker: str,
    file: Path,
    *,
    time_limit_seconds: float = TIME_LIMIT_SECONDS,
    memory_limit_bytes: int = MEMORY_LIMIT_BYTES,
    exercise: int = 0,
) -> Ended:
    """Runs a module of ours, such as `student.worker`, on a student's file in a process of its own.

    Args:
        worker: The module's full name.
        file: The student's file, an absolute path.
        time_limit_seconds: For all of it; then it is killed, with all processes that it started.
        memory_limit_bytes: Of address space, where the system can limit that.
        exercise: The number of an exercise, for the exercises' worker.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        answers, trace, printed = folder / "answers", folder / "trace", folder / "printed"
        job = Job(str(file), str(answers), str(trace), memory_limit_bytes, exercise)
        ended_by = _run(worker, job, printed, time_limit_seconds)
        messages = read(_content(answers))
        failure = None if any(isinstance(message, Done) for message in messages) else _located(ended_by, trace, file)
        return Ended(messages, failure, _count_lines(printed))


def _run(worker: str, job: Job, printed: Path, time_limit_seconds: float) -> Failure:
    """Runs it to its end; the failure that this is if no message says that it was done."""
    with printed.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", worker, *job.arguments()],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
        )
        return _wait(process, time_limit_seconds)


def _wait(process: subprocess.Popen[bytes], time_limit_seconds: float) -> Failure:
    """Waits for the end, then kills what is left."""
    try:
        code = process.wait(timeout=time_limit_seconds)
    except subprocess.TimeoutExpired:
        _ask_for_stack(process)
        return Failure("hangs", given=f"{time_limit_seconds:g}")
    finally:
        _kill(process)
    if code < 0:
        return Failure("killed", given=signal.Signals(-code).name)
    return Failure("ends-process", given=str(code))


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
    number = int(found[1])
    return replace(failure, line=SourceLine(file.name, number, linecache.getline(str(file), number).strip()))


def _content(answers: Path) -> bytes:
    if not answers.exists():
        return b""
    with answers.open("rb") as file:
        return file.read(LARGEST_ANSWERS_BYTES)


def _count_lines(printed: Path) -> int:
    with printed.open("rb") as file:
        return sum(1 for _ in file)
