"""Backends whose fault lies in their process: the row of each fails with its reason, and nobody else's."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

FAULTY = Path(__file__).parents[2] / "faulty"

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the faults are made with Linux's processes and pipes")


#: What is wrong with each, in the words of its reason.
REASONS = [
    ("final", "W1 at the end of the run is 9, but "),
    ("shape", "expected 1 weights in the gradient and at the end of its run, got 1 and 2"),
    ("answers", "something that is no answer to 'first_call' came in the place of one: '{\"seconds\": 1e-9"),
    ("times", "something that is no answer to 'time' came in the place of one: '7 {\"answer\""),
    ("clock", "its clock gave -"),
    ("idle", " under the clock are "),
    ("memory", " under the clock are "),
    ("minimum", " under the clock are "),
    ("half", " under the clock are "),
]


def compared(folder: Path, *words: str) -> tuple[int, dict[str, Any]]:
    """The exit code of a comparison, and its result."""
    done = subprocess.run(
        [sys.executable, "-m", "handgrad", "compare", "--json", "--budget", "0.05", "--out", str(folder), *words],
        env=os.environ | {"PYTHONPATH": str(FAULTY)}, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    names = ",".join(f"faulty-{name}" for name, _ in REASONS)
    folder = tmp_path_factory.mktemp("compare") / "run"
    code, result = compared(folder, "--backends", f"numpy,honest-lazy,{names}")
    assert code == 1
    return result


def test_a_backend_that_is_right_is_not_blamed_for_its_neighbours(found: dict[str, Any]) -> None:
    numpy = found["backends"]["numpy"]
    assert numpy["status"] == "ok"
    assert numpy["accuracy"]["passed"]
    assert not any(reason.startswith("numpy: ") for reason in found["verdict"]["reasons"])
    ends = numpy["lap_ends"]
    assert ends["held"] == ends["laps"] > 5
    assert ends["against"] == "true path"
    assert ends["ratio"] <= 1


def test_what_is_done_when_the_result_is_asked_for_is_within_the_clock(found: dict[str, Any]) -> None:
    lazy = found["backends"]["honest-lazy"]
    assert lazy["accuracy"]["passed"]
    assert lazy["lap_ends"]["ratio"] <= 1
    assert lazy["speed"]["relative"] > 0.2  # it does what NumPy does; at its dispatch it is a hundred times as fast


@pytest.mark.parametrize(("name", "told"), REASONS)
def test_the_row_of_a_faulty_backend_fails_with_its_reason(found: dict[str, Any], name: str, told: str) -> None:
    (reason,) = [one for one in found["verdict"]["reasons"] if one.startswith(f"faulty-{name}: ")]
    assert told in reason
    assert found["backends"][f"faulty-{name}"]["speed"] is None or name == "final"


def test_processes_that_a_backend_leaves_behind_are_not_waited_for(tmp_path: Path) -> None:
    began = time.monotonic()
    code, result = compared(tmp_path / "run", "--backends", "numpy,faulty-forks")
    assert code == 0, result["verdict"]
    assert time.monotonic() - began < 50  # they sleep for 60 s
