"""What works where Numba, pandas, pyarrow, psutil and threadpoolctl are not installed, as in a browser's Python."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

MISSING = ("numba", "llvmlite", "pandas", "pyarrow", "psutil", "threadpoolctl")

#: Makes every finder of modules blind to those; Python runs it when it starts, in what a command starts, too.
BLIND = f"""
import sys

class Blind:
    def __init__(self, finder):
        self.finder = finder

    def find_spec(self, name, path=None, target=None):
        return None if name.partition(".")[0] in {MISSING!r} else self.finder.find_spec(name, path, target)

    def __getattr__(self, name):
        return getattr(self.finder, name)

sys.meta_path[:] = [Blind(finder) for finder in sys.meta_path]
"""

TABLE = "a,b,y\n1,2,3\n2,1,4\n3,5,9\n4,4,8\n5,1,2\n"
MINE = "def gradient(X, y, w, b):\n    r = X @ w + b - y\n    return 2 / len(y) * X.T @ r, 2 * r.mean()\n"


class Bare(NamedTuple):
    """A folder with a table and a gradient, and an environment without those libraries."""

    folder: Path
    environment: dict[str, str]

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *words], cwd=self.folder, env=self.environment, capture_output=True, text=True,
            timeout=120, check=False,
        )  # fmt: skip

    def command(self, line: str) -> subprocess.CompletedProcess[str]:
        return self.run("-m", "handgrad", *line.split())


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Bare:
    folder = tmp_path_factory.mktemp("bare")
    for name, text in {"site/sitecustomize.py": BLIND, "t.csv": TABLE, "mine.py": MINE}.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return Bare(folder, os.environ | {"PYTHONPATH": str(folder / "site"), "MPLBACKEND": "Agg"})


def test_the_libraries_are_not_there(bare: Bare) -> None:
    for module in MISSING:
        assert f"No module named '{module}'" in bare.run("-c", f"import {module}").stderr
    assert bare.run("-c", "import numpy").returncode == 0


def test_python_names_work(bare: Bare) -> None:
    code = """
import handgrad as hg
import numpy as np
import mine

X, y = np.arange(6.0).reshape(3, 2), np.arange(3.0)
runs = [hg.train(X, y, learning_rate=0.01, epochs=3, backend=name) for name in (None, "numpy", "tape", "python")]
assert runs[0].weights.tolist() == runs[1].weights.tolist()  # nobody named one: NumPy
assert all(np.allclose(run.weights, runs[1].weights, rtol=1e-12) for run in runs)
for name in ("python", "numpy", "tape", "exact"):
    assert abs(hg.gradient(X, y, [1, 2], 0.5, backend=name).bias - 15) < 1e-12
assert hg.check(mine.gradient).correct
hg.assert_right(mine.gradient)
assert hg.judge(np.sum, y).passed
assert hg.load_table("t.csv").X.shape == (5, 2)
"""
    done = bare.run("-c", code)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("check mine.py", "gradient is right"),
        ("train t.csv --backend tape --grad-check --epochs 3", "loss"),
        ("gradcheck t.csv --backends python,numpy,tape", "PASSED"),
        ("backends", "pip install numba"),
    ],
)
def test_commands_work(bare: Bare, line: str, told: str) -> None:
    done = bare.command(line)
    assert done.returncode == 0, done.stderr
    assert told.lower() in done.stdout.lower()


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("train t.csv --backend numba", "handgrad: backend 'numba' needs numba: pip install numba"),
        ("compare t.csv --epochs 3", "handgrad: this needs psutil, which is not installed: pip install psutil"),
    ],
)
def test_what_does_not_is_told_in_one_line(bare: Bare, line: str, told: str) -> None:
    done = bare.command(line)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == told
    assert "Traceback" not in done.stderr
