"""The mutants: every mistake in several spellings, right gradients in many, and what `check` tells of each.

A file of `spellings` is a student's code; its name is the mistake that every function in it makes. `correct` makes
none, `unknown` one that has no name, and in `pairs` each function's docstring names the two that it makes.
"""

from __future__ import annotations

import importlib.util
import inspect
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from checked import check

from handgrad.backends.interface import Trainer
from handgrad.compare.results.diagnosis import UNKNOWN
from handgrad.reports.check.diagnosis import Diagnosis

SPELLINGS = Path(__file__).parent / "spellings"
CORRECT = "correct"


@dataclass(frozen=True)
class Mutant:
    """One function, and the mistakes that were put into it."""

    file: str
    name: str
    mistakes: tuple[str, ...]

    @property
    def id(self) -> str:
        """As pytest shows it."""
        return f"{self.file}:{self.name}"

    def fresh(self) -> Callable[..., Any]:
        """The function, remembering nothing."""
        function: Callable[..., Any] = getattr(_load(self.file), self.name)
        return function


@cache
def mutants() -> tuple[Mutant, ...]:
    """All of them, those with one mistake by mistake."""
    return tuple(mutant for path in sorted(SPELLINGS.glob("*.py")) for mutant in _in_file(path.stem))


@cache
def told(mutant: Mutant) -> Diagnosis:
    """What `check` says."""
    return check(mutant.fresh())


def confusion(cases: Iterable[Mutant]) -> dict[str, Counter[str]]:
    """How often each mistake that was made was told as which: `matrix[made][told]`."""
    matrix: dict[str, Counter[str]] = {}
    for mutant in cases:
        made = mutant.mistakes[0] if mutant.mistakes else CORRECT
        matrix.setdefault(made, Counter())[told(mutant).mistake or CORRECT] += 1
    return matrix


def single() -> list[Mutant]:
    """Those with one mistake, one without a name, or none."""
    return [mutant for mutant in mutants() if len(mutant.mistakes) < 2]


def double() -> list[Mutant]:
    """Those with two."""
    return [mutant for mutant in mutants() if len(mutant.mistakes) == 2]


def _in_file(file: str) -> Iterator[Mutant]:
    for name, value in vars(_load(file)).items():
        if _is_asked_for(value, name):
            yield Mutant(file, name, _mistakes(file, value))


def _is_asked_for(value: Any, name: str) -> bool:
    if name.startswith("_") or getattr(value, "__module__", "") != "student":
        return False
    return inspect.isfunction(value) or (inspect.isclass(value) and issubclass(value, Trainer))


def _mistakes(file: str, value: Any) -> tuple[str, ...]:
    if file == CORRECT:
        return ()
    if file == "unknown":
        return (UNKNOWN,)
    return tuple(value.__doc__.split(", ")) if file == "pairs" else (file,)


def _load(file: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location("student", SPELLINGS / f"{file}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
