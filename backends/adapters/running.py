"""Brings code of somebody else in: what its user pays before the first call. Needs the standard library only."""

from __future__ import annotations

import base64
import importlib.util
import pickle
import sys
import weakref
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from handgrad.backends.adapters.code import BackendCode

if TYPE_CHECKING:
    from handgrad.backends.adapters.program import Program

#: The name under which a file is run; it is not `__main__`.
MODULE = "handgrad_with"


class CodeError(ValueError):
    """Code cannot be run as a backend; the message says what was expected, and what came."""


#: The programs that run, each for as long as somebody holds it.
_running: weakref.WeakValueDictionary[BackendCode, Program] = weakref.WeakValueDictionary()


def brought_in(code: BackendCode) -> Any:
    """The module of a file, the object of a pickle, the library, or the program, started; once in a process.

    A program ends when its caller, and all who were given the same one, hold it no more.

    Raises:
        CodeError: If it is not what was expected.
        Exception: Whatever the code itself raises.
    """
    return started(code) if code.how == "command" else loaded(code)


def started(code: BackendCode) -> Program:
    """The program of a command line, which runs already where somebody holds it.

    Raises:
        CodeError: If it cannot be started, or does not answer.
    """
    from handgrad.backends.adapters.program import Program

    program = _running.get(code)
    if program is None or not program.close.alive:
        program = _running[code] = Program(code.where)
    return program


@cache
def loaded(code: BackendCode) -> Any:
    """The module of a file, the object of a pickle, or the library; once in a process.

    Raises:
        CodeError: If it is not what was expected.
        Exception: Whatever the code itself raises.
    """
    sys.path.extend(path for path in code.paths if path not in sys.path)
    if code.how == "object":
        return pickle.loads(base64.b64decode(code.where))
    if code.how == "library":
        return library(code.where)
    return run_file(Path(code.where))


def run_file(file: Path) -> Any:
    """Runs a Python file as a module of its own.

    Raises:
        CodeError: If it ends the program.
        Exception: Whatever it raises.
    """
    spec = importlib.util.spec_from_file_location(f"{MODULE}_{abs(hash(file))}", file)
    if spec is None or spec.loader is None:
        raise CodeError(f"{file.name}: expected a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
    except SystemExit as end:
        raise CodeError(f"{file.name} ends the program when it is run (exit code {end.code})") from None
    return module


def library(path: str) -> Any:
    """A shared library.

    Raises:
        CodeError: If it cannot be loaded.
    """
    import ctypes

    try:
        return ctypes.CDLL(path)
    except OSError as error:
        raise CodeError(f"{Path(path).name}: expected a shared library: {error}") from None
