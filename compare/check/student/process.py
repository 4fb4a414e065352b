"""The student's process, from outside: it is started with limits, asked one question at a time, and never believed."""

from __future__ import annotations

import contextlib
import linecache
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO, TYPE_CHECKING

from handgrad.compare.check.sandbox.job import Job
from handgrad.compare.lifetime import mark, passing_file, temporary_folder
from handgrad.compare.results.diagnosis import NoAnswer, SourceLine
from handgrad.compare.warden import VARIABLE

if TYPE_CHECKING:
    from handgrad.compare.check.student.dialogue import Dialogue

TIME_LIMIT_SECONDS = 10.0
MEMORY_LIMIT_BYTES = 4 * 1024**3
STACK_SECONDS = 0.2
#: From the end of its pipe to that of a process, which the system tidies up.
END_SECONDS = 20.0
WORKER = "handgrad.compare.check.sandbox.worker"
#: Where libraries keep what they write.
_TEMPORARY = ("TMPDIR", "TEMP", "TMP", "NUMBA_CACHE_DIR")
#: What libiomp5 and libomp print before they abort where they cannot make a file in /dev/shm.
_NO_SHARED_MEMORY = b"Can't open SHM"


class StudentProcess:
    """A process of ours that runs a student's file, with pipes for questions and answers."""

    def __init__(self, worker: str, job: Job, printed: Path, source: str = "") -> None:
        """Starts the module of that name; what the file prints goes into `printed`, its code stands in `source`."""
        self._job, self._printed, self._ended = job, printed, False
        self._source = source or job.file
        with printed.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", worker, *job.arguments()],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=output,
                start_new_session=True,
                env=os.environ | {"PYTHONUNBUFFERED": "1", VARIABLE: mark()} | dict.fromkeys(_TEMPORARY, job.folder),
            )

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid

    def pipes(self) -> tuple[IO[bytes], IO[bytes]]:
        """Into it, and out of it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        return self._process.stdin, self._process.stdout

    def end(self) -> None:
        """Ends the process and those that it started."""
        if self._ended:
            return
        self._ended = True
        if hasattr(os, "killpg"):
            with contextlib.suppress(ProcessLookupError):  # all of them have ended
                os.killpg(self._process.pid, signal.SIGKILL)
        else:
            self._process.kill()
        self._process.wait()

    def end_of_its_own(self) -> NoAnswer:
        """How it ended, with the student's line where that is known; one that has only closed its pipe is no answer."""
        try:
            code = self._process.wait(timeout=END_SECONDS)
        except subprocess.TimeoutExpired:
            return NoAnswer("forged")
        if code == -signal.SIGABRT and _NO_SHARED_MEMORY in self._printed.read_bytes():
            return NoAnswer("own-fault", "its OpenMP library, an old one, does not run without /dev/shm")
        if code < 0:
            return self._located(NoAnswer("killed", given=signal.Signals(-code).name))
        return self._located(NoAnswer("ends-process", given=str(code)))

    def hangs(self, seconds: float) -> NoAnswer:
        """That it did not answer in time, with the line where it is; it is ended."""
        if hasattr(signal, "SIGUSR1"):
            self._process.send_signal(signal.SIGUSR1)  # has it write where it is, for which it gets some time
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=STACK_SECONDS)
        self.end()
        return self._located(NoAnswer("hangs", given=f"{seconds:g}"))

    def printed_lines(self) -> int:
        """How much the file has printed."""
        with self._printed.open("rb") as file:
            return sum(1 for _ in file)

    def last_words(self) -> str:
        """The last line that was printed: of an error, what it is."""
        lines = self._printed.read_bytes()[-1000:].decode("utf-8", "replace").splitlines()
        return lines[-1] if lines else ""

    def _located(self, failure: NoAnswer) -> NoAnswer:
        """With the student's line from the stack that was written before the end."""
        file, trace = Path(self._source), Path(self._job.trace)
        stack = trace.read_text(encoding="utf-8", errors="replace") if trace.exists() else ""
        found = re.search(rf'File "{re.escape(self._source)}", line (\d+)', stack)
        if not found:
            return failure
        number = int(found[1])
        return replace(failure, line=SourceLine(file.name, number, linecache.getline(self._source, number).strip()))


@contextlib.contextmanager
def started(
    file: Path,
    *,
    worker: str = WORKER,
    source: str = "",
    time_limit_seconds: float = TIME_LIMIT_SECONDS,
    memory_limit_bytes: int = MEMORY_LIMIT_BYTES,
) -> Iterator[Dialogue]:
    """Runs a student's file in a process of its own, which is ended in the end with all that it started.

    Args:
        file: The student's file, an absolute path.
        worker: The module of ours that runs it.
        source: Where its code stands, if not in the file itself.
        time_limit_seconds: For all that it computes; see `clock`.
        memory_limit_bytes: Of address space, where the system can limit that.

    Yields:
        What asks it.
    """
    with temporary_folder() as folder, passing_file() as trace, passing_file() as printed:
        process = StudentProcess(worker, Job(str(file), folder, trace, memory_limit_bytes), Path(printed), source)
        try:
            from handgrad.compare.check.student.dialogue import Dialogue  # while the other process starts

            dialogue = Dialogue(process, time_limit_seconds)
            try:
                yield dialogue
            finally:
                process.end()
                dialogue.close()
        finally:
            process.end()
