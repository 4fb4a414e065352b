"""Functions cut out of source files, as they stand there."""

from __future__ import annotations

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


@pytest.mark.parametrize("name", [name for name, described in catalogue().items() if described.by_default])
def test_every_backend_shows_its_steps(name: str) -> None:
    source = source_of(entry(name))
    assert source.file.endswith(".py")
    assert source.lines >= 1
    assert "def gradient(" in source.code
    assert {line.split("(")[0].removeprefix("def ") for line in source.code.splitlines() if line[:4] == "def "} <= set(
        STEPS
    )
