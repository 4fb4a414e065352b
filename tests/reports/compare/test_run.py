"""A run's folder: complete, readable again, and never half written."""

from __future__ import annotations

import pytest

from handgrad.compare.results.comparison import Comparison
from handgrad.compare.results.files import read
from handgrad.reports.compare import html as compare_html
from handgrad.reports.compare.html import write
from tests.reports.conftest import compared


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The folder of a run, and the paths that `write` told; nobody may write there."""
    folder = tmp_path_factory.mktemp("run") / "run"
    return folder, write(compared(("numpy", "torch")), folder)


def test_a_folder_holds_results_report_and_figures(written):
    folder, paths = written
    names = sorted(path.relative_to(folder).as_posix() for path in paths)
    figures = ("errors", "fit", "loss", "rounding", "samples", "trajectory")
    assert names == [
        *(f"figures/{name}.{form}" for name in figures for form in ("png", "svg")),
        "report.html",
        "result.json",
    ]
    assert sorted(p for p in folder.rglob("*") if p.is_file()) == sorted(paths)


def test_a_run_rendered_again_from_its_file_is_the_same_to_the_byte(written, tmp_path):
    folder, first = written
    again = write(read(folder, Comparison), tmp_path / "again")
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in again]


def test_results_are_there_even_when_drawing_fails(tmp_path, monkeypatch):
    def fails(comparison):
        raise RuntimeError("no ink")

    monkeypatch.setattr(compare_html, "drawings", fails)
    with pytest.raises(RuntimeError, match="no ink"):
        write(compared(), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["result.json"]
