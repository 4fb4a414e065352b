"""Finding backends: without importing them, also in other packages, and only those that keep the contract."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from textwrap import dedent
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from handgrad.backends import catalogue as module
from handgrad.backends.catalogue import ORDER, UnknownBackend, canonical, catalogue, entry, load
from handgrad.backends.interface import BackendUnavailable, Plan

CONTRACT = Path(__file__).with_name("test_contract.py")

#: A backend in one file, as another package would bring it.
EINSUM = '''
import numpy as np
from handgrad.backends.interface import Gradient, Parameters, Trainer


class Einsum(Trainer):
    """np.einsum, with the gradient written by hand."""

    name = "plugin-einsum"
    summary = "np.einsum"
    kind = "manual"
    requires = ("numpy",)

    def bind(self, X, y):
        return np.ascontiguousarray(X), np.ascontiguousarray(y)

    def take(self, X, y, rows):
        return X[rows], y[rows]

    def to_own(self, weights, bias):
        return Parameters(weights.astype(self.dtype), np.dtype(self.dtype).type(bias))

    def to_numpy(self, weights, bias):
        return Parameters(weights.copy(), float(bias))

    def predict(self, X, weights, bias):
        return np.einsum("ij,j->i", X, weights) + bias

    def loss(self, X, y, weights, bias):
        return np.square(self.predict(X, weights, bias) - y).mean()

    def gradient(self, X, y, weights, bias):
        residual = self.predict(X, weights, bias) - y
        two = 2 / residual.dtype.type(len(y))
        return Gradient(np.square(residual).mean(), two * np.einsum("ij,i->j", X, residual), two * residual.sum())

    def update(self, weights, bias, gradient, learning_rate):
        rate = np.dtype(self.dtype).type(learning_rate)
        return Parameters(weights - rate * gradient.weights, bias - rate * gradient.bias)
'''

#: Another on the base for arrays, whose attributes say that they are the class's own.
ON_ARRAYS = """

from typing import ClassVar, Literal
from handgrad.backends.array_trainer import ArrayTrainer


class OnArrays(ArrayTrainer):
    name: ClassVar[str] = "plugin-arrays"
    summary: ClassVar[str] = "what is left to write"
    kind: ClassVar[Literal["manual", "autodiff", "exact"]] = "manual"

    def bind(self, X, y):
        return np.ascontiguousarray(X), np.ascontiguousarray(y)

    def gradient(self, X, y, weights, bias):
        residual = X @ weights + bias - y
        return self.mean_of(np.array([*(residual @ X), residual.sum(), residual @ residual]), len(y))
