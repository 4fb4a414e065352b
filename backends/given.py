"""Backends that are given, and not in the catalogue: files, shared libraries, programs, and objects of Python.

Of a file, what can be told is told by its text, and nothing is run: that is for the process of its own.
"""

from __future__ import annotations

import ast
import base64
import dataclasses
import hashlib
import inspect
import re
import shlex
import shutil
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from handgrad.backends.adapters.code import BackendCode, How
from handgrad.backends.catalogue import Entry, catalogue, described_in, entry, load
from handgrad.backends.signatures.names import kind_by_name

if TYPE_CHECKING:
    from handgrad.backends.interface import Trainer

#: A name of the catalogue, an entry, the text of `--with`, a path, a function or a class.
Given = str | Entry | Path | Callable[..., Any]

#: What a path ends in, and how it is run.
ENDINGS: dict[str, How] = {".py": "file", ".so": "library", ".dylib": "library", ".dll": "library"}

#: What a Python file may say of itself, as literals at its top level, and of which type that is.
CONSTANTS: dict[str, type | tuple[type, ...]] = {
    "SUMMARY": str,
    "KIND": str,
    "REQUIRES": (str, tuple, list),
    "INSTALL": str,
    "LOSS": str,
}
KINDS = ("manual", "autodiff")

#: A row's name is no longer, and made of these.
LONGEST_NAME = 24
_UNSAFE = re.compile(r"[^a-z0-9]+")


class GivenError(ValueError):
    """What was given is no backend; the message says what was expected, and what came."""


def entries(given: Iterable[Given]) -> list[Entry]:
    """What was named or given, each with a name of its own; what is named twice comes once.

    Raises:
        UnknownBackend: If a name is not in the catalogue, and no file.
        GivenError: If a file cannot be read, or an object cannot be sent to a process.
    """
    found = dict[str, Entry]()
    for one in given:
        made = entry_of(one)
        if made.code is not None:
            made = dataclasses.replace(made, name=free_name(made.name, {*catalogue(), *found}))
        found[made.name] = made
    return list(found.values())


def entry_of(given: Given) -> Entry:
    """What was named or given; two may have the same name.

    Raises:
        UnknownBackend, GivenError: As `entries` does.
    """
    if isinstance(given, Entry):
        return given
    if isinstance(given, Path):
        return of_text(str(given))
    if isinstance(given, str):
        named = given in catalogue() or (how_of(given)[0] == "command" and not re.search(r"[\s/\\=]", given))
        return entry(given) if named else of_text(given)
    return of_object(given)


def trainer_of(given: Given) -> type[Trainer]:
    """What was named or given as a class of trainers in this process.

    Raises:
        UnknownBackend, BackendUnavailable, GivenError: The message says what there is.
        CodeError: If what was given is no trainer, and cannot be made one.
    """
    if isinstance(given, str | Path | Entry):
        return load(entry_of(given))
    from handgrad.backends.adapters import loading

    return loading.trainer_of(given, loading.found_in(given), name_of(given), "")


def free_name(name: str, taken: Iterable[str]) -> str:
    """The name as a row may have it: small letters, digits and hyphens, with a number where it is taken."""
    plain = _UNSAFE.sub("-", name.lower()).strip("-")[:LONGEST_NAME].strip("-") or "given"
    taken, number, free = set(taken), 1, plain
    while free in taken:
        number += 1
        free = f"{plain}-{number}"
    return free


# -- of the command line -----------------------------------------------------------------------------------------------


def of_text(text: str) -> Entry:
    """The backend of a text: `mine.py`, `mine.py:name`, `kernel.so:symbol` or a command, after `NAME=` perhaps.

    Raises:
        GivenError: If there is no such file or program, or a file is not Python.
    """
    label, _, rest = text.partition("=") if re.match(r"[A-Za-z][\w.-]*=", text) else ("", "", text)
    how, where, name = how_of(rest)
    if how == "command":
        made = of_command(rest)
        return dataclasses.replace(made, name=label) if label else made
    file = Path(where)
    if not file.is_file():
        raise GivenError(f"{where}: expected a file, found {'a folder' if file.is_dir() else 'no such file'}")
    made = of_file(file.resolve(), name) if how == "file" else of_library(file.resolve(), name or "gradient")
    return dataclasses.replace(made, name=label) if label else made


