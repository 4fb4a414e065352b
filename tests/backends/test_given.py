"""What is given in place of a name: described by its text, never run; a name of its own; one line on what is wrong."""

from __future__ import annotations

import functools
import threading
from pathlib import Path
from textwrap import dedent

import pytest

from handgrad.backends.catalogue import UnknownBackend, catalogue
from handgrad.backends.given import GivenError, entries, entry_of, of_text

GRADIENT = '''
"""Mine, with care. More of it."""
import nowhere_to_be_found

KIND = "autodiff"
REQUIRES = "no_such_library"
INSTALL = "pip install it"
LOSS = "half-mse"

def gradient(X, y, weights, bias):
    return X, y
'''
TRAINER = """
from handgrad.backends.numpy import NumPyTrainer

raise SystemExit("this is run")

class Mine(NumPyTrainer):
    name = "whatever"
    summary = "NumPy's"
    kind = "manual"
"""


@pytest.fixture
def file(tmp_path: Path):
    def written(name: str, text: str) -> str:
        (tmp_path / name).write_text(dedent(text))
        return str(tmp_path / name)

    return written


def test_a_file_is_described_by_its_constants_and_not_run(file):
    found = of_text(file("My code.py", GRADIENT.lstrip()))
    assert (found.kind, found.requires) == ("autodiff", ("no_such_library",))
    assert found.summary == "Mine, with care. More of it"
    assert found.code.loss == "half-mse"
    assert found.reason() == "backend 'My code' needs no_such_library: pip install it"


def test_a_class_of_a_file_is_described_by_its_literals(file):
    found = of_text(file("trainers.py", TRAINER))
    assert (found.name, found.class_name, found.summary) == ("trainers", "Mine", "NumPy's")
    assert of_text(file("trainers.py", TRAINER) + ":Mine").name == "Mine"


def test_each_has_a_name_of_its_own_that_is_safe_everywhere(file):
    text = "def gradient(X, y, weights, bias): ..."
    given = [file(name, text) for name in ("numpy.py", "My <b>code<b>.py", "mine.py", "ñ.py")]
    found = entries(["numpy", *given, given[2], f"Own.Name={given[2]}", "numpy"])
    assert [one.name for one in found] == [
        "numpy", "numpy-2", "my-b-code-b", "mine", "given", "mine-2", "own-name",
    ]  # fmt: skip
    assert all(set(one.name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-") for one in found)
    assert len({one.name for one in found} | set(catalogue())) == len(catalogue()) + 6


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("nowhere.py", "nowhere.py: expected a file, found no such file"),
        ("{folder}", "expected a file, found a folder"),
        ("{broken}", r"broken.py, line 2: "),
        ("{binary}", r"binary.py: source code string cannot contain null bytes"),
    ],
)
def test_what_is_no_file_of_python_is_told_in_one_line(text, told, tmp_path):
    (tmp_path / "folder.py").mkdir()
    (tmp_path / "broken.py").write_text("x = 1\ndef (")
    (tmp_path / "binary.py").write_bytes(b"\x00\xff")
    places = {name: tmp_path / f"{name}.py" for name in ("folder", "broken", "binary")}
    with pytest.raises(GivenError, match=told) as caught:
        of_text(text.format(**places))
    assert "\n" not in str(caught.value)


def test_a_name_that_is_no_file_is_looked_up(file):
    assert entry_of("NumPy").name == "numpy"
    assert entry_of(Path(file("mine.py", "def step(): ..."))).code is not None
    with pytest.raises(UnknownBackend, match="did you mean 'numpy'"):
        entry_of("nunpy")


def test_objects_are_described_by_what_they_say_of_themselves():
    def mine(X, y, weights, bias):
        """Mine. And more."""

    found = entry_of(mine)
    assert (found.name, found.summary, found.kind, found.file.name) == (
        "mine",
        "Mine. And more",
        "manual",
        "test_given.py",
    )
    assert entries([lambda: 0])[0].name == "lambda"
    assert entry_of(functools.partial(mine, 1)).name == "partial"


def test_an_object_that_cannot_be_sent_is_told_with_what_to_do():
    lock = threading.Lock()

    def mine(X, y, weights, bias):
        return lock

    with pytest.raises(GivenError, match=r"mine cannot be sent to a process of its own \(.*lock.*put it into a file"):
        entry_of(mine)
    with pytest.raises(GivenError, match="expected a backend's name, a file, a function or a class, got int"):
        entry_of(7)  # type: ignore[arg-type]


def test_a_program_on_the_path_is_another_once_it_is_built_anew(tmp_path, monkeypatch):
    program = tmp_path / "some-descent"
    monkeypatch.setenv("PATH", str(tmp_path))
    found = list[str]()
    for build in ("1", "1", "2"):
        program.write_text(f"#!/bin/sh\n# {build}\n")
        program.chmod(0o755)
        code = of_text("some-descent --fast").code
        assert code is not None
        found.append(code.digest)
    assert found[0] == found[1] != found[2]
