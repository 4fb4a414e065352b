"""A function of this process, sent to one of its own with what it refers to, and asked there as a file's function is.

What stands in its own module goes by value, so that the module is not run a second time; other modules by name.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import io
import linecache
import pickle
import sys
from collections import ChainMap
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CodeType
from typing import TYPE_CHECKING, Any

from handgrad.compare.check.sandbox.failures import GiveUp
from handgrad.compare.check.student.process import MEMORY_LIMIT_BYTES, started
from handgrad.compare.lifetime import temporary_folder

if TYPE_CHECKING:
    from handgrad.compare.check.student.dialogue import Dialogue

WORKER = "handgrad.compare.check.sandbox.function_worker"
LONGEST_REASON = 100


class NotSent(Exception):
    """A function cannot be sent to another process; the message says why, in half a line."""

    def __init__(self, reason: str) -> None:
        line = " ".join(reason.split())
        super().__init__(line if len(line) <= LONGEST_REASON else f"{line[: LONGEST_REASON - 1]}…")


@contextlib.contextmanager
def sent(function: Callable[..., Any], time_limit_seconds: float) -> Iterator[Dialogue]:
    """Sends a function to a process of its own, which is ended in the end.

    Yields:
        What asks it.

    Raises:
        NotSent: If it cannot be sent, or there can be no other process.
        GiveUp: If it does not arrive in time.
    """
    package = _packed(function)
    with contextlib.ExitStack() as stack:
        try:
            file = Path(stack.enter_context(temporary_folder()), "function")
            file.write_bytes(package)
            dialogue = stack.enter_context(_started(file, _source(function), time_limit_seconds))
        except OSError as error:  # a browser's Python has no other process, and one that is checked may start none
            raise NotSent(f"no other one can be started ({error})") from None
        _arrives(dialogue)
        yield dialogue


def _started(file: Path, source: str, seconds: float) -> contextlib.AbstractContextManager[Dialogue]:
    return started(
        file, worker=WORKER, source=source, time_limit_seconds=seconds, memory_limit_bytes=MEMORY_LIMIT_BYTES
    )


def _arrives(dialogue: Dialogue) -> None:
    """Waits until the function is unpickled there."""
    try:
        dialogue.begin()
    except GiveUp as problem:
        if problem.failure.cause != "raises":
            raise
        raise NotSent(f"it could not be loaded in another ({problem.failure.given})") from None


def _packed(function: Callable[..., Any]) -> bytes:
    """The function as a pickle, with where its modules are found, and the text of its code."""
    try:
        pickled, sources = _pickled(function)
    except Exception as error:  # whatever its parts raise when they are asked to be pickled
        raise NotSent(f"it cannot be sent to another ({error})") from None
    texts = {source: "".join(linecache.getlines(source)) for source in sources}
    return pickle.dumps({"function": pickled, "paths": list(filter(None, sys.path)), "texts": texts})


def _pickled(function: Callable[..., Any]) -> tuple[bytes, set[str]]:
    """The function, and the names of the files of all code that goes with it, which cloudpickle leaves out."""
    import cloudpickle

    sources, to = set[str](), io.BytesIO()
    reduced = cloudpickle.Pickler.dispatch_table[CodeType]

    def with_its_file(code: CodeType) -> Any:
        make, arguments = reduced(code)
        sources.add(code.co_filename)
        return make, tuple(code.co_filename if part == "<dynamic-code>" else part for part in arguments)

    table = ChainMap({CodeType: with_its_file}, cloudpickle.Pickler.dispatch_table)
    with _by_value(inspect.getmodule(function)):  # the table is read when an object of the class is made
        type("Pickler", (cloudpickle.Pickler,), {"dispatch_table": table})(to).dump(function)
    return to.getvalue(), sources


@contextlib.contextmanager
def _by_value(module: Any) -> Iterator[None]:
    """Has what a module defines pickled by its value; `__main__` is anyway."""
    import cloudpickle

    if module is None or module.__name__ == "__main__" or module.__name__ not in sys.modules:
        yield
        return
    cloudpickle.register_pickle_by_value(module)
    try:
        yield
    finally:
        cloudpickle.unregister_pickle_by_value(module)


def _source(function: Any) -> str:
    """The file in which its code stands, or what stands for one in a notebook; empty where there is none."""
    while isinstance(function, functools.partial):
        function = function.func
    with contextlib.suppress(ValueError):  # it wraps itself
        function = inspect.unwrap(function)
    if inspect.isclass(function):
        with contextlib.suppress(TypeError, OSError):  # it is defined nowhere
            return inspect.getfile(function)
    for one in (function, type(function).__call__):
        if (code := getattr(one, "__code__", None)) is not None:
            return str(code.co_filename)
    return ""