def how_of(text: str) -> tuple[How, str, str]:
    """How a text is run, its path and the name after it; a path with blanks is one where there is such a file."""
    where, _, name = text.rpartition(":") if re.search(r"\.\w+:[\w.]+$", text) else (text, "", "")
    how = ENDINGS.get(Path(where).suffix.lower())
    return (
        (how, where, name) if how and (not re.search(r"\s", where) or Path(where).is_file()) else ("command", text, "")
    )


def of_file(file: Path, name: str) -> Entry:
    """The backend of a Python file, which is parsed, and not run.

    Raises:
        GivenError: If it is not Python.
    """
    try:
        text = file.read_bytes()
        tree = ast.parse(text, filename=str(file))
        classes = {one.class_name: one for one in described_in(file, "")}
    except SyntaxError as error:
        raise GivenError(f"{file.name}{f', line {error.lineno}' if error.lineno else ''}: {error.msg}") from None
    except (ValueError, TypeError, RecursionError, OSError) as error:
        raise GivenError(f"{file.name}: cannot be read as Python: {error}") from None
    code = BackendCode("file", str(file), name, constants(tree).get("LOSS", ""), (str(file.parent),), digest(text))
    chosen = classes.get(name) or (next(iter(classes.values())) if len(classes) == 1 and not name else None)
    if chosen is not None:
        return dataclasses.replace(chosen, name=name or file.stem, code=code, install=chosen.install)
    return of_function(file, name, tree, code)


def of_library(file: Path, symbol: str) -> Entry:
    """The backend of a function in a shared library, which is not loaded."""
    name = file.stem.removeprefix("lib") if symbol == "gradient" else symbol
    code = BackendCode("library", str(file), symbol, digest=digest(file.read_bytes()))
    return plain_entry(name, f"{symbol} of the shared library {file.name}", file, code)


def of_command(text: str) -> Entry:
    """The backend of a program that speaks the protocol, which is not started; named after the last file in its line.

    Raises:
        GivenError: If there is no such program.
    """
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise GivenError(f"{text}: cannot be read as a command line: {error}") from None
    program = shutil.which(words[0]) if words else None
    if program is None:
        expected = "a Python file, a shared library or a program"
        raise GivenError(f"{text or repr(text)}: expected {expected}, found no program {words[0] if words else ''!r}")
    files = [Path(word) for word in words if Path(word).is_file()]
    code = BackendCode("command", text, digest=digest(text.encode(), *map(content, [Path(program), *files])))
    return plain_entry((files or [Path(words[0])])[-1].stem, f"the program {text}", Path(), code)


def plain_entry(name: str, summary: str, file: Path, code: BackendCode) -> Entry:
    """The backend of code that says nothing of itself before it is run."""
    return Entry(name, summary, "manual", (), "", True, True, "", "", file, code)


def of_function(file: Path, name: str, tree: ast.Module, code: BackendCode) -> Entry:
    """The backend of a function in a file, described by the constants of the file, or by its docstring."""
    said = constants(tree)
    told = (ast.get_docstring(tree) or "").partition("\n")[0].rstrip(".")
    requires = said.get("REQUIRES", ())
    return Entry(
        name=name or file.stem,
        summary=said.get("SUMMARY") or told or file.name,
        kind=said["KIND"] if said.get("KIND") in KINDS else "manual",
        requires=(requires,) if isinstance(requires, str) else tuple(map(str, requires)),
        install=said.get("INSTALL", ""),
        by_default=True,
        reads_all_rows=True,
        module="",
        class_name=name or main_function(tree),
        file=file,
        code=code,
    )


