"""Machine code is kept on disk until a file that it was made of changes."""

from __future__ import annotations

import os
import pickle
import shutil
import subprocess
import sys
from collections.abc import Callable
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


def answer(folder: Path, **environment: str) -> list[str]:
    """What the compiled function says of 1, and how often its machine code came from the disk."""
    code = "from caller import answer; print(answer(1), sum(answer.stats.cache_hits.values()))"
    variables = os.environ | {"PYTHONPATH": str(folder), "NUMBA_CACHE_DIR": ""} | environment
    done = subprocess.run([sys.executable, "-c", code], env=variables, capture_output=True, text=True, check=True)
    return done.stdout.split()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder as that of the kernels is: with its own copy of the module under test."""
    shutil.copy(compiling.__file__, tmp_path)
    (tmp_path / "caller.py").write_text(CALLER)
    (tmp_path / "helper.py").write_text(HELPER.format(10))
    return tmp_path


def test_a_change_in_another_file_of_the_folder_is_compiled_in(folder: Path) -> None:
    assert answer(folder) == ["11", "0"]
    assert answer(folder) == ["11", "1"]
    (folder / "helper.py").write_text(HELPER.format(20))
    assert answer(folder) == ["21", "0"]
    assert answer(folder) == ["21", "1"]


def test_the_same_holds_in_a_cache_folder_that_the_user_names(folder: Path, tmp_path: Path) -> None:
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


@pytest.mark.parametrize("ending", ["nbi", "nbc"])
@pytest.mark.parametrize("damage", [truncated, empty, a_bit_fallen_over, no_pickle, a_folder, of_another_version])
def test_a_damaged_cache_is_as_good_as_none(folder: Path, damage: Callable[[Path], None], ending: str) -> None:
    assert answer(folder) == ["11", "0"]
    for file in list(folder.rglob(f"__pycache__/*.{ending}")):
        damage(file)
    assert answer(folder)[0] == "11"
    if damage is not a_folder:  # nothing can be written in its place
        assert answer(folder) == ["11", "1"]


def test_without_a_folder_to_write_to_each_process_compiles_for_itself(folder: Path) -> None:
    (folder / "no folder").write_text("")
    assert answer(folder, NUMBA_CACHE_DIR=str(folder / "no folder" / "cache")) == ["11", "0"]


def test_without_a_home_the_cache_is_where_it_can_be(folder: Path) -> None:
    assert answer(folder, HOME="", XDG_CACHE_HOME="") == ["11", "0"]