"""

#: Faulty ones, each with the test of the contract that must catch it.
FAULTS = {
    "twice": (
        "test_loss_and_gradient_lie_within",
        """
        def gradient(self, *at):
            loss, weights, bias = super().gradient(*at)
            return Gradient(loss, 2 * weights, bias)
        """,
    ),
    "nearly": (
        "test_loss_and_gradient_lie_within",
        """
        def gradient(self, *at):
            loss, weights, bias = super().gradient(*at)
            return Gradient(loss, weights, bias * bias.dtype.type(1 + 1e-12))
        """,
    ),
    "loss-halved": (
        "test_the_gradient_is_the_central_difference",
        """
        def loss(self, *at):
            return super().loss(*at) / 2
        """,
    ),
    "last-row-lost": (
        "test_the_gradient_of_many_rows",
        """
        def gradient(self, X, y, weights, bias):
            return super().gradient(X[:-1], y[:-1], weights, bias)
        """,
    ),
    "never-cleared": (
        "test_asking_for_the_gradient_twice",
        """
        held = 0
        def gradient(self, *at):
            loss, weights, bias = super().gradient(*at)
            self.held = self.held + weights
            return Gradient(loss, self.held, bias)
        """,
    ),
    "single-sums-in-double": (
        "test_float32_is_computed_in_float32",
        """
        def gradient(self, X, y, weights, bias):
            exact = super().gradient(*(part.astype(float) for part in (X, y, weights, bias)))
            return Gradient(*(np.asarray(part).astype(self.dtype) for part in exact))
        """,
    ),
    "double-all-along": (
        "test_float32_gives_float32",
        """
        def bind(self, X, y):
            return X.astype(float), y.astype(float)
        """,
    ),
    "scribbles": (
        "test_arrays_that_were_given_stay",
        """
        def bind(self, X, y):
            y -= y.mean()
            return X, y
        """,
    ),
    "order-of-the-day": (
        "test_a_run_repeats_to_the_bit",
        """
        def gradient(self, X, y, weights, bias):
            rows = np.random.permutation(len(y))
            return super().gradient(X[rows], y[rows], weights, bias)
        """,
    ),
    "starts-elsewhere": (
        "test_the_start_of_the_plan",
        """
        def to_own(self, weights, bias):
            return super().to_own(0 * weights, bias)
        """,
    ),
    "steps-too-far": (
        "test_every_epoch_of_a_run and 101 and float64",
        """
        def update(self, weights, bias, gradient, learning_rate):
            return super().update(weights, bias, gradient, learning_rate * (1 + 1e-6))
        """,
    ),
    "same-batches-every-epoch": (
        "test_every_epoch_of_a_run and 101 and float64",
        """
        def run(self, parameters, plan, first, count):
            losses = []
            for _ in range(count):
                parameters, loss = super().run(parameters, plan, 0, 1)
                losses += loss
            return parameters, losses
        """,
    ),
    "keeps-its-parameters": (
        "test_every_epoch_of_a_run and 101 and float64",
        """
        def to_numpy(self, weights, bias):
            return Parameters(weights, float(bias))
        def update(self, weights, bias, gradient, learning_rate):
            moved = super().update(weights, bias, gradient, learning_rate)
            weights[:] = moved.weights
            return Parameters(weights, moved.bias)
        """,
    ),
    "one-buffer-for-all-runs": (
        "test_a_run_leaves_arrays",
        """
        def to_own(self, weights, bias):
            self.buffer = getattr(self, "buffer", np.empty_like(weights))
            self.buffer[:] = weights
            return Parameters(self.buffer, np.float64(bias))
        def to_numpy(self, weights, bias):
            return Parameters(weights, float(bias))
        def update(self, weights, bias, gradient, learning_rate):
            weights -= learning_rate * gradient.weights
            return Parameters(weights, bias - learning_rate * gradient.bias)
        """,
    ),
    "published-elsewhere": (
        "test_published_runs",
        """
        def update(self, weights, bias, gradient, learning_rate):
            return super().update(weights, bias, gradient, learning_rate / 2)
        """,
    ),
    "stumbles": (
        "test_a_run_that_diverges",
        """
        def loss(self, *at):
            return super().loss(*at)
        def gradient(self, *at):
            found = super().gradient(*at)
            if not np.isfinite(found.loss):
                raise OverflowError("too large")
            return found
        """,
    ),
}


def saying(line: str) -> str:
    """The source of the backend, whose class ends with one line more."""
    return f"{dedent(EINSUM).rstrip()}\n    {line}\n"


def package(folder: Path, source: str, **points: str) -> Path:
    """A folder for `PYTHONPATH` with the module `others` and its metadata, as an installed package has them."""
    (folder / "others.py").write_text(source, encoding="utf-8")
    metadata = folder / "others-1.2.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: others\nVersion: 1.2\n", encoding="utf-8")
    lines = [f"{name} = {value}" for name, value in points.items()]
    (metadata / "entry_points.txt").write_text("\n".join(["[handgrad.backends]", *lines, ""]), encoding="utf-8")
    return folder


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Python in an interpreter of its own that finds the package in the folder."""
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    return subprocess.run(
        [sys.executable, *words], env=environment, capture_output=True, text=True, timeout=300, check=False
    )


def listed(folder: Path) -> subprocess.CompletedProcess[str]:
    """What the catalogue says there, and whether that imported the package."""
    code = """
        import json, sys
        from handgrad.backends.catalogue import catalogue
        found = {e.name: [e.summary, e.kind, e.version(), e.by_default, e.module] for e in catalogue().values()}
        print(json.dumps([found, "others" in sys.modules]))
    """
    return run(folder, "-c", dedent(code))


def verdicts(folder: Path, selection: str) -> list[tuple[str, bool]]:
    """The tests of the contract that the selection names, each with whether it passed; skipped ones left out."""
    report = folder / "report.xml"
    # without tracebacks: for faults that must fail they take half of the time
    done = run(folder, "-m", "pytest", "-q", "--tb=no", f"--junitxml={report}", "-k", selection, str(CONTRACT))
    assert report.exists(), done.stdout + done.stderr
    cases = [case for case in ElementTree.parse(report).iter("testcase") if case.find("skipped") is None]
    return [(case.attrib["name"], case.find("failure") is None and case.find("error") is None) for case in cases]


def test_the_backends_stand_in_the_order_of_tables() -> None:
    known = [name for name in catalogue() if name in ORDER]  # a file that somebody adds need not change anything here
    assert known[:6] == ["python", "numpy", "numba", "numba-tiled", "torch", "tape"]
    assert known[-1] == "exact"
    assert list(catalogue())[: len(known)] == known


@pytest.mark.parametrize("name", list(catalogue()))
def test_what_the_source_says_is_what_the_class_says(name: str) -> None:
    described = entry(name)
    if (reason := described.reason()) is not None:
        pytest.skip(reason)
    found = load(name)
    for field in ("name", "summary", "kind", "requires", "install", "by_default"):
        assert getattr(described, field) == getattr(found, field), field
    assert found.__name__ == described.class_name
    assert found.__module__ == described.module


