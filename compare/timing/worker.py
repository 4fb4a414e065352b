"""One backend in a process of its own: answers requests, one JSON object a line after its stamp, until its input ends.

Started as ``python -m handgrad.compare.timing.worker BACKEND``, by its name in the catalogue, or without a name: then
what is known of the backend is the first line of the input. What it is asked, and what it answers, are the messages of
`handgrad.compare.timing.messages`. What a library prints goes to stderr, so that it cannot get between the answers.

The first request is to load the backend's library. Until the clock of that import has run, nothing is imported but a
few modules of the standard library: msgspec brings more of them along (decimal, numbers, platform, uuid, …), which
NumPy, Numba or PyTorch need as well and would then find there for nothing.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from itertools import chain
from pathlib import Path
from typing import IO, TYPE_CHECKING

from handgrad.compare.timing.memory import resident_bytes
from handgrad.compare.timing.outset import from_line, timed_import
from handgrad.compare.warden import watch_parent

if TYPE_CHECKING:
    from handgrad.backends.catalogue import Entry
    from handgrad.compare.timing.session import Session


def main() -> None:
    """Answers requests, which came in as stdin, on what was stdout; what a library prints goes to stderr."""
    watch_parent()
    fail_before_the_parent()
    requests, answers = channel()
    backend: str | Entry = sys.argv[1] if len(sys.argv) > 1 else from_line(requests.readline())
    first = requests.readline()
    session = begun(backend, first.partition(b" ")[2])
    for line in chain([first] if first else [], requests):
        stamp, _, request = line.partition(b" ")
        answers.write(stamp + b" " + session.reply(request))
        answers.flush()


def channel() -> tuple[IO[bytes], IO[bytes]]:
    """Requests and answers, where neither `input()` nor `print()` nor a fork of this process reaches them."""
    requests, answers = os.dup(sys.stdin.fileno()), os.dup(sys.stdout.fileno())
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, sys.stdin.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    if hasattr(os, "register_at_fork"):  # one that lives on would hold the pipe open; one that returns would answer
        os.register_at_fork(after_in_child=lambda: [os.dup2(nothing, one) for one in (requests, answers)])
    return os.fdopen(requests, "rb"), os.fdopen(answers, "wb")


def fail_before_the_parent() -> None:
    """Where memory runs out, Linux ends this process first: it is the run's that must go on; see proc(5)."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")


def begun(backend: str | Entry, first: bytes) -> Session:
    """The state before the first request is answered; one to load the library has been carried out.

    What this program itself needs is no memory of the backend's: it counts as the bare interpreter.
    """
    bare = resident_bytes()
    imported = timed_import(backend) if asks_to_load(first) else None
    before = resident_bytes()
    from handgrad.compare.timing.session import Session

    return Session(backend, bare + resident_bytes() - before, imported)


def asks_to_load(line: bytes) -> bool:
    """Whether a line is the request `handgrad.compare.timing.messages.Load`, which is not yet imported."""
    try:
        return bool(json.loads(line)["do"] == "load")
    except (ValueError, TypeError, KeyError):  # it will be answered with what is wrong with it
        return False


if __name__ == "__main__":
    main()
