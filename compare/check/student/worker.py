"""The process in which a student's file runs: `python -m handgrad.compare.check.student.worker` and a `Job`.

It limits itself, loads the file, asks what the file defines at every probe, and appends one message per answer, so that
the parent sees how far it came. Nothing that the student's code prints can be taken for an answer.
"""

from __future__ import annotations

import faulthandler
import linecache
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
from handgrad.compare.check.student.notebook import source_of
from handgrad.compare.check.student.subjects import nothing_to_check, subjects
from handgrad.compare.lifetime import die_with_parent
from handgrad.compare.results.diagnosis import NoAnswer, SourceLine

#: Bytes that the student's code may write into one file, and we into ours.
LARGEST_FILE_BYTES = 32 * 1024 * 1024
MODULE = "student_file"
#: Makes the process write its stack into the trace, whatever its code is doing; Windows has no such signal.
STACK_SIGNAL = getattr(signal, "SIGUSR1", None)


#: What is asked of the module of that file; its messages go to the stream.
Asking = Callable[[ModuleType, Job, IO[str]], None]


def work(job: Job, asking: Asking) -> None:
    """Loads the file, has `asking` write its answers; ends early where the student's code does."""
    die_with_parent()
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
                asking(module, job, out)
            except GiveUp as problem:
                write(out, Failed(problem.failure))
        write(out, Done())


def load(file: str) -> ModuleType:
    """Runs the file, once, as a module that is not `__main__`; its folder is where it imports from last."""
    sys.path.append(str(Path(file).parent))
    module = ModuleType(MODULE)
    module.__file__ = file
    sys.modules[MODULE] = module
    text = source_of(Path(file))
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    exec(compile(text, file, "exec", dont_inherit=True), vars(module))
    return module


def ask(module: ModuleType, out: IO[str], wanted: str = "") -> None:
    """Asks all that the module defines."""
    found = subjects(module, wanted)
    if not [one for one in found if one.kind != "loss" or len(found) == 1]:
        write(out, Failed(nothing_to_check(module, wanted)))
        return
    for one in found:
        write(out, Function(one.name, one.kind, one))
        if one.empty:
            write(out, Failed(NoAnswer("not-written", line=_line(module, one.empty))))
            return
        for form, answer in ask_all(getattr(module, one.name.partition(".")[0]), one):
            write(out, Answered.of(answer, form))


def _line(module: ModuleType, number: int) -> SourceLine:
    file = str(module.__file__)
    return SourceLine(Path(file).name, number, linecache.getline(file, number).strip())


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
    work(Job.read(sys.argv[1:]), lambda module, job, out: ask(module, out, job.function))
