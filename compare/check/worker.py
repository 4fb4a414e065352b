"""The process in which a student's file runs: `python -m handgrad.compare.check.worker FILE ANSWERS TRACE MEMORY`.

It limits itself, loads the file, asks what the file defines at every probe, and appends one line of JSON per answer to
ANSWERS, so that the parent sees how far it came. Nothing that the student's code prints can be taken for an answer.
"""

from __future__ import annotations

import faulthandler
import importlib.util
import inspect
import json
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from types import ModuleType
from typing import IO, Any

from handgrad.backends.interface import Trainer
from handgrad.compare.check.mistakes import Kind
from handgrad.compare.check.student import Answer, Failure, NoUseAsking, ask_all, failure_from

#: Bytes that the student's code may write into one file, and we into ours.
LARGEST_FILE_BYTES = 32 * 1024 * 1024
MODULE = "student_file"
#: Makes the process write its stack into TRACE, whatever its code is doing; Windows has no such signal.
STACK_SIGNAL = getattr(signal, "SIGUSR1", None)


Asking = Callable[[ModuleType, str, IO[str]], None]


def work(file: str, answers: str, trace: str, memory_limit_bytes: int, asking: Asking) -> None:
    """Loads the file, has `asking` write its answers; ends early where the student's code does."""
    sys.dont_write_bytecode = True
    with Path(trace).open("w", encoding="utf-8") as stacks, Path(answers).open("w", encoding="utf-8") as out:
        faulthandler.enable(stacks, all_threads=False)
        if STACK_SIGNAL is not None:
            faulthandler.register(STACK_SIGNAL, stacks, all_threads=False)
        _limit(memory_limit_bytes)
        try:
            module = load(file)
        except (Exception, SystemExit) as error:  # whatever the student's code raises is its answer
            write(out, failure=asdict(failure_from(error, error.__traceback__, file)))
        else:
            try:
                asking(module, file, out)
            except NoUseAsking as problem:
                write(out, failure=asdict(problem.failure))
        write(out, done=True)


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


def subjects(module: ModuleType) -> Iterator[tuple[str, Kind]]:
    """What there is to check: a gradient, a step, trainers; a loss only where there is none of these."""
    found: list[tuple[str, Kind]] = []
    for name in ("gradient", "step"):
        if callable(getattr(module, name, None)):
            found.append((name, "step" if name == "step" else "gradient"))
    found += [(name, "trainer") for name, value in vars(module).items() if _is_own_trainer(value)]
    if not found and callable(getattr(module, "loss", None)):
        found.append(("loss", "loss"))
    yield from found


def _is_own_trainer(value: Any) -> bool:
    return (
        inspect.isclass(value)
        and issubclass(value, Trainer)
        and value.__module__ == MODULE
        and not inspect.isabstract(value)
    )


def _ask(module: ModuleType, file: str, out: IO[str]) -> None:
    found = list(subjects(module))
    if not found:
        write(out, failure=asdict(_missing(module)))
    for name, kind in found:
        write(out, subject=name, kind=kind)
        for form, answer in ask_all(_fresh(file, name), kind):
            write(out, form=form, answer=_plain(answer))


def _missing(module: ModuleType) -> Failure:
    functions = [name for name, value in vars(module).items() if inspect.isfunction(value)]
    there = f"it defines {', '.join(functions[:8])}" if functions else "it defines no function at all"
    return Failure(
        "missing-function",
        "has no gradient(X, y, weights, bias), no step(X, y, weights, bias, learning_rate) "
        f"and no loss(X, y, weights, bias); {there}",
    )


def _fresh(file: str, name: str) -> Callable[[], Callable[..., Any]]:
    def function() -> Callable[..., Any]:
        fresh: Callable[..., Any] = getattr(load(file), name)
        return fresh

    return function


def _plain(answer: Answer) -> dict[str, Any]:
    return {
        "blocks": [{"shape": block.shape, "values": block.ravel().tolist()} for block in answer.blocks],
        "types": answer.types,
        "changed": answer.changed,
        "failure": asdict(answer.failure) if answer.failure else None,
    }


def write(out: IO[str], **fields: Any) -> None:
    """One line of JSON, at once, so that it is there if what follows never ends."""
    out.write(json.dumps(fields) + "\n")
    out.flush()


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
    work(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), _ask)
