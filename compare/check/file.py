"""`check` for a file: the student's code runs in a process of its own, with limits, and never in ours.

The right answers never leave this process: the other one gets one question after the other, and what comes back from
it is not trusted (`judging`).
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from handgrad.compare.check.sandbox.notebook import source_of
from handgrad.compare.check.student.process import MEMORY_LIMIT_BYTES, TIME_LIMIT_SECONDS, started
from handgrad.compare.results.diagnosis import Assessment, NoAnswer, SourceLine, failed

if TYPE_CHECKING:
    from handgrad.compare.check.conventions import LossChoice


class CheckError(ValueError):
    """There is nothing to check: no file, not Python. The message names file and line."""


def check_file(
    path: str | Path,
    *,
    time_limit_seconds: float = TIME_LIMIT_SECONDS,
    memory_limit_bytes: int = MEMORY_LIMIT_BYTES,
    loss: LossChoice = None,
    integers: bool = False,
    function: str = "",
    seed: int = 0,
) -> Assessment:
    """Checks what a file defines: `gradient`, `step`, subclasses of `Trainer`, or `loss`; see `check` for their forms.

    Args:
        path: A Python file, or a notebook (.ipynb), of which what it defines is kept. It is run, in a process of its
            own, with nothing to read from and nowhere to print to.
        time_limit_seconds: Of computing, for all of it; then it is killed, with all processes that it started.
        memory_limit_bytes: Of address space, where the system can limit that.
        loss: Of which they should be the gradients; see `check.diagnose`.
        integers: Whether what wraps around on int32 or uint8 is a mistake, and not a note.
        function: The one to check, "Class.method" for a method; by default those that are asked for, or that stand
            for them.
        seed: Of the numbers at which they are asked.

    Raises:
        CheckError: If there is no such file, or it cannot be read.
    """
    every = check_each(
        path,
        time_limit_seconds=time_limit_seconds,
        memory_limit_bytes=memory_limit_bytes,
        loss=loss,
        integers=integers,
        function=function,
        seed=seed,
    )
    from handgrad.compare.check.judging import judged

    return judged(every)


def check_each(
    path: str | Path,
    *,
    time_limit_seconds: float = TIME_LIMIT_SECONDS,
    memory_limit_bytes: int = MEMORY_LIMIT_BYTES,
    loss: LossChoice = None,
    integers: bool = False,
    function: str = "",
    seed: int = 0,
) -> tuple[Assessment, ...]:
    """Checks what a file defines as `check_file` does, and gives an assessment for each of its functions.

    Where the file has no answers at all, there is one assessment, of the file.

    Args:
        path: A Python file, or a notebook (.ipynb), of which what it defines is kept. It is run, in a process of its
            own, with nothing to read from and nowhere to print to.
        time_limit_seconds: Of computing, for all of it; then it is killed, with all processes that it started.
        memory_limit_bytes: Of address space, where the system can limit that.
        loss: Of which they should be the gradients; see `check.diagnose`.
        integers: Whether what wraps around on int32 or uint8 is a mistake, and not a note.
        function: The one to check, "Class.method" for a method; by default those that are asked for, or that stand
            for them.
        seed: Of the numbers at which they are asked.

    Raises:
        CheckError: If there is no such file, or it cannot be read.
    """
    file = Path(path)
    if (failure := parse(file)) is not None:
        return (failed(file.name, failure),)
    with started(
        file.resolve(), time_limit_seconds=time_limit_seconds, memory_limit_bytes=memory_limit_bytes
    ) as dialogue:
        from handgrad.compare.check.judging import judged_each  # while the other process starts, which takes as long

        return judged_each(file, dialogue, function, loss, integers, seed)


def parse(file: Path) -> NoAnswer | None:
    """What keeps it from being Python, found by compiling it; None if nothing does. Nothing is run.

    Raises:
        CheckError: If there is no such file, or it cannot be read.
    """
    if not file.is_file():
        found = "a folder" if file.is_dir() else "something else" if file.exists() else "no such file"
        raise CheckError(f"{file}: expected a Python file, found {found}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(source_of(file), str(file), "exec", dont_inherit=True)
    except SyntaxError as error:
        line = SourceLine(file.name, error.lineno, (error.text or "").strip()[:60]) if error.lineno else None
        return NoAnswer("syntax", given=error.msg, line=line)
    except (ValueError, RecursionError, MemoryError, OSError) as error:
        raise CheckError(f"{file}: cannot be read as Python: {error}") from None
    return None
