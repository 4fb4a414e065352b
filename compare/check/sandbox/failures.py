"""What a student's code raises, as a failure that points at the line of its own file."""

from __future__ import annotations

import linecache
import re
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

from handgrad.compare.results.diagnosis import NoAnswer, SourceLine


class GiveUp(Exception):
    """The function failed in a way in which it will fail again, and each time it takes long."""

    def __init__(self, failure: NoAnswer) -> None:
        super().__init__(failure.cause)
        self.failure = failure


def failure_from(
    error: BaseException, trace: TracebackType | None, file: str | None = None, asked_by: str = ""
) -> NoAnswer:
    """The failure that an exception is.

    Args:
        error: What was raised.
        trace: The way to it.
        file: The student's file; by default, the first on the way that is not `asked_by`.
        asked_by: The file of the code that called the student's.
    """
    line = _own_line(trace, file, asked_by)
    if isinstance(error, SystemExit):
        return NoAnswer("ends-program", given=str(error.code), line=line)
    if isinstance(error, NotImplementedError) and line is not None and _raised_there(trace, line):
        return NoAnswer("not-written", line=line)
    if isinstance(error, EOFError):
        return NoAnswer("reads-input", line=line)
    if isinstance(error, RecursionError):
        return NoAnswer("recursion", line=line)
    if isinstance(error, MemoryError):
        return NoAnswer("memory", line=line)
    return NoAnswer("raises", given=f"{type(error).__name__}: {error}".strip(": "), line=line)


def own_fault(error: BaseException) -> NoAnswer:
    """The failure that an error of our own code is, with its place there."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return NoAnswer("own-fault", f"{type(error).__name__}: {error} ({Path(last.filename).name}, line {last.lineno})")


def _raised_there(trace: TracebackType | None, line: SourceLine) -> bool:
    """Whether the line itself raised the error, and not what it called."""
    *_, (frame, number) = _walk(trace)
    return number == line.number and Path(frame.f_code.co_filename).name == line.file


def _own_line(trace: TracebackType | None, file: str | None, asked_by: str) -> SourceLine | None:
    """The last line of the student's own file on the way to the error."""
    frames = [(frame.f_code.co_filename, line) for frame, line in _walk(trace) if frame.f_code.co_filename != asked_by]
    if file is None and frames:
        file = frames[0][0]
    own = [line for name, line in frames if name == file]
    if not own or file is None:
        return None
    return SourceLine(re.split(r"[\\/]", file)[-1], own[-1], linecache.getline(file, own[-1]).strip())


def _walk(trace: TracebackType | None) -> Iterator[tuple[Any, int]]:
    while trace is not None:
        yield trace.tb_frame, trace.tb_lineno
        trace = trace.tb_next