def test_the_version_is_that_of_the_library() -> None:
    assert entry("numpy").version() == version("numpy")
    assert entry("python").version() is None


def test_the_version_is_found_when_package_and_module_have_two_names() -> None:
    assert replace(entry("numpy"), requires=("_pytest",)).version() == version("pytest")


def test_a_library_that_is_not_installed_is_named_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    absent = replace(entry("torch"), requires=("no_such_library.inner",))
    assert absent.reason() == "backend 'torch' needs no_such_library.inner: pip install \"handgrad[torch]\""
    assert absent.version() is None
    assert replace(absent, install="").reason().endswith("pip install no_such_library.inner")  # type: ignore[union-attr]
    monkeypatch.setattr(module, "catalogue", lambda: {"torch": absent})
    with pytest.raises(BackendUnavailable, match=r"handgrad\[torch\]"):
        load("torch")


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ('raise ValueError("no such\\n  setting")', "ValueError: no such setting"),
        ("import no_such_module", "ModuleNotFoundError: No module named 'no_such_module'"),
        ("1 +", "SyntaxError: invalid syntax (failing_backend.py, line 2)"),
    ],
)
def test_a_library_that_fails_while_it_is_imported_is_told_with_the_place(
    line: str, what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "failing_backend.py"
    file.write_text(f"# the second line fails\n{line}\n")
    monkeypatch.syspath_prepend(tmp_path)
    failing = replace(entry("numpy"), module="failing_backend", name="mine")
    with pytest.raises(BackendUnavailable) as told:
        load(failing)
    assert str(told.value).startswith(f"backend 'mine' failed while it was imported: {what} (")
    assert "SyntaxError" in what or str(told.value).endswith(f"({file}, line 2)")


def test_memory_that_ran_out_while_a_library_was_imported_is_told_as_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "large_backend.py").write_text("raise MemoryError\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(MemoryError):
        load(replace(entry("numpy"), module="large_backend"))


def test_a_name_that_nobody_has_is_answered_with_those_there_are() -> None:
    with pytest.raises(UnknownBackend, match=r"'numppy'.*python, numpy, numba, numba-tiled, torch"):
        entry("numppy")


@pytest.mark.parametrize(
    ("given", "name"), [("NumPy", "numpy"), (" Torch ", "torch"), ("numba_Compensated", "numba-compensated")]
)
def test_names_are_found_in_any_case_and_told_as_the_catalogue_has_them(given: str, name: str) -> None:
    assert canonical(given) == name
    assert entry(given) is catalogue()[name]


def test_two_names_that_differ_in_case_alone_are_both_found(monkeypatch: pytest.MonkeyPatch) -> None:
    both = {"numpy": entry("numpy"), "NumPy": entry("tape")}
    monkeypatch.setattr(module, "catalogue", lambda: both)
    assert (entry("numpy"), entry("NumPy"), entry("NUMPY")) == (both["numpy"], both["NumPy"], both["numpy"])


def test_the_nearest_name_is_offered_where_one_is_near() -> None:
    with pytest.raises(UnknownBackend, match=r"'Nubma' \(did you mean 'numba'\?\); there are: python"):
        canonical("Nubma")
    with pytest.raises(UnknownBackend, match="'fortran'; there are: python"):
        canonical("fortran")


def test_a_backend_of_another_package_is_listed_without_importing_it(tmp_path: Path) -> None:
    done = listed(package(tmp_path, EINSUM, einsum="others:Einsum"))
    found, was_imported = json.loads(done.stdout)
    assert found["plugin-einsum"] == ["np.einsum", "manual", version("numpy"), True, "others"]
    assert not was_imported
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("source", "value", "said"),
    [
        (EINSUM, "nowhere.at.all:Einsum", "there is no module nowhere.at.all"),
        (EINSUM, "others:Einstein", "others has no class 'Einstein'"),
        (EINSUM.replace('"manual"', "str()"), "others:Einsum", "literal name, summary and kind"),
        (EINSUM.replace("class", "klass"), "others:Einsum", "invalid syntax"),
        (saying("requires = 5"), "others:Einsum", "Einsum.requires: expected tuple or list, got 5"),
        (saying("requires = 'numpy'"), "others:Einsum", "Einsum.requires: expected tuple or list, got 'numpy'"),
        (saying("requires = (1, 2)"), "others:Einsum", "Einsum.requires: expected names of modules, got (1, 2)"),
        (saying("name = 3"), "others:Einsum", "Einsum.name: expected str, got 3"),
        (saying("by_default = 'no'"), "others:Einsum", "Einsum.by_default: expected bool, got 'no'"),
        (EINSUM, "sys:T", "there is no module sys"),
        (EINSUM, "math:T", "math"),
        (EINSUM, ":T", "there is no module"),
        (EINSUM, "others", "others has no class"),
        (EINSUM.replace("plugin-einsum", "numpy"), "others:Einsum", "'numpy' is taken by handgrad.backends.numpy"),
    ],
)
def test_an_entry_point_that_leads_nowhere_is_left_out_and_named(
    tmp_path: Path, source: str, value: str, said: str
) -> None:
    done = listed(package(tmp_path, source, einsum=value))
    found, _ = json.loads(done.stdout)
    assert list(found) == list(catalogue())
    assert found["numpy"][-1] == "handgrad.backends.numpy"
    assert f"einsum = {value!r} is left out" in done.stderr
    assert said in done.stderr


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, bool]]:
    """A right backend under the whole contract, and each fault under the test that must catch it: in one run."""
    source, selection = EINSUM + ON_ARRAYS, ["plugin-einsum", "plugin-arrays"]
    points = {"einsum": "others:Einsum", "arrays": "others:OnArrays"}
    for number, (fault, (caught_by, body)) in enumerate(FAULTS.items()):
        literals = f'    name = "plugin-{fault}"\n    summary = "a fault"\n    kind = "manual"\n'
        indented = "".join(f"    {line}\n" for line in dedent(body).strip().splitlines())
        source += f"\n\nclass Fault{number}(Einsum):\n{literals}{indented}"
        points[f"fault{number}"] = f"others:Fault{number}"
        selection.append(f"({caught_by} and plugin-{fault})")
    return verdicts(package(tmp_path_factory.mktemp("others"), source, **points), " or ".join(selection))


