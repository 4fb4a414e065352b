"""What a shell offers after TAB: through typer's own completion, as bash asks for it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from handgrad.backends.catalogue import catalogue
from handgrad.cli import app
from handgrad.data import builtin_sets

HEAVY = {"numpy", "pandas", "matplotlib", "numba", "torch", "pyarrow", "mpmath", "jax", "scipy"}


def asked(words: str) -> dict[str, str]:
    """How bash asks for what may stand in place of the last word."""
    place = str(len(words.split(" ")) - 1)
    return {"COMP_WORDS": words, "COMP_CWORD": place, "_HANDGRAD_COMPLETE": "complete_bash"}


def offered(words: str) -> list[str]:
    """What is offered in place of the last word."""
    done = CliRunner().invoke(app, [], env=asked(words), prog_name="handgrad")
    assert done.exit_code == 0, done.output
    return done.stdout.split()


@pytest.mark.parametrize("command", ["compare", "gradcheck", "explain", "learn"])
def test_data_sets_complete(command: str) -> None:
    assert offered(f"handgrad {command} --dataset ") == builtin_sets.names()
    assert offered(f"handgrad {command} --dataset no") == ["norris"]


@pytest.mark.parametrize("command", ["compare", "gradcheck", "bench"])
def test_the_last_name_of_a_list_of_backends_completes(command: str) -> None:
    assert offered(f"handgrad {command} --backends ") == list(catalogue())
    assert offered(f"handgrad {command} --backends nump") == ["numpy"]
    assert offered(f"handgrad {command} --backends python,ta") == ["python,tape"]
    assert "tape,torch" in offered(f"handgrad {command} --backends tape,t")
    assert "tape,tape" not in offered(f"handgrad {command} --backends tape,t")


@pytest.mark.parametrize(
    ("words", "values"),
    [
        ("handgrad train --backend ex", ["exact"]),
        ("handgrad train --model-format p", ["pickle"]),
        ("handgrad compare --dtype f", ["float64", "float32"]),
        ("handgrad bench --dtypes ", ["float64", "float32"]),
        ("handgrad bench --dtypes float64,", ["float64,float32"]),
        ("handgrad gradcheck --at o", ["optimum"]),
        ("handgrad exer", ["exercise"]),
    ],
)
def test_other_values_complete(words: str, values: list[str]) -> None:
    assert offered(words) == values


@pytest.mark.parametrize("words", ["handgrad compare --dataset ", "handgrad compare --backends numpy,"])
def test_completing_loads_nothing_heavy(words: str) -> None:
    start = "from handgrad.__main__ import main; main()"
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", start], env=os.environ | asked(words), capture_output=True,
        text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.split()) > 5
    loaded = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
    assert "handgrad" in loaded
    assert loaded.isdisjoint(HEAVY)
