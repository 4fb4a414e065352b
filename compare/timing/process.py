"""The parent's end of a worker: starts it with its threads set, asks, waits no longer than told, and ends it."""

from __future__ import annotations

import contextlib
import math
import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from typing import Literal, Protocol

import msgspec

from handgrad.backends.catalogue import Entry
from handgrad.compare.foreign_text import one_line
from handgrad.compare.lifetime import mark
from handgrad.compare.pipes import Incoming, PrintedText
from handgrad.compare.timing import family
from handgrad.compare.timing.messages import (
    Answer,
    ReadBytes,
    Reply,
    Request,
    ScanColumns,
    TimeEpochs,
    read_reply,
    stamped,
    unstamped,
)
from handgrad.compare.timing.outset import as_line
from handgrad.compare.warden import VARIABLE

#: Read before import by OpenMP (PyTorch), OpenBLAS, MKL, BLIS, Accelerate, Numba, NumExpr and XLA (JAX).
THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMBA_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "NPROC",
)


#: A process that has closed its pipes is expected to end within so long.
SILENT_SECONDS = 10.0

#: While an answer is awaited, it is looked so often whether the process still lives: one that it has started may hold
#: its pipe open beyond its end.
LOOK_SECONDS = 0.5


#: No epoch is shorter: the next one needs its result, and a processor's clock ticks at most ten times meanwhile.
SHORTEST_SECONDS = 1e-10

#: A process whose input is closed has told its program to quit, and waited for it, within so long.
PROGRAM_ENDS_SECONDS = 3.0

#: By so much two clocks of one machine may differ in what they count, and by so little in what they resolve.
CLOCKS_RATIO, CLOCKS_SECONDS = 1.01, 1e-3


class WorkerError(RuntimeError):
    """A backend's process did not answer as asked; `status` is what the result will say."""

    def __init__(self, message: str, status: Literal["failed", "timeout"] = "failed") -> None:
        super().__init__(message)
        self.status: Literal["failed", "timeout"] = status


class UntrueAnswer(WorkerError):
    """What came from a process is no answer of the worker's, or says what cannot be."""


class WorkerHandle(Protocol):
    """What can be asked like a `Worker`, whether or not there is a process behind it."""

    def ask(self, request: Request[Answer]) -> Answer:
        """Sends a request and returns its answer."""

    def rest(self) -> None:
        """Stops the process until it is asked again."""

    def close(self) -> None:
        """Ends the process; may be called again."""


