"""The examples: libraries of others, each in one file, beside NumPy in one comparison."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from handgrad.backends.given import of_text
from handgrad.cli import app

EXAMPLES = Path(__file__).parents[2] / "examples"
FILES = sorted(file.stem for file in EXAMPLES.glob("*.py"))


def reason(name: str) -> str | None:
    """Why an example cannot run here."""
    if name == "c_by_ctypes" and shutil.which("cc") is None:
        return "there is no C compiler"
    return of_text(str(EXAMPLES / f"{name}.py")).reason()


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """One comparison of all that can run here."""
    options = [word for name in FILES if reason(name) is None for word in ("--with", str(EXAMPLES / f"{name}.py"))]
    words = ["compare", "--dataset", "norris", "--backends", "numpy", "--budget", "0.01", "--epochs", "20", "--json"]
    done = CliRunner().invoke(app, [*words, "--out", str(tmp_path_factory.mktemp("run")), *options])
    result: dict[str, Any] = json.loads(done.stdout[done.stdout.index("{") :])
    return result


@pytest.mark.parametrize("name", FILES)
def test_an_example_is_right_and_timed_but_for_the_one_that_is_no_full_batch(found: dict[str, Any], name: str) -> None:
    if (why := reason(name)) is not None:
        pytest.skip(why)
    row = found["backends"][name.replace("_", "-")]
    if name == "sklearn_sgd":
        assert (row["status"], row["accuracy"]["passed"]) == ("failed", False)
        assert not found["verdict"]["passed"]
        assert 1e-3 < row["accuracy"]["parameters"]["max_relative"] < 1e-2  # where passes through single rows end
        assert row["accuracy"]["start_gradient"]["max_relative"] < 1  # one pass, and not one that has left all bounds
        return
    assert row["status"] == "ok", row["reason"]
    assert row["accuracy"]["passed"]
    assert row["speed"]["epoch_seconds"]["median"] > 0


def test_every_example_says_what_it_needs() -> None:
    for name in FILES:
        described = of_text(str(EXAMPLES / f"{name}.py"))
        assert described.summary != f"{name}.py", name
        assert described.install or not described.requires, name
