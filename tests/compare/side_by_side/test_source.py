"""Functions cut out of source files, as they stand there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from handgrad.backends.catalogue import catalogue, entry
from handgrad.compare.side_by_side.source import STEPS, cut, functions, lines_of_code, source_of

TEXT = '''"""A module."""

@decorated
def plain(a):
    """What it does."""
    return a  # as it is


class One:
    """A class."""

    @property
    def value(self):

        return 1
'''


def test_functions_stand_at_the_left_edge_with_their_decorators_in_the_order_asked_for() -> None:
    assert cut(TEXT, ["One.value", "plain"], "text") == (
        '@property\ndef value(self):\n\n    return 1\n\n@decorated\ndef plain(a):\n    """What it does."""\n'
        "    return a  # as it is\n"
    )


@pytest.mark.parametrize("name", ["One", "value", "One.other", "Two.value"])
def test_what_is_not_there_or_no_function_is_told_with_its_file(name: str) -> None:
    with pytest.raises(LookupError, match=f"text: expected {name}"):
        cut(TEXT, [name], "text")


def test_functions_are_those_of_the_module_or_of_the_class() -> None:
    assert list(functions(TEXT)) == ["plain"]
    assert list(functions(TEXT, "One")) == ["value"]
    assert functions(TEXT, "Two") == {}


def test_neither_comments_nor_docstrings_nor_blank_lines_are_code() -> None:
    assert lines_of_code(TEXT) == 7


#: By backend: the files of what is shown, and functions that must be there, in this order.
SHOWN = {
    "python": ("python.py", ["predict", "loss", "one_feature", "gradient", "update"]),
    "numpy": (
        "numpy.py, array_trainer.py",
        ["predict", "loss", "residuals", "gradient", "block_sums", "update"],
    ),
    "numba": ("numba.py, array_trainer.py", ["predict", "loss", "gradient", "block_sums", "mean_of", "update"]),
    "tape": (
        "tape.py, array_trainer.py, autodiff.py",
        ["predict", "loss", "gradient", "backward", "topological", "update"],
    ),
    "torch": ("torch.py", ["predict", "loss", "gradient", "update", "optimizer_of"]),
    "moments": (
        "moments.py, numba_tiled.py, array_trainer.py, tiles.py, gram_pass.py, lanes.py, blocks.py",
        ["predict", "loss", "gradient", "all_products_threaded", "load", "update"],
    ),
    "numba-tiled": (
        "numba_tiled.py, array_trainer.py, tiles.py, tiled_pass.py, lanes.py",
        ["predict", "loss", "gradient", "all_sums_threaded", "chunk_sums", "fused", "update"],
    ),
}


def defined(code: str) -> list[str]:
    return [line.split("(")[0].removeprefix("def ") for line in code.splitlines() if line.startswith("def ")]


@pytest.mark.parametrize("name", SHOWN)
def test_the_steps_are_shown_in_order_wherever_they_stand_with_what_they_call(name: str) -> None:
    source, (files, functions) = source_of(entry(name)), SHOWN[name]
    assert source.file == files
    shown = iter(defined(source.code))
    assert [function for function in functions if function not in shown] == []
    assert {line[2:] for line in source.code.splitlines() if line.startswith("# ")} == set(files.split(", "))


@pytest.mark.parametrize("name", [name for name, described in catalogue().items() if described.by_default])
def test_every_backend_shows_all_its_steps_and_nothing_twice(name: str) -> None:
    source = source_of(entry(name))
    assert set(STEPS) <= set(defined(source.code))
    functions = [piece for piece in source.code.split("\n\n") if not piece.startswith("# ")]
    assert len(functions) == len(set(functions))
    assert source.lines == lines_of_code(source.code)


def shown_of(text: str, class_name: str, folder: Path) -> list[str]:
    file = folder / "mine.py"
    file.write_text(text, encoding="utf-8")
    described = entry("numpy")
    return defined(source_of(replace(described, module="mine", file=file, class_name=class_name)).code)


def test_a_class_that_changes_one_step_of_a_backend_shows_the_others_as_they_are_there(tmp_path: Path) -> None:
    text = """
from handgrad.backends.python import PythonTrainer as Plain

def halved(x):
    return x / 2 + halved(0)

class Mine(Plain):
    def update(self, weights, bias, gradient, learning_rate):
        return halved(self.again())

    def again(self):
        return self.update
"""
    shown = shown_of(text, "Mine", tmp_path)
    assert shown[0] == "predict"
    assert shown[-3:] == ["update", "halved", "again"]


def test_bases_from_elsewhere_are_left_out_even_of_the_same_name(tmp_path: Path) -> None:
    text = "from other import Mine\nimport third\nclass Mine(Mine, third.Base):\n    def gradient(self): ...\n"
    assert shown_of(text, "Mine", tmp_path) == ["gradient"]
    assert shown_of(text, "Missing", tmp_path) == []