def main_function(tree: ast.Module) -> str:
    """The name of the function that is shown of a file: `gradient`, `step`, or the first that is named after one."""
    names = [one.name for one in tree.body if isinstance(one, ast.FunctionDef)]
    likely = [name for name in names if kind_by_name(name) in ("gradient", "step")]
    return next((name for name in ("gradient", "step", *likely) if name in names), "")


def constants(tree: ast.Module) -> dict[str, Any]:
    """What a file says of itself in constants of the right types."""
    found = dict[str, Any]()
    for line in tree.body:
        if isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Name) and line.targets[0].id in CONSTANTS:
            name = line.targets[0].id
            try:
                value = ast.literal_eval(line.value)
            except ValueError:
                continue
            if isinstance(value, CONSTANTS[name]):
                found[name] = value
    return found


def content(file: Path) -> bytes:
    """The SHA-256 of a file's content; of one that may be run, and not read, its size and its time stand for it."""
    try:
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").digest()
    except PermissionError:
        known = file.stat()
        return f"{known.st_size} {known.st_mtime_ns}".encode()


def digest(*parts: bytes) -> str:
    """A short word for the contents."""
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]


# -- objects of Python -------------------------------------------------------------------------------------------------


def of_object(subject: Any) -> Entry:
    """The backend of a function or a class, packed so that another process can unpack it.

    What that process can import is sent by its name, all else by its value, with what it refers to.

    Raises:
        GivenError: If it is neither, or cannot be sent.
    """
    if not callable(subject):
        raise GivenError(f"expected a backend's name, a file, a function or a class, got {type(subject).__name__}")
    name, packed = name_of(subject), packed_object(subject)
    code = BackendCode("object", packed, paths=tuple(path for path in sys.path if path), digest=digest(packed.encode()))
    told = (inspect.getdoc(subject) or "").partition("\n")[0].rstrip(".")
    file = source_file(subject)
    return Entry(
        name=name,
        summary=str(getattr(subject, "summary", "") or told or f"{name}, a function of Python"),
        kind=getattr(subject, "kind", "manual"),
        requires=(),
        install="",
        by_default=True,
        reads_all_rows=bool(getattr(subject, "reads_all_rows", True)),
        module="",
        class_name=getattr(subject, "__name__", ""),
        file=file,
        code=code,
        devices=tuple(getattr(subject, "devices", ())) or ("cpu",),
    )


def name_of(subject: Any) -> str:
    """The name of a class, its own or that which it gives itself, or of a function."""
    own = vars(subject).get("name") if inspect.isclass(subject) else None
    return str(own or getattr(subject, "__name__", type(subject).__name__))


def source_file(subject: Any) -> Path:
    """The file in which an object is defined; an empty path for one of a notebook or a prompt."""
    try:
        file = Path(inspect.getsourcefile(inspect.unwrap(subject)) or "")
    except (TypeError, OSError):
        return Path()
    return file if file.is_file() else Path()


def packed_object(subject: Any) -> str:
    """A function or a class as a pickle in Base64.

    Raises:
        GivenError: If something in it cannot be pickled.
    """
    import cloudpickle

    module = inspect.getmodule(subject)
    by_value = module is not None and module.__name__ != "__main__" and not importable(module)
    if by_value:
        cloudpickle.register_pickle_by_value(module)
    try:
        return base64.b64encode(cloudpickle.dumps(subject)).decode()
    except Exception as error:  # whatever its parts raise when they are asked to be pickled
        raise GivenError(
            f'{name_of(subject)} cannot be sent to a process of its own ({error}); put it into a file: "mine.py"'
        ) from None
    finally:
        if by_value:
            cloudpickle.unregister_pickle_by_value(module)


def importable(module: ModuleType) -> bool:
    """Whether another process with the same paths finds the module under its name."""
    top, dot, _ = module.__name__.partition(".")
    for finder in sys.meta_path:
        spec = finder.find_spec(top, None)
        if spec is not None:
            return bool(dot) or spec.origin == getattr(module, "__file__", None)
    return False
