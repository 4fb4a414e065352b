"""Functions cut out of source files, as they stand there, with their lines counted; nothing is imported or run."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from handgrad.backends.catalogue import Entry
from handgrad.compare.results.comparison import Source

STEPS = ("predict", "loss", "gradient", "update")


class Piece(NamedTuple):
    """A function and the file in which it stands."""

    file: Path
    function: ast.FunctionDef


class ClassInFile(NamedTuple):
    """A class and the file in which it stands."""

    file: Path
    module: ast.Module
    definition: ast.ClassDef


def source_of(entry: Entry) -> Source | None:
    """What is to be read of a backend: a function that was given, with what it calls, or the four steps of a class."""
    if entry.code is None:
        return shown(entry, steps(list(lineage(entry.file, entry.class_name))))
    if not entry.file.is_file() or entry.file.suffix != ".py":
        return None
    pieces = steps(list(lineage(entry.file, entry.class_name))) or with_called(entry.file, entry.class_name)
    return shown(entry, pieces) if pieces else None


def with_called(file: Path, name: str) -> list[Piece]:
    """A function of a file, followed by those in it that it calls; nothing if it is not there."""
    module, found = ast.parse(file.read_bytes()), list[Piece]()
    function = _functions(module.body).get(name)
    if function is not None:
        _add_with_called(Piece(file, function), module, [], found)
    return found


def shown(entry: Entry, pieces: Sequence[Piece]) -> Source:
    """A backend's four steps in their order, wherever they stand: in its class, or in a base of this package.

    After each step come the functions of this package, and the methods, that it calls and that were not shown before,
    kernels included. A comment names the file where it changes.
    """
    text, files = "", list[Path]()
    for piece in pieces:
        if files[-1:] != [piece.file]:
            files.append(piece.file)
            text += f"# {piece.file.name}\n\n"
        text += lines_of(piece.file.read_text(encoding="utf-8"), piece.function) + "\n"
    names = list(dict.fromkeys(file.name for file in [entry.file, *files]))
    return Source(file=", ".join(names), code=text.rstrip() + "\n", lines=lines_of_code(text))


def lineage(file: Path, class_name: str) -> Iterator[ClassInFile]:
    """A class of a file and its bases, as far as they stand there or in this package, the class itself first."""
    module = ast.parse(file.read_text(encoding="utf-8"))
    for definition in module.body:
        if isinstance(definition, ast.ClassDef) and definition.name == class_name:
            yield ClassInFile(file, module, definition)
            homes = [_home(module, file, base.id) for base in definition.bases if isinstance(base, ast.Name)]
            for home in homes:
                if home != (file, class_name):  # imported from elsewhere, by the name of the class itself
                    yield from lineage(*home)


def _home(module: ast.Module, file: Path, name: str) -> tuple[Path, str]:
    """Where a module has a class from: the file in this package, or its own, and the name there."""
    for statement in module.body:
        if isinstance(statement, ast.ImportFrom) and (statement.module or "").startswith("handgrad."):
            for alias in statement.names:
                found = find_spec(statement.module or "") if name == (alias.asname or alias.name) else None
                if found is not None and found.origin is not None:
                    return Path(found.origin), alias.name
    return file, name


def steps(classes: Sequence[ClassInFile]) -> list[Piece]:
    """The four steps of a class, the first in its lineage, each followed by what it calls."""
    found: list[Piece] = []
    for step in STEPS:
        _add(step, classes, classes, found)
    return found


def _add(method: str, holders: Sequence[ClassInFile], classes: Sequence[ClassInFile], found: list[Piece]) -> None:
    """Adds a method and what it calls, unless only its name is given, for others to write."""
    for holder in holders:
        function = _functions(holder.definition.body).get(method)
        if function is not None:
            if not _abstract(function):
                _add_with_called(Piece(holder.file, function), holder.module, classes, found)
            return


def _add_with_called(piece: Piece, module: ast.Module, classes: Sequence[ClassInFile], found: list[Piece]) -> None:
    if piece.file in {p.file for p in found if p.function.lineno == piece.function.lineno}:
        return
    found.append(piece)
    here = _functions(module.body)
    for name, of_self in _named(piece.function):
        if of_self and name not in STEPS:
            _add(name, classes, classes, found)
        elif not of_self and name in here:
            _add_with_called(Piece(piece.file, here[name]), module, classes, found)
        elif not of_self:
            _add_imported(name, piece.file, module, found)


def _add_imported(name: str, file: Path, module: ast.Module, found: list[Piece]) -> None:
    """Adds a function that the module has from elsewhere in this package, such as a kernel, and what that calls."""
    home, there = _home(module, file, name)
    if home == file or not home.is_file():
        return
    body = ast.parse(home.read_text(encoding="utf-8"))
    if there in _functions(body.body):
        _add_with_called(Piece(home, _functions(body.body)[there]), body, [], found)


def _named(function: ast.FunctionDef) -> list[tuple[str, bool]]:
    """The names in a function's body, in their order, and whether each is an attribute of `self`."""
    names: dict[tuple[int, int], tuple[str, bool]] = {}
    for node in (node for statement in function.body for node in ast.walk(statement)):
        if isinstance(node, ast.Name):
            names.setdefault((node.lineno, node.col_offset), (node.id, False))
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self":
            names[node.lineno, node.col_offset] = node.attr, True
    return [names[place] for place in sorted(names)]


