"""One backend in a process of its own: answers requests, one JSON object a line after its stamp, until its input ends.

Started as ``python -m handgrad.compare.timing.worker BACKEND``; what it is asked, and what it answers, are the messages
of `handgrad.compare.timing.messages`. What a library prints goes to stderr, so that it cannot get between the answers.

The first request is to load the backend's library. Until the clock of that import has run, nothing is imported but a
few modules of the standard library: msgspec brings more of them along (decimal, numbers, platform, uuid, …), which
NumPy, Numba or PyTorch need as well and would then find there for nothing.
"""

from __future__ import annotations

import json
import os
import sys
from itertools import chain
from typing import TYPE_CHECKING

from handgrad.compare.lifetime import die_with_parent, watch_parent
from handgrad.compare.timing.memory import resident_bytes
from handgrad.compare.timing.outset import timed_import

if TYPE_CHECKING:
    from handgrad.compare.timing.session import Session


def main() -> None:
    """Answers requests from stdin on what stdout was; whatever else is printed goes to stderr."""
    watch_parent()
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    first = sys.stdin.buffer.readline()
    session = begun(sys.argv[1], first.partition(b" ")[2])
    for line in chain([first] if first else [], sys.stdin.buffer):
        stamp, _, request = line.partition(b" ")
        answers.write(stamp + b" " + session.reply(request))
        answers.flush()


def begun(backend: str, first: bytes) -> Session:
    """The state before the first request is answered; one to load the library has been carried out.

    What this program itself needs is no memory of the backend's: it counts as the bare interpreter.
    """
    bare = resident_bytes()
    imported = timed_import(backend) if asks_to_load(first) else None
    die_with_parent()  # before it is first stopped, which it is after an answer, and outside of the time above
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
