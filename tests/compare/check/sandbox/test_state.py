"""What a file keeps between calls is put back before its arguments are tried in another order or form."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest
from checked import InThisProcess

from handgrad.compare.check.judging import judged, judged_each
from handgrad.compare.check.sandbox.state import State
from handgrad.compare.results.diagnosis import Assessment

KEEPS = """
import numpy as np
calls, seen = 0, []
also = seen
class Count:
    number = 0
def outer():
    inside = [0]
    def inner(x, history=[]):
        global calls
        calls += 1
        Count.number += 1
        inner.times = getattr(inner, "times", 0) + 1
        inside[0] += 1
        history.append(x); seen.append(x)
        return calls, Count.number, inside[0], len(history), len(also), also is seen
    return inner
inner = outer()
"""


def test_names_defaults_closures_and_attributes_are_as_they_were_and_stay_one_where_they_were_one() -> None:
    module = ModuleType("keeps")
    exec(KEEPS, vars(module))
    state = State(module)
    for _ in range(2):
        assert module.inner(1) == (1, 1, 1, 1, 1, True)
        assert module.inner(1)[:5] == (2, 2, 2, 2, 2)
        state.restore()


def check(text: str, folder: Path) -> Assessment:
    path = folder / "mine.py"
    path.write_text(text, encoding="utf-8")
    try:
        return judged(judged_each(path, InThisProcess(path)))  # type: ignore[arg-type]
    finally:
        sys.modules.pop("student_file", None)


def test_a_function_with_a_memory_is_not_confused_by_the_trials_of_other_orders(tmp_path: Path) -> None:
    remembers = """
import numpy as np
shape = None
def gradient(ziele, daten, abschnitt, gewichte):
    global shape
    shape = shape or np.shape(abschnitt)
    assert np.ndim(abschnitt) == len(shape)
    r = daten @ gewichte + abschnitt - ziele
    return 2 * daten.T @ r / len(r), 2 * r.mean()
"""
    assert check(remembers, tmp_path).correct


FIT = """
import numpy as np
class Model:
    def __init__(self, lr=0.01, epochs=10):
        self.lr, self.epochs = lr, epochs
    def fit(self, X, y):
        self.w, self.b = np.zeros(X.shape[1]), 0.0
        for _ in range(self.epochs):
            e = X @ self.w + self.b - y
            self.w = self.w - self.lr * 2 * e @ X / len(y)
            self.b = self.b - self.lr * 2 * e.mean()
"""


@pytest.mark.parametrize(
    ("old", "new", "cause"),
    [
        ("lr=0.01, epochs=10", "lr, strength, epochs=10", "needs-unknown"),
        (
            "epochs=10):\n        self.lr, self.epochs = lr, epochs",
            "q=10):\n        self.lr, self.q = lr, q",
            "takes-none",
        ),
        ("np.zeros(X.shape[1])", "np.random.default_rng().random(X.shape[1])", "other-start"),
        ("e @ X", "e[:2] @ X[:2]", "not-one-step"),
    ],
)
def test_what_trains_so_that_its_gradient_is_not_seen_is_told_what_is_needed(
    old: str, new: str, cause: str, tmp_path: Path
) -> None:
    assert check(FIT, tmp_path).trains
    assert old in FIT
    found = check(FIT.replace(old, new), tmp_path)
    assert found.failure is not None
    assert (found.failure.cause, found.keys) == (cause, ("gradient-not-told",))
