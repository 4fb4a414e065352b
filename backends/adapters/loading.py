"""Somebody else's code as a class of trainers: what it defines is found, and an adapter gives what is missing."""

from __future__ import annotations

import inspect
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

from handgrad.backends.adapters.code import BackendCode
from handgrad.backends.adapters.command import CommandTrainer, command_class
from handgrad.backends.adapters.function import FunctionTrainer
from handgrad.backends.adapters.library import LibraryTrainer, library_class
from handgrad.backends.adapters.losses import LOSSES
from handgrad.backends.adapters.running import CodeError, brought_in
from handgrad.backends.adapters.step import StepTrainer
from handgrad.backends.interface import Trainer
from handgrad.backends.signatures.subjects import Found, described, subjects


def trainer_class(code: BackendCode, name: str) -> type[Trainer]:
    """The trainer that somebody else's code is, under the name that its row has.

    Raises:
        CodeError: If it is none, and cannot be made one.
        Exception: Whatever the code raises when it is run.
    """
    inside = brought_in(code)
    if code.how == "library":
        return library_class(inside, code.where, code.name, name)
    if code.how == "command":
        return command_class(inside, name)
    if not isinstance(inside, ModuleType):
        return trainer_of(inside, found_in(inside), name, code.loss)
    found = meant(code, inside)
    return trainer_of(getattr(inside, found.name), found, name, code.loss)


def trainer_of(subject: Any, found: Found, name: str, loss: str) -> type[Trainer]:
    """A class, a gradient or a step as a class of trainers; `loss` is the one that its author has named."""
    if found.kind == "trainer":
        kind: type[Trainer] = type(subject.__name__, (subject,), {"name": name, "__module__": subject.__module__})
        return kind
    loss = loss or getattr(subject, "loss", "")
    if loss and loss not in LOSSES:
        raise CodeError(f"{found.name}: expected a loss of {', '.join(LOSSES)}, got {loss!r}")
    base = StepTrainer if found.kind == "step" else FunctionTrainer
    inside = {"function": staticmethod(subject), "found": found, "declared": loss, "name": name, "summary": found.name}
    return type(base.__name__, (base,), inside)


def is_adapter(kind: type[Trainer]) -> bool:
    """Whether a class that `trainer_class` gave is an adapter of handgrad's, and not made of somebody else's class."""
    return kind.__bases__[0] in (FunctionTrainer, StepTrainer, LibraryTrainer, CommandTrainer)


def found_in(subject: Any, name: str = "") -> Found:
    """What is known of a class or a function of Python.

    Raises:
        CodeError: If it is neither a trainer, a gradient nor a step.
    """
    expected = "expected a function gradient(X, y, weights, bias), a step or a subclass of handgrad.Trainer"
    if inspect.isclass(subject):
        missing = ", ".join(sorted(getattr(subject, "__abstractmethods__", ())))
        if not issubclass(subject, Trainer) or missing:
            raise CodeError(f"{expected}, got the class {subject.__name__}{missing and f' without {missing}'}")
        return Found(name or subject.__name__, "trainer")
    if not callable(subject):
        raise CodeError(f"{expected}, got {type(subject).__name__}")
    found = described(subject, name)
    if found.empty:
        raise CodeError(f"{found.name}: nothing is written in it yet")
    return replace(found, kind="gradient") if found.kind == "loss" else found


def meant(code: BackendCode, module: ModuleType) -> Found:
    """What in a module is meant: what is named, else a trainer, `gradient`, `step`, or what stands for them.

    Raises:
        CodeError: If there is no such thing, or several of them.
    """
    file = Path(code.where).name
    if code.name:
        if not hasattr(module, code.name):
            raise CodeError(f"{file}: expected {code.name}, found {names_in(module)}")
        return found_in(getattr(module, code.name), code.name)
    every = [found for found in subjects(module) if found.kind != "loss" and "." not in found.name]
    trainers = [found for found in every if found.kind == "trainer"]
    if len(trainers) > 1:
        raise CodeError(f"{file} has {' and '.join(one.name for one in trainers)}; name one: {file}:{trainers[0].name}")
    if not every:
        raise CodeError(
            f"{file}: expected gradient(X, y, weights, bias), a step or a Trainer, found {names_in(module)}"
        )
    return found_in(getattr(module, (trainers or every)[0].name), (trainers or every)[0].name)


def names_in(module: ModuleType) -> str:
    """The functions and classes that a module defines, the first few."""
    own = [name for name, value in vars(module).items() if getattr(value, "__module__", None) == module.__name__]
    return ", ".join(own[:8]) or "no function"
