"""`--with`, and objects of Python in place of names: your own code, judged and timed beside the backends."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest
from typer.testing import CliRunner

import handgrad as hg
from handgrad.cli import app
from handgrad.compare.results.comparison import Comparison
from handgrad.compare.results.files import from_json, to_json
from handgrad.reports.compare.html import html

MINE = '''
"""Mine <script>alert(1)</script>."""
import time
import numpy as np

time.sleep(0.2)

def gradient(X, y, weights, bias):
    r = X @ weights + bias - y
    return 2 / len(y) * (r @ X), 2 * r.mean()

def step(X, y, weights, bias, learning_rate):
    d_weights, d_bias = gradient(X, y, weights, bias)
    return weights - learning_rate * d_weights, bias - learning_rate * d_bias

def late(X, y, weights, bias):
    d_weights, d_bias = gradient(X, y, weights, bias)
    return d_weights, d_bias * (1 + 1e-9)

def dies(X, y, weights, bias):
    import ctypes
    ctypes.string_at(0)

def half(X, y, weights, bias):
    return tuple(part / 2 for part in gradient(X, y, weights, bias))
'''
TRAINER = """
from handgrad.backends.numpy import NumPyTrainer

class Mine(NumPyTrainer):
    name = "mine"
    summary = "NumPy's"
    kind = "manual"
"""


#: A C kernel through ctypes, as one writes it by hand.
CTYPES = """
import ctypes
import numpy as np
from pathlib import Path

kernel = ctypes.CDLL(str(Path(__file__).with_name("kernel.so"))).gradient
array = np.ctypeslib.ndpointer(flags="C")
kernel.argtypes = [array, array, ctypes.c_size_t, ctypes.c_size_t, array, ctypes.c_double, array, array]

def gradient(X, y, weights, bias):
    dW, db = np.empty_like(weights), np.empty(1)
    kernel(X, y, *X.shape, weights, bias, dW, db)
    return dW, db[0]
"""
EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "mine.py").write_text(MINE)
    (tmp_path / "numpy.py").write_text(dedent(TRAINER))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*words: str) -> tuple[int, str]:
    """The command's exit code, and what it printed."""
    done = CliRunner().invoke(app, list(words))
    return done.exit_code, done.output


def test_your_own_stand_beside_the_backends_judged_and_timed_like_them(folder):
    given = ["mine.py", "mine.py:step", "numpy.py", "mine.py:late", "mine.py:dies", "mine.py:half"]
    options = [word for one in given for word in ("--with", one)]
    code, output = run("compare", "--dataset", "norris", "--backends", "numpy", *options, "--out", "run", "--json")
    found = json.loads(output[output.index("{") :])
    rows = found["backends"]
    assert list(rows) == ["numpy", "mine", "step", "numpy-2", "late", "dies", "half"]
    assert {name: row["status"] for name, row in rows.items()} == {
        "numpy": "ok", "mine": "ok", "step": "ok", "numpy-2": "ok",
        "late": "failed", "dies": "failed", "half": "failed",
    }  # fmt: skip
    assert [name for name, row in rows.items() if row["accuracy"] and row["accuracy"]["passed"]] == list(rows)[:4]
    assert rows["dies"]["reason"].startswith("its process ended with signal SIGSEGV")
    assert "got that of (1/2n) Σ r²" in rows["half"]["reason"]
    assert all(rows[name]["speed"]["epoch_seconds"]["median"] > 0 for name in ("mine", "step", "numpy-2"))
    assert rows["mine"]["speed"]["import_seconds"] > 0.2
    assert "def gradient" in rows["mine"]["source"]["code"]
    assert code == 1
    page = (folder / "run" / "report.html").read_text()
    assert "<script>alert" not in page
    assert "Mine &lt;script&gt;" in page