def _abstract(function: ast.FunctionDef) -> bool:
    return any(isinstance(mark, ast.Name) and mark.id == "abstractmethod" for mark in function.decorator_list)


def _functions(body: Iterable[ast.stmt]) -> dict[str, ast.FunctionDef]:
    """Those of a body, by name and in their order."""
    return {statement.name: statement for statement in body if isinstance(statement, ast.FunctionDef)}


def cut(text: str, names: Iterable[str], file: str) -> str:
    """Functions of a source text, with their decorators, in the order of the names, a blank line between them.

    Args:
        text: The source.
        names: Each a function, or `Class.method`.
        file: What to call the source in an error.

    Raises:
        LookupError: If one of them is not there, or is no function.
    """
    return "\n".join(lines_of(text, _function(text, name, file)) for name in names)


def functions(text: str, class_name: str | None = None) -> dict[str, ast.FunctionDef]:
    """The functions of a source text, or of one class in it, by name and in their order; none if that is not there."""
    body: list[ast.stmt] = ast.parse(text).body
    if class_name is not None:
        classes = [statement for statement in body if isinstance(statement, ast.ClassDef)]
        body = next((found.body for found in classes if found.name == class_name), [])
    return _functions(body)


def lines_of(text: str, function: ast.FunctionDef) -> str:
    """A function as it stands in the text, with its decorators, moved to the left edge."""
    first = min([function.lineno, *(decorator.lineno for decorator in function.decorator_list)])
    lines = text.splitlines()[first - 1 : function.end_lineno]
    return "\n".join(line[function.col_offset :] for line in lines) + "\n"


def lines_of_code(code: str) -> int:
    """Lines that hold code: no blank lines, no comments, no docstrings."""
    lines: set[int] = set()
    statement_begins = True
    for token in tokenize.generate_tokens(io.StringIO(code).readline):
        if token.type in (tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT):
            statement_begins = True
        elif token.type == tokenize.STRING and statement_begins:
            continue  # a docstring
        elif token.type not in (tokenize.COMMENT, tokenize.NL, tokenize.ENDMARKER):
            lines.update(range(token.start[0], token.end[0] + 1))
            statement_begins = False
    return len(lines)


def _function(text: str, name: str, file: str) -> ast.FunctionDef:
    class_name, _, function = name.rpartition(".")
    found = functions(text, class_name or None)
    if function not in found:
        raise LookupError(f"{file}: expected {name}, found no such function")
    return found[function]
