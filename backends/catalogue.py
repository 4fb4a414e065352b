"""What backends there are, without importing one of them.

A backend is a class in a file of its own, in this folder or in another package that names it in an entry point of the
group ``handgrad.backends`` (``name = "package.module:Class"``). Its class attributes `name`, `summary`, `kind`,
`requires`, `install`, `devices` and `by_default` are literals, so they are read from the source; whether it can run
follows from looking for the modules that it requires, their versions from the packages' metadata. One that computes
on a device alone cannot run where the driver sees none.
"""

from __future__ import annotations

import ast
import contextlib
import difflib
import importlib
import importlib.metadata
import importlib.util
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from handgrad.backends.adapters.code import BackendCode
from handgrad.backends.driver import cuda_devices

if TYPE_CHECKING:
    from handgrad.backends.interface import Trainer

ENTRY_POINTS = "handgrad.backends"

#: The order of tables and figures; backends that are not named here follow in alphabetical order.
ORDER = (
    "python",
    "numpy",
    "numba",
    "numba-tiled",
    "torch",
    "tape",
    "moments",
    "numba-compensated",
    "torch-compile",
    "jax",
    "cupy",
    "numba-cuda",
    "exact",
)


#: What a class says of itself, and of which types that is.
TYPES = {
    "name": (str,),
    "summary": (str,),
    "kind": (str,),
    "requires": (tuple, list),
    "install": (str,),
    "by_default": (bool,),
    "reads_all_rows": (bool,),
    "takes_blocks": (bool,),
    "devices": (tuple, list),
}


class PluginWarning(UserWarning):
    """A backend of another package is left out; the message says why, in one line."""


class UnknownBackend(ValueError):
    """No backend has that name; the message lists those that there are."""


@dataclass(frozen=True)
class Entry:
    """One backend as its source describes it; see `Trainer` for the meaning of the fields.

    What is given on the command line or as an object of Python is `code`; nothing else is known of it before it is run.
    """

    name: str
    summary: str
    kind: str
    requires: tuple[str, ...]
    install: str
    by_default: bool
    reads_all_rows: bool
    module: str
    class_name: str
    file: Path
    code: BackendCode | None = None
    takes_blocks: bool = False
    devices: tuple[str, ...] = ("cpu",)

    @property
    def ours(self) -> bool:
        """Whether it is a file of this package, and neither another package's nor given."""
        return self.code is None and self.module.startswith(f"{__package__}.")

    def missing(self) -> list[str]:
        """The required modules that are not installed; of `a.b` only `a` is looked for, as `b` needs its import."""
        return [name for name in self.requires if importlib.util.find_spec(name.partition(".")[0]) is None]

    def version(self) -> str | None:
        """The version of the library behind it; None for plain Python, or when it is not installed."""
        if not self.requires or self.missing():
            return None
        return _version(self.requires[0].partition(".")[0])

    def reason(self) -> str | None:
        """Why it cannot run, and the remedy; None when it can."""
        if missing := self.missing():
            remedy = self.install or f"pip install {' '.join(missing)}"
            return f"backend '{self.name}' needs {', '.join(missing)}: {remedy}"
        if "cpu" not in self.devices and not cuda_devices():
            return f"backend '{self.name}' needs a CUDA device: the driver sees none here"
        return None

    def place(self, device: str) -> str:
        """Where it computes when a device is asked for: there if it can, else on the first that it knows."""
        return device if device in self.devices else self.devices[0]


@cache
def catalogue() -> dict[str, Entry]:
    """All backends by name, in the order of tables. An entry point that leads nowhere is left out with a warning."""
    here = Path(__file__).parent
    files = sorted(here.glob("*.py"))
    found = {entry.name: entry for file in files for entry in described_in(file, f"{__package__}.{file.stem}")}
    described = cache(described_in)  # a file may have several
    for point in importlib.metadata.entry_points(group=ENTRY_POINTS):
        try:
            entry = _pointed_at(point.value, described)
            if entry.name in found:
                raise LookupError(f"the name {entry.name!r} is taken by {found[entry.name].module}")
        except (LookupError, TypeError, ValueError, SyntaxError, ImportError, OSError, RecursionError) as error:
            told = " ".join(f"backend entry point {point.name} = {point.value!r} is left out: {error}".split())
            warnings.warn(told, PluginWarning, stacklevel=2)
        else:
            found[entry.name] = entry
    rank = {name: i for i, name in enumerate(ORDER)}
    return dict(sorted(found.items(), key=lambda item: (rank.get(item[0], len(rank)), item[0])))


def canonical(name: str) -> str:
    """The name as the catalogue has it. Upper case and underscores are accepted.

    Raises:
        UnknownBackend: If there is no such backend.
    """
    if name in catalogue():
        return name
    by_plain = {_plain(known): known for known in reversed(catalogue())}
    if (plain := _plain(name)) not in by_plain:
        near = difflib.get_close_matches(plain, by_plain, n=1)
        meant = f" (did you mean {by_plain[near[0]]!r}?)" if near else ""
        raise UnknownBackend(f"no backend is called {name!r}{meant}; there are: {', '.join(catalogue())}")
    return by_plain[plain]


