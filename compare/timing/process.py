"""The parent's end of a worker: starts it with its threads set, asks, waits no longer than told, and ends it."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from typing import IO, Literal, Protocol

import msgspec

from handgrad.compare.timing.messages import Answer, Request, read_reply

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


class WorkerError(RuntimeError):
    """A backend's process did not answer as asked; `status` is what the result will say."""

    def __init__(self, message: str, status: Literal["failed", "timeout"] = "failed") -> None:
        super().__init__(message)
        self.status: Literal["failed", "timeout"] = status


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
        backend: Its name in the catalogue.
        threads: How many threads its libraries may use; set before they are imported.
        timeout_seconds: How long one answer may take before the process is killed.
        variables: More of its environment, such as an empty cache for compiled code.
    """

    def __init__(
        self, backend: str, threads: int, timeout_seconds: float, variables: Mapping[str, str] | None = None
    ) -> None:
        self.backend = backend
        self.timeout_seconds = min(timeout_seconds, threading.TIMEOUT_MAX)
        self.errors = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
        environment = os.environ | {name: str(threads) for name in THREAD_VARIABLES} | dict(variables or {})
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "handgrad.compare.timing.worker", backend],  # -P: their numpy.py is not NumPy
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            env=environment,
        )
        assert self.process.stdout is not None
        self.answers: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self.reader = threading.Thread(target=_forward, args=(self.process.stdout, self.answers), daemon=True)
        self.reader.start()

    def ask(self, request: Request[Answer]) -> Answer:
        """Sends a request and returns its answer; see `handgrad.compare.timing.messages` for both.

        Raises:
            WorkerError: When the backend raised, died, took longer than `timeout_seconds`, or wrote something else.
        """
        self.send(request.line())
        line = self.next_line(request.name)
        try:
            reply = read_reply(line)
            if reply.error is None:
                return request.answer_of(reply.answer)
        except msgspec.MsgspecError as error:
            raise WorkerError(f"its answer to '{request.name}' cannot be read: {error}") from None
        raise WorkerError(f"{reply.error.type}: {reply.error.message}")

    def send(self, line: bytes) -> None:
        """Wakes the process and writes to it.

        Raises:
            WorkerError: When it has ended.
        """
        try:
            assert self.process.stdin is not None
            self.signal("SIGCONT")
            self.process.stdin.write(line)
            self.process.stdin.flush()
        except (BrokenPipeError, ValueError):
            raise WorkerError(self.how_it_ended()) from None

    def next_line(self, what: str) -> bytes:
        """The next line that the process writes; it is killed if there is none in time.

        Raises:
            WorkerError: When it takes longer than `timeout_seconds`, or has ended.
        """
        try:
            line = self.answers.get(timeout=self.timeout_seconds)
        except queue.Empty:
            self.close()
            raise WorkerError(f"no answer to '{what}' within {self.timeout_seconds:g} s", "timeout") from None
        if not line:
            raise WorkerError(self.how_it_ended())
        return line

    def rest(self) -> None:
        """Stops the process until it is asked again.

        Threads of OpenBLAS and OpenMP spin for milliseconds after their work is done, on the cores on which the next
        backend is timed (seen: one 1.5 times slower beside them). A process that is stopped cannot spin.
        """
        self.signal("SIGSTOP")

    def signal(self, name: str) -> None:
        """Sends a signal, where the platform has it, to a process that still lives."""
        number = getattr(signal, name, None)  # Windows has neither of ours; there, processes are left to spin
        if number is not None and self.process.poll() is None:
            self.process.send_signal(number)

    def how_it_ended(self) -> str:
        """How the process ended, with the last line that it left on stderr; one that only fell silent is ended."""
        if self.errors.closed:
            return "its process was ended before"
        how = ending(self.exit_code())
        self.errors.seek(0)
        lines = self.errors.read().decode("utf-8", "replace").strip().splitlines()
        return how + (f": {lines[-1][:200]}" if lines else "")

    def exit_code(self) -> int | None:
        """That of the process, whose pipes are closed; None for one that goes on all the same, and is killed."""
        try:
            return self.process.wait(SILENT_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return None

    def close(self) -> None:
        """Ends the process; may be called again."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.reader.join()
        for stream in (self.process.stdin, self.process.stdout, self.errors):
            try:
                if stream is not None:
                    stream.close()
            except BrokenPipeError:  # what was still to be sent has no reader any more
                continue


def ending(code: int | None) -> str:
    """How a process ended, from its exit code; None: it did not."""
    if code is None:
        return "its process closed its pipes without ending"
    how = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
    return f"its process ended with {how}" + (" (out of memory?)" if code == -9 else "")


def _forward(stream: IO[bytes], answers: queue.SimpleQueue[bytes]) -> None:
    """Moves lines from a pipe to a queue, so that waiting for one can time out; an empty line marks the end."""
    for line in stream:
        answers.put(line)
    answers.put(b"")
