"""Questions to a student's process and its answers, one after the other.

A question is not known before it is asked, and its answer must carry the question's own number. Whatever else comes is
no answer, and ends the dialogue: only the student's own code can have written it.
"""

from __future__ import annotations

import contextlib
import queue
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import IO, TypeVar

from handgrad.compare.check.sandbox.answers import Answer
from handgrad.compare.check.sandbox.calling import Invocation
from handgrad.compare.check.sandbox.failures import GiveUp
from handgrad.compare.check.sandbox.messages import (
    Answered,
    Broken,
    CallRequest,
    Describe,
    Described,
    ExerciseCall,
    FileLoaded,
    Reply,
    Request,
    Started,
    line_of,
    read_reply,
)
from handgrad.compare.check.student.clock import Clock
from handgrad.compare.check.student.process import StudentProcess
from handgrad.compare.results.diagnosis import Assessment, Confinement, NoAnswer

#: For the start of the process, before anything of the student's runs: only a machine out of order takes that long.
START_SECONDS = 300.0
LOOK_SECONDS, LONGEST_LOOK_SECONDS = 0.05, 0.2
LARGEST_REPLY_BYTES = 32 * 1024 * 1024
#: Replies that are read ahead.
_AHEAD = 16

_R = TypeVar("_R", Started, FileLoaded, Described, Answered)


class Dialogue:
    """What asks a student's process. It raises GiveUp, with the reason, where there are no more answers."""

    def __init__(self, process: StudentProcess, time_limit_seconds: float) -> None:
        """The process that was started, and the seconds that the student's code may take for everything."""
        self._process, self._limit = process, time_limit_seconds
        self._clock: Clock | None = None
        self._loaded, self._start_seconds = False, 0.0
        self.confinement = Confinement()
        self._uses_handgrad = False
        self._requests: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._replies: queue.Queue[bytes] = queue.Queue(_AHEAD)
        self._pipes = process.pipes()
        both = zip((self._send, self._listen), self._pipes, strict=True)
        self._threads = [threading.Thread(target=target, args=(pipe,), daemon=True) for target, pipe in both]
        for thread in self._threads:
            thread.start()

    def describe(self, wanted: str = "") -> Described:
        """What there is to check in the file."""
        return self._ask(Described, lambda nonce: Describe(nonce, wanted))

    def ask(self, make: Callable[[], Invocation]) -> Answer:
        """The answer to one call."""
        return self._answer(lambda nonce: CallRequest.of(make(), nonce))

    def ask_exercise(self, exercise: int, number: int) -> Answer:
        """The answer to the call of that number of an exercise."""
        return self._answer(lambda nonce: ExerciseCall(nonce, exercise, number))

    def _answer(self, request: Callable[[str], Request]) -> Answer:
        reply = self._ask(Answered, request)
        self._uses_handgrad |= reply.uses_handgrad
        try:
            return reply.answer()
        except ValueError:
            raise GiveUp(NoAnswer("forged")) from None

    def witnessed(self, assessment: Assessment) -> Assessment:
        """With what was seen of the process: how much it printed, what it imported, and what it was kept from."""
        return replace(
            assessment,
            printed_lines=self._process.printed_lines(),
            uses_handgrad=self._uses_handgrad,
            confinement=self.confinement,
        )

    def close(self) -> None:
        """Lets go of the pipes of the process, which has ended."""
        self._requests.put(b"")
        while self._threads[1].is_alive():
            with contextlib.suppress(queue.Empty):
                self._replies.get(timeout=LOOK_SECONDS)
        self._threads[0].join()
        for pipe in self._pipes:
            with contextlib.suppress(OSError):  # what was not read any more
                pipe.close()

    def _ask(self, kind: type[_R], request: Callable[[str], Request]) -> _R:
        self.begin()
        nonce = secrets.token_hex(16)
        self._requests.put(line_of(request(nonce)))
        reply = self._receive(kind)
        if getattr(reply, "nonce", nonce) != nonce:
            raise GiveUp(NoAnswer("forged"))
        return reply

    def begin(self) -> None:
        """Waits until the code is loaded; the student's time begins when our part has started."""
        if self._loaded:
            return
        self.confinement = self._receive(Started).confinement
        self._clock = Clock(self._process.pid, self._limit)
        if (failure := self._receive(FileLoaded).failure) is not None:
            raise GiveUp(failure)
        self._loaded = True

    def _receive(self, kind: type[_R]) -> _R:
        reply = self._next()
        if isinstance(reply, Broken):
            raise GiveUp(reply.failure)
        if not isinstance(reply, kind):
            raise GiveUp(NoAnswer("forged"))
        return reply

    def _next(self) -> Reply | None:
        """The next reply; None for what is none."""
        while True:
            began = time.monotonic()
            try:
                line = self._replies.get(timeout=LOOK_SECONDS)
            except queue.Empty:  # what was longer, this process did not get a core for, or the machine slept
                self._check_time(min(time.monotonic() - began, LONGEST_LOOK_SECONDS))
                continue
            if not line:
                raise GiveUp(self._end())
            return read_reply(line)

    def _check_time(self, waited_seconds: float) -> None:
        if self._clock is None:
            self._start_seconds += waited_seconds
            if self._start_seconds > START_SECONDS:
                raise GiveUp(NoAnswer("own-fault", "its process did not start"))
            return
        self._clock.tick(waited_seconds)
        if (seconds := self._clock.over()) is not None:
            raise GiveUp(self._process.hangs(seconds))

    def _end(self) -> NoAnswer:
        """Why the process has ended, or has closed its pipe and goes on; before our part had started, that is ours."""
        if self._clock is None:
            return NoAnswer("own-fault", self._process.last_words())
        return self._process.end_of_its_own()

    def _send(self, pipe: IO[bytes]) -> None:
        """Writes what is asked, in a thread of its own: a process that is stopped does not read."""
        with contextlib.suppress(OSError):  # it has ended
            while line := self._requests.get():
                pipe.write(line)
                pipe.flush()

    def _listen(self, pipe: IO[bytes]) -> None:
        """Reads replies, in a thread of its own; an empty one for the end."""
        line = b"x"
        while line:
            line = pipe.readline(LARGEST_REPLY_BYTES)
            self._replies.put(line)
