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
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from handgrad.compare.check.student.job import Job
from handgrad.compare.lifetime import mark, passing_file
from handgrad.compare.results.diagnosis import NoAnswer, SourceLine
from handgrad.compare.warden import VARIABLE

TIME_LIMIT_SECONDS = 10.0
MEMORY_LIMIT_BYTES = 4 * 1024**3
STACK_SECONDS = 0.2
LARGEST_ANSWERS_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True)
class Ended:
    """What a worker process left.

    Attributes:
        content: Its messages; see `messages.outcome`.
        by: How it ended, which is why there is no answer unless a message says that it was done.
        printed_lines: How much it printed.
    """

    content: bytes
    by: NoAnswer
    printed_lines: int


@contextlib.contextmanager
def started(
    worker: str,
    file: Path,
    *,
    time_limit_seconds: float = TIME_LIMIT_SECONDS,
    memory_limit_bytes: int = MEMORY_LIMIT_BYTES,
    exercise: int = 0,
    function: str = "",
) -> Iterator[Callable[[], Ended]]:
    """Runs a module of ours, such as `student.worker`, on a student's file in a process of its own.

    Args:
        worker: The module's full name.
        file: The student's file, an absolute path.
        time_limit_seconds: For all of it; then it is killed, with all processes that it started.
        memory_limit_bytes: Of address space, where the system can limit that.
        exercise: The number of an exercise, for the exercises' worker.
        function: The name of the function that is asked for, if any.

    Yields:
        What waits for the end, and gives what is left then.
    """
    with passing_file() as answers, passing_file() as trace, passing_file() as printed:
        job = Job(str(file), answers, trace, memory_limit_bytes, exercise, function)
        with _process(worker, job, Path(printed)) as process:
            deadline = time.monotonic() + time_limit_seconds
            yield lambda: _ended(process, job, Path(printed), deadline, time_limit_seconds)


@contextlib.contextmanager
def _process(worker: str, job: Job, printed: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The process, ended with all that it started if it has not ended by itself."""
    with printed.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", worker, *job.arguments()],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=os.environ | {"PYTHONUNBUFFERED": "1", VARIABLE: mark()},
        )
    try:
        yield process
    finally:
        if process.poll() is None:  # nobody waited for it
            _kill(process)


def _ended(
    process: subprocess.Popen[bytes], job: Job, printed: Path, deadline: float, time_limit_seconds: float
) -> Ended:
    failure = _wait(process, deadline, time_limit_seconds)
    by = _located(failure, Path(job.trace), Path(job.file))
    return Ended(_content(Path(job.answers)), by, _count_lines(printed))


def _wait(process: subprocess.Popen[bytes], deadline: float, time_limit_seconds: float) -> NoAnswer:
    """Waits for the end, then kills what is left."""
    try:
        code = process.wait(timeout=max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        _ask_for_stack(process)
        return NoAnswer("hangs", given=f"{time_limit_seconds:g}")
    finally:
        _kill(process)
    if code < 0:
        return NoAnswer("killed", given=signal.Signals(-code).name)
    return NoAnswer("ends-process", given=str(code))


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


def _located(failure: NoAnswer, trace: Path, file: Path) -> NoAnswer:
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
