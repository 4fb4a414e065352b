"""Machine code is kept on disk until a file that it was made of changes."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from handgrad.backends.kernels import compiling

#: A compiled function, and one of another file that is compiled into it.
CALLER = """
from compiling import compiled
from helper import more

@compiled
def answer(x):
    return more(x)
"""
HELPER = """
from compiling import inner

@inner
def more(x):
    return x + {}
"""


#: Imports Numba once, then forks a process for each question: a folder and its variables, a line of JSON each.
PROCESSES = """
import json, os, sys
import numba

sys.dont_write_bytecode = True  # two texts of the same second and length are two files
for line in sys.stdin:
    folder, variables = json.loads(line)
    if (process := os.fork()) == 0:
        os.environ.update(variables)
        numba.core.config.reload_config()
        sys.path.insert(0, folder)
        from caller import answer
        print(answer(1), sum(answer.stats.cache_hits.values()), flush=True)
        os._exit(0)
    if os.waitpid(process, 0)[1]:
        print("failed", flush=True)
"""

Answer = Callable[..., list[str]]


@pytest.fixture(scope="module")
def answer() -> Iterator[Answer]:
    """What the compiled function says of 1, in a process of its own, and how often its machine code was on disk."""
    variables = os.environ | {"NUMBA_CACHE_DIR": ""}
    command = [sys.executable, "-c", PROCESSES]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=variables, stdin=pipe, stdout=pipe, text=True) as parent:
        assert parent.stdin
        assert parent.stdout
        ask, told = parent.stdin, parent.stdout

        def asked(folder: Path, **environment: str) -> list[str]:
            print(json.dumps([str(folder), environment]), file=ask, flush=True)
            return told.readline().split()

        yield asked
        ask.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return filled(tmp_path)


def filled(folder: Path) -> Path:
    """A folder as that of the kernels is: with its own copy of the module under test."""
    shutil.copy(compiling.__file__, folder)
    (folder / "caller.py").write_text(CALLER)
    (folder / "helper.py").write_text(HELPER.format(10))
    return folder


def test_a_change_in_another_file_of_the_folder_is_compiled_in(folder: Path, answer: Answer) -> None:
    assert answer(folder) == ["11", "0"]
    assert answer(folder) == ["11", "1"]
    (folder / "helper.py").write_text(HELPER.format(20))
    assert answer(folder) == ["21", "0"]
    assert answer(folder) == ["21", "1"]


def test_the_same_holds_in_a_cache_folder_that_the_user_names(folder: Path, tmp_path: Path, answer: Answer) -> None:
    cache = str(tmp_path / "cache")
    assert answer(folder, NUMBA_CACHE_DIR=cache) == ["11", "0"]
    (folder / "helper.py").write_text(HELPER.format(20))
    assert answer(folder, NUMBA_CACHE_DIR=cache) == ["21", "0"]
    assert answer(folder, NUMBA_CACHE_DIR=cache) == ["21", "1"]
    assert not list(folder.rglob("__pycache__/*.nbi"))


def truncated(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def empty(file: Path) -> None:
    file.write_bytes(b"")


def a_bit_fallen_over(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) * 3 // 4] ^= 4
    file.write_bytes(content)


def no_pickle(file: Path) -> None:
    file.write_bytes(b"\x80\x05}." if file.suffix == ".nbi" else b"<html>")


def a_folder(file: Path) -> None:
    file.unlink()
    (file / "within").mkdir(parents=True)


def of_another_version(file: Path) -> None:
    file.write_bytes(pickle.dumps("0.1.0") + b"unknown to us")


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory, answer: Answer) -> Path:
    """A folder as above, with what was compiled in it."""
    folder = filled(tmp_path_factory.mktemp("compiled"))
    assert answer(folder) == ["11", "0"]
    return folder


@pytest.mark.parametrize("ending", ["nbi", "nbc"])
@pytest.mark.parametrize("damage", [truncated, empty, a_bit_fallen_over, no_pickle, a_folder, of_another_version])
def test_a_damaged_cache_is_as_good_as_none(
    compiled: Path, tmp_path: Path, damage: Callable[[Path], None], ending: str, answer: Answer
) -> None:
    folder = shutil.copytree(compiled, tmp_path / "copy")
    assert answer(folder) == ["11", "1"]
    for file in list(folder.rglob(f"__pycache__/*.{ending}")):
        damage(file)
    assert answer(folder)[0] == "11"
    if damage is not a_folder:  # nothing can be written in its place
        assert answer(folder) == ["11", "1"]


def test_without_a_folder_to_write_to_each_process_compiles_for_itself(folder: Path, answer: Answer) -> None:
    (folder / "no folder").write_text("")
    assert answer(folder, NUMBA_CACHE_DIR=str(folder / "no folder" / "cache")) == ["11", "0"]


def test_without_a_home_the_cache_is_where_it_can_be(folder: Path, answer: Answer) -> None:
    assert answer(folder, HOME="", XDG_CACHE_HOME="") == ["11", "0"]
