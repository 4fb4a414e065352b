"""The formats by name, and what of each command can be shown in them."""

from __future__ import annotations

import importlib
from collections.abc import Callable

from handgrad.compare.results.bench import Bench
from handgrad.compare.results.comparison import Comparison
from handgrad.compare.results.diff import Diff

#: What a format shows.
Exported = Comparison | Bench | Diff

#: The module of each format; its `export` gives the text.
MODULES = {
    "markdown": "markdown",
    "junit": "junit",
    "bencher": "bencher",
    "github-action-benchmark": "github_action_benchmark",
    "pytest-benchmark": "pytest_benchmark",
}

#: The formats of tools that hold times of their own against each other; of two runs they are given the later one.
OF_TIMES = ("bencher", "github-action-benchmark", "pytest-benchmark")


def export(found: Exported, name: str) -> str:
    """A result in a format, with a newline at its end. Formats `OF_TIMES` take a run, and no difference of two."""
    made: Callable[[Exported], str] = importlib.import_module(f"{__package__}.{MODULES[name]}").export
    return made(found)