def usual(others: bool = False) -> dict[str, Entry]:
    """The backends that take part when nobody names any; with `others`, those of other packages as well."""
    return {name: one for name, one in catalogue().items() if one.by_default and (one.ours or others)}


def entry(name: str | Entry) -> Entry:
    """The entry of that name, in any spelling that `canonical` accepts; one that is given is itself.

    Raises:
        UnknownBackend: If there is none.
    """
    return name if isinstance(name, Entry) else catalogue()[canonical(name)]


def load(name: str | Entry) -> type[Trainer]:
    """The trainer class of that backend, in any spelling that `canonical` accepts; imports its library.

    Raises:
        UnknownBackend: If no backend has that name.
        BackendUnavailable: If its library is not installed, or fails while it is imported.
    """
    described = entry(name)
    if (reason := described.reason()) is not None:
        from handgrad.backends.interface import BackendUnavailable

        raise BackendUnavailable(reason)
    if described.code is not None:
        from handgrad.backends.adapters.loading import trainer_class

        return trainer_class(described.code, described.name)
    trainer: type[Trainer] = getattr(_imported(described), described.class_name)
    return trainer


def _imported(described: Entry) -> ModuleType:
    """The module of a backend.

    Raises:
        BackendUnavailable: If it, or what it imports, fails: with what, and where.
    """
    try:
        return importlib.import_module(described.module)
    except MemoryError:
        raise
    except Exception as error:
        from handgrad.backends.interface import BackendUnavailable

        what = " ".join(f"{type(error).__name__}: {error}".split())[:300]
        *_, last = traceback.extract_tb(error.__traceback__)
        told = f"backend '{described.name}' failed while it was imported: {what} ({last.filename}, line {last.lineno})"
        raise BackendUnavailable(told) from error


def _plain(name: str) -> str:
    return name.strip().lower().replace("_", "-")


def _version(module: str) -> str | None:
    """The version of the package that brings a module; None when it has no metadata."""
    try:
        return importlib.metadata.version(module)
    except importlib.metadata.PackageNotFoundError:  # the package may have another name than its module
        packages = importlib.metadata.packages_distributions().get(module, [])
        return importlib.metadata.version(packages[0]) if packages else None


def _pointed_at(value: str, described: Callable[[Path, str], list[Entry]]) -> Entry:
    """The backend that an entry point names as ``package.module:Class``; `described` is `described_in`."""
    module, _, class_name = value.partition(":")
    file = _source(module)
    if file is None:
        raise LookupError(f"there is no module {module}")
    for entry in described(file, module):
        if entry.class_name == class_name:
            return entry
    raise LookupError(f"{module} has no class {class_name!r} with a literal name, summary and kind")


def _source(module: str) -> Path | None:
    """The file of a module, found without importing the module itself."""
    top, *rest = module.split(".")
    spec = importlib.util.find_spec(top) if top else None
    if spec is None:
        return None
    if not rest:
        return Path(spec.origin) if spec.origin and spec.origin.endswith(".py") else None  # "built-in", a library
    for folder in spec.submodule_search_locations or ():
        path = Path(folder, *rest)
        for file in (path.with_suffix(".py"), path / "__init__.py"):
            if file.exists():
                return file
    return None


def described_in(file: Path, module: str) -> list[Entry]:
    """The backends that a file defines: its classes with a literal `name`, `summary` and `kind`."""
    tree = ast.parse(file.read_bytes(), filename=str(file))
    found = []
    for statement in tree.body:
        if isinstance(statement, ast.ClassDef):
            literals = _literals(statement)
            if {"name", "summary", "kind"} <= literals.keys():
                found.append(_entry(literals, module, statement.name, file))
    return found


def _entry(literals: dict[str, Any], module: str, class_name: str, file: Path) -> Entry:
    """The entry of what a class says of itself.

    Raises:
        TypeError: If something is of another type than a `Trainer` has there.
    """
    for name, value in literals.items():
        if name in TYPES and not isinstance(value, TYPES[name]):
            expected = " or ".join(kind.__name__ for kind in TYPES[name])
            raise TypeError(f"{class_name}.{name}: expected {expected}, got {value!r}")
    for several, what in (("requires", "modules"), ("devices", "devices")):
        if not all(isinstance(one, str) for one in literals.get(several, ())):
            raise TypeError(f"{class_name}.{several}: expected names of {what}, got {literals[several]!r}")
    return Entry(
        name=literals["name"],
        summary=literals["summary"],
        kind=literals["kind"],
        requires=tuple(literals.get("requires", ())),
        install=literals.get("install", ""),
        by_default=literals.get("by_default", True),
        reads_all_rows=literals.get("reads_all_rows", True),
        module=module,
        class_name=class_name,
        file=file,
        takes_blocks=literals.get("takes_blocks", False),
        devices=tuple(literals.get("devices", ())) or ("cpu",),
    )


def _literals(statement: ast.ClassDef) -> dict[str, Any]:
    literals = {}
    for line in statement.body:
        if isinstance(line, ast.AnnAssign | ast.Assign) and line.value is not None:
            target = line.target if isinstance(line, ast.AnnAssign) else line.targets[0]
            if isinstance(target, ast.Name):
                with contextlib.suppress(ValueError):  # not a literal: not one of ours
                    literals[target.id] = ast.literal_eval(line.value)
    return literals
