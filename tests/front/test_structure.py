"""What holds the folders together: who may import whom, what `--help` may load, and what is packaged."""

from __future__ import annotations

import ast
import graphlib
import importlib
import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from handgrad.backends.catalogue import catalogue
from sources import MODULES, PROJECT, ROOMS, ROOT, folder_of, imported, room_of

RESULTS = "handgrad.compare.results"

#: Each room, and what it may import: other rooms, or single modules; all may import themselves. A room stands for its
#: own files, not for the rooms within it.
MAY_IMPORT = {
    "handgrad.backends": {
        "handgrad.backends.kernels", "handgrad.backends.adapters", "handgrad.backends.signatures",
        "handgrad.backends.cluster", "handgrad.data.arrays", "handgrad.data.errors",
    },
    "handgrad.backends.cluster": {"handgrad.backends.blocks", "handgrad.backends.inputs"},
    "handgrad.backends.signatures": set[str](),
    "handgrad.backends.adapters": {
        "handgrad.backends.interface", "handgrad.backends.array_trainer", "handgrad.backends.signatures",
    },
    "handgrad.backends.kernels": {"handgrad.backends.interface"},
    "handgrad.data": {"handgrad.data.formats"},
    "handgrad.data.formats": {
        "handgrad.data.arrays", "handgrad.data.columns", "handgrad.data.errors", "handgrad.data.memory",
    },
    "handgrad.data.stream": {"handgrad.data", "handgrad.data.formats"},
    "handgrad.data.builtin": set[str](),
    "handgrad.data.published": set[str](),
    "handgrad.compare": {"handgrad.data.memory"},
    RESULTS: {"handgrad.data.files", "handgrad.data.errors"},  # whole files, of which data writes some, too
    "handgrad.compare.judge": {"handgrad.backends", "handgrad.backends.kernels.size_pass", RESULTS},
    "handgrad.compare.strain": {RESULTS, "handgrad.compare"},
    "handgrad.compare.timing": {
        "handgrad.backends", "handgrad.backends.adapters", "handgrad.backends.kernels.compiling", RESULTS,
        "handgrad.compare", "handgrad.compare.blocks", "handgrad.compare.strain",
    },
    "handgrad.compare.results.functions": set[str](),
    "handgrad.compare.functions": {
        "handgrad.backends", "handgrad.compare.results.functions", "handgrad.compare.judge", "handgrad.data.foreign",
    },
    "handgrad.compare.device": {"handgrad.backends", RESULTS, "handgrad.compare.timing"},
    "handgrad.compare.laps": {"handgrad.backends", RESULTS, "handgrad.compare.judge", "handgrad.compare.timing"},
    "handgrad.compare.side_by_side": {
        "handgrad.backends", "handgrad.data", RESULTS, "handgrad.compare", "handgrad.compare.judge",
        "handgrad.compare.laps", "handgrad.compare.device",
        "handgrad.compare.timing",
    },
    "handgrad.compare.blocks": {"handgrad.backends", "handgrad.data", "handgrad.data.stream"},
    "handgrad.compare.scale": {
        "handgrad.backends", "handgrad.data", "handgrad.data.stream", RESULTS, "handgrad.compare",
        "handgrad.compare.blocks", "handgrad.compare.judge", "handgrad.compare.laps", "handgrad.compare.timing",
        "handgrad.compare.side_by_side", "handgrad.backends.kernels",
    },
    "handgrad.compare.bench": {
        "handgrad.backends", RESULTS, "handgrad.compare", "handgrad.compare.judge", "handgrad.compare.timing",
        "handgrad.compare.strain", "handgrad.compare.side_by_side", "handgrad.compare.blocks", "handgrad.data",
        "handgrad.compare.device",
        "handgrad.data.stream",
    },
    "handgrad.compare.check": {
        RESULTS, "handgrad.compare.check.sandbox", "handgrad.compare.check.student", "handgrad.compare.check.styles",
        "handgrad.backends.signatures",
        "handgrad.backends.adapters.losses",
    },
    "handgrad.compare.check.styles": {"handgrad.backends.signatures"},
    "handgrad.compare.check.sandbox": {
        "handgrad.backends.interface", "handgrad.backends.signatures", RESULTS, "handgrad.compare",
        "handgrad.compare.check.styles",
    },
    "handgrad.compare.check.student": {
        RESULTS, "handgrad.compare", "handgrad.compare.check.sandbox", "handgrad.backends.signatures",
    },
    # what a student's process may know; the keys know it, and never the other way round
    "handgrad.compare.check.exercises.questions": {"handgrad.backends"},
    "handgrad.compare.check.exercises.keys": {"handgrad.backends", "handgrad.compare.check.exercises.questions"},
    "handgrad.compare.check.exercises": {
        "handgrad.backends", RESULTS, "handgrad.compare.check", "handgrad.compare.check.sandbox",
        "handgrad.compare.check.student",
        "handgrad.compare.check.exercises.questions", "handgrad.compare.check.exercises.keys",
    },
    "handgrad.compare.results.learn": {RESULTS},
    "handgrad.compare.results.grades": {RESULTS},
    "handgrad.compare.grade": {
        "handgrad.data.errors", RESULTS, "handgrad.compare", "handgrad.compare.results.grades",
        "handgrad.compare.check", "handgrad.compare.check.sandbox",
        "handgrad.compare.check.student", "handgrad.compare.timing",
    },
    "handgrad.compare.learn": {
        "handgrad.backends", "handgrad.data", RESULTS, "handgrad.compare.judge", "handgrad.compare.timing",
        "handgrad.compare.side_by_side", "handgrad.compare.bench", "handgrad.compare.check.exercises",
        "handgrad.compare.results.learn",
    },
    "handgrad.compare.gradbench": {"handgrad.backends"},
    "handgrad.compare.reproduce": {"handgrad.backends", "handgrad.data", RESULTS, "handgrad.compare.judge"},
    "handgrad.reports": set[str](),
    "handgrad.reports.look": {RESULTS},
    "handgrad.reports.bench": {RESULTS, "handgrad.reports.look"},
    "handgrad.reports.gradcheck": {RESULTS, "handgrad.reports.look"},
    "handgrad.reports.train": {RESULTS, "handgrad.reports.look"},
    "handgrad.reports.check": {RESULTS},
    "handgrad.reports.grade": {
        RESULTS, "handgrad.compare.results.grades", "handgrad.reports.look", "handgrad.reports.check",
    },
    "handgrad.reports.grade.formats": {
        RESULTS, "handgrad.compare.results.grades", "handgrad.reports.look", "handgrad.reports.check",
        "handgrad.reports.grade", "handgrad.reports.exports",
    },
    "handgrad.reports.exports": {
        RESULTS, "handgrad.reports.look", "handgrad.reports.compare", "handgrad.reports.bench",
    },
    "handgrad.reports.judge": {"handgrad.compare.results.functions", "handgrad.reports.look"},
    "handgrad.reports.explain": {RESULTS, "handgrad.reports.look"},
    # two pages show a part of another's: a comparison its gradient checks, the course the graph of the tape
    "handgrad.reports.compare.figures": {RESULTS, "handgrad.reports.look", "handgrad.reports.gradcheck"},
    "handgrad.reports.compare.walk": {RESULTS, "handgrad.reports.look"},
    "handgrad.reports.compare": {
        RESULTS, "handgrad.reports.look", "handgrad.reports.gradcheck", "handgrad.reports.compare.figures",
        "handgrad.reports.compare.walk",
    },
    "handgrad.reports.reproduce": {RESULTS, "handgrad.reports.look"},
    "handgrad.reports.learn.chapters": {
        RESULTS, "handgrad.compare.results.learn", "handgrad.reports.look", "handgrad.reports.explain",
    },
    "handgrad.reports.learn": {
        RESULTS, "handgrad.compare.results.learn", "handgrad.reports.look", "handgrad.reports.learn.chapters",
    },
}  # fmt: skip
#: The front door may import all.
FRONT = ("handgrad", "handgrad.commands", "handgrad.commands.shared", "handgrad.contract")
#: Modules of more than 350 lines: tables of wording.
STILL_LONG = set[str]()
#: Names of more than one class.
STILL_TWICE = set[str]()
HEAVY = ("numpy", "pandas", "matplotlib", "numba", "torch", "pyarrow", "mpmath", "dask", "distributed")


