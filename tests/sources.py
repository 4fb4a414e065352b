"""The project's own source, as tests read it: its settings, its rooms, its modules, and what a module imports."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

#: The folder of each part of the package that has one of its own.
FOLDERS: dict[str, str] = PROJECT["tool"]["setuptools"]["package-dir"]


def rooms() -> list[str]:
    """Every folder of the package, as it is imported."""
    parts = ["handgrad", *(part for part in FOLDERS if part != "handgrad")]
    return sorted(
        ".".join([part, *file.parent.relative_to(ROOT / FOLDERS[part]).parts])
        for part in parts
        for file in (ROOT / FOLDERS[part]).rglob("__init__.py")
    )


ROOMS = rooms()


def folder_of(room: str) -> Path:
    """Where the files of a room stand."""
    part = max((part for part in FOLDERS if f"{room}.".startswith(f"{part}.")), key=len)
    return (ROOT / FOLDERS[part]).joinpath(*room.removeprefix(part).strip(".").split("."))


def room_of(module: str) -> str:
    """The room that a module belongs to: the longest name above it."""
    return max((room for room in ROOMS if f"{module}.".startswith(f"{room}.")), key=len)


def modules() -> Iterator[tuple[str, Path]]:
    """Every module of the package with its file."""
    for room in ROOMS:
        for file in sorted(folder_of(room).glob("*.py")):
            yield room if file.stem == "__init__" else f"{room}.{file.stem}", file


MODULES = dict(modules())


def imported(tree: ast.AST) -> Iterator[str]:
    """The full names of all that a module imports, wherever in it; `from a import b` may mean the module a.b."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: expected an absolute import"
            assert node.module is not None
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (name if name in MODULES else node.module for name in names)