@pytest.mark.usefixtures("without_figures")
def test_all_that_can_be_given_stands_in_one_report_made_by_one_command(folder):
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("there is no C compiler")
    for source, made, options in (("kernel.c", "kernel.so", ["-shared", "-fPIC"]), ("program.c", "program", [])):
        subprocess.run([compiler, "-O2", *options, "-o", folder / made, EXAMPLES / source], check=True)
    (folder / "ctypes_kernel.py").write_text(CTYPES)
    given = ["ctypes_kernel.py", "mine.py", "numpy.py", "./program", "kernel.so"]
    options = [word for one in given for word in ("--with", one)]
    words = ["compare", "--dataset", "norris", "--backends", "numpy,python", "--out", "run", "--json"]
    code, output = run(*words, *options)
    found = json.loads(output[output.index("{") :])
    names = ["numpy", "python", "ctypes-kernel", "mine", "numpy-2", "program", "kernel"]
    assert list(found["backends"]) == names
    for name, row in found["backends"].items():
        assert row["status"] == "ok", (name, row["reason"])
        assert row["accuracy"]["passed"], name
        assert row["speed"]["epoch_seconds"]["median"] > 0
    assert found["backends"]["program"]["speed"]["peak_memory_bytes"] is None
    assert code == 0


def test_gradcheck_and_train_take_them_too(folder):
    code, output = run("gradcheck", "--dataset", "norris", "--backends", "numpy", "--with", "mine.py", "--json")
    assert code == 0
    assert set(json.loads(output[output.index("{") :])["points"][0]["checks"]) == {"numpy", "mine"}
    np.savetxt("t.csv", np.arange(20.0).reshape(10, 2) ** 0.5, delimiter=",", header="a,b", comments="")
    code, output = run("train", "t.csv", "--with", "mine.py:step", "--standardize", "--grad-check", "--json")
    assert code == 0, output
    assert json.loads(output)["backend"] == "step"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--with", "nowhere.py"], "nowhere.py: expected a file, found no such file"),
        (["--backends", "numpy", "--all"], "expected --backends or --all, got both"),
    ],
)
def test_what_cannot_be_is_told_in_one_line(folder, words, told, capsys):
    code, output = run("compare", "--dataset", "norris", *words)
    assert code == 2
    assert told in output


def test_objects_of_python_stand_in_place_of_names(folder):
    X = np.random.default_rng(0).normal(size=(60, 2))
    y = X @ [1.0, 2.0] + 3
    scale = 2.0

    def mine(X, y, weights, bias):
        r = X @ weights + bias - y
        return scale / len(y) * (r @ X), scale * r.mean()

    class Mine(hg.Trainer):
        pass

    found = hg.side_by_side(X, y, backends=["numpy", mine, Path("mine.py")], budget_seconds=0.01)
    assert list(found.backends) == ["numpy", "mine", "mine-2"]
    assert all(one.accuracy is not None and one.accuracy.passed for one in found.backends.values())
    assert hg.gradient(X, y, [0, 0], 0.0, backend=mine).bias == pytest.approx(-2 * y.mean())
    assert hg.train(X, y, backend="mine.py", epochs=3).losses.shape == (4,)


def test_numbers_that_are_none_cost_a_row_and_the_result_is_read_again(tmp_path: Path) -> None:
    """NaN and infinity have no place in JSON; parameters of 1e308 leave the range in the user's units."""
    X = np.array([[0.001], [0.002], [0.004], [0.003]])
    y = np.array([1.0, 2.0, 4.5, 3.0])

    def nan(X, y, weights, bias):
        return X[0] * np.nan, float("nan")

    def infinite(X, y, weights, bias):
        return np.full(X.shape[1], np.inf), -np.inf

    def huge(X, y, weights, bias):
        return np.full(X.shape[1], 1e308), -1e308

    found = hg.side_by_side(X, y, backends=["numpy", nan, infinite, huge], epochs=3, budget_seconds=0.0)
    assert [result.accuracy.passed for result in found.backends.values()] == [True, False, False, False]
    assert found.backends["huge"].status == "failed"
    assert "user's units" in found.backends["huge"].reason
    assert from_json(to_json(found), Comparison) == from_json(
        to_json(from_json(to_json(found), Comparison)), Comparison
    )
    assert "<table" in html(found)