@cache
def parsed(source: str) -> ast.Module:
    """The tree of a source, once for all that look at it; nobody changes it."""
    return ast.parse(source)


@cache
def trees() -> dict[str, ast.Module]:
    """Those of all modules, when the first test wants them: every process that collects tests imports this file."""
    return {module: parsed(file.read_text(encoding="utf-8")) for module, file in MODULES.items()}


def forbidden(module: str, source: str) -> list[str]:
    """What a module imports against the arrows between the rooms."""
    own = room_of(module)
    if own in FRONT:
        return []
    allowed = {own, *MAY_IMPORT[own]}
    found = [name for name in imported(parsed(source)) if name.partition(".")[0] == "handgrad"]
    return [name for name in found if name not in allowed and room_of(name) not in allowed]


@pytest.mark.parametrize("module", MODULES)
def test_imports_between_folders_run_one_way(module: str) -> None:
    assert forbidden(module, MODULES[module].read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("module", "line", "told"),
    [
        ("handgrad.backends.numpy", "from handgrad.data.dataset import Dataset", "handgrad.data.dataset"),
        ("handgrad.backends.inputs", "from handgrad.data import arrays, files", "handgrad.data.files"),
        ("handgrad.backends.kernels.lanes", "from handgrad.backends.numba import step", "handgrad.backends.numba"),
        ("handgrad.data.tables", "import handgrad.backends.interface", "handgrad.backends.interface"),
        ("handgrad.compare.judge.judge", "def f():\n    from handgrad.reports import look", "handgrad.reports"),
        ("handgrad.compare.judge.judge", "from handgrad.compare.timing.measure import lap", "handgrad.compare.timing"),
        ("handgrad.compare.results.bench", "from handgrad.compare.timing import measure", "handgrad.compare.timing"),
        ("handgrad.compare.results.bench", "from handgrad.data.arrays import at", "handgrad.data.arrays"),
        ("handgrad.compare.check.check", "from handgrad.compare.judge.judge import Judge", "handgrad.compare.judge"),
        ("handgrad.compare.check.sandbox.worker", "from handgrad.compare.check import truth", "handgrad.compare.check"),
        ("handgrad.compare.timing.clocks", "from handgrad.compare.side_by_side import runs", "handgrad.compare.side"),
        ("handgrad.reports.look.names", "from handgrad.compare.bench.sweep import bench", "handgrad.compare.bench"),
        ("handgrad.reports.look.names", "from handgrad.reports.compare import words", "handgrad.reports.compare"),
        ("handgrad.reports.look.names", "from handgrad.backends.catalogue import load", "handgrad.backends.catalogue"),
        ("handgrad.reports.bench.html", "from handgrad.reports.compare import tables", "handgrad.reports.compare"),
        ("handgrad.reports.gradcheck.text", "from handgrad.reports.compare import words", "handgrad.reports.compare"),
        ("handgrad.compare.judge.judge", "import handgrad", "handgrad"),
    ],
)  # fmt: skip
def test_an_import_against_the_arrows_is_found(module: str, line: str, told: str) -> None:
    (found,) = forbidden(module, line)
    assert found.startswith(told)


