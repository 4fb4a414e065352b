"""What backends there are, without importing one of them.

A backend is a class in a file of its own, in this folder or in another package that names it in an entry point of the
group ``handgrad.backends`` (``name = "package.module:Class"``). Its class attributes `name`, `summary`, `kind`,
`requires`, `install` and `by_default` are literals, so they are read from the source; whether it can run follows from
looking for the modules that it requires, their versions from the packages' metadata.
"""

from __future__ import annotations

import ast
import importlib
import importlib.metadata
import importlib.util
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from handgrad.backends.interface import Trainer

ENTRY_POINTS = "handgrad.backends"

#: The order of tables and figures; backends that are not named here follow in alphabetical order.
ORDER = ("python", "numpy", "numba", "torch", "tape", "moments", "torch-compile", "jax", "exact")


class UnknownBackend(ValueError):
    """No backend has that name; the message lists those that there are."""


@dataclass(frozen=True)
class Entry:
    """One backend as its source describes it; see `Trainer` for the meaning of the fields."""

    name: str
    summary: str
    kind: str
    requires: tuple[str, ...]
    install: str
    by_default: bool
    module: str
    class_name: str
    file: Path

    def missing(self) -> list[str]:
        """The required modules that are not installed."""
        return [module for module in self.requires if importlib.util.find_spec(module) is None]

    def version(self) -> str | None:
        """The version of the library behind it; None for plain Python, or when it is not installed."""
        if not self.requires or self.missing():
            return None
        return importlib.metadata.version(self.requires[0])

    def reason(self) -> str | None:
        """Why it cannot run, and the remedy; None when it can."""
        if missing := self.missing():
            remedy = self.install or f"pip install {' '.join(missing)}"
            return f"backend '{self.name}' needs {', '.join(missing)}: {remedy}"
        return None


@cache
def catalogue() -> dict[str, Entry]:
    """All backends by name, in the order of tables."""
    here = Path(__file__).parent
    entries = [entry for file in sorted(here.glob("*.py")) for entry in _described(file, f"{__package__}.{file.stem}")]
    for point in importlib.metadata.entry_points(group=ENTRY_POINTS):
        module, _, class_name = point.value.partition(":")
        file = _source(module)
        if file is not None:
            entries += [e for e in _described(file, module) if e.class_name == class_name]
    rank = {name: i for i, name in enumerate(ORDER)}
    entries.sort(key=lambda entry: (rank.get(entry.name, len(rank)), entry.name))
    return {entry.name: entry for entry in entries}


def entry(name: str) -> Entry:
    """The entry of that name.

    Raises:
        UnknownBackend: If there is none.
    """
    if name not in catalogue():
        raise UnknownBackend(f"no backend is called {name!r}; there are: {', '.join(catalogue())}")
    return catalogue()[name]


def load(name: str) -> type[Trainer]:
    """The trainer class of that backend; imports its library.

    Raises:
        UnknownBackend: If no backend has that name.
        BackendUnavailable: If its library is not installed.
    """
    described = entry(name)
    if (reason := described.reason()) is not None:
        from handgrad.backends.interface import BackendUnavailable

        raise BackendUnavailable(reason)
    trainer: type[Trainer] = getattr(importlib.import_module(described.module), described.class_name)
    return trainer


def _source(module: str) -> Path | None:
    """The file of a module, found without importing the module itself."""
    top, *rest = module.split(".")
    spec = importlib.util.find_spec(top)
    if spec is None:
        return None
    if not rest:
        return Path(spec.origin) if spec.origin else None
    for folder in spec.submodule_search_locations or ():
        file = Path(folder, *rest).with_suffix(".py")
        if file.exists():
            return file
    return None


def _described(file: Path, module: str) -> list[Entry]:
    """The backends that a file defines: its classes with a literal `name`, `summary` and `kind`."""
    tree = ast.parse(file.read_text(encoding="utf-8"), filename=str(file))
    found = []
    for statement in tree.body:
        if isinstance(statement, ast.ClassDef):
            literals = _literals(statement)
            if {"name", "summary", "kind"} <= literals.keys():
                found.append(_entry(literals, module, statement.name, file))
    return found


def _entry(literals: dict[str, Any], module: str, class_name: str, file: Path) -> Entry:
    return Entry(
        name=literals["name"],
        summary=literals["summary"],
        kind=literals["kind"],
        requires=tuple(literals.get("requires", ())),
        install=literals.get("install", ""),
        by_default=literals.get("by_default", True),
        module=module,
        class_name=class_name,
        file=file,
    )


def _literals(statement: ast.ClassDef) -> dict[str, Any]:
    literals = {}
    for line in statement.body:
        if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name) and line.value is not None:
            try:
                literals[line.target.id] = ast.literal_eval(line.value)
            except ValueError:
                continue  # not a literal: not one of ours
    return literals
