"""The process in which a student's file runs: `python -m handgrad.compare.check.student.worker` and a `Job`.

It limits itself, loads the file, asks what the file defines at every probe, and appends one message per answer, so that
the parent sees how far it came. Nothing that the student's code prints can be taken for an answer.
"""

from __future__ import annotations

import faulthandler
import importlib.util
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import IO

from handgrad.compare.check.student.asking import ask_all
from handgrad.compare.check.student.failures import GiveUp, failure_from
from handgrad.compare.check.student.job import Job
from handgrad.compare.check.student.messages import Answered, Done, Failed, Function, write
from handgrad.compare.check.student.subjects import nothing_to_check, subjects

#: Bytes that the student's code may write into one file, and we into ours.
LARGEST_FILE_BYTES = 32 * 1024 * 1024
MODULE = "student_file"
#: Makes the process write its stack into the trace, whatever its code is doing; Windows has no such signal.
STACK_SIGNAL = getattr(signal, "SIGUSR1", None)


#: What is asked of the module of that file; its messages go to the stream.
Asking = Callable[[ModuleType, str, IO[str]], None]


def work(job: Job, asking: Asking) -> None:
    """Loads the file, has `asking` write its answers; ends early where the student's code does."""
    sys.dont_write_bytecode = True
    with Path(job.trace).open("w", encoding="utf-8") as stacks, Path(job.answers).open("w", encoding="utf-8") as out:
        faulthandler.enable(stacks, all_threads=False)
        if STACK_SIGNAL is not None:
            faulthandler.register(STACK_SIGNAL, stacks, all_threads=False)
        _limit(job.memory_limit_bytes)
        try:
            module = load(job.file)
        except (Exception, SystemExit) as error:  # whatever the student's code raises is its answer
            write(out, Failed(failure_from(error, error.__traceback__, job.file)))
        else:
            try:
                asking(module, job.file, out)
            except GiveUp as problem:
                write(out, Failed(problem.failure))
        write(out, Done())


def load(file: str) -> ModuleType:
    """Runs the file as a module that is not `__main__`; its folder is where it imports from first."""
    folder = str(Path(file).parent)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    spec = importlib.util.spec_from_file_location(MODULE, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[MODULE] = module
    spec.loader.exec_module(module)
    return module


def ask(module: ModuleType, file: str, out: IO[str]) -> None:
    """Asks all that the module defines, each function anew for each form of its arguments."""
    found = list(subjects(module))
    if not found:
        write(out, Failed(nothing_to_check(module)))
    for name, kind in found:
        write(out, Function(name, kind))
        for form, answer in ask_all(_fresh(file, name), kind):
            write(out, Answered.of(answer, form))


def _fresh(file: str, name: str) -> Callable[[], Callable[..., object]]:
    def function() -> Callable[..., object]:
        fresh: Callable[..., object] = getattr(load(file), name)
        return fresh

    return function


def _limit(memory_bytes: int) -> None:
    """Memory, the size of files, no core dump; where the system knows no such limits, time alone is limited."""
    try:
        import resource
    except ImportError:  # Windows
        return
    for what, most in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_FSIZE, LARGEST_FILE_BYTES),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(what)[1]
        resource.setrlimit(what, (most if hard == resource.RLIM_INFINITY else min(most, hard),) * 2)


if __name__ == "__main__":
    work(Job.read(sys.argv[1:]), ask)