def test_an_import_along_the_arrows_is_allowed() -> None:
    assert forbidden("handgrad.reports.look.names", "from handgrad.compare.results.checks import SelfTest") == []
    assert forbidden("handgrad.compare.judge.judge", "from handgrad.compare.results import comparison") == []
    assert forbidden("handgrad.compare.results.files", "from handgrad.data.files import write_whole") == []
    assert forbidden("handgrad.backends.kernels.tiles", "from handgrad.backends.interface import FloatArray") == []
    assert forbidden("handgrad.compare.side_by_side.runs", "from handgrad.data import dataset") == []


def test_every_room_is_named_and_every_name_is_a_room() -> None:
    assert sorted([*MAY_IMPORT, *FRONT]) == ROOMS
    assert sorted(PROJECT["tool"]["setuptools"]["packages"]) == ROOMS


def test_no_room_is_crowded() -> None:
    """More than about 15 files are several rooms; commands and backends are one file each, as many as there are."""
    one_each = {entry.module for entry in catalogue().values()}
    counted = Counter(room_of(module) for module in MODULES if module not in one_each)
    crowded = {room: count for room, count in counted.items() if count > 16 and room != "handgrad.commands"}
    assert crowded == {}  # with `__init__`


def test_two_rooms_never_import_each_other() -> None:
    """Nor three in a circle."""
    assert len(list(graphlib.TopologicalSorter(MAY_IMPORT).static_order())) >= len(MAY_IMPORT)