@pytest.mark.parametrize("name", ["plugin-einsum", "plugin-arrays"])
def test_a_backend_in_one_file_of_another_package_passes_the_contract(
    name: str, judged: list[tuple[str, bool]]
) -> None:
    found = [(case, passed) for case, passed in judged if name in case]
    assert len(found) > 100
    assert [case for case, passed in found if not passed] == []


def test_the_skeleton_in_contributing_is_a_backend() -> None:
    text = (CONTRIBUTING := Path(__file__).parents[2] / "CONTRIBUTING.md").read_text(encoding="utf-8")
    code = text.partition("```python\n")[2].partition("```")[0]
    space: dict[str, Any] = {}
    exec(compile(code, CONTRIBUTING, "exec"), space)
    yours, rng = space["YoursTrainer"], np.random.default_rng(3)
    X, y = rng.normal(size=(20, 3)).astype(np.float32), rng.normal(size=20)
    assert set(vars(yours)) & set(dir(load("numpy"))) >= {"name", "summary", "kind", "requires", "install"}
    for dtype in ("float64", "float32"):
        ours, theirs = (trainer(X, y, dtype).train(Plan(0.1, 5, 7, dtype=dtype)) for trainer in (yours, load("numpy")))
        assert ours.weights.dtype == dtype
        np.testing.assert_allclose(ours.recorded_weights, theirs.recorded_weights, rtol=20 * np.finfo(dtype).eps)


def test_the_contract_catches_faulty_backends(judged: list[tuple[str, bool]]) -> None:
    failed = {name for name, passed in judged if not passed}
    for fault, (caught_by, _) in FAULTS.items():
        words = [f"plugin-{fault}", *caught_by.split(" and ")]
        assert any(all(word in name for word in words) for name in failed), f"{fault}: not caught"


def test_a_backend_of_another_package_takes_part_where_it_is_asked_for_and_its_own_import_is_on_the_clock(
    tmp_path: Path,
) -> None:
    slow = dedent(EINSUM).replace("import numpy as np", "import time\nimport numpy as np\ntime.sleep(0.3)", 1)
    package(tmp_path, slow.replace('requires = ("numpy",)', "requires = ()"), einsum="others:Einsum")
    code = """
        import json
        from handgrad.backends.catalogue import usual
        from handgrad.compare.timing.outset import timed_import
        asked = ["plugin-einsum" in usual(others) for others in (False, True)]
        print(json.dumps([*asked, timed_import("plugin-einsum")]))
    """
    by_default, asked_for, seconds = json.loads(run(tmp_path, "-c", dedent(code)).stdout)
    assert (by_default, asked_for) == (False, True)
    assert seconds > 0.3


def test_a_bad_backend_of_another_package_is_told_in_one_line(tmp_path: Path) -> None:
    package(tmp_path, "def (", einsum="others:Einsum")
    done = run(tmp_path, "-m", "handgrad", "backends")
    assert done.returncode == 0
    (line,) = done.stderr.splitlines()
    assert line.startswith("handgrad: backend entry point einsum = 'others:Einsum' is left out: invalid syntax")
