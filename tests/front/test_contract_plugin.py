"""The contract ships: `pytest --pyargs handgrad.contract --backend mine.py` holds anyone's backend to it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

RIGHT = """
def gradient(X, y, weights, bias):
    residual = X @ weights + bias - y
    return 2 / len(y) * (X.T @ residual), 2 * residual.mean()
"""
WRONG = RIGHT.replace("residual.mean()", "residual.mean() * (1 + 1e-6)")
DOUBLE = RIGHT.replace("X @ weights", 'X.astype("f8") @ weights')


def held(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """pytest on the contract, in an interpreter of its own."""
    environment = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "--tb=line", "-p", "handgrad.contract.entry"]
    return subprocess.run(
        [*command, "-p", "no:cacheprovider", "--pyargs", "handgrad.contract", *words],
        cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def test_your_own_file_is_held_to_the_contract_by_one_command(tmp_path: Path) -> None:
    for name, text in (("right.py", RIGHT), ("wrong.py", WRONG), ("double.py", DOUBLE)):
        (tmp_path / name).write_text(text)
    options = [word for name in ("right", "wrong", "double") for word in ("--backend", f"{name}.py")]
    chosen = "(rounding_bound_of_the_exact and 101) or computed_in_float32 or uint8 or files_order_do_not"
    done = held(tmp_path, *options, "-k", chosen)
    assert "6 failed" not in done.stdout
    failed = {line.partition(" - ")[0].rpartition("::")[2] for line in done.stdout.splitlines() if "FAILED" in line}
    assert {name.partition("[")[2].partition(".py")[0] for name in failed} == {"wrong", "double"}, done.stdout
    assert "test_float32_is_computed_in_float32_and_not_only_stored_in_it[double.py]" in failed


def test_without_a_backend_it_says_what_to_name(tmp_path: Path) -> None:
    done = held(tmp_path, "-k", "gives_the_same_bits")
    assert "expected --backend mine.py" in done.stdout


@pytest.mark.parametrize("group", ["", ".getgroup('theirs')"])
def test_somebody_elses_option_is_neither_taken_for_ours_nor_in_the_way(tmp_path: Path, group: str) -> None:
    """Letters of another plug-in's default are no backends; nor is naming the plug-in twice an error."""
    (tmp_path / "theirs.py").write_text(
        f"def pytest_addoption(parser): parser{group}.addoption('--backend', default='numpy')"
    )
    for name in ("right.py", "other.py"):
        (tmp_path / name).write_text(RIGHT)
    theirs = ("-p", "theirs", "-p", "handgrad.contract.plugin", "-o", "pythonpath=.", "--collect-only")
    done = held(tmp_path, *theirs, "--handgrad-backend", "right.py", "--backend=other.py", "-k", "gives_the_same_bits")
    for name in ("right.py", "other.py"):
        assert f"gives_the_same_bits[{name}]" in done.stdout, done.stdout + done.stderr
    done = held(tmp_path, *theirs, "-k", "gives_the_same_bits")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "[n]" not in done.stdout


def test_pytest_brings_nothing_along_where_the_contract_is_not_named(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text("def pytest_addoption(parser): parser.addoption('--backend')")
    (tmp_path / "test_it.py").write_text("def test_it(request): assert request.config.getoption('backend') == 'x'")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "handgrad.contract.entry", "--backend", "x", "test_it.py"],
        cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
        env=os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_contract_asks_what_a_backend_says_of_itself_and_not_its_name() -> None:
    import handgrad.contract

    text = "".join(file.read_text(encoding="utf-8") for file in Path(handgrad.contract.__file__).parent.glob("*.py"))
    assert re.findall(r"\.name (?:==|!=|in|not in) .*", text) == []


def test_the_entry_point_is_declared() -> None:
    from sources import PROJECT

    assert PROJECT["project"]["entry-points"]["pytest11"] == {"handgrad-contract": "handgrad.contract.entry"}
    pytest.importorskip("handgrad.contract.entry")
