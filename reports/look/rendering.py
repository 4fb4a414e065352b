"""Figures in both their forms, drawn on two cores where there are two: most of the time of a report goes here."""

from __future__ import annotations

import os
import pickle
import select
import signal
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NoReturn, TypeVar

from handgrad.reports.look.style import Drawing, png, svg

Result = TypeVar("Result")

#: How much longer than this process its copy may take before it is given up.
PATIENCE = 10
PATIENCE_AT_LEAST_SECONDS = 10.0

#: Libraries that, once imported, forbid that their process is copied: their threads may hold locks.
NEVER_COPIED = ("jax",)


@dataclass(frozen=True)
class Picture:
    """A `Drawing` as it is written: `svg` for a page, `png` for a file of its own."""

    name: str
    title: str
    caption: str
    alt: str
    svg: str
    png: bytes


def pictures(drawn: Sequence[Drawing]) -> list[Picture]:
    """Each in both forms."""
    return in_two([partial(picture, drawing) for drawing in drawn])


def picture(drawing: Drawing) -> Picture:
    """One in both forms."""
    return Picture(drawing.name, drawing.title, drawing.caption, drawing.alt, svg(drawing), png(drawing.figure))


def in_two(tasks: Sequence[Callable[[], Result]]) -> list[Result]:
    """What each task returns, in their order; every other one is done by a copy of this process, where that pays.

    A copy that fails or hangs leaves its share to this process, where the reason shows itself.
    """
    if len(tasks) < 2 or not can_copy():
        return [task() for task in tasks]
    results: list[Result] = [*tasks]  # type: ignore[list-item]  # each to be replaced
    reading, writing = os.pipe()
    process = copy()
    if process == 0:
        answer(tasks[1::2], writing)
    os.close(writing)
    began = time.monotonic()
    try:
        results[::2] = [task() for task in tasks[::2]]
        content = awaited(reading, max(PATIENCE_AT_LEAST_SECONDS, PATIENCE * (time.monotonic() - began)))
    finally:
        os.close(reading)
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
    results[1::2] = pickle.loads(content) if content else [task() for task in tasks[1::2]]
    return results


def can_copy() -> bool:
    """Whether there is a second core, and a system on which a process with threads (such as it has) may be copied."""
    if sys.platform != "linux" or any(library in sys.modules for library in NEVER_COPIED):
        return False
    return len(os.sched_getaffinity(0)) > 1


def copy() -> int:
    """A copy of this process: 0 there, its number here."""
    with warnings.catch_warnings():
        # from Python 3.12 on; threads of BLAS, of which the copy has none, hold no lock that drawing needs
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


def answer(tasks: Sequence[Callable[[], object]], writing: int) -> NoReturn:
    """In the copy: does the tasks, writes their results whole or not at all, and ends without tidying up."""
    try:
        content = pickle.dumps([task() for task in tasks])
        with open(writing, "wb") as pipe:
            pipe.write(len(content).to_bytes(8, "little") + content)
    finally:
        os._exit(0)


def awaited(reading: int, seconds: float) -> bytes:
    """What the copy wrote, once it has begun to within that time; empty if it is not whole."""
    if not select.select([reading], [], [], seconds)[0]:
        return b""
    with open(reading, "rb", closefd=False) as pipe:
        size, content = int.from_bytes(pipe.read(8), "little"), pipe.read()
    return content if len(content) == size else b""
