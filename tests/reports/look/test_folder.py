"""What cannot be made again is written first."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from handgrad.compare.results.files import to_json
from handgrad.reports.look.folder import write
from handgrad.reports.look.style import Drawing


@dataclass(frozen=True)
class Found:
    passed: bool = True


def test_results_are_kept_when_the_figures_cannot_be_drawn(tmp_path: Path) -> None:
    def fails() -> list[Drawing]:
        raise MemoryError

    with pytest.raises(MemoryError):
        write(tmp_path / "run", Found(), fails, lambda drawn: "page")
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["result.json"]
    assert (tmp_path / "run" / "result.json").read_bytes() == to_json(Found())


def test_page_and_pictures_come_from_the_same_figures(tmp_path: Path) -> None:
    from matplotlib.figure import Figure

    drawn = [Drawing(name, "title", "caption", "alt", Figure()) for name in ("a", "b")]
    once = [drawn]
    paths = write(tmp_path, Found(), lambda: once.pop(), lambda given: f"page of {[p.name for p in given]}")
    assert [path.relative_to(tmp_path).as_posix() for path in paths] == [
        "result.json", "report.html", "figures/a.png", "figures/a.svg", "figures/b.png", "figures/b.svg",
    ]  # fmt: skip
    assert paths[1].read_text() == "page of ['a', 'b']"
    assert paths[2].read_bytes().startswith(b"\x89PNG")
    assert paths[3].read_text().startswith("<?xml")
