"""Shows the confusion matrix of the mutation tests at the end of a run that has made it; counts the judge's work."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from handgrad.backends.exact import Moments
from handgrad.compare.judge.bounds import Sizes
from handgrad.compare.judge.hessian import hessian

MATRIX = pytest.StashKey[dict[str, Counter[str]]]()


@pytest.fixture
def record_matrix(request: pytest.FixtureRequest) -> dict[str, Counter[str]]:
    """What is put in here is printed in the terminal's summary."""
    return request.config.stash.setdefault(MATRIX, {})


@pytest.fixture
def passes(monkeypatch: pytest.MonkeyPatch) -> Counter[tuple[str, bytes]]:
    """How often the exact products, the sizes and the Hessian of each table are taken; a table is known by its X."""
    counted: Counter[tuple[str, bytes]] = Counter()

    def counting(name: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def taken(X: Any, *others: Any) -> Any:
            counted[name, key(X)] += 1
            return work(X, *others)

        return taken

    monkeypatch.setattr(Moments, "of", counting("exact", Moments.of))
    monkeypatch.setattr(Sizes, "of", counting("sizes", Sizes.of))
    original = hessian  # this module's own name for it is replaced, too
    ours = [module for name, module in sys.modules.items() if name.startswith("handgrad")]  # others may warn when asked
    for module in [module for module in ours if getattr(module, "hessian", None) is original]:
        monkeypatch.setattr(module, "hessian", counting("hessian", original))
    return counted


def key(X: Any) -> bytes:
    """The same for the same numbers, in whichever format."""
    return np.asarray(X, dtype=np.float64).tobytes()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    matrix = config.stash.get(MATRIX, {})
    if not matrix:
        return
    columns = sorted(set(matrix) | {name for row in matrix.values() for name in row})
    width = max(map(len, columns))
    terminalreporter.section("mistakes made (rows) and told (columns, by number)")
    for number, name in enumerate(columns, 1):
        counts = " ".join(f"{matrix.get(name, {}).get(told, 0) or '·':>2}" for told in columns)
        terminalreporter.write_line(f"{number:>2} {name:<{width}} {counts}")
    terminalreporter.write_line(f"{'':{width + 3}} " + " ".join(f"{n:>2}" for n in range(1, len(columns) + 1)))