def described(document: str, mark: str) -> str:
    """What stands in a document between a mark and the next empty line."""
    text = (ROOT / document).read_text(encoding="utf-8")
    return text.partition(f"<!-- {mark} -->\n")[2].partition("\n\n")[0]


def mapped() -> Iterator[str]:
    """The folders of README's map, with those that they stand in."""
    above: list[str] = []
    for line in described("README.md", "rooms").strip("`\n").splitlines():
        found = re.fullmatch(r"( *)(\S+)/ +\S.*", line)
        assert found, line
        above[len(found[1]) // 2 :] = [found[2]]
        yield "/".join(above)


def path_of(name: str) -> str:
    """Where a room or a module stands in a checkout."""
    file = folder_of(name).relative_to(ROOT).as_posix()
    return f"{file}/" if name in ROOMS else f"{file}.py"


def test_the_map_in_the_readme_is_the_listing_of_the_folders() -> None:
    assert sorted(f"{path}/" for path in mapped()) == sorted([*map(path_of, ROOMS), "tests/"])


def test_the_table_of_arrows_in_contributing_is_the_one_that_is_held() -> None:
    rows = [
        re.findall(r"`([^`]+)`|(nothing|all)", line) for line in described("CONTRIBUTING.md", "arrows").splitlines()
    ]
    told = {room: {name or word for name, word in names} for [(room, _), *names] in rows[2:]}
    held = {path_of(room): set(map(path_of, names)) or {"nothing"} for room, names in MAY_IMPORT.items()}
    assert told == held | {path_of(room): {"all"} for room in FRONT}


def test_every_folder_with_code_is_a_package() -> None:
    without = {file.parent for file in MODULES.values() if not (file.parent / "__init__.py").exists()}
    assert without == set()


def test_package_data_that_is_declared_is_there() -> None:
    """A pattern that fits no file would leave a data set out of the wheel without a word."""
    for package, patterns in PROJECT["tool"]["setuptools"]["package-data"].items():
        for pattern in patterns:
            assert list(folder_of(package).glob(pattern)), f"{package}: no file fits {pattern}"


def test_no_module_is_longer_than_can_be_read() -> None:
    """What is named is longer still; what is not any more is not to be named."""
    long = {module for module, file in MODULES.items() if len(file.read_text(encoding="utf-8").splitlines()) > 350}
    assert long == STILL_LONG


def lengths_of_functions() -> list[int]:
    """Lines of each function's body, without its docstring; shortest first."""
    return sorted(
        (node.end_lineno or 0) - body[0].lineno + 1 if (body := node.body[bool(ast.get_docstring(node)) :]) else 0
        for tree in trees().values()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )


def test_most_functions_are_short() -> None:
    lengths = lengths_of_functions()
    assert len(lengths) > 1000
    assert lengths[len(lengths) // 2] <= 7
    assert lengths[len(lengths) * 9 // 10] <= 18


def test_a_classs_name_is_its_own() -> None:
    """What is named stands twice still; what does not any more is not to be named."""
    names = Counter(node.name for tree in trees().values() for node in ast.walk(tree) if isinstance(node, ast.ClassDef))
    assert {name for name, count in names.items() if count > 1} == STILL_TWICE


def undocumented(source: str) -> list[str]:
    """The module and the public classes, functions and public classes' methods in it that have no docstring."""
    tree = parsed(source)
    found = [] if ast.get_docstring(tree) else ["the module"]
    kinds = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef) and not node.name.startswith("_")]
    for owner in [tree, *classes]:
        public = [node for node in owner.body if isinstance(node, kinds) and not node.name.startswith("_")]
        found += [f"{node.name}, line {node.lineno}" for node in public if not ast.get_docstring(node)]
    return found


ON_ARRAYS = re.compile(r"FloatArray|NDArray|ArrayLike")
#: As in `X (n, d)`: a tuple that begins with a number of rows, features, or whatever else is counted.
SHAPE = re.compile(r"\((?:n|d|k|m|p|chunks|blocks|rows|size|epochs|2|d \+ 1)[,)+ ]|any shape")


def on_arrays(source: str) -> Iterator[tuple[str, str]]:
    """The public functions and methods that take or give arrays, with their docstrings."""
    for node in ast.walk(parsed(source)):
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_") and (text := ast.get_docstring(node)):
            types = [*(one.annotation for one in node.args.args), node.returns]
            if ON_ARRAYS.search(" ".join(ast.unparse(one) for one in types if one)):
                yield node.name, text


def test_functions_on_arrays_give_shapes() -> None:
    """Nine in ten: a helper on arrays of any shape has none to give."""
    told = {
        (module, name): bool(SHAPE.search(text))
        for module, file in MODULES.items()
        for name, text in on_arrays(file.read_text(encoding="utf-8"))
    }
    assert len(told) > 200
    assert sum(told.values()) >= 0.9 * len(told), [name for name, given in told.items() if not given]


def test_a_docstring_stands_alone() -> None:
    """Whoever reads "The same, but …" in an editor sees nothing that it could be the same as."""
    kinds = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    texts = [
        (module, node.name, ast.get_docstring(node) or "")
        for module, tree in trees().items()
        for node in ast.walk(tree)
        if isinstance(node, kinds)
    ]
    assert [(module, name) for module, name, text in texts if text.startswith("The same")] == []


@pytest.mark.parametrize("module", MODULES)
def test_everything_public_has_a_docstring(module: str) -> None:
    assert undocumented(MODULES[module].read_text(encoding="utf-8")) == []


def test_a_missing_docstring_is_found() -> None:
    source = '"""A module."""\nclass A:\n    """A class."""\n    def f(self): ...\n    def _g(self): ...\ndef h(): ...'
    assert undocumented(source) == ["h, line 6", "f, line 4"]


def in_a_fresh_interpreter(code: str) -> Any:
    """What the code prints, as JSON, from an interpreter of its own."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def loaded_by(code: str) -> list[str]:
    """Which heavy libraries an interpreter has loaded after the code."""
    return in_a_fresh_interpreter(
        f"import sys, json\n{code}\nprint(json.dumps([m for m in {HEAVY!r} if m in sys.modules]))"
    )


@pytest.mark.parametrize("module", ["handgrad", "handgrad.cli", "handgrad.backends.catalogue"])
def test_importing_the_front_door_loads_nothing_heavy(module: str) -> None:
    assert loaded_by(f"import {module}") == []


def test_the_front_door_looks_up_no_versions_before_it_is_asked() -> None:
    """Looking one up imports what reads e-mail, a tenth of the time that `--help` takes."""
    code = """
import json, sys, typer.core
before = set(sys.modules)
import handgrad.cli
print(json.dumps(sorted({"importlib.metadata", "email"} & (set(sys.modules) - before))))
"""
    assert in_a_fresh_interpreter(code) == []


def test_what_is_loaded_is_seen() -> None:
    assert loaded_by("import numpy") == ["numpy"]


def test_listing_the_backends_imports_none_of_them() -> None:
    code = "from handgrad.backends.catalogue import catalogue\nfor e in catalogue().values(): e.reason(), e.version()"
    assert loaded_by(code) == []


def test_no_help_loads_anything_heavy() -> None:
    """All commands in one interpreter: what one of them loaded would stay and be seen."""
    code = """
import contextlib, io
import typer
from handgrad.cli import app

def asked(command, words):
    with contextlib.redirect_stdout(io.StringIO()) as shown:
        try:
            app([*words, "--help"])
        except SystemExit as end:
            assert end.code == 0, (words, end.code)
    assert "Usage:" in shown.getvalue(), words
    for name, inner in getattr(command, "commands", {}).items():
        asked(inner, [*words, name])

top = typer.main.get_command(app)
assert len(top.commands) >= 7, top.commands
asked(top, [])
"""
    assert loaded_by(code) == []


def test_python_m_handgrad_is_the_command(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "handgrad", "--help"],
        cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "compare" in done.stdout
    loaded = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
    assert "handgrad" in loaded
    assert loaded.isdisjoint(HEAVY)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("module", MODULES)
def test_every_module_can_be_imported(module: str) -> None:
    reasons = {described.module: described.reason() for described in catalogue().values()}
    if (reason := reasons.get(module)) is not None:
        pytest.skip(reason)
    if module == "handgrad.sklearn":
        pytest.importorskip("sklearn", reason="scikit-learn is not installed")
    if module.startswith("handgrad.backends.cluster."):
        pytest.importorskip("distributed", reason="Dask is not installed")
    importlib.import_module(module)
