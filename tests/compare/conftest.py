"""Shows the confusion matrix of the mutation tests at the end of a run that has made it."""

from __future__ import annotations

from collections import Counter

import pytest

MATRIX = pytest.StashKey[dict[str, Counter[str]]]()


@pytest.fixture
def record_matrix(request: pytest.FixtureRequest) -> dict[str, Counter[str]]:
    """What is put in here is printed in the terminal's summary."""
    return request.config.stash.setdefault(MATRIX, {})


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
