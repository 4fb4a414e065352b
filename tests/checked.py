"""`hg.check`, and `check` of a file, in this process: the same answers without the start of another one."""

from __future__ import annotations

import linecache
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from handgrad.backends.signatures.kinds import Kind
from handgrad.backends.signatures.subjects import Found, defined
from handgrad.compare.check.check import check as checked
from handgrad.compare.check.conventions import LossChoice
from handgrad.compare.check.sandbox.answers import Answer
from handgrad.compare.check.sandbox.calling import Invocation, answer_to
from handgrad.compare.check.sandbox.messages import Described
from handgrad.compare.check.sandbox.state import State
from handgrad.compare.check.styles.finding import owner_of, to_check
from handgrad.compare.results.diagnosis import Assessment
from handgrad.reports.check.diagnosis import Diagnosis, diagnosis


def check(
    function: Callable[..., Any],
    kind: Kind | None = None,
    loss: LossChoice = None,
    integers: bool = False,
    seed: int = 0,
) -> Diagnosis:
    """What `hg.check` says of a function that it calls here."""
    return diagnosis(checked(function, kind, loss, integers, seed))


class InThisProcess:
    """What asks a file's functions as a `Dialogue` does, without a process of their own."""

    def __init__(self, path: Path) -> None:
        text = path.read_text(encoding="utf-8")
        linecache.cache[str(path)] = (len(text), None, text.splitlines(keepends=True), str(path))
        self._module = sys.modules["student_file"] = ModuleType("student_file")
        self._module.__file__ = str(path)
        self._path = path
        exec(compile(text, str(path), "exec"), vars(self._module))
        self._state = State(self._module)

    def describe(self, wanted: str = "") -> Described:
        found: tuple[Found, ...] = tuple(to_check(self._module, wanted))
        return Described("", found, tuple(defined(self._module)))

    def ask(self, make: Callable[[], Invocation]) -> Answer:
        if make().fresh:
            self._state.restore()
        return answer_to(make, owner_of(self._module, make().function), str(self._path))

    def witnessed(self, assessment: Assessment) -> Assessment:
        return assessment
