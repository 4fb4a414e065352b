"""The process in which a student's file runs: `python -m handgrad.compare.check.sandbox.worker` and a `Job`.

Requests come on its standard input, replies go to its standard output, both of which are taken away before the file is
loaded: what the student's code prints goes elsewhere, and it has nothing to read.
"""

from __future__ import annotations

import faulthandler
import linecache
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import BinaryIO

import msgspec

from handgrad.backends.signatures.subjects import defined
from handgrad.compare.check.sandbox.calling import answer_to
from handgrad.compare.check.sandbox.confinement import confine
from handgrad.compare.check.sandbox.failures import failure_from, own_fault
from handgrad.compare.check.sandbox.folder import furnish
from handgrad.compare.check.sandbox.imports import ImportWatch
from handgrad.compare.check.sandbox.job import Job
from handgrad.compare.check.sandbox.messages import (
    Answered,
    Broken,
    CallRequest,
    Describe,
    Described,
    FileLoaded,
    Reply,
    Request,
    Started,
    line_of,
    read_request,
)
from handgrad.compare.check.sandbox.notebook import source_of
from handgrad.compare.check.sandbox.state import State
from handgrad.compare.check.styles.finding import owner_of, to_check
from handgrad.compare.results.diagnosis import NoAnswer

MODULE = "student_file"
#: Calls within calls: a tape that is walked by recursion goes as deep as a table has rows.
DEEPEST = 10_000
#: Makes the process write its stack into the trace, whatever its code is doing; Windows has no such signal.
STACK_SIGNAL = getattr(signal, "SIGUSR1", None)


#: Answers a request about the module of a file, whose path comes last.
Replying = Callable[[Request, ModuleType, str], Reply]
#: Makes the module of a file.
Loading = Callable[[str], ModuleType]


@dataclass(frozen=True)
class Streams:
    """Where requests come from, and replies go to."""

    requests: BinaryIO
    replies: BinaryIO

    def write(self, reply: Reply) -> None:
        """One line, at once."""
        self.replies.write(line_of(reply))
        self.replies.flush()


def work(job: Job, reply: Replying, load: Loading | None = None, beside: Path | None = None) -> None:
    """Loads the file, then has `reply` answer what is asked, until nobody asks any more.

    Args:
        job: What to load, and how.
        reply: What answers.
        load: What loads the file; by default, it is run.
        beside: The folder whose files it finds; by default, that in which it stands.
    """
    sys.dont_write_bytecode = True
    streams = _own_streams()
    try:
        with Path(job.trace).open("w", encoding="utf-8") as stacks:
            _arrange(job, beside or Path(job.file).parent)
            faulthandler.enable(stacks, all_threads=False)
            if STACK_SIGNAL is not None:
                faulthandler.register(STACK_SIGNAL, stacks, all_threads=False)
            streams.write(Started(confine(job.folder, job.memory_limit_bytes)))
            _serve(job, streams, reply, load or run)
    except Exception as error:
        streams.write(Broken(own_fault(error)))


def _own_streams() -> Streams:
    """The two pipes under other numbers; in their place nothing to read, and where errors go to print to."""
    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return Streams(requests, replies)


def _arrange(job: Job, beside: Path) -> None:
    """The temporary folder, in which the code is run."""
    furnish(Path(job.folder), beside)
    os.chdir(job.folder)


def _serve(job: Job, streams: Streams, reply: Replying, load: Loading) -> None:
    watch = ImportWatch()
    sys.setrecursionlimit(DEEPEST)
    try:
        module = load(job.file)
    except BaseException as error:  # whatever the student's code raises is its answer
        streams.write(FileLoaded(failure_from(error, error.__traceback__, job.file)))
        return
    streams.write(FileLoaded())
    state = State(module)
    for line in streams.requests:
        request = read_request(line)
        if isinstance(request, CallRequest) and request.fresh:
            state.restore()
        streams.write(_witnessed(_guarded(request, module, job.file, reply), watch))


def _witnessed(reply: Reply, watch: ImportWatch) -> Reply:
    """With what was seen of the file's imports."""
    if not isinstance(reply, Answered):
        return reply
    return msgspec.structs.replace(reply, uses_handgrad=watch.saw_more)


def _guarded(request: Request, module: ModuleType, file: str, reply: Replying) -> Reply:
    try:
        return reply(request, module, file)
    except Exception:
        raise
    except BaseException as error:  # such as KeyboardInterrupt, which is no error of ours
        return Answered(request.nonce, failure=failure_from(error, error.__traceback__, file))


def run(file: str) -> ModuleType:
    """Runs the file, once, as a module that is not `__main__`; its folder is where it imports from last."""
    sys.path.append(str(Path(file).parent))
    module = ModuleType(MODULE)
    module.__file__ = file
    sys.modules[MODULE] = module
    text = source_of(Path(file))
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    exec(compile(text, file, "exec", dont_inherit=True), vars(module))
    return module


def reply_to(request: Request, module: ModuleType, file: str) -> Reply:
    """What is there to check, or what it answers to a call."""
    if isinstance(request, Describe):
        return Described(request.nonce, tuple(to_check(module, request.wanted)), tuple(defined(module)))
    assert isinstance(request, CallRequest)
    owner = owner_of(module, request.function)
    if not callable(owner):
        return Answered(request.nonce, failure=NoAnswer("defines-no", expected=request.function))
    answer = answer_to(request.call, owner, file)
    return Answered.of(answer, request.nonce)


if __name__ == "__main__":
    work(Job.read(sys.argv[1:]), reply_to)
