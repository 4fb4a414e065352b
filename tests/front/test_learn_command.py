"""`handgrad learn` from the command line. Its timing of a whole sweep is replaced: that has tests of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from handgrad.compare.learn import course, scaling
from handgrad.compare.results.bench import Cell, Measured
from handgrad.compare.results.learn.lessons import EpochCosts, Start
from handgrad.compare.results.timing import Timing


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    def costs(seed: int, progress: Callable[[str], None]) -> EpochCosts:
        progress("no rows")
        timed = Measured("ok", epoch_seconds=Timing(1e-6, 9e-7, 2e-6, (1e-6,)))
        cells = tuple(Cell(rows, 1, "float64", rows, {"numpy": timed, "moments": timed}) for rows in (10, 100))
        return EpochCosts(cells, {}, {"numpy": Start(0.1, 0.1)}, (), (), {}, 1, "a processor")

    monkeypatch.setattr(course, "costs", costs)
    monkeypatch.setattr(scaling, "LONG_EPOCHS", 300)


@pytest.mark.usefixtures("quick")
def test_learn_writes_one_page_and_tells_its_progress(cli: Callable[..., Any]) -> None:
    done = cli("learn", "--dataset", "norris", "--out", "course.html")
    assert done.exit_code == 0, done.stderr
    assert done.stdout == "Course: course.html\n"
    assert [line.partition("]")[0] for line in done.stderr.splitlines()] == [
        f"[{k}/8" for k in (1, 2, 3, 4, 5, 6, 7, 8, 8)
    ]
    assert [path.name for path in Path().iterdir()] == ["course.html"]
    page = Path("course.html").read_text(encoding="utf-8")
    assert page.count('<section class="chapter"') == 10
    assert "norris, 36 rows" in page


def test_a_table_that_teaches_nothing_is_one_line_and_no_page(cli: Callable[..., Any]) -> None:
    Path("flat.csv").write_text("x,y\n1,2\n2,2\n3,2\n4,2\n", encoding="utf-8")
    done = cli("learn", "flat.csv")
    assert done.exit_code == 2
    assert done.stderr.count("\n") == 1
    assert "expected a target that varies, got 2 in every row" in done.stderr
    assert not Path("learn.html").exists()
