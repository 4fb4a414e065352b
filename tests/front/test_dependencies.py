"""What the package imports is what it declares: no library that only another one brings along, and none for nothing."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import pytest

from sources import MODULES, PROJECT, ROOT, imported

NEEDED: list[str] = PROJECT["project"]["dependencies"]
EXTRAS: dict[str, list[str]] = PROJECT["project"]["optional-dependencies"]

#: Extras whose libraries the package works without; the others are tools of those who work on it.
OPTIONAL = sorted(set(EXTRAS) - {"test", "dev"})

#: Libraries that are not imported by the name under which they are installed.
IMPORTED_AS = {"scikit_learn": "sklearn", "ipython": "IPython", "cupy_cuda12x": "cupy", "numba_cuda": "numba"}

#: Declared for the tests and imported by none: pytest finds one by itself, the other is run as a command.
PLUGINS = {"pytest_xdist", "pytest_benchmark"}


def declared(requirements: Iterable[str]) -> set[str]:
    """The names of requirements such as `numba>=0.61,<0.69`, as they are imported; without those of this project."""
    names = {re.split(r"[^A-Za-z0-9._-]", requirement)[0].lower().replace("-", "_") for requirement in requirements}
    return {IMPORTED_AS.get(name, name) for name in names - {"handgrad"}}


def libraries(sources: Iterable[str]) -> set[str]:
    """The outermost names that are imported and belong neither to Python nor to this project."""
    ours = {"handgrad", "tests", *(file.stem for file in (ROOT / "tests").iterdir())}
    names = {name.partition(".")[0] for source in sources for name in imported(ast.parse(source))}
    return names - ours - sys.stdlib_module_names


def texts(files: Iterable[Path]) -> list[str]:
    return [file.read_text(encoding="utf-8") for file in files]


BY_CHOICE = declared(requirement for extra in OPTIONAL for requirement in EXTRAS[extra])


@cache
def by_package() -> set[str]:
    """What the package imports; looked up by the first test that asks, not by each process that collects tests."""
    return libraries(texts(MODULES.values()))


def test_every_library_that_the_package_imports_is_declared() -> None:
    assert by_package() - declared(NEEDED) - BY_CHOICE == set()


def test_every_library_that_is_declared_is_imported() -> None:
    assert declared(NEEDED) - by_package() == set()


@pytest.mark.parametrize("extra", OPTIONAL)
def test_every_library_of_an_extra_is_imported(extra: str) -> None:
    assert declared(EXTRAS[extra]) - by_package() == set()


def test_the_tests_have_what_they_import() -> None:
    """And nothing that only the tests import is asked of a user."""
    by_tests = libraries(texts([*(ROOT / "tests").rglob("*.py"), *(ROOT / "examples").glob("*.py")]))
    assert by_tests - declared(NEEDED) - BY_CHOICE == declared(EXTRAS["test"]) - PLUGINS


def test_numba_is_held_below_its_next_minor_version() -> None:
    """Its inner interfaces are used, which change from one minor version to the next."""
    (numba,) = (requirement for requirement in NEEDED if requirement.startswith("numba"))
    assert re.search(r",<0\.\d+$", numba), numba


def test_a_library_is_seen_wherever_it_is_imported() -> None:
    assert libraries(["import yaml.nodes\nimport os", "def f():\n    from scipy import linalg"]) == {"yaml", "scipy"}
    assert declared(["numba>=0.61,<0.69", "pytest-xdist>=3.6", "handgrad[test]"]) == {"numba", "pytest_xdist"}