class Worker:
    """One backend's process.

    Args:
        backend: Its name in the catalogue, or what is known of one that is not there.
        threads: How many threads its libraries may use; set before they are imported.
        timeout_seconds: How long one answer may take before the process is killed.
        variables: More of its environment, such as an empty cache for compiled code.
    """

    def __init__(
        self, backend: str | Entry, threads: int, timeout_seconds: float, variables: Mapping[str, str] | None = None
    ) -> None:
        family.check_library()
        name = [backend] if isinstance(backend, str) else [backend.name] if backend.code is None else []
        self.timeout_seconds = min(timeout_seconds, threading.TIMEOUT_MAX)
        self.printed = PrintedText()
        self.mark = mark()
        self.runs_program = isinstance(backend, Entry) and backend.code is not None and backend.code.how == "command"
        self.answered = False
        environment = os.environ | {name: str(threads) for name in THREAD_VARIABLES} | dict(variables or {})
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "handgrad.compare.timing.worker", *name],  # -P: their numpy.py is not NumPy
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.printed.file,
            env=environment | {VARIABLE: self.mark},
            start_new_session=True,
        )
        assert self.process.stdout is not None
        self.answers = Incoming(self.process.stdout)
        if isinstance(backend, Entry) and backend.code is not None:
            with contextlib.suppress(WorkerError):  # the first request tells that it has ended
                self.send(as_line(backend))

    def ask(self, request: Request[Answer]) -> Answer:
        """Sends a request and returns its answer; see `handgrad.compare.timing.messages` for both.

        Raises:
            WorkerError: When the backend raised, died, or took longer than `timeout_seconds`.
            UntrueAnswer: When it wrote something else, or gives seconds that cannot be; the process is ended.
        """
        self.answered = False
        stamp, began = secrets.token_hex(8).encode(), time.perf_counter()
        self.send(stamped(stamp, request.line()))
        line = self.next_line(request.name, stamp)
        waited = time.perf_counter() - began
        reply = self.reply(line, request.name)
        self.answered = True
        if reply.error is not None:
            raise WorkerError(f"{one_line(reply.error.type, 60)}: {one_line(reply.error.message)}")
        try:
            answer = request.answer_of(reply.answer)
        except msgspec.MsgspecError as error:
            raise self.disbelieved(f"its answer to '{request.name}' cannot be read: {error}") from None
        if (why := implausible(request, answer, waited)) is not None:
            raise self.disbelieved(why)
        return answer

    def reply(self, line: bytes, what: str) -> Reply:
        """The worker's reply in a line that bears its stamp.

        Raises:
            UntrueAnswer: When it is none; the process is ended.
        """
        try:
            return read_reply(unstamped(line)[1])
        except msgspec.MsgspecError as error:
            raise self.disbelieved(f"its answer to '{what}' cannot be read: {error}") from None

    def disbelieved(self, why: str) -> UntrueAnswer:
        """Ends the process, as nothing that it says can be believed any more."""
        self.close()
        return UntrueAnswer(why)

    def send(self, line: bytes) -> None:
        """Wakes the process and writes to it.

        Raises:
            WorkerError: When it has ended.
        """
        try:
            assert self.process.stdin is not None
            family.send(self.process, "SIGCONT")
            self.process.stdin.write(line)
            self.process.stdin.flush()
        except (BrokenPipeError, ValueError):
            raise WorkerError(self.how_it_ended()) from None

    def next_line(self, what: str, stamp: bytes) -> bytes:
        """The next line that the process writes, which must bear the stamp: its beginning is enough to see that.

        Raises:
            WorkerError: When it takes longer than `timeout_seconds`, or has ended.
            UntrueAnswer: When it is no answer to what was asked; the process is ended.
        """
        until = time.monotonic() + self.timeout_seconds
        parts = [self.next_part(what, until)]
        if unstamped(parts[0])[0] != stamp:
            told = shown(parts[0])
            raise self.disbelieved(f"something that is no answer to '{what}' came in the place of one: {told}")
        while not parts[-1].endswith(b"\n"):
            parts.append(self.next_part(what, until))
        return b"".join(parts)

    def next_part(self, what: str, until: float) -> bytes:
        """The next line, or a part of one; the process is killed if there is none in time.

        Raises:
            WorkerError: When there is none until then, or the process has ended.
        """
        while (part := self.answers.within(min(LOOK_SECONDS, until - time.monotonic()))) is None:
            self.printed.keep_short()
            if self.process.poll() is not None:
                part = self.answers.within(0.0)  # what it wrote before its end
                break
            if time.monotonic() >= until:
                self.close()
                raise WorkerError(f"no answer to '{what}' within {self.timeout_seconds:g} s", "timeout")
        if not part:
            raise WorkerError(self.how_it_ended())
        return part

    def rest(self) -> None:
        """Stops the process until it is asked again.

        Threads of OpenBLAS and OpenMP spin for milliseconds after their work is done, on the cores on which the next
        backend is timed (seen: one 1.5 times slower beside them). A process that is stopped cannot spin.
        """
        family.send(self.process, "SIGSTOP")

    def how_it_ended(self) -> str:
        """How the process ended, with the last line that it left on stderr; one that only fell silent is ended."""
        if self.printed.closed:
            return "its process was ended before"
        how, line = ending(self.exit_code()), self.printed.last_line()
        return how + (f": {line}" if line else "")

    def exit_code(self) -> int | None:
        """That of the process, whose pipes are closed; None for one that goes on all the same, and is killed."""
        try:
            return self.process.wait(SILENT_SECONDS)
        except subprocess.TimeoutExpired:
            family.end(self.process)
            return None

    def let_end(self) -> None:
        """Closes the input of a process that owes no answer, so that it tells its program to quit."""
        assert self.process.stdin is not None
        family.send(self.process, "SIGCONT")
        with contextlib.suppress(OSError):
            self.process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(PROGRAM_ENDS_SECONDS)

    def close(self) -> None:
        """Ends the process and all that it has started; may be called again."""
        if self.printed.closed:
            return
        if self.runs_program and self.answered:
            self.let_end()
        family.end(self.process)
        family.end_marked(self.mark)
        self.answers.close(LOOK_SECONDS)
        self.printed.close()
        with contextlib.suppress(BrokenPipeError):  # what was still to be sent has no reader any more
            assert self.process.stdin is not None
            self.process.stdin.close()


def shown(line: bytes) -> str:
    """The beginning of a line, as Python would write it."""
    return repr(line[:60].decode("utf-8", "backslashreplace").rstrip())


# -- whether seconds can be true: a worker has a clock of its own, and so has the parent -------------------------------


def implausible(request: Request[Answer], answer: Answer, waited_seconds: float) -> str | None:
    """Why the seconds in an answer cannot be true; None where they can.

    Args:
        request: What was asked for.
        answer: What the worker gave.
        waited_seconds: From before the request was sent until the answer was there, by the parent's clock.
    """
    named = [name for name in type(answer).__annotations__ if name == "seconds" or name.endswith("_seconds")]
    given = [seconds for name in named if (seconds := getattr(answer, name)) is not None]
    found = (impossible(seconds, waited_seconds, least_seconds(request)) for seconds in given)
    return next((why for why in found if why is not None), None)


def impossible(seconds: float, waited_seconds: float, least: float) -> str | None:
    """Why so many seconds cannot be true; None where they can."""
    if not math.isfinite(seconds) or seconds < 0:
        return f"its clock gave {seconds:.3g} s"
    if seconds > CLOCKS_RATIO * waited_seconds + CLOCKS_SECONDS:
        return f"its clock gave {seconds:.3g} s for what was answered within {waited_seconds:.3g} s"
    if seconds < least:
        return f"its clock gave {seconds:.3g} s for what no processor does in less than {least:.3g} s"
    return None


def least_seconds(request: Request[Answer]) -> float:
    """What is timed for a request takes no less, on any machine."""
    if isinstance(request, TimeEpochs):
        return SHORTEST_SECONDS * request.epochs
    return SHORTEST_SECONDS * request.times if isinstance(request, ReadBytes | ScanColumns) else 0.0


# -- words ------------------------------------------------------------------------------------------------------------


def ending(code: int | None) -> str:
    """How a process ended, from its exit code; None: it did not."""
    if code is None:
        return "its process closed its pipes without ending"
    how = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
    return f"its process ended with {how}" + (" (out of memory?)" if code == -9 else "")
